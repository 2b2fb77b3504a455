#!/usr/bin/python
# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: export_report
short_description: Write a report of export backups, or of how databases are protected
version_added: 1.0.0
author:
  - rdsops contributors (@rdsops)
description:
  - Writes the results of export backups, or how databases are protected, as an HTML page, as JSON, as CSV, as JUnit
    XML, or as metrics for Prometheus.
  - The page is one file that you can send or archive.
  - It uses results that you already have, and sends no request to the CommCell. Failed backups do not make the module
    fail.
  - Every format lists problems first.
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - ansible.builtin.files
attributes:
  action_group:
    support: none
    membership: []
    details:
      - The module has no connection options.
  check_mode:
    support: full
    details:
      - Lists the files that would change, and reports the same errors.
  diff_mode:
    support: full
    details:
      - Shows files of up to 100 kB.
  idempotent:
    support: full
    details:
      - The only times in a report are those of the jobs, so the same results give the same files.
options:
  backups:
    description:
      - The backups, as RV(rdsops.commvault.oracle_rds_export_backup#module:backups).
      - The list may be empty.
    type: list
    elements: dict
  protection:
    description:
      - The result of M(rdsops.commvault.oracle_rds_protection_info), to report how databases are protected.
      - The module refuses changed databases, by their
        RV(rdsops.commvault.oracle_rds_protection_info#module:evidence.digest), and totals that do not fit them.
    type: dict
  api_calls:
    description: The requests of the run, as the modules return them, for the metrics.
    type: dict
    default: {}
  jobs:
    description:
      - The jobs, as RV(rdsops.commvault.job_wait#module:jobs) or RV(rdsops.commvault.job_info#module:jobs). They
        replace the data of the same jobs in O(backups).
      - Not needed with O(rdsops.commvault.oracle_rds_export_backup#module:wait=true). Without either, a report shows
        the started backups and not their results.
      - The module ignores jobs of other backups.
    type: list
    elements: dict
    default: []
  path:
    description:
      - The files to write. The ending selects the format, V(.html), V(.json), V(.csv), V(.junit.xml) or V(.prom).
      - Their directories must exist.
      - The module replaces a file in one step, and does not touch a file with the same content.
      - A path with a comma must be an entry of a list.
    type: list
    elements: path
    required: true
    aliases:
      - paths
  title:
    description:
      - Title of the page, and name of the test suite in JUnit XML.
      - By default V(Export backups of Amazon RDS for Oracle), or V(Protection of Amazon RDS for Oracle).
    type: str
notes:
  - The collection's guide on reports describes the content of the files.
  - CSV cells that begin with C(=), C(+), C(-) or C(@), also after spaces, get an apostrophe in front, because
    spreadsheets could run them as formulas.
  - No format has control characters that XML cannot contain.
seealso:
  - module: rdsops.commvault.oracle_rds_export_backup
  - module: rdsops.commvault.job_wait
  - module: rdsops.commvault.oracle_rds_protection_info
"""

EXAMPLES = r"""
- name: Back up many instances, and go on if some of them fail
  rdsops.commvault.oracle_rds_export_backup:
    instances:
      - client_name: aws-prod
        instance_name: orders
      - client_name: aws-prod
        instance_name: billing
    wait: true
    wait_timeout: 8h
  register: night
  failed_when: "'backups' not in night"

- name: Write what became of them
  rdsops.commvault.export_report:
    backups: "{{ night.backups }}"
    title: Backups of the night
    path:
      - "{{ playbook_dir }}/night.html"
      - "{{ playbook_dir }}/night.json"
      - "{{ playbook_dir }}/night.csv"
      - "{{ playbook_dir }}/night.junit.xml"
    mode: "0644"

- name: Fail if any of them failed
  ansible.builtin.fail:
    msg: "{{ night.msg }}"
  when: "'failure' in night"

# With a wait of its own, which prints its progress
- name: Start backups
  rdsops.commvault.oracle_rds_export_backup:
    instances:
      - client_name: aws-prod
        instance_name: orders
  register: fleet

- name: Wait for them
  rdsops.commvault.job_wait:
    job_ids: "{{ fleet.job_ids }}"
  register: waited
  failed_when: "'jobs' not in waited"

- name: Write a page
  rdsops.commvault.export_report:
    backups: "{{ fleet.backups }}"
    jobs: "{{ waited.jobs }}"
    path: "{{ playbook_dir }}/orders.html"
"""

RETURN = r"""
msg:
  description: The result as a sentence.
  returned: always
  type: str
  sample: "Report of 300 backups, 10 failed: wrote night.html, night.json; night.csv is unchanged."
files:
  description: The files, in the order of O(path).
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The path.
      type: str
      returned: always
      sample: /var/www/reports/night.html
    format:
      description: The format, V(html), V(json), V(csv), V(junit.xml) or V(prom).
      type: str
      returned: always
      sample: html
    changed:
      description: Whether its content or attributes changed, or in check mode would change.
      type: bool
      returned: always
      sample: true
    size:
      description: Size of the content in bytes.
      type: int
      returned: always
      sample: 312114
summary:
  description:
    - Totals, the same as in the JSON report.
    - With O(protection), they are RV(rdsops.commvault.oracle_rds_protection_info#module:summary).
  returned: success
  type: dict
  contains:
    backups:
      description: Number of backups, the sum of RV(summary.succeeded), RV(summary.failed) and RV(summary.open).
      type: int
      returned: always
      sample: 300
    succeeded:
      description: Number of succeeded backups.
      type: int
      returned: always
      sample: 290
    failed:
      description: Number of backups that did not start, failed, or have an unknown outcome.
      type: int
      returned: always
      sample: 10
    open:
      description: Number of backups that have not ended, or whose end nobody waited for.
      type: int
      returned: always
      sample: 0
    results:
      description:
        - Number of backups by result.
        - V(unknown), V(refused), V(not_submitted), V(not_verified), V(would_start) and V(recent) as in
          RV(rdsops.commvault.oracle_rds_export_backup#module:backups[].state).
        - V(failed), V(stuck), V(timed_out), V(not_followed), V(missing) and V(active) as in
          RV(rdsops.commvault.job_wait#module:jobs[].outcome). If a backup has several jobs, the worst one counts.
          A job that O(rdsops.commvault.job_wait#module:on_timeout) killed counts as V(failed).
        - V(succeeded), V(succeeded_with_warnings), V(completed_with_errors) - it ended in a state that
          O(rdsops.commvault.job_wait#module:fail_on) does not count as failed.
        - V(started) - it has a job whose result is not known.
      type: dict
      returned: always
      sample:
        unknown: 2
        failed: 3
        stuck: 0
        timed_out: 0
        not_followed: 0
        missing: 0
        refused: 5
        not_submitted: 0
        active: 0
        started: 0
        not_verified: 0
        would_start: 0
        completed_with_errors: 0
        succeeded_with_warnings: 4
        succeeded: 286
        recent: 0
    first_start:
      description: Start of the first job of this run (UTC), V(null) if not known.
      type: str
      returned: always
      sample: "2026-01-01T00:00:00Z"
    last_end:
      description: End of the last job of this run, or the time when it was last seen (UTC), V(null) if not known.
      type: str
      returned: always
      sample: "2026-01-01T04:12:30Z"
    application_size:
      description: Size of the data that the jobs of this run backed up, in bytes.
      type: int
      returned: always
      sample: 26414048870400
    media_size:
      description: Size of the written backup data, in bytes.
      type: int
      returned: always
      sample: 8804682956800
failure:
  description: The failure, for programs.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - The kind of failure.
        - V(invalid_input) - an option has a value that cannot be used, or a file cannot be written.
      type: str
      returned: always
      sample: invalid_input
    method:
      description: Always V(null).
      type: str
      returned: always
      sample: null
    url:
      description: Always V(null).
      type: str
      returned: always
      sample: null
    status:
      description: Always V(null).
      type: int
      returned: always
      sample: null
    code:
      description: Always V(null).
      type: raw
      returned: always
      sample: null
    message:
      description: The same as RV(msg).
      type: str
      returned: always
      sample: "The ending of 'night.pdf' says no format of a report."
"""

import os
import tempfile
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._argspec import ArgumentSpec
from ..module_utils._errors import CommvaultError, InvalidInput
from ..module_utils._report.formats import check_mode, check_paths, render
from ..module_utils._report.model import FAILED, Report, make_report
from ..module_utils._report.protection import ProtectionReport, make_protection_report
from ..module_utils._times import counted

# Bytes up to which Ansible shows the content of files in diffs.
LARGEST_DIFF = 104448
TITLE = "Export backups of Amazon RDS for Oracle"
PROTECTION_TITLE = "Protection of Amazon RDS for Oracle"


def argument_spec() -> ArgumentSpec:
    """The module's own options."""
    return ArgumentSpec(
        {
            "backups": {"type": "list", "elements": "dict"},
            "protection": {"type": "dict"},
            "api_calls": {"type": "dict", "default": {}},
            "jobs": {"type": "list", "elements": "dict", "default": []},
            "path": {"type": "list", "elements": "path", "required": True, "aliases": ["paths"]},
            "title": {"type": "str"},
        },
        required_one_of=[("backups", "protection")],
        mutually_exclusive=[("backups", "protection")],
    )


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Write all files, or none if one of them cannot be written for a reason that can be told before."""
    params = module.params
    targets = check_paths(params["path"])
    check_mode(params["mode"])
    report = requested_report(params)
    contents = [(path, name, render(report, name), present(path)) for path, name in targets]
    files, diffs = [], []
    for path, name, content, before in contents:
        changed = content != before
        if changed and not module.check_mode:
            write(module, path, content)
        diffs.append(file_diff(path, before, content))
        attributes = module.load_file_common_arguments(params, path=path)
        attribute_diff: dict[str, t.Any] = {}
        if not module.check_mode or before is not None:
            changed = module.set_fs_attributes_if_different(attributes, changed, attribute_diff)
        if attribute_diff:
            header = f"{path} (attributes)"
            diffs.append({"before_header": header, "after_header": header, **attribute_diff})
        files.append({"path": path, "format": name, "changed": changed, "size": len(content)})
    result: dict[str, t.Any] = {
        "changed": any(file["changed"] for file in files),
        "msg": message(report, files, module.check_mode),
        "files": files,
        "summary": report.summary() if isinstance(report, Report) else report.summary,
    }
    if module._diff:
        result["diff"] = diffs
    return result


def requested_report(params: t.Mapping[str, t.Any]) -> Report | ProtectionReport:
    """The report that the options ask for. Raises InvalidInput."""
    if params["protection"] is not None:
        return make_protection_report(params["protection"], params["title"] or PROTECTION_TITLE)
    return make_report(params["backups"], params["jobs"], params["title"] or TITLE, params["api_calls"])


def present(path: str) -> bytes | None:
    """The content of a file, None if there is none. Raises InvalidInput if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise InvalidInput(f"{path!r} cannot be replaced, since it cannot be read: {exc.strerror}.") from exc


def write(module: AnsibleModule, path: str, content: bytes) -> None:
    """Replace a file in one step. Raises InvalidInput."""
    try:
        handle, temporary = tempfile.mkstemp(dir=module.tmpdir)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as exc:
        raise InvalidInput(f"{path!r} cannot be written, there is no place for it: {exc.strerror}.") from exc
    # Ansible looks at the directory, which a bare name does not have.
    module.atomic_move(temporary, os.path.abspath(path), unsafe_writes=module.params["unsafe_writes"])


def file_diff(path: str, before: bytes | None, after: bytes) -> dict[str, t.Any]:
    """What diff mode shows of a file."""
    headers = {"before_header": path, "after_header": path}
    if before == after:
        return {**headers, "before": "", "after": ""}
    for key, content in (("dst_larger", before or b""), ("src_larger", after)):
        if len(content) > LARGEST_DIFF:
            return {**headers, key: LARGEST_DIFF}
    return {
        **headers,
        "before": (before or b"").decode("utf-8", "replace"),
        "after": after.decode("utf-8"),
    }


def message(report: Report | ProtectionReport, files: t.Sequence[t.Mapping[str, t.Any]], check_mode: bool) -> str:
    """What was done, in a sentence."""
    written = ", ".join(os.path.basename(file["path"]) for file in files if file["changed"])
    kept = [os.path.basename(file["path"]) for file in files if not file["changed"]]
    parts = [f"{'would write' if check_mode else 'wrote'} {written}"] if written else []
    if kept:
        parts.append(f"{', '.join(kept)} {'is' if len(kept) == 1 else 'are'} unchanged")
    bad = report.count(FAILED)
    if isinstance(report, Report):
        about = f"Report of {counted(len(report.rows), 'backup')}{f', {bad} failed' if bad else ''}"
    else:
        about = f"Report of {counted(len(report.databases), 'database')}{f', {bad} not protected' if bad else ''}"
    return f"{about}: {'; '.join(parts)}."


def main() -> None:
    module = AnsibleModule(supports_check_mode=True, add_file_common_args=True, **argument_spec().kwargs())
    # The result does not repeat what may be megabytes of input.
    given = {name: f"{len(module.params[name] or ())} entries" for name in ("backups", "jobs", "protection")}
    invocation = {"module_args": {**module.params, **given}}
    try:
        result = run(module)
    except CommvaultError as exc:
        module.fail_json(msg=str(exc), failure=exc.failure(), invocation=invocation)
    module.exit_json(**result, invocation=invocation)


if __name__ == "__main__":
    main()
