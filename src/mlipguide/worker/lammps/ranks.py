"""Several MPI ranks as child processes of the worker: started with the environment's own ``mpiexec``.

Each rank is a Python process that holds LAMMPS's library and connects to a socket of the worker, by which all ranks get
the same requests. Between two requests they sleep in a read of the socket: ranks that wait inside MPI would keep their
processors busy while something else is being timed. A rank ends as soon as its socket does.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..failures import WorkerError
from .library import environment_folder

START_TIMEOUT_S = 60.0
END_TIMEOUT_S = 2.0
POLL_S = 0.1


class RankTeam:
    """A running team.

    Args:
        potential: Path of the file that names the potential.
        threads: OpenMP threads of each rank.
        ranks: How many.
        command: What starts one rank, in tests.

    Raises:
        WorkerError: Kind ``backend``: they do not start.
    """

    def __init__(self, potential: str, *, threads: int, ranks: int, command: Sequence[str] | None = None) -> None:
        # A path of a socket has 107 characters at most, so it is in the system's own short temporary folder.
        self._folder = tempfile.TemporaryDirectory(prefix="mlg-", dir="/tmp")  # private: mode 700
        path = str(Path(self._folder.name) / "s")
        self._streams: list[Any] = []
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(path)
            listener.listen(ranks)
            listener.settimeout(POLL_S)
            try:
                self._process = subprocess.Popen(
                    [*(command or launch_command(ranks)), path, potential, str(threads)],
                    stdin=subprocess.DEVNULL,
                    stdout=2,  # the worker's log
                )
                for _ in range(ranks):
                    connection = self._accept(listener)
                    self._streams.append(connection.makefile("rw", encoding="utf-8"))
                    connection.close()
                self._answers()  # each rank has loaded the potential
            except BaseException:
                self.close()
                raise

    def ask(self, operation: str, **arguments: Any) -> list[Any]:
        """Have every rank carry out one operation, and return their results, the first rank's first.

        Raises:
            WorkerError: One of them failed, or the team is gone.
        """
        line = json.dumps({"op": operation, "arguments": arguments}) + "\n"
        try:
            for stream in self._streams:
                stream.write(line)
                stream.flush()
        except OSError as error:
            raise self._gone() from error
        return self._answers()

    def close(self) -> None:
        """End all ranks; may be called more than once."""
        for stream in self._streams:
            with contextlib.suppress(OSError):
                stream.close()
        self._streams = []
        if self._process is not None:
            try:
                self._process.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.terminate()
                try:
                    self._process.wait(END_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
        self._folder.cleanup()

    def _accept(self, listener: socket.socket) -> socket.socket:
        assert self._process is not None
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                connection.settimeout(None)
                return connection
            if self._process.poll() is not None:
                break
        raise WorkerError("backend", "The MPI ranks did not start; the log has their words.")

    def _answers(self) -> list[Any]:
        answers = []
        for stream in self._streams:
            try:
                line = stream.readline()
            except OSError:
                line = ""
            if not line:
                raise self._gone()
            answers.append(json.loads(line))
        for answer in answers:
            if "error" in answer:
                raise WorkerError(answer["error"]["kind"], answer["error"]["message"])
        return [answer["result"] for answer in sorted(answers, key=lambda answer: answer["rank"])]

    def _gone(self) -> WorkerError:
        self.close()
        return WorkerError("backend", "An MPI rank ended before it answered; the log has its last words.")


def launch_command(ranks: int) -> list[str]:
    """Return what starts the ranks, by the launcher of the same environment, on this machine alone.

    Raises:
        WorkerError: Kind ``unsupported_setting``: the environment has no launcher.
    """
    launcher = environment_folder() / "bin" / "mpiexec"
    if not os.access(launcher, os.X_OK):
        raise WorkerError("unsupported_setting", f"{ranks} MPI ranks need mpiexec, and {launcher} does not exist.")
    return [str(launcher), "-launcher", "fork", "-n", str(ranks), sys.executable, "-m", f"{__package__}.rank"]
