"""Nothing that was started outlives its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from mlipguide.core.processes import end_all_groups, end_group, ended_on_exit, run_logged, start_group

GRANDPARENT = """
import pathlib, subprocess, sys, time, signal
{prelude}
child = subprocess.Popen([sys.executable, "-c", "import signal, time; {prelude}; time.sleep(60)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep({sleep})
"""
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def family(folder: Path, *, prelude: str = "pass", sleep: float = 60) -> list[str]:
    return [sys.executable, "-c", GRANDPARENT.format(prelude=prelude, sleep=sleep), str(folder / "pid")]


def grandchild_of(folder: Path) -> int:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if (folder / "pid").exists() and (text := (folder / "pid").read_text(encoding="utf-8")):
            return int(text)
        time.sleep(0.01)
    raise AssertionError("the grandchild did not start")


def is_running(number: int) -> bool:
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("prelude", ["pass", STUBBORN])
def test_ending_a_group_ends_grandchildren(tmp_path: Path, prelude: str) -> None:
    with (tmp_path / "log").open("wb") as log:
        process = start_group(family(tmp_path, prelude=prelude), env=os.environ, log=log)
    grandchild = grandchild_of(tmp_path)
    time.sleep(0.1 if prelude == STUBBORN else 0)
    end_group(process, grace_s=0.3)
    assert process.returncode is not None
    assert not is_running(grandchild)
    end_group(process)


def test_a_grandchild_is_ended_when_its_parent_is_gone(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        process = start_group(family(tmp_path, sleep=0), env=os.environ, log=log)
    process.wait()
    grandchild = grandchild_of(tmp_path)
    assert is_running(grandchild)
    end_group(process, grace_s=0.5)
    assert not is_running(grandchild)


def test_all_groups_are_ended_at_once(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        processes = [start_group([sys.executable, "-c", "import time; time.sleep(60)"], env={}, log=log) for _ in "ab"]
    end_all_groups()
    assert all(process.returncode is not None for process in processes)


def test_a_block_that_raises_ends_its_process(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        process = start_group([sys.executable, "-c", "import time; time.sleep(60)"], env={}, log=log)
    with pytest.raises(RuntimeError), ended_on_exit(process):
        raise RuntimeError
    assert process.returncode == -signal.SIGTERM


def test_output_is_logged_and_handed_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n", encoding="utf-8")
    lines: list[str] = []
    script = "import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(7)"
    assert run_logged([sys.executable, "-c", script], env={}, log=log, on_line=lines.append) == 7
    assert lines == ["out", "err"]
    assert log.read_text(encoding="utf-8").splitlines() == ["before", "out", "err"]


def test_a_killed_program_has_a_negative_status(tmp_path: Path) -> None:
    script = "import os; os.kill(os.getpid(), 9)"
    assert run_logged([sys.executable, "-c", script], env={}, log=tmp_path / "log") == -9


def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match=r"after 0\.5 s"):
        run_logged(family(tmp_path), env=os.environ, log=tmp_path / "log", timeout_s=0.5)
    assert not is_running(grandchild_of(tmp_path))


def test_a_program_that_is_quick_enough_is_not_ended(tmp_path: Path) -> None:
    assert run_logged([sys.executable, "-c", "pass"], env={}, log=tmp_path / "log", timeout_s=30) == 0


def test_ctrl_c_ends_the_group_first(tmp_path: Path) -> None:
    def interrupt() -> None:
        grandchild_of(tmp_path)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_logged(family(tmp_path), env=os.environ, log=tmp_path / "log")
    thread.join()
    assert not is_running(grandchild_of(tmp_path))


HOST = """
import os, pathlib, sys
from mlipguide.core.processes import run_logged
run_logged({command!r}, env=os.environ, log=pathlib.Path({log!r}))
"""


def test_a_script_without_a_handler_ends_its_children_at_sigterm_and_dies_of_it(tmp_path: Path) -> None:
    script = HOST.format(command=family(tmp_path, prelude=STUBBORN), log=str(tmp_path / "log"))
    host = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    try:
        grandchild = grandchild_of(tmp_path)
        assert is_running(grandchild)
        host.send_signal(signal.SIGTERM)
        assert host.wait(timeout=20) == -signal.SIGTERM
        assert not is_running(grandchild)
    finally:
        host.kill()
        host.wait()


def test_a_signal_while_children_are_ended_waits_until_they_are(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        start_group(family(tmp_path, prelude=STUBBORN), env=os.environ, log=log)
    grandchild = grandchild_of(tmp_path)
    time.sleep(0.1)
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        end_all_groups()
    timer.join()
    assert not is_running(grandchild)


def test_ctrl_c_while_a_group_is_ended_leaves_it_known(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        process = start_group(family(tmp_path, prelude=STUBBORN), env=os.environ, log=log)
    grandchild = grandchild_of(tmp_path)
    time.sleep(0.1)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        end_group(process, grace_s=30)
    timer.join()
    assert is_running(grandchild)
    end_all_groups()
    assert not is_running(grandchild)


def test_a_silent_program_is_looked_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlipguide.core.processes.TICK_S", 0.02)
    ticks: list[int] = []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 3:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        run_logged(family(tmp_path), env=os.environ, log=tmp_path / "log", on_tick=tick)
    assert len(ticks) == 3
    if (tmp_path / "pid").exists():
        assert not is_running(grandchild_of(tmp_path))


def test_a_program_that_does_not_exist_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_logged([str(tmp_path / "missing")], env={}, log=tmp_path / "log")
