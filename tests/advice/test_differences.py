"""What tells models apart is said from their numbers, and nothing is said of what is the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from factories import make_card, make_measurement
from mlipguide.advice.differences import differences_between
from mlipguide.bench.measuring.measured_here import measured_here
from mlipguide.records.models.model_card import Architecture, Metrics, ModelCard
from mlipguide.records.models.model_listings import MeasuredHere
from mlipguide.records.models.terms import CommercialUse, Forces, LifeCycle, Need
from mlipguide.records.timing.measurement import Measurement

METRICS = Metrics(
    f1=0.8,
    kappa_srme=0.5,
    rmsd=0.08,
    cps=0.7,
    md_force_rmse_ev_per_angstrom=0.1,
    sources=("a",),
    read_on="2026-11-22",
    md_run_time_s=3600.0,
    md_hardware="A100",
)


def shaped(name: str, architecture: dict[str, Any] | None = None, **changes: Any) -> ModelCard:
    card = make_card(name, **changes)
    shape: Architecture = replace(card.architecture, **(architecture or {}))
    return replace(card, architecture=shape)


def said(*cards: ModelCard, measured: list[tuple[MeasuredHere, ...]] | None = None) -> dict[str, str]:
    found = differences_between(cards, measured or [()] * len(cards))
    return {item.about: item.message for item in found}


def timed(card: ModelCard, *records: Measurement) -> tuple[MeasuredHere, ...]:
    law = card.architecture.time_law
    return measured_here(card, [replace(record, model=card.id, time_law=law) for record in records])


def test_equal_models_differ_in_nothing() -> None:
    assert said(make_card("a"), make_card("b")) == {
        "speed": "a, b have the same architecture: the same time and memory."
    }


def test_facts_that_decide_are_told() -> None:
    a = shaped("a", {"time_law": "a"}, metrics=METRICS, provides=(Need.MAGNETISM, Need.CONSERVATIVE))
    b = shaped(
        "b",
        {"time_law": "b", "forces": Forces.DIRECT, "layers": 3},
        commercial=CommercialUse.CONDITIONS,
        life_cycle=LifeCycle.SUPERSEDED,
        superseded_by="a",
        metrics=replace(METRICS, kappa_srme=1.7, f1=0.9, rmsd=None, cps=None, md_run_time_s=9e3),
        training=replace(a.training, elements=("Li", "O"), level_of_theory="r2SCAN"),
    )
    found = said(a, b)
    assert found["life cycle"] == "b is superseded by a."
    assert found["elements"] == "b was not trained on P, Fe, Cu, which another one was."
    assert found["forces"].startswith("b: forces are predicted directly")
    assert found["capabilities"] == "magnetism: given by a, not by b."
    assert found["level of theory"].endswith("PBE+U: a; r2SCAN: b.")
    assert found["licence"].endswith("yes: a; conditions: b.")
    assert "a 10 Å, b 15 Å" in found["receptive field"]
    assert found["published speed"] == "Molecular-dynamics test on A100, fastest first: a 60 min, b 2.5 h."
    messages = [item.message for item in differences_between((a, b), [(), ()]) if item.about == "accuracy"]
    assert messages == [
        "F1 (stability of crystals, higher is better), best first: b 0.900, a 0.800.",
        "κ_SRME (thermal conductivity, lower is better), best first: a 0.500, b 1.700.",
    ]


def test_what_was_not_published_is_said_to_be_unknown() -> None:
    a, b = make_card("a", metrics=METRICS), make_card("b", metrics=replace(METRICS, kappa_srme=0.6))
    c = make_card("c")
    assert said(a, b, c)["accuracy"].endswith("a 0.500, b 0.600; not published for c.")


def test_run_times_on_different_devices_are_not_compared() -> None:
    a, b = make_card("a", metrics=METRICS), make_card("b", metrics=replace(METRICS, md_hardware="H200"))
    assert "published speed" not in said(a, b)


def test_speed_is_compared_at_the_largest_size_that_all_were_measured_at() -> None:
    a, b = shaped("a", {"time_law": "a"}), shaped("b", {"time_law": "b"})
    fast = [make_measurement(28), make_measurement(100, wall_s=(0.2, 0.2, 0.2, 0.2, 0.2)), make_measurement(500)]
    slow = [make_measurement(28), make_measurement(100, wall_s=(0.8, 0.8, 0.8, 0.8, 0.8))]
    found = said(a, b, measured=[timed(a, *fast), timed(b, *slow)])["speed"]
    assert "100 atoms" in found
    assert "a 200 ms, b 800 ms; a takes 1/4 of the time of b." in found


def test_a_difference_within_the_scatter_is_none() -> None:
    a, b = shaped("a", {"time_law": "a"}), shaped("b", {"time_law": "b"})
    noisy = (0.1, 0.2, 0.15, 0.12, 0.18)
    found = said(
        a,
        b,
        measured=[timed(a, make_measurement(wall_s=noisy)), timed(b, make_measurement(wall_s=noisy[::-1][:4]))],
    )
    assert "no difference beyond the scatter" in found["speed"]


def test_without_a_common_size_the_command_is_named() -> None:
    a, b = shaped("a", {"time_law": "a"}), shaped("b", {"time_law": "b"})
    found = said(a, b, measured=[timed(a, make_measurement(28)), timed(b, make_measurement(56))])["speed"]
    assert "not known at one size" in found


def test_own_measurements_come_before_those_of_the_same_architecture() -> None:
    card = make_card("mine")
    lent = make_measurement(28, wall_s=(0.5,) * 5, taken_at="2026-02-01T00:00:00+00:00")
    own = make_measurement(28, model="mine", wall_s=(0.3,) * 5, taken_at="2026-01-01T00:00:00+00:00")
    other_law = make_measurement(28, time_law="other")
    assert measured_here(card, [other_law]) == ()
    (found,) = measured_here(card, [lent, other_law])
    assert (found.of_this_model, found.result.step_time_s.value) == (False, 0.5)
    for records in ([own, lent], [lent, own]):
        (found,) = measured_here(card, records)
        assert (found.of_this_model, found.result.step_time_s.value) == (True, 0.3)
        assert found.taken_at == own.taken_at
