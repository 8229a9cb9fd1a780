"""The order, the Pareto front and the choice."""

from __future__ import annotations

import itertools
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from factories import GIB, make_candidate, make_estimate, make_evidence, make_summary, make_task
from mlipguide.advice.ranking import choose, could_serve, ranked
from mlipguide.records.accuracy.accuracy_axis import AxisFigure
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.advice.advice import Candidate, Verdict
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.measurement import Weights

MEMORY = 8 * GIB


def candidate(name: str, kappa: float | None, step_s: float, **changes: Any) -> Candidate:
    return make_candidate(name, evidence=make_evidence(kappa_srme=kappa), step_time_s=make_estimate(step_s), **changes)


def chosen(candidates: list[Candidate], task: Task | None = None) -> str | None:
    choice = choose(candidates, task or make_task(), memory_bytes=MEMORY)
    return None if choice is None else choice.model


FAST, FINE, WORSE = candidate("fast", 1.0, 0.01), candidate("fine", 0.3, 0.2), candidate("worse", 1.1, 0.3)
SLOW = candidate("slow", 0.1, 50.0)
UNKNOWN = candidate("unknown", 0.2, 0.1, weights=Weights.SYNTHETIC)


def test_feasible_first_then_the_more_accurate() -> None:
    order = [c.model for c in ranked([SLOW, WORSE, UNKNOWN, FAST, FINE])]
    assert order == ["fine", "fast", "worse", "unknown", "slow"]


def test_the_pareto_front_has_what_nothing_beats_in_both() -> None:
    front = {c.model: c.on_pareto_front for c in ranked([FAST, FINE, WORSE, SLOW])}
    assert front == {"fast": True, "fine": True, "worse": False, "slow": True}


def test_who_cannot_serve_or_has_no_figures_is_not_on_the_front() -> None:
    alien = make_candidate("alien", task=make_task(structure=make_summary(elements=("Pu",))))
    nameless = candidate("nameless", None, 0.001)
    front = {c.model: c.on_pareto_front for c in ranked([alien, nameless, FAST])}
    assert front == {"alien": None, "nameless": None, "fast": True}
    assert not could_serve(alien)
    assert could_serve(SLOW)


def test_errors_of_different_evidence_are_not_compared() -> None:
    labelled = make_candidate(
        "labelled",
        evidence=make_evidence(kind=EvidenceKind.USER_LABELS, force_mae_ev_per_angstrom=5.0),
        step_time_s=make_estimate(0.3),
    )
    assert all(c.on_pareto_front for c in ranked([labelled, FINE]))
    assert [c.model for c in ranked([FINE, labelled])] == ["labelled", "fine"]


def test_without_a_limit_the_most_accurate_is_chosen() -> None:
    assert chosen([FAST, FINE, WORSE, SLOW, UNKNOWN]) == "fine"


def test_with_a_limit_that_all_meet_the_fastest_is_chosen() -> None:
    task = make_task(force_mae_ev_per_angstrom=0.1)

    def labelled(name: str, mae: float, step_s: float) -> Candidate:
        evidence = make_evidence(kind=EvidenceKind.USER_LABELS, force_mae_ev_per_angstrom=mae)
        return make_candidate(name, task=task, evidence=evidence, step_time_s=make_estimate(step_s))

    assert chosen([labelled("a", 0.02, 0.2), labelled("b", 0.09, 0.1), labelled("c", 0.2, 0.01)], task) == "b"


def test_of_relaxations_the_stability_decides_and_not_the_conductivity() -> None:
    task = make_task(kind=TaskKind.RELAX)
    board = {
        "conducting": make_evidence(kappa_srme=0.30, f1=0.55, rmsd=0.09),
        "stable": make_evidence(kappa_srme=0.50, f1=0.92, rmsd=0.07),
        "as-stable": make_evidence(kappa_srme=0.20, f1=0.918, rmsd=0.08),
        "silent": make_evidence(kappa_srme=0.10, f1=None),
    }
    found = [make_candidate(name, task, evidence=evidence) for name, evidence in board.items()]
    assert [one.model for one in ranked(found)] == ["stable", "as-stable", "conducting", "silent"]
    assert chosen(found, task) == "stable"
    assert (found[0].accuracy.figure, found[0].accuracy.value) == (AxisFigure.F1, 0.55)
    front = {one.model: one.on_pareto_front for one in ranked(found)}
    assert front == {"stable": True, "as-stable": False, "conducting": False, "silent": None}
    md = [make_candidate(name, evidence=evidence) for name, evidence in board.items()]
    assert chosen(md) == "silent"
    assert md[0].accuracy.figure is AxisFigure.KAPPA_SRME


