"""Chemical formulas as the field writes them.

Inorganic formulas go from the most electropositive element to the most electronegative one, in the order of the
elements in Nomenclature of Inorganic Chemistry, IUPAC Recommendations 2005 (the "Red Book", table VI and section
IR-4.4.2.1): LiFePO4, SiO2, PuO2, NH3, H2O. What consists mostly of carbon and hydrogen follows Hill
(doi:10.1021/ja02046a005): carbon, hydrogen, then the alphabet. A molecule keeps all its atoms, C6H6; a crystal is
reduced to the smallest whole numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import reduce

SEQUENCE = (
    "Rn Xe Kr Ar Ne He",
    "Fr Cs Rb K Na Li",
    "Ra Ba Sr Ca Mg Be",
    "Lr No Md Fm Es Cf Bk Cm Am Pu Np U Pa Th Ac",
    "Lu Yb Tm Er Ho Dy Tb Gd Eu Sm Pm Nd Pr Ce La",
    "Y Sc Rf Hf Zr Ti Db Ta Nb V Sg W Mo Cr Bh Re Tc Mn Hs Os Ru Fe Mt Ir Rh Co Ds Pt Pd Ni",
    "Rg Au Ag Cu Cn Hg Cd Zn Nh Tl In Ga Al B Fl Pb Sn Ge Si C",
    "Mc Bi Sb As P N H Lv Po Te Se S O Ts At I Br Cl F Og",
)
"""Red Book, table VI, read against its arrows: first comes what is named first in a formula."""

RANK = {symbol: rank for rank, symbol in enumerate(" ".join(SEQUENCE).split())}
ORGANIC_SHARE = 0.5
"""From this share of carbon and hydrogen on, both there, a formula is written as organic ones are: judgement, so that
MOF-5 is C24H12O13Zn4 and sodium hydrogencarbonate is not."""

_TERM = re.compile(r"([A-Z][a-z]?)([0-9]*)")


def write_formula(counts: Mapping[str, int]) -> str:
    """Return the formula of all atoms.

    Args:
        counts: Atoms of each element, positive.
    """
    return "".join(f"{name}{counts[name] if counts[name] > 1 else ''}" for name in _ordered(counts))


def reduced_formula(counts: Mapping[str, int], *, molecule: bool = False) -> str:
    """Return the formula with the smallest whole numbers, or of all atoms for a molecule."""
    divisor = 1 if molecule else reduce(math.gcd, counts.values(), 0) or 1
    return write_formula({name: count // divisor for name, count in counts.items()})


def parse_formula(text: str) -> dict[str, int]:
    """Return the atoms of each element of a formula without brackets, in whatever order it is written."""
    found: dict[str, int] = {}
    for name, count in _TERM.findall(text):
        found[name] = found.get(name, 0) + int(count or 1)
    return found


def have_same_composition(one: str, other: str) -> bool:
    """Tell whether two formulas have the same elements in the same proportions, however they are written."""
    return _proportions(one) == _proportions(other)


def as_written(text: str) -> str:
    """Return a stored formula in the order that is used today; what is no formula stays as it is."""
    whole = re.fullmatch(r"(?:[A-Z][a-z]?[0-9]*)+", text) is not None
    counts = parse_formula(text) if whole else {}
    return write_formula(counts) if counts and all(name in RANK for name in counts) else text


def _proportions(text: str) -> dict[str, int]:
    counts = parse_formula(text)
    divisor = reduce(math.gcd, counts.values(), 0) or 1
    return {name: count // divisor for name, count in counts.items()}


def _ordered(counts: Mapping[str, int]) -> list[str]:
    organic = counts.get("C", 0) + counts.get("H", 0)
    if counts.get("C") and counts.get("H") and organic >= ORGANIC_SHARE * sum(counts.values()):
        return sorted(counts, key=lambda name: (name != "C", name != "H", name))
    return sorted(counts, key=lambda name: (RANK.get(name, len(RANK)), name))
