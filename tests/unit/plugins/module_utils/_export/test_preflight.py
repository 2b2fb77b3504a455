# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._estate import model as _estate
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.clients import ClientDirectory
from ansible_collections.rdsops.commvault.plugins.module_utils._export import preflight
from ansible_collections.rdsops.commvault.plugins.module_utils._export.preflight import MAX_CLOSE_LOOKS, Preflight
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import Instance
from ansible_collections.rdsops.commvault.tests.support import estates


class FakeEstate:
    """A CommCell; calls: what was read of it. errors: by call, what reading that raises."""

    def __init__(self, *rows, details=(), disabled_clients=(), activity=True, errors=None, hidden_clients=()):
        self._subclients = _estate.parse_subclients(estates.subclients(*rows))
        self._details = {one.subclient_id: one for one in _estate.parse_subclients(estates.subclients(*details))}
        self._disabled, self._activity, self._errors = disabled_clients, activity, errors or {}
        self._hidden = hidden_clients
        self.calls = []

    def _call(self, *call):
        self.calls.append(call)
        if call in self._errors:
            raise CommvaultError(f"{call[0]} failed.", self._errors[call])

    def activity(self):
        self._call("activity")
        return self._activity

    def subclients_of(self, name):
        self._call("subclients", name)
        return [one for one in self._subclients if one.client_name.lower() == name.lower()] or None

    def client_activity(self, client_id):
        self._call("client", client_id)
        return client_id not in self._disabled

    def clients(self):
        self._call("clients")
        known = {one.client_id: (one.client_name, one.display_name) for one in self._subclients}
        return [_estate.Client(number, *names) for number, names in known.items()]

    def subclient(self, subclient_id):
        self._call("subclient", subclient_id)
        return self._details.get(subclient_id)


ORDERS = estates.subclient_row(1001, "orders")
BILLING = estates.subclient_row(1002, "billing")


OFF = "backup activity is disabled. Enable it in the Command Center."


def check(estate, *names):
    """The verdicts on "client/instance" or "client/instance/subclient"."""
    instances = [Instance(*name.split("/")) for name in names]
    verdicts = Preflight(estate, ClientDirectory(estate), concurrency=1).check(instances)
    assert [verdict.instance for verdict in verdicts] == instances
    assert not any(verdict.open for verdict in verdicts)
    return verdicts


def only(estate, name="aws-prod/orders"):
    (verdict,) = check(estate, name)
    return verdict


def test_what_is_all_right_would_start():
    verdict = only(FakeEstate(ORDERS), "AWS-Prod/ORDERS/Default")
    assert (verdict.state, verdict.cause) == ("would_start", "")
    assert verdict.msg.startswith("Would start a backup of instance 'ORDERS'")
    assert "verified" not in verdict.msg
    assert verdict.not_verified == ()
    assert verdict.subclient.subclient_id == 1001


def test_each_client_is_read_once_however_many_of_its_instances_are_asked_about():
    estate = FakeEstate(ORDERS, BILLING)
    check(estate, "aws-prod/orders", "AWS-PROD/billing", "aws-prod/nothing")
    assert estate.calls == [("activity",), ("subclients", "aws-prod"), ("client", 11)]


def test_an_unknown_client_is_refused_with_the_nearest_names():
    estate = FakeEstate(ORDERS)
    verdicts = check(estate, "aws-prd/orders", "zzz/orders")
    assert [one.state for one in verdicts] == ["refused", "refused"]
    cause = "there is no client 'aws-prd', or these credentials may not see it. Correct client_name; nearest: aws-prod."
    assert verdicts[0].cause == cause
    assert verdicts[0].msg.endswith(f"would be refused: {cause}")
    assert verdicts[1].cause.endswith("Correct client_name: rdsops.commvault.list_instances shows all names.")
    assert estate.calls.count(("clients",)) == 1


def test_a_display_name_in_place_of_the_name_is_recognized():
    verdict = only(FakeEstate(ORDERS), "aws production/orders")
    assert verdict.cause.endswith("is the display name of client 'aws-prod'. Use its name as client_name.")


def test_names_are_not_compared_if_the_clients_cannot_be_listed():
    verdict = only(FakeEstate(ORDERS, errors={("clients",): "permission"}), "aws-prd/orders")
    assert (verdict.state, "nearest" in verdict.cause) == ("refused", False)


def test_an_unknown_instance_is_refused_with_the_nearest_names():
    verdict = only(FakeEstate(ORDERS, BILLING), "aws-prod/order")
    assert verdict.state == "refused"
    assert "client 'aws-prod' has no instance 'order'" in verdict.msg
    assert verdict.cause.endswith("Correct instance_name; nearest: orders.")


def test_where_too_many_names_would_be_compared_the_first_are_told_the_nearest_ones(monkeypatch):
    monkeypatch.setattr(preflight, "MAX_COMPARED", 2)
    verdicts = check(FakeEstate(ORDERS), *(f"aws-prod/orders{number}" for number in range(3)))
    assert [one.cause.endswith("nearest: orders.") for one in verdicts] == [True, True, False]
    assert verdicts[-1].cause.endswith("Correct instance_name: rdsops.commvault.list_instances shows all names.")


