"""``mlipguide doctor``."""

from __future__ import annotations

from functools import partial

from mlipguide.cli import options


def doctor(*, details: options.Details = False, as_json: options.Json = False) -> int:
    """Print a diagnosis to paste into a bug report: versions, folders, machine, environments."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.set_up.doctor import diagnose
    from mlipguide.report.pages.doctor_page import doctor_page

    return emit("doctor", diagnose(), partial(doctor_page, details=details), as_json=as_json)
