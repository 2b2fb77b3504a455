# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metrics, read as Prometheus reads them, and what is made of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.rdsops.commvault.plugins.module_utils._report.formats import render
from ansible_collections.rdsops.commvault.plugins.module_utils._report.metrics import LABEL_LENGTH
from ansible_collections.rdsops.commvault.plugins.module_utils._report.model import OPEN, RESULTS, make_report
from ansible_collections.rdsops.commvault.plugins.module_utils._report.protection import make_protection_report
from ansible_collections.rdsops.commvault.tests.support.protection import survey_of_twelve
from ansible_collections.rdsops.commvault.tests.support.reports import backup, night

EXAMPLES = Path(__file__).parents[5] / "docs" / "docsite" / "examples"


def of_protection():
    return render(make_protection_report(survey_of_twelve(), ""), "prom").decode()


def of_backups(backups=None):
    return render(
        make_report(night(12) if backups is None else backups, (), "", {"reads": 3, "writes": 12}), "prom"
    ).decode()


def families(text):
    pytest.importorskip("prometheus_client", reason="needs prometheus_client, which the sessions of nox install")
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
    from prometheus_client.parser import text_string_to_metric_families as prometheus

    found = {family.name: family for family in openmetrics(text)}
    older = {family.name: family for family in prometheus(text)}
    assert {name: len(family.samples) for name, family in found.items()} == {
        name: len(family.samples) for name, family in older.items()
    }
    return found


def names(text):
    return set(re.findall(r"^# TYPE (\S+) gauge$", text, re.MULTILINE))


def values(family, *labels):
    return {tuple(sample.labels[label] for label in labels): sample.value for sample in family.samples}


def test_prometheus_reads_how_databases_are_protected():
    found = families(of_protection())
    protected = values(found["commvault_rds_database_protected"], "instance")
    assert (protected[("orders",)], protected[("hr",)], len(protected)) == (1, 0, 13)
    states = values(found["commvault_rds_database_state"], "instance", "state")
    assert states[("vault", "not_verified")] == states[("oldcrm", "unknown_to_inventory")] == 1
    assert values(found["commvault_rds_database_last_good_backup_age_seconds"], "id")[("orders.example.com",)] == 10800
    assert values(found["commvault_rds_databases"], "state")[("protected",)] == 6
    assert values(found["commvault_rds_protection_complete"])[()] == 0
    assert values(found["commvault_rds_protection_api_calls"], "kind") == {("read",): 17, ("write",): 0}


def test_prometheus_reads_what_became_of_backups():
    found = families(of_backups())
    assert len(found["commvault_rds_export_backup_result"].samples) == 12
    assert sum(values(found["commvault_rds_export_backups"], "result").values()) == 12
    assert sum(values(found["commvault_rds_export_backup_well"], "id").values()) < 12
    assert values(found["commvault_rds_export_api_calls"], "kind")[("write",)] == 12


def test_failures_are_counted_by_kind():
    refused = {**backup("a", state="refused", msg="no"), "failure": {"kind": "refused"}}
    assert 'commvault_rds_export_failures{kind="refused"} 1' in of_backups([refused])


def test_labels_are_escaped_and_bounded():
    hostile = 'a"b\\c\nd{e="f"} ' + "x" * 500
    text = of_backups([backup(hostile, state="refused", msg="no")])
    (label,) = {sample.labels["id"] for sample in families(text)["commvault_rds_export_backup_well"].samples}
    assert label == " ".join(hostile.split())[:LABEL_LENGTH]


def test_a_backup_that_is_there_twice_is_one_series_with_the_worse_result():
    """Prometheus refuses a whole file with a series that is there twice."""
    twice = [backup("a", "recent"), backup("a", state="refused", msg="no"), backup("b" * 300), backup("b" * 299)]
    text = of_backups(twice)
    assert values(families(text)["commvault_rds_export_backup_well"], "instance")[("a",)] == 0
    lines = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("reads", ["many", [], {}, None, True, float("nan"), -1])
def test_calls_that_are_no_numbers_are_left_out(reads):
    text = render(make_report([], (), "", {"reads": reads, "writes": "12"}), "prom").decode()
    assert values(families(text)["commvault_rds_export_api_calls"], "kind") == {("write",): 12}


@pytest.mark.parametrize("text", [of_protection(), of_backups()])
def test_names_are_as_prometheus_wants_them(text):
    """As promtool check metrics: one prefix, base units at the end, nothing that a gauge must not end in."""
    assert text.endswith("# EOF\n")
    for name in names(text):
        assert re.match(r"commvault_rds_[a-z_]+$", name)
        assert not re.search(r"_(total|count|sum|bucket|info|milliseconds|minutes|hours|kilobytes)$", name)
        assert re.search(rf"^# HELP {name} .*\.$", text, re.MULTILINE)
    for name, unit in re.findall(r"^# UNIT (\S+) (\S+)$", text, re.MULTILINE):
        assert name.endswith(f"_{unit}")
    lines = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(lines) == len(set(lines)), "a series is there twice"


def test_rules_and_dashboard_use_metrics_that_there_are():
    known = (
        names(of_protection()) | names(of_backups()) | {"node_textfile_mtime_seconds", "commvault_rds_export_failures"}
    )
    rules = yaml.safe_load((EXAMPLES / "prometheus_rules.yml").read_text(encoding="utf-8"))
    board = json.loads((EXAMPLES / "grafana_dashboard.json").read_text(encoding="utf-8"))
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    expressions += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    used = {name for text in expressions for name in re.findall(r"\b(?:commvault|node)_[a-z_]+", text)}
    assert used <= known
    open_results = "|".join(name for name, (_words, group) in RESULTS.items() if group == OPEN)
    assert any(f'"{open_results}"' in text for text in expressions)
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert {"title", "uid", "schemaVersion", "templating", "time"} <= board.keys()