def test_a_wrong_client_of_many_instances_is_compared_once(monkeypatch):
    monkeypatch.setattr(preflight, "MAX_COMPARED", 1)
    verdicts = check(FakeEstate(ORDERS), *(f"aws-prd/orders{number}" for number in range(3)))
    assert {one.cause.rpartition(" Correct ")[2] for one in verdicts} == {"client_name; nearest: aws-prod."}


def test_an_unknown_subclient_is_refused_with_those_that_there_are():
    rows = [estates.subclient_row(1001, "orders", name="nightly"), estates.subclient_row(1002, "orders", name="weekly")]
    verdict = only(FakeEstate(*rows), "aws-prod/orders/week")
    assert verdict.state == "refused"
    assert verdict.cause.endswith("Correct subclient_name: it has weekly, nightly.")


def test_an_instance_of_another_application_is_refused():
    verdict = only(FakeEstate(estates.subclient_row(1, "orders", application_id=81, app_name="SQL Server")))
    assert verdict.state == "refused"
    assert "belongs to SQL Server (application id 81), not to application id 22" in verdict.msg


def test_an_instance_of_the_right_application_goes_before_its_namesake():
    rows = [estates.subclient_row(1, "orders", application_id=81), estates.subclient_row(2, "orders")]
    assert only(FakeEstate(*rows)).subclient.subclient_id == 2


@pytest.mark.parametrize(
    ("estate", "words"),
    [
        (FakeEstate(estates.subclient_row(1001, "orders", enabled=False)), "its backup activity is disabled"),
        (FakeEstate(ORDERS, disabled_clients=[11]), "backup activity of client 'aws-prod' is disabled"),
        (FakeEstate(ORDERS, activity=False), "backup activity of the whole CommCell is disabled"),
    ],
)
def test_disabled_activity_is_refused_at_each_level(estate, words):
    verdict = only(estate)
    assert verdict.state == "refused"
    assert words in verdict.msg
    assert "queue jobs while activity is disabled" in verdict.msg
    assert verdict.cause == f"{words}. Enable it in the Command Center."


def test_disabled_activity_of_the_commcell_does_not_hide_wrong_names():
    assert only(FakeEstate(ORDERS, activity=False), "aws-prod/order").cause.startswith(
        "client 'aws-prod' has no instance"
    )


def test_a_subclient_with_neither_plan_nor_storage_policy_is_refused():
    row = estates.subclient_row(1001, "orders", plan=None)
    verdict = only(FakeEstate(row, details=[estates.subclient_row(1001, "orders", plan=None, policy="")]))
    assert verdict.state == "refused"
    assert "neither a plan nor a storage policy" in verdict.msg


def test_a_storage_policy_is_as_good_as_a_plan():
    row = estates.subclient_row(1001, "orders", plan=None)
    estate = FakeEstate(row, details=[estates.subclient_row(1001, "orders", plan=None, policy="silver")])
    assert only(estate).state == "would_start"
    assert ("subclient", 1001) in estate.calls


def test_releases_that_do_not_list_activity_are_asked_for_each_subclient():
    row = estates.subclient_row(1001, "orders", enabled=None)
    off, on = estates.subclient_row(1001, "orders", enabled=False), estates.subclient_row(1001, "orders")
    assert only(FakeEstate(row, details=[off])).cause == f"its {OFF}"
    assert only(FakeEstate(row, details=[on])).state == "would_start"


def unlisted(count, **how):
    """Rows of subclients of which the list does not tell the activity."""
    return [estates.subclient_row(1000 + number, f"db{number}", enabled=None, **how) for number in range(count)]


def test_so_many_subclients_are_read_by_themselves_and_no_more():
    rows = unlisted(MAX_CLOSE_LOOKS + 2)
    estate = FakeEstate(*rows, details=[estates.subclient_row(1000 + n, f"db{n}") for n in range(len(rows))])
    verdicts = check(estate, *(f"aws-prod/db{number}" for number in range(len(rows))))
    assert {verdict.state for verdict in verdicts} == {"would_start"}
    assert sum(call[0] == "subclient" for call in estate.calls) == MAX_CLOSE_LOOKS
    assert [verdict.not_verified for verdict in verdicts[:MAX_CLOSE_LOOKS]] == [()] * MAX_CLOSE_LOOKS
    for verdict in verdicts[MAX_CLOSE_LOOKS:]:
        (text,) = verdict.not_verified
        assert text.startswith("whether its backup activity is enabled: the list of subclients does not tell")
        assert f"Not verified is {text}" in verdict.msg


