"""Causes are named by known disturbances, and only where a number shows them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factories import SETTINGS, make_measurement, make_samples
from mlipguide.bench.attribution import notices_for
from mlipguide.bench.causes import CauseKind, causes_of
from mlipguide.records.timing.measurement import Disturbance, Measurement, StepSamples

QUIET = Disturbance(steal_share=0.002, other_load_share=0.03, involuntary_switches_per_s=4.0, clock_share=0.9)
GPU = replace(SETTINGS, device="cuda:0")


def measured(
    atoms: int = 64,
    *,
    model: str = "model-a",
    reference_s: tuple[float, ...] = (0.01, 0.01, 0.01),
    change: dict[str, Any] | None = None,
    **fields: Any,
) -> Measurement:
    return make_measurement(
        atoms,
        record=f"{model}-{atoms}",
        model=model,
        reference_s=reference_s,
        disturbance=replace(QUIET, **(change or {})),
        **fields,
    )


def steps(*, wall_s: float, cpu_s: float, count: int = 9) -> StepSamples:
    return StepSamples(wall_s=(wall_s,) * count, energy_forces_s=(wall_s,) * count, cpu_s=(cpu_s,) * count)


def kinds(measurement: Measurement) -> list[str]:
    return [cause.kind.value for cause in causes_of(measurement)]


def test_a_quiet_machine_and_an_unknown_one_have_no_cause() -> None:
    assert causes_of(measured()) == ()
    assert causes_of(make_measurement(disturbance=Disturbance(), reference_s=())) == ()
    assert notices_for([measured(), measured(128)]) == ()
    assert notices_for([]) == ()


@pytest.mark.parametrize(
    ("change", "kind", "fact"),
    [
        ({"steal_share": 0.07}, "steal", "7% of the processor time"),
        ({"other_load_share": 0.42}, "other_load", "42% of the usable cores, the model interrupted 4 times a second"),
        ({"throttle_events": 3}, "throttled", "3 times"),
        ({"clock_share": 0.31}, "low_clock", "31% of the highest clock"),
        (
            {
                "gpu_throttle_reasons": ("power limit", "temperature limit of the driver"),
                "gpu_temperature_c": 91.0,
                "gpu_clock_share": 0.4,
            },
            "gpu_throttled",
            "temperature limit of the driver, 91 °C, 40% of the highest clock",
        ),
        (
            {"gpu_throttle_reasons": ("power limit",), "gpu_clock_share": 0.4},
            "gpu_low_clock",
            "40% of the highest clock (power limit)",
        ),
        ({"gpu_other_processes": 2}, "gpu_shared", "2 other processes"),
    ],
)
def test_each_cause_with_its_number(change: dict[str, Any], kind: str, fact: str) -> None:
    (cause,) = causes_of(measured(change=change))
    assert (cause.kind.value, cause.fact) == (kind, fact)


@pytest.mark.parametrize(
    "change",
    [
        {"steal_share": 0.015},
        {"other_load_share": 0.08},
        {"throttle_events": 0},
        {"clock_share": 0.65},
        {"gpu_throttle_reasons": ("power limit",), "gpu_clock_share": 0.8},
        {"gpu_other_processes": 0},
    ],
)
def test_what_is_usual_is_no_cause(change: dict[str, Any]) -> None:
    assert kinds(measured(change=change)) == []


def test_waiting_is_told_from_computing_by_processor_time() -> None:
    two = replace(SETTINGS, threads=2)
    assert kinds(measured(steady=steps(wall_s=1.0, cpu_s=0.3))) == ["waiting"]
    assert kinds(measured(steady=steps(wall_s=1.0, cpu_s=0.97))) == []
    # Threads that spin use processor time, and a part on one thread leaves the other idle: neither shows waiting.
    assert kinds(measured(settings=two, steady=steps(wall_s=1.0, cpu_s=2.0))) == []
    assert kinds(measured(settings=two, steady=steps(wall_s=1.0, cpu_s=1.1))) == []
    assert kinds(measured(settings=two, steady=steps(wall_s=1.0, cpu_s=0.4))) == ["waiting"]


def test_one_step_that_waited_is_no_waiting_measurement() -> None:
    steady = StepSamples(wall_s=(0.1,) * 8 + (9.0,), energy_forces_s=(0.1,) * 9, cpu_s=(0.1,) * 9)
    assert kinds(measured(steady=steady)) == []


def test_who_shares_a_processor_or_has_a_gpu_waits_for_a_known_reason() -> None:
    waiting = steps(wall_s=1.0, cpu_s=0.5)
    assert kinds(measured(steady=waiting, change={"other_load_share": 0.5})) == ["other_load"]
    assert kinds(measured(steady=waiting, change={"clock_share": 0.2}, settings=GPU)) == []


def test_one_notice_for_a_cause_names_the_worst_first_and_counts_the_rest() -> None:
    loads = {32: 0.12, 64: 0.55, 128: 0.2, 256: 0.31, 512: 0.03}
    records = [measured(atoms, change={"other_load_share": share}) for atoms, share in loads.items()]
    (notice,) = notices_for(records)
    assert notice.kind == "noisy_machine"
    assert "4 of 5 timings" in notice.message
    order = [notice.message.find(f"model-a at {atoms} atoms") for atoms in (64, 256, 128)]
    assert -1 < order[0] < order[1] < order[2]
    assert "55% of the usable cores" in notice.message
    assert "at 32 atoms" not in notice.message
    assert "fixed calculation" not in notice.message


def test_several_causes_are_several_notices_in_a_fixed_order() -> None:
    hot = measured(64, change={"throttle_events": 1, "steal_share": 0.05})
    slow = measured(128, model="model-b", steady=steps(wall_s=1.0, cpu_s=0.2))
    steal, heat, waiting = notices_for([slow, hot])
    assert "hypervisor" in steal.message
    assert "too hot" in heat.message
    assert [notice.kind for notice in (steal, heat, waiting)] == ["noisy_machine", "noisy_machine", "waiting"]
    assert "model-b at 128 atoms" in waiting.message
    assert "0.20 s of processor time in a second" in waiting.message


def test_the_reference_kernel_gives_the_size_of_the_effect() -> None:
    quiet = [measured(atoms) for atoms in (32, 64, 128)]
    loaded = measured(256, change={"other_load_share": 0.5}, reference_s=(0.02, 0.022, 0.05))
    (notice,) = notices_for([*quiet, loaded])
    assert "up to 2.0 times as long" in notice.message


def test_a_slow_machine_without_a_visible_cause_is_said() -> None:
    quiet = [measured(atoms) for atoms in (32, 64, 128)]
    slow = measured(256, reference_s=(0.016, 0.016, 0.016))
    (notice,) = notices_for([*quiet, slow])
    assert notice.kind == "noisy_machine"
    assert "a reason not seen here" in notice.message
    assert "model-a at 256 atoms: a fixed calculation took 1.6 times as long" in notice.message


def test_reference_kernels_of_different_programs_are_not_compared() -> None:
    here = [measured(atoms) for atoms in (32, 64)]
    other = measured(64, model="model-b", backend="other", reference_s=(0.02, 0.02, 0.02))
    threads = measured(64, model="model-c", settings=replace(SETTINGS, threads=2), reference_s=(0.02, 0.02, 0.02))
    newer = measured(64, model="model-d", versions={"fake": "2.0"}, reference_s=(0.02, 0.02, 0.02))
    assert notices_for([*here, other, threads, newer]) == ()


def test_steps_that_were_set_aside_are_counted_in_one_notice() -> None:
    records = [
        measured(32, wall_s=(0.1,) * 30, set_aside=make_samples((0.3,) * 10)),
        measured(64, wall_s=(0.1,) * 10, set_aside=make_samples((0.3,) * 30)),
        measured(128, wall_s=(0.1,) * 20),
    ]
    (notice,) = notices_for(records)
    assert notice.kind == "set_aside"
    assert notice.message.startswith("40 of 100 steps were not counted because the machine was disturbed")
    assert notice.message.index("64 atoms: 30 of 40") < notice.message.index("32 atoms: 10 of 40")
    assert "128 atoms" not in notice.message


def test_every_kind_has_its_sentence() -> None:
    found = {
        "steal_share": 0.5,
        "other_load_share": 0.5,
        "throttle_events": 1,
        "clock_share": 0.1,
        "gpu_throttle_reasons": ("temperature limit of the hardware",),
        "gpu_other_processes": 1,
    }
    records = [
        measured(32, change=found),
        measured(64, change={"gpu_clock_share": 0.1}),
        measured(96, steady=steps(wall_s=1.0, cpu_s=0.1)),
        measured(128, reference_s=(0.1,)),
        measured(160),
        measured(192),
    ]
    messages = [notice.message for notice in notices_for(records)]
    assert len(messages) == len(set(messages)) == len(CauseKind)
