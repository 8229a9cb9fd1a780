"""How LAMMPS is told of a potential of its own distribution, without LAMMPS; and that cards and table agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlipguide.candidates.model_names import AVAILABLE, library_cards, named_cards, usual_cards
from mlipguide.catalog.cards import load_catalogue
from mlipguide.worker.failures import WorkerError
from mlipguide.worker.lammps.library_potentials import library_potential, numbers_in
from mlipguide.worker.lammps.library_table import POTENTIALS
from mlipguide.worker.lammps.potential import Potential, read_potential

CARDS = [card for card in load_catalogue().cards if card.backend == "lammps"]


def made(name: str, folder: Path) -> Potential:
    for file in POTENTIALS[name].files:
        (folder / file).write_text("# DATE: 2020-01-31\n1.0 2 -3.5e-1 # 7 8\nSi 4\n", encoding="utf-8")
    return library_potential(name, folder)


@pytest.mark.parametrize(
    ("name", "symbols", "expected"),
    [
        ("Cu_u3.eam", ["Cu", "Cu"], ["pair_style eam", 'pair_coeff * * "{0}"']),
        ("AlCu.eam.alloy", ["Cu", "Al"], ["pair_style eam/alloy", 'pair_coeff * * "{0}" Cu Al']),
        (
            "AlSiMgCuFe.meam",
            ["Fe", "Al"],
            ["pair_style meam", 'pair_coeff * * "{0}" AlS SiS MgS CuS FeS "{1}" FeS AlS'],
        ),
        ("Si_Zuo_JPCA2020.snap", ["Si"], ["pair_style snap", 'pair_coeff * * "{0}" "{1}" Si']),
        (
            "WBe_Wood_PRB2019.snap",
            ["Be", "W"],
            [
                "pair_style hybrid/overlay zbl 4.0 4.8 snap",
                "pair_coeff 1 1 zbl 4 4",
                "pair_coeff 1 2 zbl 4 74",
                "pair_coeff 2 2 zbl 74 74",
                'pair_coeff * * snap "{0}" "{1}" Be W',
            ],
        ),
        (
            "ffield.reax.cho",
            ["H", "C"],
            [
                "pair_style reaxff NULL checkqeq yes",
                'pair_coeff * * "{0}" H C',
                "fix charges all qeq/reaxff 1 0.0 10.0 1.0e-8 reaxff maxiter 400",
            ],
        ),
    ],
)
def test_the_commands_of_each_form(name: str, symbols: list[str], expected: list[str], tmp_path: Path) -> None:
    potential = made(name, tmp_path)
    files = [str(tmp_path / file) for file in POTENTIALS[name].files]
    assert list(potential.commands(symbols)) == [line.format(*files) for line in expected]


def test_units_of_reactive_potentials_are_converted(tmp_path: Path) -> None:
    real, metal = made("ffield.reax.cho", tmp_path), made("Si.sw", tmp_path)
    assert (real.units, real.atom_style, real.time_unit_ps) == ("real", "charge", 1e-3)
    assert (metal.units, metal.atom_style, metal.time_unit_ps, metal.energy_unit_ev) == ("metal", "atomic", 1.0, 1.0)
    # 1 kcal/mol is 4.184 kJ/mol, and 1 eV is 96.485 kJ/mol.
    assert real.energy_unit_ev == pytest.approx(4.184 / 96.485, rel=1e-4)
    # 1 eV/Å³ is 160.2177 GPa, and an atmosphere 101,325 Pa.
    assert real.pressure_unit == pytest.approx(160.2177e9 / 101325, rel=1e-4)
    assert metal.pressure_unit == pytest.approx(160.2177e9 / 1e5, rel=1e-4)


def test_numbers_are_counted_outside_of_comments(tmp_path: Path) -> None:
    made("Si.sw", tmp_path)
    assert numbers_in(tmp_path / "Si.sw") == 4


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match=r"No potential .Xx\.sw."):
        read_potential("library:Xx.sw")
    with pytest.raises(WorkerError, match=r"has no file .*Si\.sw"):
        library_potential("Si.sw", tmp_path)


def test_every_potential_has_its_card_and_every_card_its_potential() -> None:
    assert {card.weights.name for card in CARDS} == set(POTENTIALS)
    for card in CARDS:
        known = POTENTIALS[card.weights.name]
        assert set(card.known_elements) == set(known.elements), card.id
        assert card.architecture.cutoff_angstrom == known.cutoff_angstrom
        assert card.metrics is None
        assert any("cites" in remark for remark in card.remarks)


def test_they_are_chosen_by_elements_and_looked_at_where_they_are_named() -> None:
    catalogue = load_catalogue()
    ids = [card.id for card in library_cards(catalogue, {"Al", "Cu"})]
    assert ids == ["lammps-alcu-adp", "lammps-alcu-eam", "lammps-alsimgcufe-meam"]
    assert not any(card.backend == "lammps" for card in usual_cards(catalogue))
    assert named_cards(catalogue, [AVAILABLE]) == usual_cards(catalogue)
    assert named_cards(catalogue, ["all"]) == catalogue.cards
    assert [card.id for card in named_cards(catalogue, ["lammps-si-sw"])] == ["lammps-si-sw"]
