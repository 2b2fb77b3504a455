# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._estate import model as _estate
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.rds_match import (
    Pattern,
    RdsInstance,
    make_rds_instances,
    match,
)
from ansible_collections.rdsops.commvault.tests.support import estates


def estate(*names):
    """Subclients from texts such as "client/instance" or "client/instance/subclient"."""
    rows = []
    clients: dict[str, int] = {}
    instances: dict[tuple[str, str], int] = {}
    for number, name in enumerate(names, 1001):
        client, instance, *rest = name.split("/")
        client_id = clients.setdefault(client, len(clients) + 11)
        instance_id = instances.setdefault((client, instance), len(instances) + 101)
        rows.append(
            estates.subclient_row(
                number,
                instance,
                client=client,
                client_id=client_id,
                instance_id=instance_id,
                name=rest[0] if rest else "default",
                display_name=f"Display {client}",
            )
        )
    return _estate.parse_subclients(estates.subclients(*rows))


def rds(identifier, region="us-east-1", **more):
    return RdsInstance(more.pop("id", identifier), identifier, more.pop("engine", "oracle-ee"), region, **more)


def states(matches):
    return [(found.wanted.id, found.state, found.subclient and found.subclient.label) for found in matches]


def one(wanted, subclients, *patterns, complete=True, clients_not_read=()):
    (found,) = match([wanted], subclients, [Pattern(text) for text in patterns], complete, clients_not_read)
    return found


def test_the_instance_of_the_same_name_is_meant_in_any_case():
    found = one(rds("orders"), estate("aws/ORDERS", "aws/orders2"))
    assert states([found]) == [("orders", "matched", "aws/ORDERS/default")]
    assert found.msg == "DB instance orders in us-east-1 is instance ORDERS of client aws, subclient default."


def test_names_may_be_written_in_another_way():
    wanted = rds("orders", client_name="R&D Caf\u00e9", subclient_name="caf\u00e9")
    rows = estate("r&amp;d cafe\u0301/orders/cafe\u0301", "aws/orders/caf\u00e9")
    pattern = "R&D Caf\u00e9/{identifier}"
    assert one(wanted, rows).subclient == rows[0]
    assert one(rds("orders", subclient_name="caf\u00e9"), rows, pattern).subclient == rows[0]
    assert one(wanted, rows, clients_not_read=["R&amp;D Cafe\u0301"]).state == "not_verified"


def test_the_entry_can_be_handed_to_the_backup_as_it_is():
    entry = one(rds("orders", id="host1"), estate("aws/ORDERS")).to_result()["entry"]
    assert entry == {
        "id": "host1",
        "client_name": "aws",
        "instance_name": "ORDERS",
        "subclient_name": "default",
        "display_name": "Display aws",
        "app_name": "Oracle",
        "application_id": 22,
    }


def test_without_such_an_instance_the_display_name_counts():
    subclients = estate("c-0815/ORCL", "other/db")
    subclients[0].display_name = "Orders"
    assert one(rds("orders"), subclients).subclient is subclients[0]


def test_the_instance_name_goes_before_the_display_name():
    subclients = estate("a/db", "b/orders")
    subclients[0].display_name = "orders"
    assert one(rds("orders"), subclients).subclient is subclients[1]


@pytest.mark.parametrize(
    "pattern",
    [
        "rds-{identifier}-??????",
        "*{identifier}*",
        "AWS-{region}/rds-{identifier}-*",
        "display aws-{region}/*-{identifier}-*",
    ],
)
def test_without_either_a_pattern_counts(pattern):
    subclients = estate("aws-us-east-1/rds-orders-oracle", "aws-us-east-1/rds-billing-oracle")
    assert one(rds("orders"), subclients, "{account}-{identifier}", pattern).subclient is subclients[0]


def test_a_pattern_does_not_overrule_an_exact_name():
    subclients = estate("aws/orders", "aws/rds-orders")
    assert one(rds("orders"), subclients, "rds-{identifier}").subclient is subclients[0]


def test_what_aws_says_is_no_wildcard_in_a_pattern():
    assert one(rds("or*"), estate("aws/rds-orders"), "rds-{identifier}").state == "missing"
    assert one(rds("or*"), estate("aws/rds-or*"), "rds-{identifier}").state == "matched"


