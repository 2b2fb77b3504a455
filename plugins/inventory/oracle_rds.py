# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: oracle_rds
short_description: Amazon RDS for Oracle instances that Commvault can back up
version_added: 1.0.0
author:
  - rdsops contributors (@rdsops)
description:
  - Makes a host of each subclient of an Oracle instance in a CommCell, with the variables for the role
    P(rdsops.commvault.oracle_rds_export_backup#role).
  - All hosts are in the group C(oracle_rds), and in groups by client, plan, status and age of the last good backup, see
    O(group_by).
  - Ansible does not connect to these hosts. The role runs on the controller for all of them.
  - Commvault does not document how it represents an Amazon RDS for Oracle instance that is backed up by export. The
    operation works on subclients of the Oracle application, so there is a host for each of these, also for databases
    outside Amazon RDS. To exclude those, use O(client_names) or O(name_patterns).
  - The name of the configuration file must end with C(commvault_rds.yml) or C(commvault_rds.yaml).
extends_documentation_fragment:
  - rdsops.commvault._connection
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
notes:
  - Connection options of type string can be templates in the configuration file, such as lookups of a vault.
  - Cached data does not depend on the credentials. Use a separate cache for each set of rights, with
    O(cache_connection) or O(cache_prefix).
options:
  plugin:
    description: Name of this plugin. Marks the configuration file as one for it.
    type: str
    required: true
    choices:
      - rdsops.commvault.oracle_rds
  url:
    env:
      - name: COMMVAULT_URL
  auth_token:
    env:
      - name: COMMVAULT_AUTH_TOKEN
  auth_scheme:
    env:
      - name: COMMVAULT_AUTH_SCHEME
  username:
    env:
      - name: COMMVAULT_USERNAME
  password:
    env:
      - name: COMMVAULT_PASSWORD
  domain:
    env:
      - name: COMMVAULT_DOMAIN
  token_file:
    env:
      - name: COMMVAULT_TOKEN_FILE
  validate_certs:
    env:
      - name: COMMVAULT_VALIDATE_CERTS
  ca_path:
    env:
      - name: COMMVAULT_CA_PATH
  timeout:
    env:
      - name: COMMVAULT_TIMEOUT
  commcell_profile:
    env:
      - name: COMMVAULT_PROFILE
  client_names:
    description: Only read these clients. The names must be exact, but case does not matter.
    type: list
    elements: str
    default: []
  name_patterns:
    description:
      - Only make hosts of instances whose instance name, client name or display name matches one of these patterns,
        with the wildcards V(*) and V(?). Case does not matter.
    type: list
    elements: str
    default: []
  application_ids:
    description: Only read instances of these applications. V(22) is Oracle, V(80) is Oracle RAC.
    type: list
    elements: int
    default: [22]
  statuses:
    description:
      - Only make hosts of subclients with these statuses, see
        RV(rdsops.commvault.oracle_rds_instance_info#module:instances[].status).
    type: list
    elements: str
    choices: &statuses
      - ready
      - not_ready
      - enabled
      - disabled
      - unknown
    default: *statuses
  source:
    description: The lists to read, see O(rdsops.commvault.oracle_rds_instance_info#module:source).
    type: str
    choices:
      - auto
      - clients
      - instances
    default: auto
  concurrency:
    description: Number of requests at the same time.
    type: int
    default: 16
  outage_timeout:
    description:
      - How long to wait for a CommCell that does not answer, for example because its web server restarts. The
        CommCell is polled in growing intervals until it answers.
      - A number of seconds, or a number with a unit, such as V(90), V(5m) or V(1h). V(0) fails at once.
      - After this time, the plugin uses cached data if O(cache_fallback_age) allows it.
    type: str
    default: 5m
  stale_after:
    description: Greatest age of the last good backup of a host that is not C(stale), in seconds or as V(36h), V(7d).
    type: str
    default: 24h
  history:
    description:
      - Time in which to look for last backups, in seconds or as V(36h), V(7d). Defaults to O(stale_after), which is
        enough to find stale hosts.
      - V(0) does not read the list of jobs. Otherwise the inventory fails if the server does not return that list. If
        the credentials may not see it, the plugin warns, and the ages are not known.
    type: str
  hostname:
    description:
      - Template for the names of hosts, with the variables of the host, and extra variables with O(use_extra_vars).
        Characters with a meaning in host patterns or in paths become underscores.
      - By default a host has the name of its instance. If its subclient is not V(default), a dot and the name of the
        subclient follow.
      - If several hosts would have the same name, all of them get the name of their client appended, with a warning.
      - If another source of the inventory has another subclient with that name, the host of this file gets the name
        of its client appended, with a warning. A host of another source without variables of this plugin counts as
        the same database, and gets the variables.
      - A host that would have the name of a group of the inventory, or C(localhost), gets the name of its client
        appended without a warning.
    type: str
  hostvars_prefix:
    description: Prefix of all variables. The role only reads variables with the default prefix.
    type: str
    default: commvault_
  group_by:
    description:
      - The groups to make.
      - V(client) makes C(commvault_client_NAME), V(plan) C(commvault_plan_NAME), V(status) C(commvault_status_STATUS).
      - V(age) makes C(commvault_fresh) and C(commvault_stale), and C(commvault_age_unknown) if the age of the last
        good backup is not known.
    type: list
    elements: str
    choices: &groups
      - client
      - plan
      - status
      - age
    default: *groups
  group_prefix:
    description: Prefix of these groups.
    type: str
    default: commvault_
  cache_fallback_age:
    description:
      - Greatest age of cached data to use, with a warning, if the CommCell cannot be reached or does not return all
        data, in seconds or as V(36h), V(7d).
      - V(0) never uses data older than O(cache_timeout).
    type: str
    default: "0"
seealso:
  - module: rdsops.commvault.oracle_rds_instance_info
"""

EXAMPLES = r"""
# prod.commvault_rds.yml
# The environment variables COMMVAULT_URL and COMMVAULT_AUTH_TOKEN say which CommCell, and with which credentials.
plugin: rdsops.commvault.oracle_rds

# Two clients, without what cannot be backed up, in groups by the first part of their names. Read again after an hour;
# if the CommCell is not there then, what was read in the last day still gives an inventory.
# plugin: rdsops.commvault.oracle_rds
# url: https://commandcenter.example.com/commandcenter/api
# client_names:
#   - aws-prod
#   - aws-prod-eu
# statuses:
#   - ready
#   - enabled
# hostname: "{{ commvault_instance_name }}.{{ commvault_client_name }}"
# keyed_groups:
#   - key: commvault_instance_name.split('-')[0]
#     prefix: app
# cache: true
# cache_plugin: ansible.builtin.jsonfile
# cache_connection: ~/.cache/ansible-commvault
# cache_timeout: 3600
# cache_fallback_age: 1d

# The token from a vault, and a group of those that were not backed up well for two days.
# plugin: rdsops.commvault.oracle_rds
# url: commandcenter.example.com
# auth_token: "{{ lookup('community.hashi_vault.vault_kv2_get', 'commvault').secret.token }}"
# stale_after: 2d

# ansible-inventory -i prod.commvault_rds.yml --graph
# ansible-playbook rdsops.commvault.export_backup -i prod.commvault_rds.yml --limit commvault_stale
"""

import re
import time
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable, get_cache_plugin
from ansible.utils.path import basedir
from ansible.utils.vars import combine_vars

from ..module_utils._errors import CommvaultError, ErrorKind, InvalidInput
from ..module_utils._estate.api import EstateApi
from ..module_utils._estate.discovery import Discovery, Query, ReadFailure
from ..module_utils._estate.model import name_filter, unknown_options
from ..module_utils._http.base_url import parse_base_url
from ..module_utils._http.session import HAS_REQUESTS
from ..module_utils._jobs.api import JobsApi
from ..module_utils._jobs.reader import JobReader
from ..module_utils._module.connection import UNPROVEN, open_commcell, required
from ..module_utils._module.masking import tell_ansible
from ..module_utils._parallel import check_concurrency
from ..module_utils._redact import Redactor
from ..module_utils._times import parse_duration, positive_duration
from ..plugin_utils._inventory.hosts import (
    age_group,
    default_name,
    group_names,
    is_another,
    standing_groups,
    unique_names,
)
from ..plugin_utils._inventory.options import ConnectionOptions, numbers, texts, without_empty_variables
from ..plugin_utils._inventory.row_cache import Reading, RowCache
from ..plugin_utils._inventory.unsafe import make_unsafe

ENDINGS = ("commvault_rds.yml", "commvault_rds.yaml")
GROUP = "oracle_rds"
SHOWN = 3
_PREFIX = re.compile(r"[A-Za-z_]\w*$", re.ASCII)

# What to do about things that are good to know, but not needed.
_DO_WITHOUT = {
    "jobs": " Try again later. With history: 0, the inventory does without the list of jobs.",
    "instances": " Try again later. With source: clients, the inventory does without that list.",
}


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The inventory plugin."""

    NAME = "rdsops.commvault.oracle_rds"

    def verify_file(self, path: str) -> bool:
        """Whether a file is meant for this plugin, by its name."""
        if not super().verify_file(path):
            return False
        if path.endswith(ENDINGS):
            return True
        self.display.vvv(f"{self.NAME}: the name of {path} does not end with {' or '.join(ENDINGS)}")
        return False

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Fill the inventory. Raises AnsibleParserError."""
        super().parse(inventory, loader, path, cache)
        self._filled = inventory
        self._path = path
        with without_empty_variables():
            config = self._read_config_data(path)
        redactor = Redactor(listener=tell_ansible)
        try:
            # Ansible goes on without them, and a misspelt filter filters nothing.
            known = C.config.get_configuration_definitions("inventory", self._load_name)
            wrong = unknown_options(self.NAME, config, known, f"-t inventory {self.NAME}")
            if wrong:
                raise InvalidInput(wrong)
            option = ConnectionOptions(self.get_option, config, self._evaluate)
            fits = name_filter(texts(self.get_option("name_patterns"), "name_patterns"))
            self._populate(self._reading(option, redactor, cache), fits)
        except CommvaultError as error:
            raise AnsibleParserError(redactor.clean(str(error))) from None

    def _evaluate(self, template: str) -> t.Any:
        self.templar.available_variables = self._vars or {}
        return self.templar.template(template)

    # --- reading ---

    def _reading(self, option: ConnectionOptions, redactor: Redactor, use_cache: bool) -> Reading:
        """What is known of the CommCell, from the cache if it is young enough. Raises CommvaultError."""
        query = self._query()
        fallback_age = parse_duration(self.get_option("cache_fallback_age"), "cache_fallback_age")
        if not self.get_option("cache"):
            return self._read(option, redactor, query)
        rows = self._row_cache(option, query)
        known = rows.load()
        age = time.time() - known.read_at if known else 0.0
        timeout = self.get_option("cache_timeout")
        if known and use_cache and (not timeout or 0 <= age <= timeout):
            return known
        try:
            reading = self._read(option, redactor, query)
        except CommvaultError as error:
            # A certificate may be renewed in a while. Other lasting errors, such as refused credentials, are for people
            # to settle; an old inventory would only hide them.
            may_pass = error.kind.passing or error.kind is ErrorKind.TLS
            if not known or not may_pass or age > fallback_age:
                raise
            self.display.warning(
                f"{self.NAME}: the CommCell could not be read, so this is what it was {int(age // 60)} minutes ago:"
                f" {redactor.clean(str(error))}"
            )
            return known
        rows.store(reading)
        return reading

    def _row_cache(self, option: ConnectionOptions, query: Query) -> RowCache:
        # Entries must outlive cache_timeout, so Ansible's cache is told that they never expire, and age is looked at
        # here.
        settings = {"_uri": self.get_option("cache_connection"), "_prefix": self.get_option("cache_prefix")}
        given = {name: value for name, value in settings.items() if value is not None}
        self._cache = get_cache_plugin(self.get_option("cache_plugin"), _timeout=0, **given)
        base = parse_base_url(required(option, "url"), allow_http=True)
        about = {**vars(query), "url": base.url}
        del about["concurrency"]
        return RowCache(self._cache, self.get_cache_key(self._path), about)

    def _query(self) -> Query:
        """What to read. Raises InvalidInput."""
        stale_after = positive_duration(self.get_option("stale_after"), "stale_after")
        history = self.get_option("history")
        return Query(
            texts(self.get_option("client_names"), "client_names"),
            numbers(self.get_option("application_ids"), "application_ids"),
            self.get_option("source"),
            check_concurrency(self.get_option("concurrency")),
            stale_after if history is None else parse_duration(history, "history"),
        )

    def _read(self, option: ConnectionOptions, redactor: Redactor, query: Query) -> Reading:
        """Read the CommCell. Raises CommvaultError."""
        if not HAS_REQUESTS:
            raise InvalidInput("The Python library requests is missing. Install it for the Python that runs Ansible.")
        if not option("validate_certs"):
            self.display.warning(f"{self.NAME}: {UNPROVEN}")
        started = time.time()
        commcell = open_commcell(
            option,
            redactor,
            pool_size=query.concurrency,
            from_environment=option.from_environment(),
            outage_timeout=parse_duration(self.get_option("outage_timeout"), "outage_timeout"),
        )
        # On stderr, where the output of ansible-inventory is not.
        commcell.outage.tell = lambda words: self.display.warning(f"{self.NAME}: {redactor.clean(words)}")
        with commcell:
            found = Discovery(EstateApi(commcell), JobReader(JobsApi(commcell))).find(query)
        lost = [unread for unread in found.unread if not unread.hidden]
        if lost:
            # Databases would be missing that are there, and nobody would back them up; or they would be in other
            # groups than they belong to, until what is cached is too old.
            raise _loss(lost)
        return Reading(
            [subclient.to_result() for subclient in found.subclients],
            started,
            commcell.clock.at(started) - started,
            found.history,
            [redactor.clean(unread.msg) for unread in found.unread],
        )

    # --- hosts ---

    def _populate(self, reading: Reading, fits: t.Callable[..., bool]) -> None:
        """Make hosts of what is known. fits: whether one of some names is wanted. Raises InvalidInput."""
        if reading.warnings:
            more = len(reading.warnings) - SHOWN
            words = " ".join(reading.warnings[:SHOWN]) + (f" And {more} more." if more > 0 else "")
            self.display.warning(f"{self.NAME}: {words}")
        statuses = set(self.get_option("statuses"))
        rows = [
            row
            for row in reading.rows
            if row["status"] in statuses and fits(row["client_name"], row["display_name"], row["instance_name"])
        ]
        prefix = self.get_option("hostvars_prefix")
        if not _PREFIX.match(prefix):
            raise InvalidInput(f"hostvars_prefix must be letters, digits and underscores, not {prefix!r}.")
        variables = [{prefix + name: make_unsafe(value) for name, value in row.items()} for row in rows]
        groups = self._groups(rows, reading)
        names = self._names(rows, variables, self._reserved(groups))
        self._filled.add_group(GROUP)
        self._add_hosts(names, variables)
        self._add_groups(names, groups)
        self._construct(names, variables)

    def _groups(self, rows: t.Sequence[dict[str, t.Any]], reading: Reading) -> list[list[str]]:
        """The groups of each row. Raises InvalidInput."""
        # Not by keyed_groups, which evaluates templates for each host: that is most of the time in an inventory of
        # thousands.
        now = time.time() + reading.clock_offset
        stale_after = positive_duration(self.get_option("stale_after"), "stale_after")
        group_by, prefix = self.get_option("group_by"), self.get_option("group_prefix")
        return [group_names(row, age_group(row, now, stale_after, reading.history), group_by, prefix) for row in rows]

    def _reserved(self, groups: t.Sequence[t.Sequence[str]]) -> set[str]:
        """Names of groups: a pattern with one means its hosts, and Ansible takes a host of that name for the group."""
        inventory = self._filled
        reserved = standing_groups(self.get_option("group_by"), self.get_option("group_prefix"))
        reserved.add(GROUP)
        reserved.update(*groups)
        reserved.update(self._sanitize_group_name(str(name)) for name in self.get_option("groups") or ())
        # Where other sources have a host of that name already, somebody wants it so.
        reserved.update(name for name in inventory.groups if name not in inventory.hosts)
        return reserved

    def _names(
        self,
        rows: t.Sequence[t.Mapping[str, t.Any]],
        variables: t.Sequence[dict[str, t.Any]],
        reserved: t.Container[str],
    ) -> list[str]:
        template = self.get_option("hostname")
        if not template:
            wanted = [default_name(row) for row in rows]
        elif "{{" not in template:
            raise InvalidInput("hostname must be a template, such as {{ commvault_instance_name }}.")
        else:
            wanted = [self._host_name(template, own) for own in variables]
        hosts, prefix = self._filled.hosts, self.get_option("hostvars_prefix")

        def is_taken(name: str, row: t.Mapping[str, t.Any]) -> bool:
            # A host that other sources know without these variables is the same database, with more to say of it.
            return name in hosts and is_another(row, hosts[name].vars, prefix)

        names = unique_names(rows, wanted, is_taken, reserved)
        if names.duplicates:
            self.display.warning(
                f"{self.NAME}: several subclients would be called {_some(names.duplicates)}. They have the name of"
                " their client after it. Set hostname to a template that gives each its own name."
            )
        if names.taken:
            self.display.warning(
                f"{self.NAME}: other sources of the inventory have other subclients that are called"
                f" {_some(names.taken)}. Those of {self._path} have the name of their client after it. Set hostname to"
                " a template that gives each its own name, in all sources."
            )
        return names.names

    def _host_name(self, template: str, variables: dict[str, t.Any]) -> str:
        extra = self._vars if self.get_option("use_extra_vars") else None
        self.templar.available_variables = combine_vars(variables, extra) if extra else variables
        try:
            return str(self.templar.template(template))
        except Exception as error:  # noqa: BLE001  # pylint: disable=broad-except
            raise InvalidInput(f"hostname cannot be evaluated as a template: {error}") from None

    def _add_hosts(self, names: t.Sequence[str], variables: t.Sequence[dict[str, t.Any]]) -> None:
        # Not by set_variable, nor by what add_host does with the source: called for each of thousands of hosts, they
        # take most of the time. What they would do beside this, to check the names and to see that nothing is trusted
        # as a template, is done already.
        inventory = self._filled
        source = inventory.current_source
        about = {"inventory_file": source, "inventory_dir": basedir(source) if source else None}
        inventory.current_source = None
        try:
            for name, own in zip(names, variables):
                known = name in inventory.hosts
                inventory.add_host(name, group=GROUP)
                inventory.hosts[name].vars.update(own if known else {**about, **own})
        finally:
            inventory.current_source = source

    def _add_groups(self, names: t.Sequence[str], groups: t.Sequence[t.Sequence[str]]) -> None:
        inventory = self._filled
        made: dict[str, t.Any] = {}
        for name, wanted in zip(names, groups):
            host = inventory.hosts[name]
            for group in wanted:
                if group not in made:
                    made[group] = inventory.groups[inventory.add_group(group)]
                # Not by add_child, which takes a group of that name for what is meant.
                made[group].add_host(host)

    def _construct(self, names: t.Sequence[str], variables: t.Sequence[dict[str, t.Any]]) -> None:
        """What the user wants to have made of the variables."""
        compose, groups, keyed = (self.get_option(name) for name in ("compose", "groups", "keyed_groups"))
        if not (compose or groups or keyed):
            return
        strict = self.get_option("strict")
        for name, own in zip(names, variables):
            self._set_composite_vars(compose, own, name, strict=strict)
            self._add_host_to_composed_groups(groups, own, name, strict=strict, fetch_hostvars=bool(compose))
            self._add_host_to_keyed_groups(keyed, own, name, strict=strict, fetch_hostvars=bool(compose))


def _loss(lost: t.Sequence[ReadFailure]) -> CommvaultError:
    """The error of a reading that lacks something. lost: what, at least one."""
    clients = [unread for unread in lost if unread.what == "subclients"]
    first = (clients or lost)[0]
    if len(clients) > 1:
        return CommvaultError(f"{len(clients)} clients could not be read. The first of them: {first.msg}", first.kind)
    if clients:
        return CommvaultError(f"1 client could not be read. {first.msg}", first.kind)
    return CommvaultError(first.msg + _DO_WITHOUT.get(first.what, ""), first.kind)


def _some(names: t.Sequence[str]) -> str:
    """The first of many names, in words."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" (and {more} more names)" if more > 0 else "")
