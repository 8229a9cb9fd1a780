"""Chemical symbols, and named sets of the elements that occur in a training set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.serialisation import from_plain, once_per_state
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.strict import strict

PREFIX = "set:"
"""A card that names ``set:mptrj-89`` among its elements means all elements of that set."""

_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr "
    "Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb "
    "Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf "
    "Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
)

SYMBOLS: tuple[str, ...] = tuple(_SYMBOLS.split())
"""All chemical symbols in order of atomic number, hydrogen first."""

_NUMBERS = {symbol: number for number, symbol in enumerate(SYMBOLS, start=1)}


@strict
@dataclass(frozen=True, kw_only=True)
class ElementSet:
    """The elements that occur in a training set.

    Attributes:
        elements: Chemical symbols.
        sources: Keys in ``sources.bib``.
        remark: How it is known.
    """

    elements: tuple[str, ...]
    sources: tuple[str, ...]
    remark: str | None = None


@once_per_state
def read_element_sets(path: Path) -> Mapping[str, ElementSet]:
    """Read named sets of elements.

    Raises:
        InputError: The file cannot be read, a set is malformed, or a symbol is unknown.
    """
    hint = "Write each set as a name with 'elements' and 'sources'."
    plain = read_yaml(path)
    if not isinstance(plain, dict):
        raise InputError(f"{path}: sets of elements are expected, one name each.", hint=hint)
    sets = {str(name): from_plain(ElementSet, data, what=f"{path}, set '{name}'") for name, data in plain.items()}
    for name, members in sets.items():
        wrong = [symbol for symbol in members.elements if symbol not in _NUMBERS]
        if wrong:
            raise InputError(f"{path}, set '{name}': unknown elements {', '.join(wrong)}.", hint=hint)
    return sets


def find_element_problems(elements: Sequence[str], sets: Mapping[str, ElementSet]) -> list[str]:
    """Say of each entry that is neither a chemical symbol nor the name of a set what is wrong with it."""
    problems = []
    for entry in elements:
        if entry.startswith(PREFIX):
            name = entry.removeprefix(PREFIX)
            if name not in sets:
                problems.append(f"there is no set of elements '{name}'.{did_you_mean(name, list(sets))}")
        elif entry not in _NUMBERS:
            problems.append(f"'{entry}' is not a chemical symbol")
    return [problem.rstrip(".") for problem in problems]


def expand_elements(elements: Iterable[str], sets: Mapping[str, ElementSet]) -> tuple[str, ...]:
    """Replace the names of sets by their elements.

    Args:
        elements: Chemical symbols and names such as ``set:mptrj-89``, without problems.
        sets: The known sets.

    Returns:
        Chemical symbols, each once, in order of atomic number.

    Raises:
        KeyError: An entry is neither a symbol nor a known set.
    """
    found: set[str] = set()
    for entry in elements:
        found.update(sets[entry.removeprefix(PREFIX)].elements if entry.startswith(PREFIX) else (entry,))
    return tuple(sorted(found, key=_NUMBERS.__getitem__))
