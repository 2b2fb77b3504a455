# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import json
import tarfile

import pytest

from ansible_collections.rdsops.commvault.tests.sessions import release

NAME = "rdsops-commvault-{}.tar.gz"
TARBALL = NAME.format("1.2.0")
GOOD = {
    "MANIFEST.json": json.dumps({"collection_info": {"namespace": "rdsops", "name": "commvault", "version": "1.2.0"}}),
    "changelogs/changelog.yaml": "releases: {1.2.0: {changes: {release_summary: All is better.}}}",
    "CHANGELOG.md": '<a id="v1-2-0"></a>\n## v1\\.2\\.0\n',
}


@pytest.fixture
def complaints(tmp_path, monkeypatch):
    """What is said of a tarball with these files instead of good ones; None for one that is not there."""
    fragments = tmp_path / "fragments"
    fragments.mkdir()
    monkeypatch.setattr(release, "FRAGMENTS", fragments)

    def run(name=TARBALL, fragment=None, **changed):
        names = {"manifest": "MANIFEST.json", "changes": "changelogs/changelog.yaml", "changelog": "CHANGELOG.md"}
        texts = {**GOOD, **{names[short]: text for short, text in changed.items()}}
        with tarfile.open(tmp_path / name, "w:gz") as archive:
            for path, text in texts.items():
                if text is not None:
                    member = tarfile.TarInfo(path)
                    member.size = len(text.encode())
                    archive.addfile(member, io.BytesIO(text.encode()))
        if fragment:
            (fragments / fragment).write_text("minor_changes: [something]\n", encoding="utf-8")
        return release.complaints(tmp_path / name)

    return run


def test_a_release_with_one_version_everywhere_is_ready(complaints):
    assert complaints() == []


@pytest.mark.parametrize(
    ("different", "words"),
    [
        ({"name": NAME.format("1.1.0")}, "1.1.0.tar.gz says 1.2.0"),
        ({"changes": "releases: {}"}, "tells nothing of 1.2.0"),
        ({"changes": "releases: {1.2.0: {release_date: '2026-01-01'}}"}, "tells nothing of 1.2.0"),
        ({"changelog": None}, "CHANGELOG.md does not name v1.2.0"),
        ({"changelog": "## v1\\.1\\.0\n"}, "CHANGELOG.md does not name v1.2.0"),
        ({"fragment": "more.yml"}, "fragments are not released: more.yml"),
    ],
)
def test_what_is_missing_is_named(complaints, different, words):
    (complaint,) = complaints(**different)
    assert words in complaint
