"""Child processes that are started in a group of their own and never outlive mlipguide.

The command line turns SIGTERM, a batch system's end of the job, into what Ctrl-C does. A script that calls the
workflows itself has no such handler: the signal would end it at once and leave its children. There they are ended
first, and the script then dies of the signal as it would have. Nothing can be done about SIGKILL.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

_running: set[subprocess.Popen[bytes]] = set()

POLITE_END_S = 2.0
"""How long a process group may take to end after SIGTERM before it is killed."""
TICK_S = 1.0
"""How often a program that prints nothing is looked after."""


def start_group(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    log: IO[bytes],
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
    stdout: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``command`` as the leader of its own session, with stderr (and stdout) going to ``log``.

    A session of its own means that a Ctrl-C in the terminal reaches mlipguide alone, which then ends the
    group in order.

    Raises:
        OSError: The program cannot be started.
    """
    _end_children_at_sigterm()
    with undisturbed():  # a signal between starting and noting would leave a child that nobody knows
        process = subprocess.Popen(
            list(command),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log if stdout is None else stdout,
            stderr=log if stdout is None else subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
        _running.add(process)
    return process


def end_group(process: subprocess.Popen[bytes], *, grace_s: float = POLITE_END_S) -> None:
    """End a process started by :func:`start_group` with everything it started itself.

    A second Ctrl-C may break this off; the group is then still known to :func:`end_all_groups`.
    """
    group = process.pid
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
        deadline = time.monotonic() + grace_s
        while time.monotonic() < deadline:
            if process.poll() is not None and not _group_alive(group):
                _running.discard(process)
                return
            time.sleep(0.01)
    process.wait()
    _running.discard(process)


def end_all_groups() -> None:
    """End every group that :func:`start_group` started and nobody ended yet, whatever signal comes meanwhile."""
    with undisturbed():
        for process in tuple(_running):
            end_group(process, grace_s=0.5)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back until the block is left; for blocks that take a moment."""
    if threading.current_thread() is not threading.main_thread():  # where signals raise nothing
        yield
        return
    arrived: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    held = {number: handler for number, handler in before.items() if handler not in (None, signal.SIG_IGN)}
    for number in held:
        signal.signal(number, lambda came, _frame: arrived.append(came))
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        for found in arrived[:1]:
            signal.raise_signal(found)


def _end_children_at_sigterm() -> None:
    """Where SIGTERM would end this process at once, let it end the children before."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        return

    def end(number: int, _frame: FrameType | None) -> None:
        end_all_groups()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    signal.signal(signal.SIGTERM, end)


def _group_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return not _all_ended(group)


def _all_ended(group: int) -> bool:
    """Tell whether nothing of a group runs any more, though nobody has collected the exit statuses.

    In a container the first process often collects none, so that ended grandchildren stay as zombies for ever.
    Their state is read from ``/proc/PID/stat`` (proc(5)): after the name in parentheses come state, parent, group.
    """
    states = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:3]
            if int(its_group) == group:
                states.add(state)
    return bool(states) and states <= {"Z", "X"}


@contextmanager
def ended_on_exit(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Give out ``process`` and end its group when the block is left, by whatever way."""
    try:
        yield process
    finally:
        end_group(process)


def run_logged(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    log: Path,
    on_line: Callable[[str], None] = lambda _: None,
    on_tick: Callable[[], None] = lambda: None,
    timeout_s: float | None = None,
    cwd: Path | None = None,
) -> int:
    """Run ``command`` to its end, appending its output to ``log`` and handing each line to ``on_line``.

    Args:
        command: Program and arguments.
        env: Its environment.
        log: Where its output goes.
        on_line: Told each line.
        on_tick: Called about every second in which it prints nothing; what it raises ends the program.
        timeout_s: Wall time that it may take.
        cwd: Where it runs.

    Returns:
        The exit status, negative for a signal.

    Raises:
        TimeoutError: It took longer than ``timeout_s``; it is ended first.
        OSError: The program cannot be started, or the log cannot be written.
        KeyboardInterrupt: Ctrl-C; the group is ended first.
    """
    with log.open("ab") as stream:
        process = start_group(command, env=env, log=stream, cwd=cwd, stdout=subprocess.PIPE)
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            end_group(process)

        timer = threading.Timer(timeout_s, expire) if timeout_s is not None else None
        with ended_on_exit(process):
            if timer is not None:
                timer.daemon = True
                timer.start()
            assert process.stdout is not None
            try:
                for raw in _lines(process.stdout, on_tick):
                    stream.write(raw)
                    stream.flush()
                    on_line(raw.decode("utf-8", "replace").rstrip())
                status = process.wait()
            finally:
                if timer is not None:
                    timer.cancel()
                process.stdout.close()
        if expired.is_set():
            raise TimeoutError(f"{command[0]} was ended after {timeout_s:g} s")
        return status


def _lines(pipe: IO[bytes], on_tick: Callable[[], None]) -> Iterator[bytes]:
    """Yield the lines of a pipe until its other end is closed, the last one even if it is not ended."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if not selector.select(TICK_S):
                on_tick()
                continue
            chunk = os.read(pipe.fileno(), 1 << 16)
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line + b"\n" for line in lines)
            if not chunk:
                if rest:
                    yield rest
                return
