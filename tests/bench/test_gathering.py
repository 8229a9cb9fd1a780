"""Models that were left out of timing are timed after all where the one that stood against them fails."""

from __future__ import annotations

from collections.abc import Sequence

from fake_models import STRUCTURES, FakeModels
from mlipguide.bench.measuring.gathering import Contenders, Gathering, gather_timings
from mlipguide.bench.measuring.measuring import MeasuringContext, no_wait
from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.candidates.preparation import NO_CONSENT, Prepared, prepare_candidates
from mlipguide.catalog.cards import load_catalogue
from mlipguide.records.advice.verdict_reasons import Doubt, ReasonKind
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.sessions.errors import FailureKind
from mlipguide.sessions.interface import Conditions
from mlipguide.tasks.requests import load_structure
from mlipguide.testing.fake_session import linear

OUT = Doubt(kind=ReasonKind.EXPECTED_BEATEN, model="second", names=("first",))


def leave_out_second(candidates: Sequence[Prepared], _measured: MeasuredModels) -> Contenders:
    """Leave the second model out as long as there is the first."""
    names = [item.card.id for item in candidates]
    if "first" not in names:
        return Contenders(candidates=candidates)
    kept = [item for item in candidates if item.card.id != "second"]
    return Contenders(candidates=kept, left_out={"second": OUT})


def gathered(fakes: FakeModels) -> MeasuredModels:
    catalogue = load_catalogue()
    atoms, structure, _ = load_structure(TaskRequest(structure=str(STRUCTURES / "Si.POSCAR")))
    preparation = prepare_candidates(
        [catalogue.find(name) for name in fakes.makers],
        fakes.machine,
        given_weights={},
        consent=NO_CONSENT,
        on_progress=lambda _message: None,
    )
    context = MeasuringContext(
        machine=fakes.machine,
        atoms=atoms,
        structure=structure,
        wanted_atoms=64,
        conditions=Conditions(temperature_k=300.0, timestep_s=1e-15, propagate=True),
        budget_s=60.0,
        on_progress=lambda _message, _share: None,
        opener=fakes.open,
        wait=no_wait,
    )
    how = Gathering(remeasure=False, measure=True, named=frozenset(), consent=NO_CONSENT, choose=leave_out_second)
    _, measured = gather_timings(preparation, context, how)
    return measured


def test_a_model_that_was_left_out_stays_out_where_the_other_one_is_timed(fake_models: FakeModels) -> None:
    for name in ("first", "second"):
        fake_models.add(name, time_law=linear(1e-3))
    measured = gathered(fake_models)
    assert set(measured.by_model) == {"first"}
    assert measured.left_out == {"second": OUT}


def test_it_is_timed_where_the_other_one_fails(fake_models: FakeModels) -> None:
    fake_models.add("first", time_law=linear(1e-3), fails_at={0: FailureKind.CRASHED})
    fake_models.add("second", time_law=linear(1e-3))
    measured = gathered(fake_models)
    assert set(measured.by_model) == {"second"}
    assert set(measured.failures) == {"first"}
    assert measured.left_out == {}


def test_nothing_is_timed_again(fake_models: FakeModels) -> None:
    for name in ("first", "second"):
        fake_models.add(name, time_law=linear(1e-3))
    gathered(fake_models)
    opened = len(fake_models.opened)
    assert set(gathered(fake_models).by_model) == {"first"}
    assert len(fake_models.opened) == opened
