"""``bench --batch``: batches of small structures against one after the other, with models whose law is known."""

from __future__ import annotations

from typing import Any

import pytest

from fake_models import STRUCTURES, FakeModels, Run
from mlipguide.candidates.preparation import ASE
from mlipguide.commands import bench as workflow
from mlipguide.core.errors import InputError, MeasurementFailedError
from mlipguide.costmodel.batches import CLOSE_TO_LEAST
from mlipguide.records.estimate import Basis
from mlipguide.records.notice import Result
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.timing.axes import TORCH_SIM
from mlipguide.records.timing.bench import Batching, BenchData
from mlipguide.records.timing.measurement import Scenario
from mlipguide.sessions.errors import FailureKind
from mlipguide.store import measurements as store
from mlipguide.testing.fake_session import linear

SILICON = STRUCTURES / "Si.POSCAR"
FIXED_S, PER_ATOM_S, PER_STRUCTURE_S = 0.02, 2e-4, 1e-3


def helps(structures: int, atoms: int) -> float:
    """A call is dear, an atom cheap: what a batch shares is most of the time."""
    return FIXED_S + PER_STRUCTURE_S * structures + PER_ATOM_S * atoms


def add(fakes: FakeModels, name: str = "fake-a", **session: Any) -> str:
    return fakes.add(
        name,
        **{
            "time_law": linear(PER_ATOM_S, fixed=FIXED_S),
            "memory_law": linear(1e6, fixed=5e8),
            "batch_law": helps,
            "noise": 0.01,
            **session,
        },
    )


def bench(models: str, **options: Any) -> Result[BenchData]:
    return workflow.bench(TaskRequest(structure=str(SILICON), models=models), workflow.Options(**options))


def only(result: Result[BenchData]) -> Batching:
    (found,) = result.data.batches
    return found


def test_a_law_that_shares_its_calls_is_found_and_predicts_other_numbers(fake_models: FakeModels) -> None:
    add(fake_models)
    result = bench("fake-a", batch="1,4,16,64")
    found = only(result)
    atoms = found.atoms
    alone_s = FIXED_S + PER_ATOM_S * atoms
    assert found.alone_s.low <= alone_s <= found.alone_s.high  # type: ignore[operator]
    assert [one.structures for one in found.measured] == [1, 4, 16, 64]
    assert {one.structure_time_s.basis for one in found.measured} == {Basis.MEASURED}
    assert [one.structures for one in found.predicted] == [2, 8, 32, 128]
    assert found.predicted[-1].structure_time_s.basis is Basis.EXTRAPOLATED
    for one in found.predicted:
        true_s = helps(one.structures, one.structures * atoms) / one.structures
        assert one.structure_time_s.low <= true_s <= one.structure_time_s.high  # type: ignore[operator]
        assert one.speed_up.low <= alone_s / true_s <= one.speed_up.high  # type: ignore[operator]
    least_s = min(one.structure_time_s.value for one in found.measured)
    chosen = next(one for one in found.measured if one.structures == found.best)
    assert chosen.structure_time_s.value <= CLOSE_TO_LEAST * least_s
    assert found.best == 64  # 1.4 ms a structure; 16 take 2.7 ms


def test_every_batch_is_a_record_with_its_number_of_structures(fake_models: FakeModels) -> None:
    add(fake_models)
    bench("fake-a", batch="1,8")
    records = store.find(fake_models.machine.fingerprint).measurements
    assert {(one.settings.driver, one.structures, one.scenario) for one in records} == {
        (ASE, 1, Scenario.OFFLINE),
        (TORCH_SIM, 1, Scenario.OFFLINE),
        (TORCH_SIM, 8, Scenario.OFFLINE),
    }
    by_count = {one.structures: one for one in records if one.settings.driver == TORCH_SIM}
    assert by_count[8].atoms == 8 * by_count[1].atoms