def test_several_instances_of_one_name_are_ambiguous():
    found = one(rds("orders"), estate("a/orders", "b/orders"))
    assert (found.state, found.subclient) == ("ambiguous", None)
    assert found.to_result()["candidates"] == ["a/orders/default", "b/orders/default"]
    assert "a/orders/default, b/orders/default" in found.msg
    assert "match_patterns" in found.msg


def test_a_pattern_tells_instances_of_one_name_apart():
    subclients = estate("aws-us-east-1/orders", "aws-eu-central-1/orders")
    wanted = [rds("orders", "us-east-1", id="us"), rds("orders", "eu-central-1", id="eu")]
    matches = match(wanted, subclients, [Pattern("aws-{region}/*")])
    assert states(matches) == [
        ("us", "matched", "aws-us-east-1/orders/default"),
        ("eu", "matched", "aws-eu-central-1/orders/default"),
    ]


def test_patterns_narrow_one_after_the_other():
    subclients = estate("us-a/orders", "us-b/orders", "eu-a/orders")
    found = one(rds("orders", "us"), subclients, "nothing-{identifier}", "{region}-*/*", "*-b/{identifier}")
    assert found.subclient is subclients[1]


def test_two_db_instances_never_share_a_subclient():
    wanted = [rds("orders", "us-east-1", id="us"), rds("orders", "eu-central-1", id="eu")]
    matches = match(wanted, estate("aws/orders"))
    assert states(matches) == [("us", "ambiguous", None), ("eu", "ambiguous", None)]
    assert "but so can eu" in matches[0].msg
    assert "but so can us" in matches[1].msg


def test_a_pattern_says_which_of_two_db_instances_is_meant():
    wanted = [rds("orders", "us-east-1", id="us"), rds("orders", "eu-central-1", id="eu")]
    matches = match(wanted, estate("aws-eu-central-1/orders"), [Pattern("aws-{region}/{identifier}")])
    assert states(matches) == [("us", "missing", None), ("eu", "matched", "aws-eu-central-1/orders/default")]
    assert "is eu" in matches[0].msg


@pytest.mark.parametrize("engine", ["oracle-ee", "oracle-se2-cdb", "custom-oracle-ee", "ORACLE-EE", None])
def test_oracle_engines_are_looked_for(engine):
    assert one(rds("orders", engine=engine), estate("aws/orders")).state == "matched"


@pytest.mark.parametrize("engine", ["postgres", "aurora-mysql", "sqlserver-ee", "custom-sqlserver-ee", "myoracle-ee"])
def test_other_engines_are_skipped_with_a_word(engine):
    found = one(rds("orders", engine=engine), estate("aws/orders"))
    assert (found.state, found.subclient) == ("skipped", None)
    assert f"not Oracle, but {engine}" in found.msg


def test_a_missing_instance_is_named_with_what_is_like_it():
    found = one(rds("order-prd"), estate("aws/orders-prd", "aws/hr"))
    assert (found.state, found.nearest) == ("missing", ("orders-prd",))
    assert "Nearest: orders-prd." in found.msg
    assert "could not be read" not in found.msg


def test_a_missing_instance_may_be_among_what_could_not_be_read():
    assert "could not be read" in one(rds("orders"), estate("aws/hr"), complete=False).msg


def test_a_host_without_identifier_is_missing():
    found = one(RdsInstance("host1", None), estate("aws/orders"))
    assert (found.state, found.nearest) == ("missing", ())
    assert "host1 has no DB instance identifier" in found.msg


def test_the_client_that_is_given_has_it():
    subclients = estate("aws/orders", "aws-eu/orders", "aws-eu/orders-prd")
    assert one(rds("orders"), subclients).state == "ambiguous"
    for name in ("AWS-eu", "display aws-eu"):
        assert one(rds("orders", client_name=name), subclients).subclient is subclients[1]
    assert one(rds("orders-x", client_name="aws"), subclients, "{identifier}*", "orders-{region}").state == "missing"
    found = one(rds("orders", client_name="aws-us"), subclients)
    assert (found.state, "no instance of client aws-us for" in found.msg) == ("missing", True)


def test_a_name_goes_before_a_pattern_when_two_db_instances_want_the_same():
    wanted = [rds("crm"), rds("crm-prd")]
    for order in (wanted, wanted[::-1]):
        matches = match(order, estate("aws/crm-prd"), [Pattern("{identifier}-prd")])
        assert {found.wanted.id: found.state for found in matches} == {"crm": "missing", "crm-prd": "matched"}
    (lost,) = [found for found in matches if found.state == "missing"]
    assert "aws/crm-prd/default is crm-prd." in lost.msg