def test_only_an_energy_error_is_asked_and_not_known() -> None:
    task = make_task(energy_mae_ev_per_atom=0.005)

    def labelled(name: str, force: float, step_s: float, energy: float | None = None) -> Candidate:
        evidence = make_evidence(
            kind=EvidenceKind.USER_LABELS, force_mae_ev_per_angstrom=force, energy_mae_ev_per_atom=energy
        )
        return make_candidate(name, task, evidence=evidence, step_time_s=make_estimate(step_s))

    fast, good = labelled("fast", 0.6, 0.01), labelled("good", 0.03, 0.1)
    assert chosen([fast, good], task) == "good"
    assert chosen([fast, good, labelled("met", 0.2, 0.05, 0.004)], task) == "met"


def test_energies_alone_are_evidence_on_labels() -> None:
    """They are compared with each other, and with no figure of another unit."""
    kind = EvidenceKind.USER_LABELS
    near, far = (
        make_candidate(name, evidence=make_evidence(kind=kind, energy_mae_ev_per_atom=error, kappa_srme=kappa))
        for name, error, kappa in (("near", 0.002, 0.9), ("far", 0.02, 0.1))
    )
    published = candidate("published", 0.0001, 0.1)
    assert [one.model for one in ranked([published, far, near])] == ["near", "far", "published"]


def test_synthetic_weights_are_never_chosen() -> None:
    assert UNKNOWN.verdict is Verdict.UNKNOWN
    assert chosen([UNKNOWN]) is None
    assert chosen([UNKNOWN, FAST]) == "fast"


def test_what_breaks_a_constraint_is_never_chosen() -> None:
    assert chosen([SLOW]) is None
    assert chosen([]) is None


def test_a_doubtful_model_is_chosen_only_when_it_likely_ends_in_time() -> None:
    likely, unlikely = candidate("likely", 0.5, 0.82), candidate("unlikely", 0.4, 0.9)
    assert {likely.verdict, unlikely.verdict} == {Verdict.UNKNOWN}
    assert chosen([likely, unlikely]) == "likely"
    assert chosen([unlikely]) is None


candidates = st.builds(
    candidate,
    st.text("abcdef", min_size=3, max_size=6),
    st.none() | st.sampled_from([0.1, 0.5, 1.0]),
    st.sampled_from([0.01, 0.1, 0.85, 10.0]),
    weights=st.sampled_from(list(Weights)),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(candidates, max_size=6, unique_by=lambda c: c.model), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_the_input_changes_nothing(found: list[Candidate], source: random.Random, asked: bool) -> None:
    shuffled = list(found)
    source.shuffle(shuffled)
    task = make_task(force_mae_ev_per_angstrom=0.1 if asked else None)
    assert ranked(found) == ranked(shuffled)
    assert chosen(found, task) == chosen(shuffled, task)


@settings(deadline=None, max_examples=60)
@given(st.lists(candidates, max_size=6, unique_by=lambda c: c.model))
def test_the_front_is_never_empty_and_never_dominated(found: list[Candidate]) -> None:
    result = ranked(found)
    judged = [c for c in result if c.on_pareto_front is not None]
    front = [c for c in judged if c.on_pareto_front]
    assert bool(front) is bool(judged)
    for one, other in itertools.permutations(front, 2):
        assert one.evidence.kappa_srme is not None
        assert other.evidence.kappa_srme is not None
        assert one.step_time_s is not None
        assert other.step_time_s is not None
        assert not (
            one.evidence.kappa_srme < other.evidence.kappa_srme and one.step_time_s.value < other.step_time_s.value
        )
