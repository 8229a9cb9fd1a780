"""One MPI rank: connects to the worker's socket and carries out what it is asked, until the socket closes."""

from __future__ import annotations

import json
import os
import socket
import sys
import traceback
from typing import Any

from ..failures import kind_of
from .runner import Runner

RANK_VARIABLES = ("PMI_RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK")
"""Where launchers say a process's number (MPICH's, Open MPI's, Slurm's)."""


def main(path: str, potential: str, threads: str) -> int:
    """Serve until the worker closes the socket."""
    number = next((int(os.environ[name]) for name in RANK_VARIABLES if name in os.environ), 0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        stream = connection.makefile("rw", encoding="utf-8")
        runner: Runner | None = None

        def load() -> None:
            nonlocal runner
            runner = Runner(potential, int(threads))

        _answer(stream, number, load)
        for line in stream:
            request = json.loads(line)
            if runner is not None:
                active = runner
                _answer(stream, number, lambda: active.carry_out(request["op"], request["arguments"]))  # noqa: B023  # called at once
    # MPI is left without ceremony: a rank whose neighbour died would wait for it for ever.
    os._exit(0)


def _answer(stream: Any, number: int, work: Any) -> None:
    answer: dict[str, Any] = {"rank": number}
    try:
        answer["result"] = work()
    except Exception as error:  # noqa: BLE001  # a rank survives whatever LAMMPS throws
        traceback.print_exception(error, file=sys.stderr)
        answer["error"] = {"kind": kind_of(error), "message": " ".join(str(error).split()) or type(error).__name__}
    stream.write(json.dumps(answer) + "\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
