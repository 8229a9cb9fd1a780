"""A checkpoint that a package reads wrongly is refused before anything is measured with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ase.calculators.morse import MorsePotential

from mlipguide.catalog.package_ranges import unfit_package
from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import from_plain
from mlipguide.records.models.model_card import ModelCard, ReferenceEnergy, WeightsFact
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.reference_check import energy_per_atom, formula_of, require_reference_energy
from mlipguide.testing.in_process import in_process_session
from toy_plugin import ToyPlugin, toy_card

A = 2.1
MGO = ReferenceEnergy(
    symbols=("Mg", "O"),
    positions_angstrom=((0.0, 0.0, 0.0), (A, A, A)),
    cell_angstrom=((0.0, A, A), (A, 0.0, A), (A, A, 0.0)),
    energy_ev_per_atom=-1.0,
    sources=("mlipguide_tests",),
)


def card_with(reference: ReferenceEnergy | None, runs_with: tuple[str, ...] = ()) -> ModelCard:
    weights = WeightsFact(origin=WeightsOrigin.PACKAGE, name="plain", runs_with=runs_with, reference=reference)
    return toy_card(weights=weights)


def test_the_energy_of_a_compound_is_compared_once_and_both_numbers_are_named(toy_plugin: ToyPlugin) -> None:
    with toy_plugin.opened() as session:
        energy = energy_per_atom(session, MGO)
    wrong = replace(MGO, energy_ev_per_atom=energy + 0.5)
    with pytest.raises(SessionError) as caught, toy_plugin.opened(card=card_with(wrong)):
        pass
    assert caught.value.failure is FailureKind.WEIGHTS
    assert f"it gives {energy:.4f} eV/atom for MgO" in caught.value.message
    assert f"its card states {energy + 0.5:.4f} eV/atom (mlipguide_tests)" in caught.value.message
    with toy_plugin.opened(card=card_with(replace(MGO, energy_ev_per_atom=energy + 0.0005))) as session:
        assert session.facts.layers == 1


def test_what_passed_is_not_asked_again_until_something_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", str(tmp_path))
    asked: list[str] = []
    session = in_process_session(MorsePotential(r0=2.0), on_request=asked.append)
    card = card_with(replace(MGO, energy_ev_per_atom=energy_per_atom(session, MGO)))
    asked.clear()
    for dtype, evaluations in (("float32", 1), ("float32", 1), ("float64", 2)):
        require_reference_energy(session, card, weights_file=None, surroundings={"dtype": dtype})
        assert len(asked) == evaluations
    file = tmp_path / "w.pt"
    file.write_bytes(b"1")
    require_reference_energy(session, card, weights_file=file, surroundings={"dtype": "float32"})
    file.write_bytes(b"22")
    require_reference_energy(session, card, weights_file=file, surroundings={"dtype": "float32"})
    assert len(asked) == 4


def test_random_weights_have_no_energy_to_compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", str(tmp_path))
    asked: list[str] = []
    session = in_process_session(MorsePotential(r0=2.0), synthetic=True, on_request=asked.append)
    require_reference_energy(session, card_with(MGO), weights_file=None, surroundings={})
    assert asked == []


def test_a_package_out_of_range_is_refused_before_it_is_started(toy_plugin: ToyPlugin) -> None:
    request = toy_plugin.request()
    versions = {**request.environment.versions, "matgl": "4.1.2"}
    environment = replace(request.environment, versions=versions)
    with pytest.raises(SessionError, match=r"checkpoint of matgl <3,>=2, and 4\.1\.2 is installed") as caught:
        toy_plugin.opened(card=card_with(None, ("matgl>=2,<3",)), environment=environment).__enter__()
    assert caught.value.failure is FailureKind.WRONG_PACKAGE


@pytest.mark.parametrize(
    ("versions", "fits"),
    [({"matgl": "2.0.4"}, True), ({"matgl": "2.0.4+cpu"}, True), ({"matgl": "3.0.5"}, False), ({"Matgl": "x"}, False)],
)
def test_ranges_are_those_of_pip(versions: dict[str, str], fits: bool) -> None:
    assert (unfit_package(card_with(None, ("matgl>=2,<3",)), versions) is None) is fits


def test_a_package_that_nobody_sees_is_not_judged() -> None:
    assert unfit_package(card_with(None, ("matgl>=2,<3",)), {"torch": "2.13.0"}) is None


def test_formulas_are_reduced() -> None:
    assert formula_of(MGO) == "MgO"
    assert formula_of(replace(MGO, symbols=("Mg", "O") * 2, positions_angstrom=MGO.positions_angstrom * 2)) == "MgO"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"symbols": ["Mg"]}, "a position for each atom"),
        ({"cell_angstrom": [[1.0, 0.0, 0.0]]}, "three vectors"),
        ({"tolerance_ev_per_atom": 0.0}, "above zero"),
    ],
)
def test_a_reference_that_tells_nothing_is_refused(change: dict[str, object], says: str) -> None:
    plain = {
        "symbols": ["Mg", "O"],
        "positions_angstrom": [[0.0, 0.0, 0.0], [A, A, A]],
        "energy_ev_per_atom": -1.0,
        "sources": ["a"],
    }
    with pytest.raises(InputError, match=says):
        from_plain(ReferenceEnergy, plain | change, what="card")
