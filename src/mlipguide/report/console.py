"""The terminal: results on stdout, everything else on stderr; no colours without a terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

WIDTH_WITHOUT_TERMINAL = 100


def output_console() -> Console:
    """Return the console for results."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH_WITHOUT_TERMINAL
    return Console(file=sys.stdout, highlight=False, width=width, soft_wrap=False)


def message_console() -> Console:
    """Return the console for progress, warnings and errors."""
    from rich.console import Console

    return Console(file=sys.stderr, highlight=False, soft_wrap=True)
