"""A worker as a child process: started, asked, watched, and ended with everything it started."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from mlipguide.core.processes import end_group, start_group
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.worker import PROTOCOL
from mlipguide.worker.failures import is_out_of_memory_text

HANDSHAKE_TIMEOUT_S = 60.0
POLL_S = 0.05
LAST_WORDS_BYTES = 2000

NEARLY_FULL = 0.8
"""A worker killed while it held this share of its memory limit is taken to have run out of memory."""


class WorkerProcess:
    """The host's end of the conversation.

    Args:
        python: Interpreter of the backend's environment.
        environment: Variables that the worker is started with.
        folder: Where it runs; what lies there can be imported, so it is not the user's.
        log: File that takes everything the worker prints.
        name: What is being run, for messages.
        memory_limit_bytes: The worker is ended when its resident memory exceeds this; None watches nothing.
        handshake_timeout_s: How long it may take to greet.

    Raises:
        SessionError: It cannot be started, does not greet in time, or speaks another protocol.
    """

    def __init__(
        self,
        *,
        python: Path,
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        name: str,
        memory_limit_bytes: int | None,
        handshake_timeout_s: float = HANDSHAKE_TIMEOUT_S,
    ) -> None:
        self._name = name
        self._log = log
        self._limit = memory_limit_bytes
        self._last_resident = 0
        self._log_start = 0
        self._buffer = b""
        self._count = 0
        self._closed = False
        self._paused = False
        theirs_read, self._write_end = os.pipe()
        self._read_end, theirs_write = os.pipe()
        os.set_blocking(self._write_end, False)
        command = [str(python), "-m", "mlipguide_worker", "--pipes", str(theirs_read), str(theirs_write)]
        try:
            with log.open("ab") as stream:
                self._process = start_group(
                    command, env=environment, log=stream, cwd=folder, pass_fds=(theirs_read, theirs_write)
                )
        except OSError as error:
            self._close_pipes()
            raise SessionError(FailureKind.HANDSHAKE, f"{name}: cannot start {python}: {error}.") from error
        finally:
            os.close(theirs_read)
            os.close(theirs_write)
        try:
            self._greet(handshake_timeout_s)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._process.pid

    def request(self, operation: str, *, timeout_s: float, **arguments: Any) -> Any:
        """Send one request and return its result.

        Args:
            operation: Name of the operation.
            timeout_s: How long the answer may take.
            arguments: What the operation needs, as plain data.

        Raises:
            SessionError: A failure that the worker reports, a crash, exhausted memory, or no answer in time.
                After the latter three the worker is gone.
        """
        if self._closed:
            raise self._error(FailureKind.CRASHED, "the worker was ended before")
        self._resume()
        self._count += 1
        try:
            line = json.dumps({"id": self._count, "op": operation, **arguments}, allow_nan=False) + "\n"
        except (TypeError, ValueError) as error:
            raise self._error(FailureKind.BAD_REQUEST, f"'{operation}' cannot be sent: {error}") from error
        self._log_start = self._log_size()
        self._last_resident = 0
        deadline = time.monotonic() + timeout_s
        what = f"'{operation}' within {timeout_s:g} s"
        try:
            self._write(line.encode(), deadline, what)
        except OSError:
            raise self._death() from None
        answer = self._answer(self._receive(deadline, what))
        if answer["ok"]:
            return answer["result"]
        kind = answer["error"]["kind"]
        known = FailureKind(kind) if kind in set(FailureKind) else FailureKind.BACKEND
        raise SessionError(known, f"{self._name}: {answer['error']['message']}", log=str(self._log))

    def _answer(self, found: Any) -> dict[str, Any]:
        """Return an answer that is one to the last request; after another the worker is ended, for all others may be.

        Raises:
            SessionError: It is not.
        """
        if isinstance(found, dict) and found.get("id") == self._count and "ok" in found:
            return found
        self.close()
        given = found.get("id") if isinstance(found, dict) else None
        raise self._error(
            FailureKind.CRASHED, f"the worker answered request {given} when {self._count} was asked; it was ended"
        )

    def pause(self) -> None:
        """Stop the worker and all that it started, until it is asked again or ended."""
        if not self._closed and not self._paused:
            self._paused = _signalled(self._process.pid, signal.SIGSTOP)

    def _resume(self) -> None:
        if self._paused:
            _signalled(self._process.pid, signal.SIGCONT)
            self._paused = False

    def close(self) -> None:
        """End the worker; may be called more than once."""
        if self._closed:
            return
        self._resume()
        self._closed = True
        self._close_pipes()
        end_group(self._process, grace_s=0.5)

    def _close_pipes(self) -> None:
        os.close(self._write_end)
        os.close(self._read_end)

    def _greet(self, timeout_s: float) -> None:
        try:
            hello = self._receive(time.monotonic() + timeout_s, f"the handshake within {timeout_s:g} s")
        except SessionError as error:
            raise SessionError(FailureKind.HANDSHAKE, error.message, log=str(self._log)) from error
        if hello.get("protocol") != PROTOCOL:
            theirs = hello.get("protocol")
            raise self._error(FailureKind.HANDSHAKE, f"the worker speaks protocol {theirs}, mlipguide {PROTOCOL}")

    def _write(self, data: bytes, deadline: float, what: str) -> None:
        while data:
            _, ready, _ = select.select([], [self._write_end], [], POLL_S)
            if ready:
                data = data[os.write(self._write_end, data) :]
            elif self._process.poll() is not None:
                raise BrokenPipeError
            elif time.monotonic() > deadline:
                raise self._silence(what)

    def _receive(self, deadline: float, what: str) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            # Whether it has ended is asked first: what it wrote before is then still read.
            ended = self._process.poll() is not None
            ready, _, _ = select.select([self._read_end], [], [], 0.0 if ended else POLL_S)
            if ready:
                chunk = os.read(self._read_end, 1 << 20)
                if not chunk:
                    raise self._death()
                self._buffer += chunk
                continue
            if ended:
                # A process that it started may hold the pipe open.
                raise self._death()
            self._watch_memory()
            if time.monotonic() > deadline:
                raise self._silence(what)
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError:
            self.close()
            raise self._error(
                FailureKind.CRASHED, "the worker answered in a way that is no JSON; it was ended"
            ) from None
        return answer

    def _watch_memory(self) -> None:
        try:
            resident = psutil.Process(self._process.pid).memory_info().rss
        except psutil.Error:
            return
        self._last_resident = resident or self._last_resident  # a process that has just ended holds nothing
        if self._limit is not None and resident > self._limit:
            self.close()
            raise self._error(
                FailureKind.OUT_OF_MEMORY, f"more than {self._limit / 2**30:.1f} GiB of memory were needed"
            )

    def _silence(self, what: str) -> SessionError:
        self.close()
        return self._error(FailureKind.TIMEOUT, f"the worker did not answer {what}; it was ended")

    def _death(self) -> SessionError:
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            status = None
        self.close()
        how = "stopped answering" if status is None else _describe_exit(status)
        full = self._limit is not None and self._last_resident > NEARLY_FULL * self._limit
        if (status == -signal.SIGKILL and full) or is_out_of_memory_text(self._last_words()):
            return self._error(FailureKind.OUT_OF_MEMORY, f"ran out of memory (the worker {how})")
        return self._error(FailureKind.CRASHED, f"the worker {how}")

    def _error(self, kind: FailureKind, message: str) -> SessionError:
        return SessionError(kind, f"{self._name}: {message}.", log=str(self._log))

    def _last_words(self) -> str:
        """Return what it printed last, since the last request: an earlier failure is not what it died of."""
        try:
            with self._log.open("rb") as stream:
                stream.seek(max(self._log_start, self._log_size() - LAST_WORDS_BYTES))
                return stream.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def _log_size(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0


def _signalled(group: int, number: signal.Signals) -> bool:
    try:
        os.killpg(group, number)
    except OSError:  # it has ended, which the next request tells
        return False
    return True


def _describe_exit(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
