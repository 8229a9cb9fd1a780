"""Whatever becomes of a worker is told as what it is, in time, and nothing of it is left."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import psutil
import pytest
from ase import Atoms
from ase.build import bulk

from mlipguide.core.errors import ExitCode, InputError
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import Conditions
from mlipguide.sessions.worker_process import WorkerProcess
from mlipguide.sessions.worker_session import TIMEOUT_VARIABLE, WorkerSession, open_session
from toy_plugin import ToyPlugin

WARM = Conditions(temperature_k=300, timestep_s=1e-15, propagate=True)


@pytest.fixture
def copper() -> Atoms:
    """Give four atoms."""
    atoms: Atoms = bulk("Cu", cubic=True)
    return atoms


def failure_of_prepare(session: WorkerSession, atoms: Atoms) -> SessionError:
    with pytest.raises(SessionError) as raised:
        session.prepare(atoms, WARM)
    return raised.value


def count_descriptors() -> int:
    return psutil.Process().num_fds()


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_worker_that_never_answers_is_ended_in_time(toy_plugin: ToyPlugin, copper: Atoms) -> None:
    with toy_plugin.opened("hangs", call_timeout_s=0.5) as session:
        start = time.monotonic()
        error = failure_of_prepare(session, copper)
        assert error.failure is FailureKind.TIMEOUT
        assert "did not answer 'prepare' within 0.5 s" in error.message
        assert TIMEOUT_VARIABLE in error.hint
        assert time.monotonic() - start < 5
        assert not is_running(session.pid)


def test_the_user_chooses_how_long_an_answer_may_take(
    toy_plugin: ToyPlugin, copper: Atoms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TIMEOUT_VARIABLE, "2s")
    session = open_session(toy_plugin.request("hangs"))
    try:
        assert "within 2 s" in failure_of_prepare(session, copper).message
    finally:
        session.close()
    monkeypatch.setenv(TIMEOUT_VARIABLE, "3")
    with pytest.raises(InputError, match=f"{TIMEOUT_VARIABLE}: '3' has no unit"):
        open_session(toy_plugin.request("hangs"))


@pytest.mark.parametrize(
    ("checkpoint", "how"),
    [
        ("dies", "was killed by SIGKILL"),
        ("aborts", "was killed by SIGABRT"),
        ("forks-and-dies", "was killed by SIGKILL"),
    ],
)
def test_a_worker_that_ends_has_crashed(toy_plugin: ToyPlugin, copper: Atoms, checkpoint: str, how: str) -> None:
    with toy_plugin.opened(checkpoint) as session:
        error = failure_of_prepare(session, copper)
        assert error.failure is FailureKind.CRASHED
        assert error.ends_session
        assert error.exit_code is ExitCode.MEASUREMENT_FAILED
        assert how in error.message
        assert error.message.startswith(f"toy-{checkpoint}: ")
        again = failure_of_prepare(session, copper)
        assert again.failure is FailureKind.CRASHED
        assert "was ended before" in again.message


def test_a_worker_killed_from_outside_while_it_works_has_crashed(toy_plugin: ToyPlugin, copper: Atoms) -> None:
    with toy_plugin.opened("hangs") as session:
        killer = threading.Timer(0.3, os.kill, (session.pid, signal.SIGKILL))
        killer.start()
        error = failure_of_prepare(session, copper)
        killer.join()
        assert error.failure is FailureKind.CRASHED


def test_exhausted_memory_is_an_answer_of_the_worker(toy_plugin: ToyPlugin, copper: Atoms) -> None:
    with toy_plugin.opened("hogs@8", memory_limit_bytes=2**30) as session:
        error = failure_of_prepare(session, copper.repeat((2, 1, 1)))
        assert error.failure is FailureKind.OUT_OF_MEMORY
        # The worker lives and still serves smaller structures.
        assert session.prepare(copper, WARM).atoms == 4
        # What it is killed of later is not what failed before.
        os.kill(session.pid, signal.SIGKILL)
        assert failure_of_prepare(session, copper).failure is FailureKind.CRASHED


def test_resident_memory_beyond_the_limit_ends_the_worker(toy_plugin: ToyPlugin, copper: Atoms) -> None:
    with toy_plugin.opened("swells", memory_limit_bytes=3 * 2**27) as session:
        error = failure_of_prepare(session, copper)
        assert error.failure is FailureKind.OUT_OF_MEMORY
        assert "more than 0.4 GiB of memory were needed" in error.message
        assert not is_running(session.pid)


def test_a_large_worker_that_the_system_kills_ran_out_of_memory(toy_plugin: ToyPlugin, copper: Atoms) -> None:
    limit = 2**31  # the toy stops swelling at the half of it
    with toy_plugin.opened("swells", memory_limit_bytes=limit) as session:
        process = session._process
        assert isinstance(process, WorkerProcess)
        process._limit = int(1.2 * 2**30)

        def kill_when_large() -> None:
            while psutil.Process(session.pid).memory_info().rss < 2**30:
                time.sleep(0.05)
            time.sleep(0.3)
            os.kill(session.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill_when_large)
        killer.start()
        error = failure_of_prepare(session, copper)
        killer.join()
        assert error.failure is FailureKind.OUT_OF_MEMORY
        assert "was killed by SIGKILL" in error.message


@pytest.mark.parametrize(
    ("checkpoint", "kind", "says"),
    [
        ("exhausts", FailureKind.OUT_OF_MEMORY, "CUDA error: out of memory"),
        ("raises", FailureKind.BACKEND, "a bug in two lines"),
        ("nan", FailureKind.BACKEND, "a force that is not a finite number"),
    ],
)
def test_a_failure_in_the_worker_leaves_it_alive(
    toy_plugin: ToyPlugin, copper: Atoms, checkpoint: str, kind: FailureKind, says: str
) -> None:
    with toy_plugin.opened(f"{checkpoint}@5") as session:
        error = failure_of_prepare(session, copper.repeat((1, 1, 2)))
        assert error.failure is kind
        assert says in error.message
        assert "\n" not in error.message
        assert session.single_point(copper).pairs_per_atom > 0


def test_a_stress_that_is_no_number_is_a_failure_and_not_a_crash(toy_plugin: ToyPlugin, copper: Atoms) -> None:
    with toy_plugin.opened("nan-stress") as session:
        with pytest.raises(SessionError, match="a stress that is not a finite number") as raised:
            session.single_point(copper)
        assert raised.value.failure is FailureKind.BACKEND


def test_a_model_without_stress_says_none(toy_plugin: ToyPlugin, copper: Atoms) -> None:
    with toy_plugin.opened("no-stress") as session:
        assert session.single_point(copper).stress_ev_per_angstrom3 is None


@pytest.mark.parametrize("checkpoint", ["flies-apart", "fails-far-away"])
def test_atoms_that_fly_apart_are_called_unstable(toy_plugin: ToyPlugin, copper: Atoms, checkpoint: str) -> None:
    with toy_plugin.opened(checkpoint) as session:
        prepared = session.prepare(copper, WARM)
        with pytest.raises(SessionError, match="flew apart with steps of 1 fs at 300 K") as raised:
            session.run(prepared, max_steps=10, max_s=10)
        assert raised.value.failure is FailureKind.UNSTABLE
        assert not raised.value.ends_session


def test_what_a_backend_prints_is_no_answer(toy_plugin: ToyPlugin, copper: Atoms) -> None:
    with toy_plugin.opened("chatty") as chatty, toy_plugin.opened() as plain:
        for atoms in (copper, copper.repeat((1, 1, 2)), copper):
            assert chatty.single_point(atoms) == plain.single_point(atoms)
    (log,) = (toy_plugin.site.parent / "cache" / "logs").glob("worker-toy-chatty-*.log")
    assert log.read_bytes().count(b"no text") == 30


def test_a_position_that_is_no_number_is_not_sent(toy_plugin: ToyPlugin, copper: Atoms) -> None:
    copper.positions[0, 0] = np.nan
    with toy_plugin.opened() as session:
        assert failure_of_prepare(session, copper).failure is FailureKind.BAD_REQUEST


def test_closing_leaves_no_process(toy_plugin: ToyPlugin, copper: Atoms) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with toy_plugin.opened("spawns") as session:
        session.single_point(copper)
        children = psutil.Process(session.pid).children(recursive=True)
        assert children
        descriptors = count_descriptors()
    assert not is_running(session.pid)
    assert not [child for child in children if is_running(child.pid)]
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
    session.close()
    assert count_descriptors() == descriptors - 2


def test_a_checkpoint_that_is_not_there_leaves_no_process(toy_plugin: ToyPlugin) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with pytest.raises(SessionError, match="The toy has no checkpoint 'nowhere'") as raised:
        open_session(toy_plugin.request("nowhere"))
    assert raised.value.failure is FailureKind.WEIGHTS
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def test_many_atoms_pass_the_pipe(toy_plugin: ToyPlugin, copper: Atoms) -> None:
    atoms = copper.repeat(10)  # some 300 kB each way, more than a pipe holds
    with toy_plugin.opened() as session:
        assert len(session.single_point(atoms).forces_ev_per_angstrom) == 4000


@pytest.mark.parametrize("answer", [{"id": 99, "ok": True, "result": {}}, {"ok": True, "result": {}}, [1], 3])
def test_an_answer_to_another_request_is_not_taken(
    answer: object, toy_plugin: ToyPlugin, monkeypatch: pytest.MonkeyPatch, copper: Atoms
) -> None:
    with toy_plugin.opened("plain") as session:
        monkeypatch.setattr(WorkerProcess, "_receive", lambda *_arguments: answer)
        error = failure_of_prepare(session, copper)
        assert error.failure is FailureKind.CRASHED
        assert "answered request" in error.message
        assert not is_running(session.pid)
