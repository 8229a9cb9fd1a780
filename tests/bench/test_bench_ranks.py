"""Where bench measured one and several MPI ranks, the prediction stands beside the measurement."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from factories import SETTINGS, make_card, make_measurement
from mlipguide.bench.measuring.ranks import check_ranks
from mlipguide.bench.measuring.settings_choice import swept
from mlipguide.candidates.preparation import settings_for
from mlipguide.records.timing.measurement import Measurement
from mlipguide.report.words.bench_findings import findings
from report_records import make_bench

LAMMPS = replace(SETTINGS, driver="lammps", dtype="float64")
PER_ATOM_S = 1e-4


def measured(atoms: int, ranks: int, *, slower: float = 1.0) -> Measurement:
    step_s = slower * atoms * PER_ATOM_S / ranks
    return make_measurement(
        atoms, wall_s=(step_s, 1.01 * step_s, 0.99 * step_s) * 5, settings=replace(LAMMPS, ranks=ranks)
    )


def cards(**architecture: object) -> dict[str, object]:
    card = make_card("model-a")
    local = {"layers": 1, "cutoff_angstrom": 5.0, **architecture}
    return {"model-a": replace(card, architecture=replace(card.architecture, **local))}  # type: ignore[arg-type]


def test_two_ranks_are_predicted_from_one() -> None:
    taken = [*(measured(atoms, 1) for atoms in (200, 400, 800)), measured(800, 2, slower=1.1)]
    (check,) = check_ranks(taken, cards())  # type: ignore[arg-type]
    assert (check.atoms, check.settings.ranks) == (800, 2)
    assert check.predicted_s.value == pytest.approx(400 * PER_ATOM_S, rel=0.03)
    assert check.ratio == pytest.approx(1.1, rel=0.03)


def test_nothing_is_said_without_a_law_or_of_a_model_that_passes_messages() -> None:
    taken = [*(measured(atoms, 1) for atoms in (200, 400)), measured(400, 2)]
    assert len(check_ranks(taken, cards())) == 1  # type: ignore[arg-type]
    assert not check_ranks(taken[1:], cards())  # type: ignore[arg-type]
    assert not check_ranks(taken, cards(layers=3))  # type: ignore[arg-type]
    assert not check_ranks(taken, cards(cutoff_angstrom=None))  # type: ignore[arg-type]


def test_the_page_shows_both() -> None:
    taken = [*(measured(atoms, 1) for atoms in (200, 400, 800)), measured(800, 2)]
    data = replace(make_bench(), ranks=check_ranks(taken, cards()))  # type: ignore[arg-type]
    console = Console(width=80, record=True, file=None, quiet=False)
    with console.capture() as capture:
        for title, parts in findings(data):
            console.print(title, *parts)
    text = capture.get()
    assert "Several MPI ranks" in text
    assert "model-a" in text


def test_ranks_are_swept_where_the_driver_knows_them() -> None:
    asked = swept(None, None, None, "1,2")
    assert [settings.ranks for settings in asked.of(LAMMPS)] == [1, 2]
    assert [settings.ranks for settings in asked.of(SETTINGS)] == [1]
    threads = swept("2", None, None)
    assert [(settings.threads, settings.ranks) for settings in threads.of(replace(LAMMPS, ranks=2))] == [(2, 1)]


def test_a_backend_with_its_own_driver_has_a_rank_where_others_have_a_thread() -> None:
    from mlipguide.environments.recipes import find_recipe

    default = replace(SETTINGS, threads=4, device="cuda:0")
    own = settings_for(find_recipe("lammps"), default, make_card("model-a"))
    assert (own.threads, own.ranks, own.device, own.dtype, own.driver) == (1, 4, "cpu", "float64", "lammps")
    assert settings_for(find_recipe("sevenn"), default, make_card("model-a")) == default


def test_a_checkpoint_of_one_precision_runs_in_it() -> None:
    from mlipguide.catalog.cards import load_catalogue
    from mlipguide.environments.recipes import find_recipe

    recipe, catalogue = find_recipe("tensorpotential"), load_catalogue()
    ran_in = {
        name: settings_for(recipe, SETTINGS, catalogue.find(name)).dtype for name in ("grace-2l-oam", "grace-2l-oam-l")
    }
    assert ran_in == {"grace-2l-oam": "float64", "grace-2l-oam-l": "float32"}


def test_a_model_without_ranks_says_so() -> None:
    from mlipguide.commands.bench import _ranks_notices

    class Item:
        card = make_card("model-a")
        settings = SETTINGS

    ready = [Item()]
    (notice,) = _ranks_notices(swept(None, None, None, "1,2"), ready)  # type: ignore[arg-type]
    assert "model-a" in notice.message
    assert not _ranks_notices(swept(None, None, None, "1"), ready)  # type: ignore[arg-type]
    assert not _ranks_notices(swept("1,2", None, None), ready)  # type: ignore[arg-type]
