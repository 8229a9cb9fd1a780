"""How long mlipguide takes to say hello, against the import of the library that its command line stands on.

Prints the median ratio of ``mlipguide --help`` to ``import typer``, both as whole processes, measured in turn.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 15


def seconds_of(command: list[str]) -> float:
    """Return the wall time of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measure in turn and print the figure last."""
    help_command = [sys.executable, "-m", "mlipguide", "--help"]
    typer_command = [sys.executable, "-c", "import typer"]
    pairs = [(seconds_of(help_command), seconds_of(typer_command)) for _ in range(ROUNDS)]
    print(f"mlipguide --help: median {statistics.median(a for a, _ in pairs):.3f} s")
    print(f"import typer:     median {statistics.median(b for _, b in pairs):.3f} s")
    print(f"ratio, paired:    median {statistics.median(a / b for a, b in pairs):.2f}")


if __name__ == "__main__":
    main()
