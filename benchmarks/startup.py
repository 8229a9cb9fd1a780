"""How long mlipguide takes to start, against the import of the library that it stands on.

Prints the median ratio of ``mlipguide --help`` to ``import typer``, and of ``mlipguide recommend`` for models that were
timed before to ``import ase.io``: processor times of whole processes, measured in turn. Both keep compiled code, as an
installed package does.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 15
CONFIG = Path(__file__).parent.parent / "configs" / "lifepo4.yaml"
RECOMMEND = ["recommend", "--config", str(CONFIG), "--models", "sevennet-0,chgnet-0.3.0", "--yes"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def seconds_of(command: list[str]) -> float:
    """Return the processor time of a whole process and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=False, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert done.returncode in (0, 3), command
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def compare(words: list[str], library: str) -> None:
    """Measure a command and an import in turn, and print both and their ratio."""
    command = [sys.executable, "-m", "mlipguide", *words]
    imported = [sys.executable, "-c", f"import {library}"]
    seconds_of(command)  # compiles what is not compiled yet
    pairs = [(seconds_of(command), seconds_of(imported)) for _ in range(ROUNDS)]
    print(f"mlipguide {words[0]}: median {statistics.median(a for a, _ in pairs):.3f} s")
    print(f"import {library}: median {statistics.median(b for _, b in pairs):.3f} s")
    print(f"ratio, paired: median {statistics.median(a / b for a, b in pairs):.2f}")


def main() -> None:
    """Measure; the first ``recommend`` of a comparison, which counts for nothing, times the models where needed."""
    compare(["--help"], "typer")
    compare(RECOMMEND, "ase.io")


if __name__ == "__main__":
    main()
