# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One word for one thing: the names and words of results that were replaced before 1.0.0 are nowhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from ansible_collections.rdsops.commvault.plugins.module_utils._export.backup import STATES
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait_result import OUTCOMES
from ansible_collections.rdsops.commvault.plugins.module_utils._report.model import RESULTS

ROOT = Path(__file__).parents[2]
# Old to new, as patterns.
REPLACED = {
    r"\bnot_well\b": "failed, or failed_backups",
    r"\bended[ _]well\b": "succeeded",
    r"\bended[ _]badly\b": "failed",
    r"\bended_with_warnings\b|\bended with warnings\b": "succeeded with warnings",
    r"\bended_with_errors\b|\bended with errors\b": "completed with errors",
    r"\bnot ended in time\b": "still running",
    r"\brecent enough\b": "skipped (recent)",
    r"\b(is|are) not well\b": "failed",
    r"[\"']counts[\"'].{0,40}[\"']well[\"']": "succeeded",
    r"V\(bad\)": "V(failed)",
}
READ = {".py", ".yml", ".yaml", ".md", ".rst", ".j2", ".json", ".svg", ".cfg", ".toml"}


def names():
    """The files of the project. The copies in which gates run hold nothing else."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z"]
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*")]


def texts():
    for name in filter(None, names()):
        path = ROOT / name
        if path.suffix in READ and path != Path(__file__) and path.is_file():
            # Pictures of a console have hard spaces.
            yield name, path.read_text(encoding="utf-8").replace("&#160;", " ")


def test_no_old_word_is_left_anywhere():
    left = [
        f"{name}: {match.group(0)!r} is now {new}"
        for name, text in texts()
        for old, new in REPLACED.items()
        for match in re.finditer(old, text, re.IGNORECASE)
    ]
    assert not left, "\n".join(left)


def test_a_result_is_called_the_same_by_jobs_states_and_reports():
    assert {"succeeded", "failed", "timed_out", "stuck", "missing", "not_followed"} <= set(OUTCOMES) & set(RESULTS)
    assert STATES["recent"] == RESULTS["recent"][0] == "skipped (recent)"
    assert {group for _word, group in RESULTS.values()} == {"succeeded", "failed", "open"}