def test_the_largest_batch_is_what_fits_into_memory(fake_models: FakeModels) -> None:
    add(fake_models)
    found = only(bench("fake-a", batch="1,4,16,64"))
    true = (fake_models.machine.memory.available_bytes - 5e8) / 1e6 / found.atoms
    largest = found.largest_structures
    assert largest is not None
    assert largest.low <= true <= largest.high  # type: ignore[operator]


def test_automatic_numbers_end_where_the_budget_does(fake_models: FakeModels) -> None:
    add(fake_models, batch_law=lambda structures, _atoms: 0.5 * structures)
    found = only(bench("fake-a", batch="auto", budget="60s"))
    assert [one.structures for one in found.measured] == [1, 4]


def test_a_batch_that_shares_nothing_does_not_help(fake_models: FakeModels, run: Run) -> None:
    add(fake_models, batch_law=lambda structures, atoms: structures * (FIXED_S + PER_ATOM_S * atoms / structures))
    page = run("bench", SILICON, "--models", "fake-a", "--batch", "1,4,16")
    assert page.code == 0
    assert page.out.startswith("Batching does not help fake-a here: ")
    assert "at once." in " ".join(page.out.split())


def test_the_page_says_how_much_a_batch_helps_and_shows_each_number(fake_models: FakeModels, run: Run) -> None:
    add(fake_models)
    page = run("bench", SILICON, "--models", "fake-a", "--batch", "1,4,16,64")
    assert page.out.startswith("Batching helps fake-a here: ")
    assert "64 structures of 8 atoms at once" in " ".join(page.out.split())
    assert "one by one" in page.out
    assert "~" in page.out
    assert "structures fit at once" in page.out
    assert "--models fake-a --kind screen --structures 1000" in page.out
    details = run("bench", SILICON, "--models", "fake-a", "--batch", "1,4", "--details")
    assert "Time per evaluation" in details.out


def test_a_batch_whose_results_depend_on_the_others_is_refused_and_not_timed(fake_models: FakeModels) -> None:
    add(fake_models, batch_error=2e-3)
    result = bench("fake-a", batch="1,4")
    assert result.data.batches == ()
    (problem,) = result.errors
    assert problem.kind == "wrong_batches"
    assert "energies differ by 2 meV/atom" in problem.message
    records = store.find(fake_models.machine.fingerprint).measurements
    assert {one.settings.driver for one in records} == {ASE}


def test_a_model_without_batches_is_told_beside_those_with(fake_models: FakeModels) -> None:
    add(fake_models, "fake-a")
    add(fake_models, "fake-b", batch_law=None)
    result = bench("fake-a,fake-b", batch="1,4")
    assert [one.model for one in result.data.batches] == ["fake-a"]
    (problem,) = result.errors
    assert problem.model == "fake-b"
    assert problem.kind == FailureKind.UNSUPPORTED_SETTING.value


def test_a_batch_beyond_memory_ends_the_numbers_and_not_the_run(fake_models: FakeModels) -> None:
    add(fake_models, memory_limit_bytes=int(5.5e8))
    result = bench("fake-a", batch="1,4,64")
    assert [one.structures for one in only(result).measured] == [1, 4]
    assert [problem.kind for problem in result.errors] == ["out_of_memory"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch": "1,x"}, "'x' is not a number of structures"),
        ({"batch": "0"}, "'0' is not a number of structures"),
        ({"batch": "4", "sizes": "8"}, "--sizes has no place"),
        ({"batch": "4", "scenario": "single-stream"}, "many small structures"),
    ],
)
def test_what_batches_cannot_be_asked(fake_models: FakeModels, options: dict[str, str], words: str) -> None:
    add(fake_models)
    with pytest.raises(InputError, match=words):
        bench("fake-a", **options)


def test_nothing_measured_is_an_error(fake_models: FakeModels) -> None:
    add(fake_models, fails_at={1: FailureKind.BACKEND})
    with pytest.raises(MeasurementFailedError):
        bench("fake-a", batch="1,4")