def test_those_without_a_plan_are_looked_at_first():
    rows = [*unlisted(MAX_CLOSE_LOOKS), estates.subclient_row(9, "planless", plan=None)]
    details = [estates.subclient_row(9, "planless", plan=None), *unlisted(MAX_CLOSE_LOOKS)]
    names = [f"aws-prod/db{number}" for number in range(MAX_CLOSE_LOOKS)]
    assert check(FakeEstate(*rows, details=details), *names, "aws-prod/planless")[-1].state == "refused"


def test_of_too_many_without_a_plan_that_is_not_verified():
    rows = [estates.subclient_row(n + 1, f"db{n}", plan=None) for n in range(MAX_CLOSE_LOOKS + 1)]
    verdicts = check(FakeEstate(*rows, details=rows), *(f"aws-prod/db{n}" for n in range(len(rows))))
    assert [verdict.state for verdict in verdicts] == ["refused"] * MAX_CLOSE_LOOKS + ["would_start"]
    assert verdicts[-1].not_verified[0].startswith("whether it has a plan or a storage policy")


def test_clients_are_not_read_where_that_adds_nothing():
    off = FakeEstate(estates.subclient_row(1001, "orders", enabled=False))
    assert only(off).cause == f"its {OFF}"
    stopped = FakeEstate(ORDERS, estates.subclient_row(1002, "billing", plan=None), activity=False)
    for verdict in check(stopped, "aws-prod/orders", "aws-prod/billing"):
        assert "activity of the whole CommCell is disabled" in verdict.cause
    misspelt = FakeEstate(ORDERS)
    only(misspelt, "aws-prod/order")
    for estate in (off, stopped, misspelt):
        assert estate.calls == [("activity",), ("subclients", "aws-prod")]


def test_after_a_refusal_subclients_are_looked_at_alone_and_few_of_them_closely():
    rows = [*unlisted(3), estates.subclient_row(9, "planless", plan=None)]
    estate = FakeEstate(*rows, details=[estates.subclient_row(9, "planless", plan=None)], disabled_clients=[11])
    checks = Preflight(estate, ClientDirectory(estate), concurrency=1, close_looks=1)
    verdicts = checks.check_subclients([Instance("aws-prod", name) for name in ("db0", "db1", "planless", "order")])
    assert [verdict.state for verdict in verdicts] == ["would_start"] * 2 + ["refused"] * 2
    assert estate.calls == [("subclients", "aws-prod"), ("subclient", 9)]


def test_activity_that_is_told_nowhere_is_not_verified():
    row = estates.subclient_row(1001, "orders", enabled=None)
    verdict = only(FakeEstate(row, details=[row]))
    assert verdict.state == "would_start"
    assert "Not verified is whether its backup activity is enabled" in verdict.msg


def test_activity_of_a_client_that_may_not_be_read_is_not_verified():
    verdict = only(FakeEstate(ORDERS, errors={("client", 11): "permission"}))
    assert verdict.state == "would_start"
    assert verdict.not_verified == ("whether backup activity of its client is enabled: client failed.",)
    assert "Not verified is whether backup activity of its client is enabled: client failed." in verdict.msg


def test_all_that_is_not_verified_is_said():
    row = estates.subclient_row(1001, "orders", enabled=None)
    estate = FakeEstate(row, errors={("client", 11): "permission", ("subclient", 1001): "permission"})
    verdict = only(estate)
    assert verdict.not_verified == (
        "whether it can be backed up: subclient failed.",
        "whether backup activity of its client is enabled: client failed.",
    )
    assert all(text.partition(": ")[2] in verdict.msg for text in verdict.not_verified)


def test_what_cannot_be_read_is_not_verified_and_the_rest_is():
    dev = estates.subclient_row(1003, "orders", client="aws-dev", client_id=12)
    estate = FakeEstate(ORDERS, dev, errors={("subclients", "aws-dev"): "permission"})
    verdicts = check(estate, "aws-dev/orders", "aws-prod/orders")
    assert [one.state for one in verdicts] == ["not_verified", "would_start"]
    assert "is not verified: subclients failed." in verdicts[0].msg


def test_a_subclient_that_may_not_be_read_closely_is_not_verified():
    row = estates.subclient_row(1001, "orders", enabled=None)
    verdict = only(FakeEstate(row, errors={("subclient", 1001): "permission"}))
    assert (verdict.state, verdict.not_verified) == (
        "not_verified",
        ("whether it can be backed up: subclient failed.",),
    )


def test_a_listed_subclient_that_is_not_shown_by_itself_is_not_verified():
    verdict = only(FakeEstate(estates.subclient_row(1001, "orders", plan=None)))
    assert verdict.state == "not_verified"
    assert "lists its subclient, but does not show it by itself" in verdict.msg


def test_a_server_out_of_reach_leaves_all_unverified():
    errors = {("activity",): "connection", ("subclients", "a"): "connection", ("subclients", "b"): "connection"}
    verdicts = check(FakeEstate(errors=errors), "a/x", "b/y")
    assert [one.state for one in verdicts] == ["not_verified", "not_verified"]
