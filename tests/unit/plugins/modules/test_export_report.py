# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat

import pytest

from ansible_collections.rdsops.commvault.plugins.modules import export_report
from ansible_collections.rdsops.commvault.tests.support.reports import backup, job, night

ALL = ("a.html", "a.json", "a.csv", "a.junit.xml")


@pytest.fixture
def report(run_module, tmp_path, monkeypatch):
    """Writes a report into a directory of its own; the module has no options of a connection."""
    (tmp_path / "out").mkdir()
    (tmp_path / "ansible").mkdir()

    def run(*names, backups=None, **options):
        paths = [str(tmp_path / "out" / name) for name in names]
        given = {"backups": [backup(job=job(7))] if backups is None else backups, "path": paths, **options}
        given["_ansible_remote_tmp"] = str(tmp_path / "ansible")
        return run_module(export_report, url=None, auth_token=None, **given)

    run.place = tmp_path / "out"  # type: ignore[attr-defined]
    return run


def listing(report):
    return sorted(os.listdir(report.place))


def test_all_formats_are_written_at_once(report):
    result = report(*ALL)
    assert result["changed"] is True
    assert result["msg"] == "Report of 1 backup: wrote a.html, a.json, a.csv, a.junit.xml."
    assert [file["format"] for file in result["files"]] == ["html", "json", "csv", "junit.xml"]
    assert all(file["changed"] for file in result["files"])
    assert [file["size"] for file in result["files"]] == [(report.place / name).stat().st_size for name in ALL]
    assert listing(report) == sorted(ALL)
    assert json.loads((report.place / "a.json").read_text(encoding="utf-8"))["summary"] == result["summary"]


def test_the_same_results_change_nothing(report):
    report(*ALL)
    times = [(report.place / name).stat().st_mtime_ns for name in ALL]
    result = report(*ALL)
    assert result["changed"] is False
    assert result["msg"] == "Report of 1 backup: a.html, a.json, a.csv, a.junit.xml are unchanged."
    assert [(report.place / name).stat().st_mtime_ns for name in ALL] == times


def test_only_what_differs_is_written(report):
    report("a.json")
    result = report("a.json", "b.csv")
    assert (result["changed"], result["msg"]) == (True, "Report of 1 backup: wrote b.csv; a.json is unchanged.")


def test_backups_that_failed_are_told_and_no_failure(report):
    result = report("a.json", backups=[backup(state="refused"), backup("b", job=job(1))])
    assert "failed" not in result
    assert result["msg"] == "Report of 2 backups, 1 failed: wrote a.json."


@pytest.mark.parametrize("there", [False, True])
def test_check_mode_says_the_same_and_writes_nothing(report, there):
    if there:
        report(*ALL, title="Before")
    before = {name: (report.place / name).read_bytes() for name in listing(report)}
    # The title is not in CSV.
    expected = [name for name in ALL if not (there and name == "a.csv")]
    result = report(*ALL, title="After", check=True)
    assert [os.path.basename(file["path"]) for file in result["files"] if file["changed"]] == expected
    assert f"would write {', '.join(expected)}" in result["msg"]
    assert {name: (report.place / name).read_bytes() for name in listing(report)} == before


def test_diff_mode_shows_what_changes(report):
    report("a.json", title="Before")
    result = report("a.json", "b.csv", title="After", diff=True, check=True)
    first, second = result["diff"]
    assert first["before_header"] == first["after_header"] == str(report.place / "a.json")
    assert '"title": "Before"' in first["before"]
    assert '"title": "After"' in first["after"]
    assert second["before"] == ""
    assert second["after"].startswith("id,client_name,")


def test_diff_mode_shows_nothing_of_large_files_and_of_those_that_stay(report):
    (large,) = report("a.html", backups=night(500), diff=True)["diff"]
    assert (large["src_larger"], "after" in large) == (export_report.LARGEST_DIFF, False)
    (large,) = report("a.html", diff=True)["diff"]
    assert (large["dst_larger"], "before" in large) == (export_report.LARGEST_DIFF, False)
    (same,) = report("a.html", diff=True)["diff"]
    assert (same["before"], same["after"]) == ("", "")


def test_mode_is_set_also_without_new_content(report):
    report("a.json", mode="0640")
    assert stat.S_IMODE((report.place / "a.json").stat().st_mode) == 0o640
    result = report("a.json", mode="0600", check=True, diff=True)
    assert result["changed"] is True
    assert [(entry["before"], entry["after"]) for entry in result["diff"]] == [
        ("", ""),
        ({"mode": "0640"}, {"mode": "0600"}),
    ]
    assert stat.S_IMODE((report.place / "a.json").stat().st_mode) == 0o640
    assert report("a.json", mode="0600")["changed"] is True
    assert stat.S_IMODE((report.place / "a.json").stat().st_mode) == 0o600
    assert report("a.json", mode="0600")["changed"] is False


def test_a_mode_that_is_none_leaves_no_file(report):
    result = report("a.json", mode="nonsense")
    assert "mode must be octal" in result["msg"]
    assert listing(report) == []


def test_a_file_that_is_replaced_keeps_its_mode(report):
    report("a.json", mode="0604")
    report("a.json", title="Other")
    assert stat.S_IMODE((report.place / "a.json").stat().st_mode) == 0o604


def test_jobs_are_laid_over_the_backups(report):
    result = report("a.json", backups=[backup(job_ids=["7"])], jobs=[job(7, "stuck")])
    assert result["summary"]["results"]["stuck"] == 1


def test_the_result_does_not_repeat_the_input(report):
    result = report(*ALL, backups=night(1000), jobs=[job(7)])
    assert len(result.text) < 4000
    # ansible-core 2.21 leaves the arguments out by itself.
    invocation = result.get("invocation", {"module_args": {"backups": "1000 entries"}})
    assert invocation["module_args"]["backups"] == "1000 entries"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.pdf"], "It must be one of .html, .json, .csv, .junit.xml, .prom."),
        (["a.html", "none/a.html"], "there is no directory"),
        (["a.html", "folder.html"], "it is a directory"),
        (["a.html", "../out/a.html"], "path names the same file twice"),
        (["a.html", "file.json/a.html"], "there is no directory"),
        ([], "path is an empty list"),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_a_place_that_cannot_be_written_to_is_refused_before_anything_is_written(report, names, words, check):
    (report.place / "folder.html").mkdir()
    (report.place / "file.json").touch()
    result = report(*names, check=check)
    assert result["failed"] is True
    assert words in result["msg"]
    assert result["failure"]["kind"] == "invalid_input"
    assert listing(report) == ["file.json", "folder.html"]


@pytest.mark.parametrize("check", [False, True])
def test_a_directory_that_the_user_may_not_write_to_is_refused(report, monkeypatch, check):
    # root may write anywhere, whatever the mode of a directory.
    original = os.access
    monkeypatch.setattr(
        export_report.os, "access", lambda path, mode: str(path) != str(report.place) and original(path, mode)
    )
    result = report("a.html", check=check)
    assert "the user may not write to the directory" in result["msg"]
    assert listing(report) == []


def test_a_file_that_cannot_be_read_is_refused(report, monkeypatch):
    def deny(path, *_args, **_kwargs):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(export_report, "open", deny, raising=False)
    result = report("a.html")
    assert "cannot be replaced, since it cannot be read: Permission denied." in result["msg"]


def test_results_of_another_module_are_refused(report):
    result = report("a.html", backups=[job(7)])
    assert "backups[0] is not what oracle_rds_export_backup returns" in result["msg"]
    assert listing(report) == []
