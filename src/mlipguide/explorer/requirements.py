"""What the explorer cannot do without: the package that draws it, and a terminal."""

from __future__ import annotations

import importlib.util
import sys

from mlipguide.core.errors import InputError

PACKAGE, EXTRA = "textual", "explore"


def require_explorer() -> None:
    """Refuse to begin where the explorer cannot be shown.

    Raises:
        InputError: The package is not installed, or there is no terminal.
    """
    if importlib.util.find_spec(PACKAGE) is None:
        raise InputError(
            f"mlipguide explore needs the package {PACKAGE}, which is not installed.",
            hint=f"python -m pip install {PACKAGE}, or 'mlipguide[{EXTRA}]'",
            kind="missing_package",
        )
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError(
            "mlipguide explore is drawn in a terminal, and this is none.",
            hint="mlipguide recommend --no-measure answers the same question once.",
        )
