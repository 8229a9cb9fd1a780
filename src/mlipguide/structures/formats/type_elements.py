"""Which elements the numbered atom types of a LAMMPS file are: by labels, comments and masses.

Simulations change masses: hydrogen mass repartitioning gives hydrogen 3.024 u and takes it from the atom that it is
bound to (Hopkins et al., doi:10.1021/ct5010406), and then carbon has 9.995 u and oxygen in a hydroxyl group 13.983 u,
nearly that of nitrogen. So one mass that no element has makes all masses of a file doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from ase.data import atomic_masses, atomic_numbers, chemical_symbols

from mlipguide.core.errors import InputError
from mlipguide.records.notice import Notice
from mlipguide.structures.isotopes import is_isotope

MASS_TOLERANCE_U = 0.5
RUNNER_UP = 3.0
"""A mass is an element's if it is within half a unit, and every other element is three times as far away."""

_SYMBOLS = frozenset(chemical_symbols[1:])


@dataclass(frozen=True, kw_only=True)
class AtomType:
    """What a file says of an atom type.

    Attributes:
        name: Its number or label, as the atoms name it.
        mass_u: None where the file has none.
        labels: Its label and the words beside its mass, the most binding first.
    """

    name: str
    mass_u: float | None = None
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say what was seen."""
        seen = [*self.labels] if self.labels else []
        if self.mass_u is not None:
            seen.append(f"mass {self.mass_u:g}")
        return f"type {self.name} ({', '.join(seen) or 'no mass, no label'})"


def find_elements(types: Iterable[AtomType], *, source: str, hint: str) -> tuple[dict[str, str], tuple[Notice, ...]]:
    """Return the element of each type by its name.

    Args:
        types: Those that atoms have.
        source: The file.
        hint: How to give the elements in this format.

    Raises:
        InputError: Kind ``unknown_element``: neither label nor mass says which; ``masses_disagree``: they say
            different things.
    """
    types = list(types)
    by_mass = {one.name: mass_element(one.mass_u) for one in types if one.mass_u is not None}
    trusted = all(element is not None for element in by_mass.values())
    found: dict[str, str] = {}
    for one in types:
        label = next((label for label in one.labels if label in _SYMBOLS or label in {"D", "T"}), None)
        element = "H" if label in {"D", "T"} else label
        weighed = by_mass.get(one.name)
        if element is not None and weighed not in {None, element} and trusted:
            raise InputError(
                f"{source}: {one} is {element} by its label and {weighed} by its mass.",
                hint="Correct the label or the mass.",
                kind="masses_disagree",
            )
        if element is None and trusted:
            element = weighed
        if element is None:
            raise _unknown(types, one, trusted=trusted, source=source, hint=hint)
        found[one.name] = element
    return found, () if trusted else (_changed_masses(types, found, source),)


def mass_element(mass_u: float) -> str | None:
    """Return the element of a mass, isotopes of hydrogen included; None where none or several fit."""
    if is_isotope(mass_u):
        return "H"
    gaps = np.abs(atomic_masses[1:] - mass_u)
    nearest, second = np.argsort(gaps, kind="stable")[:2]
    if not gaps[nearest] <= MASS_TOLERANCE_U or gaps[second] < RUNNER_UP * gaps[nearest]:
        return None
    return chemical_symbols[int(nearest) + 1]


def isotope_masses(types: Iterable[AtomType], found: Mapping[str, str]) -> dict[str, float]:
    """Return the masses of types that are deuterium or tritium."""
    return {
        one.name: one.mass_u
        for one in types
        if found.get(one.name) == "H" and one.mass_u is not None and is_isotope(one.mass_u)
    }


def first_word(comment: str) -> tuple[str, ...]:
    """Return the name that a comment begins with, in a tuple; empty where it has none."""
    words = re.findall(r"[A-Za-z][\w+*'-]*", comment)
    return (words[0],) if words else ()


def _unknown(types: list[AtomType], one: AtomType, *, trusted: bool, source: str, hint: str) -> InputError:
    if one.mass_u is None and not one.labels:
        what = "atoms have type numbers but no elements"
    else:
        odd = [other for other in types if other.mass_u is not None and mass_element(other.mass_u) is None]
        seen = ", ".join(str(other) for other in ([one] if trusted else odd)[:6])
        what = f"no element is to be told from {seen}"
        if not trusted and one not in odd:
            what += f", so that the masses of the others are in doubt too: {one}"
    return InputError(f"{source}: {what}.", hint=hint, kind="unknown_element")


def _changed_masses(types: list[AtomType], found: Mapping[str, str], source: str) -> Notice:
    shown = ", ".join(
        f"{found[one.name]} {one.mass_u:g}"
        for one in types
        if one.mass_u is not None
        and abs(one.mass_u - atomic_masses[atomic_numbers[found[one.name]]]) > MASS_TOLERANCE_U
    )
    return Notice(
        "masses_changed",
        f"{source}: elements are read from the type labels; the masses are not the elements' ({shown}: hydrogen mass "
        "repartitioning?) and are not used.",
    )
