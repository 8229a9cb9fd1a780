from __future__ import annotations

import math
from pathlib import Path

import pytest

from mlipguide.hardware import clocks
from mlipguide.hardware.clocks import (
    events_between,
    mean_share,
    parse_clocks,
    read_clock_shares,
    read_throttle_counts,
)
from mlipguide.hardware.noise import disturbance_between, parse_stat, read_counters

CPUINFO = "processor\t: 0\ncpu MHz\t\t: 1500.000\n\nprocessor\t: 1\ncpu MHz\t\t: 3000.000\n"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine take as long as it likes to read the files of a test."""
    monkeypatch.setattr(clocks, "LONGEST_READING_S", math.inf)


def write_cpu(root: Path, number: int, files: dict[str, int]) -> None:
    for name, value in files.items():
        path = root / f"sys/devices/system/cpu/cpu{number}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")


def make_laptop(root: Path, *, throttled: int = 0) -> Path:
    """Return two processors, the second at a third of its highest clock."""
    for number, current in ((0, 3_600_000), (1, 1_200_000)):
        counts = {"thermal_throttle/core_throttle_count": 5, "thermal_throttle/package_throttle_count": 7 + throttled}
        write_cpu(root, number, {"cpufreq/cpuinfo_max_freq": 3_600_000, "cpufreq/scaling_cur_freq": current, **counts})
    return root


def test_clocks_over_the_highest(tmp_path: Path) -> None:
    assert read_clock_shares([0, 1, 7], make_laptop(tmp_path)) == {0: 1.0, 1: pytest.approx(1 / 3)}


def test_the_list_of_processors_stands_in_for_a_clock_that_cannot_be_read(tmp_path: Path) -> None:
    for number in (0, 1):
        write_cpu(tmp_path, number, {"cpufreq/cpuinfo_max_freq": 3_000_000})
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(CPUINFO)
    assert read_clock_shares([0, 1], tmp_path) == {0: pytest.approx(0.5), 1: pytest.approx(1.0)}


def test_a_clock_without_a_known_highest_one_says_nothing(tmp_path: Path) -> None:
    write_cpu(tmp_path, 0, {"cpufreq/scaling_cur_freq": 2_000_000})
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(CPUINFO)
    assert read_clock_shares([0], tmp_path) == {}
    assert read_throttle_counts([0], tmp_path) == {}


@pytest.mark.parametrize(
    "text", ["", "cpu MHz : 1\n", "processor : x\ncpu MHz : 1\n", "processor : 0\ncpu MHz : n/a\n"]
)
def test_damaged_list_of_processors(text: str) -> None:
    assert parse_clocks(text) == {}


def test_a_slow_kernel_is_not_asked_for_every_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "LONGEST_READING_S", 0.005)
    times = iter(0.01 * count for count in range(100))
    assert list(read_clock_shares([1, 0], make_laptop(tmp_path), clock=lambda: next(times))) == [1]


def test_processors_that_rest_do_not_lower_the_mean() -> None:
    shares = {0: 1.0, 1: 0.4, 2: 0.2}
    assert mean_share(shares, {0: 90, 1: 30, 2: 0}) == pytest.approx(0.85)
    assert mean_share(shares, {0: 0, 5: 90}) is None


def test_the_same_event_on_all_processors_is_one(tmp_path: Path) -> None:
    before = read_throttle_counts({0, 1}, make_laptop(tmp_path))
    after = read_throttle_counts({0, 1}, make_laptop(tmp_path, throttled=3))
    assert before == {0: 12, 1: 12}
    assert events_between(before, after) == 3
    assert events_between(after, before) is None
    assert events_between({}, after) is None


def test_many_processors_are_asked_in_part_and_always_the_same(tmp_path: Path) -> None:
    for number in range(64):
        write_cpu(tmp_path, number, {"thermal_throttle/core_throttle_count": number})
    counts = read_throttle_counts(range(64), tmp_path)
    assert len(counts) == clocks.MOST_THROTTLED
    assert max(counts) - min(counts) >= 48
    assert counts == read_throttle_counts(range(63, -1, -1), tmp_path)


def test_clocks_and_heat_are_part_of_a_disturbance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1}, raising=False)
    make_laptop(tmp_path)
    (tmp_path / "proc").mkdir()
    stat = tmp_path / "proc/stat"
    stat.write_text("cpu0 100 0 0 100 0 0 0 0\ncpu1 100 0 0 100 0 0 0 0\n")
    before = read_counters(tmp_path)
    make_laptop(tmp_path, throttled=2)
    stat.write_text("cpu0 200 0 0 100 0 0 0 0\ncpu1 100 0 0 200 0 0 0 0\n")
    after = read_counters(tmp_path, since=before)
    assert list(after.clock_shares) == [0, 1]
    found = disturbance_between(before, after, own_cpu_s=1.0, usable_cores=2.0, own_switches=None)
    assert (found.clock_share, found.throttle_events) == (1.0, 2)
    assert (found.gpu_clock_share, found.gpu_throttle_reasons, found.gpu_other_processes) == (None, None, None)


def test_busy_ticks_of_each_cpu() -> None:
    ticks = parse_stat("cpu0 10 1 2 50 9 3 4 5 7 7\ncpu1 1 0 0 60 0 0 0 0 0 0\n")
    assert ticks is not None
    assert ticks.busy_of == {0: 20, 1: 1}
    assert ticks.busy == 21
