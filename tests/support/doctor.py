# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the doctor has to find out about the variants of the simulator."""

from __future__ import annotations

import typing as t

HISTORY = [{"age": 3600 * hours, "seconds": 600} for hours in (5, 29, 53)]
RUNNING = {"status": "Running", "age": 60, "user": "operator"}
# Variant of the simulator, to the lines that differ and the profile that is proposed.
VARIANTS: dict[str, tuple[list[str], dict[str, t.Any]]] = {
    "proxy-client": (["job_client"], {"client_is_proxy": True}),
    "app-134": (["job_application"], {"application_ids": [134]}),
    "other-type": (["job_type"], {"job_types": ["Data Pump Export"]}),
    "no-end-time": (["job_end"], {}),
    "numeric-level": (["job_level"], {}),
    "bearer-only": (["header"], {"auth_scheme": "bearer"}),
    "queue": (["queueing"], {"queues_conflicts": True}),
    "skew=60": (["job_clock", "local_clock"], {"clock_skew": 60.0}),
    "rate-limiter": (["rate_limit"], {}),
}
