"""Formulas as the field writes them, and old ones recognised."""

from __future__ import annotations

import pytest

from mlipguide.core.formulas import as_written, have_same_composition, parse_formula, reduced_formula, write_formula

INORGANIC = """
LiFePO4 PuO2 SiO2 NaCl MgO SrTiO3 BaTiO3 Al2O3 Li3OCl CaCO3 H2O NH3 CO2 GaAs InP SiC BN MoS2 HfO2 CsPbI3 CrMnFeCoNi
LiCoO2 Na3PO4 Cs2AgBiBr6 CdTe Fe3C Ba2YCu3O7 NaCHO3 CCl4 HF Si
"""


@pytest.mark.parametrize("formula", INORGANIC.split())
def test_inorganic_formulas_go_from_electropositive_to_electronegative(formula: str) -> None:
    assert write_formula(dict(sorted(parse_formula(formula).items()))) == formula


@pytest.mark.parametrize("formula", ["C6H6", "C2H6O", "C2H5NO2", "CH4", "C24H12O13Zn4", "CH2Cl2"])
def test_organic_formulas_follow_hill(formula: str) -> None:
    assert write_formula(dict(reversed(parse_formula(formula).items()))) == formula


def test_a_molecule_is_never_reduced_and_a_crystal_is() -> None:
    assert reduced_formula({"H": 6, "C": 6}, molecule=True) == "C6H6"
    assert reduced_formula({"H": 2, "O": 2}, molecule=True) == "H2O2"
    assert reduced_formula({"Fe": 4, "Li": 4, "O": 16, "P": 4}) == "LiFePO4"


def test_formulas_of_earlier_versions_are_the_same_and_written_anew() -> None:
    assert have_same_composition("FeLiO4P", "LiFePO4")
    assert have_same_composition("Fe4Li4O16P4", "LiFePO4")
    assert not have_same_composition("FeLiO4P", "LiFePO3")
    assert as_written("FeLiO4P") == "LiFePO4"
    assert as_written("O2Pu") == "PuO2"
    assert as_written("any bulk material") == "any bulk material"
    assert as_written("Qq2") == "Qq2"