@pytest.mark.parametrize(
    ("patterns", "given", "state"),
    [
        ((), {}, "not_verified"),
        (("{identifier}*",), {}, "not_verified"),
        (("aws*/{identifier}",), {}, "not_verified"),
        (("aws-eu/{identifier}",), {}, "matched"),
        (("aws-prod/{identifier}",), {}, "not_verified"),
        ((), {"client_name": "aws-eu"}, "matched"),
        ((), {"client_name": "aws-prod"}, "missing"),
    ],
)
def test_what_fits_is_not_certain_while_others_that_may_fit_could_not_be_read(patterns, given, state):
    found = one(
        rds("orders", **given),
        estate("aws-eu/orders"),
        *patterns,
        complete=False,
        clients_not_read=["aws-prod", "aws-us"],
    )
    assert found.state == state
    if state == "not_verified":
        assert found.subclient is None
        assert found.to_result()["candidates"] == ["aws-eu/orders/default"]
        assert (
            "fits aws-eu/orders/default, but the instances of client aws-prod and 1 more could not be read" in found.msg
        )


@pytest.mark.parametrize(
    ("wanted", "subclients", "meant"),
    [
        # The only one is meant whatever its name, and of several the default one.
        (None, ["nightly"], "nightly"),
        (None, ["a", "Default"], "Default"),
        ("SCHEMA-A", ["default", "schema-a"], "schema-a"),
    ],
)
def test_which_subclient_is_meant(wanted, subclients, meant):
    found = one(rds("orders", subclient_name=wanted), estate(*(f"aws/orders/{name}" for name in subclients)))
    assert found.subclient.subclient_name == meant


def test_several_subclients_without_a_default_one_are_ambiguous():
    found = one(rds("orders"), estate("aws/orders/a", "aws/orders/b"))
    assert found.state == "ambiguous"
    assert "subclient_name" in found.msg


def test_a_named_subclient_that_is_not_there_is_missing():
    found = one(rds("orders", subclient_name="schema-b"), estate("aws/orders/default", "aws/orders/schema-a"))
    assert (found.state, found.nearest) == ("missing", ("default", "schema-a"))
    assert "no subclient schema-b" in found.msg


def test_db_instances_may_have_different_subclients_of_one_instance():
    subclients = estate("aws/orders/a", "aws/orders/b")
    wanted = [rds("orders", id="1", subclient_name="a"), rds("orders", id="2", subclient_name="b")]
    assert [found.state for found in match(wanted, subclients)] == ["matched", "matched"]


@pytest.mark.parametrize("text", ["{identifier", "plain", "{name}", "{identifier}-{}", "{identifier.__class__}", "{0}"])
def test_a_pattern_with_other_placeholders_or_none_is_refused(text):
    with pytest.raises(InvalidInput, match="match_patterns"):
        Pattern(text)


def test_entries_take_what_is_missing_from_the_arn():
    arn = "arn:aws-cn:rds:cn-north-1:123456789012:db:orders"
    (found,) = make_rds_instances([{"db_instance_arn": arn, "engine": " ", "id": None}])
    assert found == RdsInstance("orders", "orders", None, "cn-north-1", "123456789012")
    assert one(found, estate("a/x-123456789012-orders"), "*{account}-{identifier}").state == "matched"


def test_what_is_given_goes_before_the_arn():
    arn = "arn:aws:rds:us-east-1:123456789012:db:orders"
    (found,) = make_rds_instances([{"db_instance_arn": arn, "db_instance_identifier": "x", "region": "r", "id": "i"}])
    assert (found.id, found.identifier, found.region) == ("i", "x", "r")


@pytest.mark.parametrize("arn", ["orders", "arn:aws:rds:us-east-1:123456789012:cluster:orders", "arn:aws:s3:::bucket"])
def test_the_arn_of_something_else_is_refused(arn):
    with pytest.raises(InvalidInput, match="not the ARN of a DB instance"):
        make_rds_instances([{"db_instance_arn": arn}])


def test_an_id_given_twice_is_refused():
    entries = [{"db_instance_identifier": "a"}, {"db_instance_identifier": "b", "id": "a"}]
    with pytest.raises(InvalidInput, match=r"match\[0\] and match\[1\] have the same id 'a'"):
        make_rds_instances(entries)


def test_entries_without_any_name_keep_their_place():
    assert [found.id for found in make_rds_instances([{}, {"engine": "postgres"}])] == ["match[0]", "match[1]"]
