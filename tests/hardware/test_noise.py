from __future__ import annotations

from pathlib import Path

import pytest

from mlipguide.hardware.noise import (
    CpuTicks,
    NoiseCounters,
    disturbance_between,
    parse_stat,
    read_counters,
)

RECORDED = Path(__file__).parent / "recorded"


def counters(name: str, at_s: float, cpus: set[int] | None = None) -> NoiseCounters:
    ticks = parse_stat((RECORDED / name).read_text(), cpus)
    assert ticks is not None
    return NoiseCounters(
        monotonic_s=at_s,
        total_jiffies=ticks.total,
        steal_jiffies=ticks.steal,
        busy_jiffies=ticks.busy,
        cpus=ticks.cpus,
        jiffies_per_s=100.0,
    )


def test_recorded_stat() -> None:
    ticks = parse_stat((RECORDED / "proc_stat_before.txt").read_text())
    busy = 40000 + 100 + 10000 + 300
    assert ticks == CpuTicks(cpus=4, total=busy + 800000 + 500 + 2000, steal=2000, busy=busy)


def test_only_the_chosen_cpus_count() -> None:
    ticks = parse_stat((RECORDED / "proc_stat_before.txt").read_text(), {1, 3, 99})
    assert ticks is not None
    assert (ticks.cpus, ticks.steal) == (2, 1000)


def test_old_kernels_have_fewer_columns() -> None:
    assert parse_stat("cpu  1 2 3 4\ncpu0 1 2 3 4\n") == CpuTicks(cpus=1, total=10, steal=0, busy=6)


@pytest.mark.parametrize("text", ["", "cpu  1 2 3 4\n", "cpufreq 1 2\n", "cpu0 a b c\n"])
def test_damaged_stat(text: str) -> None:
    assert parse_stat(text) is None


def test_steal_and_load_of_others_on_the_bound_cpus() -> None:
    # Ten seconds on CPUs 0 and 1, each busy for 9.5 s and robbed of 0.5 s; 15 s of it is our own.
    found = disturbance_between(
        counters("proc_stat_before.txt", 100.0, {0, 1}),
        counters("proc_stat_after.txt", 110.0, {0, 1}),
        own_cpu_s=15.0,
        usable_cores=2.0,
        own_switches=40,
    )
    assert found.steal_share == pytest.approx(100 / 2000)
    assert found.other_load_share == pytest.approx((19.0 - 15.0) / 20.0)
    assert found.involuntary_switches_per_s == pytest.approx(4.0)


def test_others_on_spare_cpus_do_not_disturb() -> None:
    before, after = counters("proc_stat_before.txt", 0.0), counters("proc_stat_after.txt", 10.0)
    granted = disturbance_between(before, after, own_cpu_s=10.0, usable_cores=1.0, own_switches=0)
    assert granted.other_load_share == 0.0
    whole = disturbance_between(before, after, own_cpu_s=10.0, usable_cores=4.0, own_switches=0)
    assert whole.other_load_share == pytest.approx((19.0 - 10.0) / 40.0)


def test_own_time_above_the_counters_is_no_negative_load() -> None:
    before, after = counters("proc_stat_before.txt", 0.0), counters("proc_stat_after.txt", 10.0)
    found = disturbance_between(before, after, own_cpu_s=19.3, usable_cores=4.0, own_switches=None)
    assert found.other_load_share == 0.0
    assert found.involuntary_switches_per_s is None


def test_what_cannot_be_read_is_none(tmp_path: Path) -> None:
    before, after = read_counters(tmp_path), read_counters(tmp_path)
    assert before.total_jiffies is None
    found = disturbance_between(before, after, own_cpu_s=0.0, usable_cores=1.0, own_switches=None)
    assert (found.steal_share, found.other_load_share) == (None, None)


def test_no_time_between_or_counters_that_run_backwards() -> None:
    before, after = counters("proc_stat_before.txt", 5.0), counters("proc_stat_after.txt", 5.0)
    none = disturbance_between(before, before, own_cpu_s=0.0, usable_cores=1.0, own_switches=3)
    assert (none.steal_share, none.other_load_share, none.involuntary_switches_per_s) == (None, None, None)
    backwards = disturbance_between(after, before, own_cpu_s=0.0, usable_cores=1.0, own_switches=3)
    assert (backwards.steal_share, backwards.other_load_share) == (None, None)


def test_this_machine_counts_upwards() -> None:
    before, after = read_counters(), read_counters()
    assert after.monotonic_s >= before.monotonic_s
    if before.total_jiffies is not None and after.total_jiffies is not None:
        assert before.busy_jiffies is not None
        assert before.steal_jiffies is not None
        assert before.busy_jiffies + before.steal_jiffies <= before.total_jiffies <= after.total_jiffies
