"""Waiting with a fake clock on texts of ``/proc/stat``, two CPUs, 100 ticks a second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mlipguide.hardware.noise import disturbance_between, read_counters
from mlipguide.hardware.quiet import QuietWait, wait_for_quiet


class Machine:
    """Other processes use a given share of two CPUs in each window of a tenth of a second, the last share for ever."""

    def __init__(self, root: Path, shares: Sequence[float]) -> None:
        self.root = root
        self.now_s = 50.0
        self.windows = 0
        self._busy = self._idle = 1000.0
        self._shares: Iterator[float] = iter(shares)
        self._share = 0.0
        (root / "proc").mkdir()
        self._write()

    def sleep(self, seconds: float) -> None:
        self.windows += 1
        self.now_s += seconds
        self._share = next(self._shares, self._share)
        self._busy += 100 * seconds * self._share
        self._idle += 100 * seconds * (1 - self._share)
        self._write()

    def wait(self, max_wait_s: float, usable_cores: float = 2.0) -> QuietWait:
        return wait_for_quiet(
            max_wait_s=max_wait_s,
            usable_cores=usable_cores,
            root=self.root,
            sleep=self.sleep,
            clock=lambda: self.now_s,
        )

    def _write(self) -> None:
        lines = [f"cpu{number} {round(self._busy)} 0 0 {round(self._idle)} 0 0 0 0 0 0" for number in (0, 1)]
        (self.root / "proc/stat").write_text("\n".join(lines) + "\n")


@pytest.fixture(autouse=True)
def _two_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr("os.sysconf", lambda _: 100)


def test_a_quiet_machine_costs_one_window(tmp_path: Path) -> None:
    found = Machine(tmp_path, [0.0]).wait(5.0)
    assert found.quiet is True
    assert found.waited_s == pytest.approx(0.1)


def test_returns_when_the_others_have_finished(tmp_path: Path) -> None:
    machine = Machine(tmp_path, [0.5, 1.0, 0.5, 0.0, 1.0])
    found = machine.wait(5.0)
    assert found.quiet is True
    assert found.waited_s == pytest.approx(0.4)
    assert machine.windows == 4


def test_gives_up(tmp_path: Path) -> None:
    found = Machine(tmp_path, [0.5]).wait(1.05)
    assert found.quiet is False
    assert 0.9 < found.waited_s <= 1.05
    assert found.other_load_share == pytest.approx(0.5)


def test_others_on_spare_cores_do_not_matter(tmp_path: Path) -> None:
    # Half of each CPU is one whole CPU: beside a grant of one there is room for it.
    assert Machine(tmp_path, [0.5]).wait(1.0, usable_cores=1.0).quiet is True


def test_no_time_to_look_is_no_answer(tmp_path: Path) -> None:
    machine = Machine(tmp_path, [0.0])
    assert machine.wait(0.0) == QuietWait(waited_s=0.0, quiet=None)
    assert machine.windows == 0


def test_where_load_cannot_be_read_nobody_waits(tmp_path: Path) -> None:
    machine = Machine(tmp_path, [0.0])
    (tmp_path / "proc/stat").unlink()
    assert machine.wait(5.0) == QuietWait(waited_s=0.0, quiet=None)


def test_too_short_a_time_says_nothing_about_load(tmp_path: Path) -> None:
    # A single tick in a millisecond would look like a fully loaded machine.
    machine = Machine(tmp_path, [1.0])
    before = read_counters(tmp_path)
    machine.sleep(0.02)
    after = read_counters(tmp_path)
    assert 0 < after.monotonic_s - before.monotonic_s < 0.05
    found = disturbance_between(before, after, own_cpu_s=0.0, usable_cores=2.0, own_switches=None)
    assert (found.steal_share, found.other_load_share) == (None, None)
