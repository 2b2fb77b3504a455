# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m simulator``: by hand a rehearsal server for users, with ``--ready-file`` a server for tests."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from . import server, tls
from .app import Application
from .clock import Clock
from .commserve import CommServe
from .settings import from_text
from .variants import VARIANTS, settings_of

#: A rehearsal server may run for days; nobody reads its journal.
KEPT_REQUESTS = 100

WELCOME = """\
A CommServe simulator for rehearsals. It is a model of the Commvault REST API and not the vendor's software:
nothing is backed up, all jobs and names are made up, and everything is forgotten when it stops.

In another shell:

  export COMMVAULT_URL={url}
  export COMMVAULT_AUTH_TOKEN={token}
{ca_line}
  ansible localhost -m rdsops.commvault.oracle_rds_export_backup -a 'client_name={client} instance_name={instance}'

It knows {counts}. Stop it with Ctrl-C.
One line for each request follows.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    out = argparse.ArgumentParser(
        prog="simulator",
        description="A CommServe simulator: a model of the Commvault REST API, not the vendor's software.",
    )
    out.add_argument("--port", type=int, default=0, help="port for http on 127.0.0.1 (default: a free one)")
    out.add_argument("--https", action="store_true", help="listen on https, too, with a CA made at start")
    out.add_argument("--https-port", type=int, default=0, help="port for https (default: a free one)")
    out.add_argument("--tls", choices=tls.MODES, default="ok", help="what the https certificate is like (default: ok)")
    out.add_argument("--estate", type=Path, help="YAML or JSON file that describes clients and instances")
    out.add_argument("--token", action="append", help="token that is accepted; can be repeated (default: a random one)")
    out.add_argument("--speed", type=float, default=1.0, help="simulated seconds per real second (default: 1)")
    out.add_argument("--latency", type=float, default=0.0, metavar="MS", help="milliseconds that each call takes")
    out.add_argument("--lifetime", type=float, metavar="SECONDS", help="stop after this time (default: never)")
    out.add_argument("--state-dir", type=Path, help="where the CA is written (default: a temporary directory)")
    out.add_argument("--ready-file", type=Path, help="write addresses and token here once all listens, and be quiet")
    out.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="change a setting; can be repeated"
    )
    out.add_argument(
        "--variant",
        action="append",
        default=[],
        metavar="NAME",
        help=f"a CommCell that differs, repeatable: {', '.join(VARIANTS)}; skew and lag take =SECONDS",
    )
    out.add_argument("--harness", action="store_true", help=argparse.SUPPRESS)
    return out


def _settings(pairs: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"--set needs NAME=VALUE, not {pair}")
        found[name] = from_text(name, value)
    return found


def write_ready_file(path: Path, facts: dict[str, Any]) -> None:
    """Write ``facts`` so that nobody sees half of it and nobody else can read the token in it."""
    part = path.with_name(path.name + ".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        json.dump(facts, stream)
    os.replace(part, path)


def _counts(commserve: CommServe) -> str:
    instances = len(commserve.estate.instances_by_id)
    return f"{len(commserve.estate.clients)} clients with {instances} instances"


def main(arguments: list[str] | None = None) -> int:
    """Run the server and return the exit code."""
    options = parser().parse_args(arguments)
    # What is secret comes from the harness by its pipe, not by the command line that everybody can read.
    private = json.loads(sys.stdin.readline()) if options.harness else {}
    tokens = private.get("tokens") or options.token or [secrets.token_hex(24)]
    if not isinstance(tokens, dict):
        tokens = dict.fromkeys(tokens, "admin")
    try:
        settings = {**_settings(options.set), **private.get("settings", {})}
        for variant in options.variant:
            settings.update(settings_of(variant))
        if options.latency:
            settings["latency_ms"] = options.latency
        estate = private.get("estate") or options.estate
        commserve = CommServe(
            estate, tokens, settings, Clock(options.speed), None if options.harness else KEPT_REQUESTS
        )
        http = server.listen(options.port)
        https = server.listen(options.https_port) if options.https else None
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as exc:
        print(f"simulator: {exc}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="commserve-simulator-") as scratch:
        state_dir = options.state_dir or Path(scratch)
        state_dir.mkdir(parents=True, exist_ok=True)
        ca_file, certificate = None, None
        if https is not None:
            ca_file, chain, key = tls.make(state_dir, options.tls)
            certificate = (chain, key)
        port = http.getsockname()[1]
        facts = {
            "url": f"http://127.0.0.1:{port}/commandcenter/api",
            "https_url": f"https://127.0.0.1:{https.getsockname()[1]}/commandcenter/api" if https else None,
            "ca_file": str(ca_file) if ca_file else None,
            "token": next(iter(tokens)),
            "pid": os.getpid(),
        }
        quiet = options.ready_file is not None

        def ready() -> None:
            if options.ready_file is not None:
                write_ready_file(options.ready_file, facts)
            else:
                _welcome(commserve, facts)

        application = Application(
            commserve, private.get("control_key"), None if quiet else lambda line: print(line, flush=True)
        )
        asyncio.run(
            _run(application, http, https, certificate, ready, options.lifetime, sys.stdin if options.harness else None)
        )
    if not quiet:
        print("\nStopped.", flush=True)
    return 0


async def _run(
    application: Application,
    http: Any,
    https: Any,
    certificate: tuple[Path, Path] | None,
    ready: Any,
    lifetime: float | None,
    pipe: Any,
) -> None:
    reader = None
    if pipe is not None:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    await server.serve(application, http, https, certificate, ready=ready, lifetime=lifetime, stop_when_done=reader)


def _welcome(commserve: CommServe, facts: dict[str, Any]) -> None:
    first = next((one for one in commserve.estate.subclients_by_id.values() if one.enabled and one.plan), None)
    ca_line = ""
    if facts["ca_file"]:
        ca_line = (
            f"\n  or, with https:\n  export COMMVAULT_URL={facts['https_url']}\n"
            f"  export COMMVAULT_CA_PATH={facts['ca_file']}\n"
        )
    print(
        WELCOME.format(
            url=facts["url"],
            token=facts["token"],
            ca_line=ca_line,
            client=first.client.name if first else "CLIENT",
            instance=first.instance.name if first else "INSTANCE",
            counts=_counts(commserve),
        ),
        flush=True,
    )
