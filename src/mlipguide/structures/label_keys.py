"""Under which names a file holds its energies, forces and stresses, and what to ask where several fit.

A name is a quantity with or without a prefix: ``energy``, ``REF_energy``, ``dft_energy``. Prefixes that say that the
number is a model's (``MACE_energy``) or no total energy (``formation_energy``) are left aside. Where several names are
left, they stand for one quantity only if their values agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.records.requests.label_names import LabelKeys

PREDICTED = frozenset(
    [
        "allegro",
        "chgnet",
        "deepmd",
        "dp",
        "gap",
        "grace",
        "m3gnet",
        "mace",
        "mattersim",
        "ml",
        "mlff",
        "mlip",
        "mlp",
        "model",
        "nep",
        "nequip",
        "orb",
        "pred",
        "predicted",
        "prediction",
        "sevennet",
        "snap",
    ]
)
"""Prefixes of what a model said."""
NO_TOTAL = frozenset(
    [
        "adsorption",
        "atomization",
        "band",
        "binding",
        "cohesive",
        "correction",
        "delta",
        "fermi",
        "formation",
        "hull",
        "interaction",
        "isolated",
        "kinetic",
        "site",
    ]
)
"""Prefixes of energies that are no total energy of the structure."""

_PREFIX = r"(?:(?P<prefix>[a-z0-9]+(?:[_-][a-z0-9]+)*)[_-])?"
_NAMES = {
    "energy": re.compile(_PREFIX + r"(?P<name>(?:total_?|potential_?|free_?)?energy|toten|etot)"),
    "forces": re.compile(_PREFIX + r"(?P<name>forces?)"),
    "stress": re.compile(_PREFIX + r"(?P<name>stress|virials?)"),
}
OPTIONS = {"energy": "--energy-key", "forces": "--forces-key", "stress": "--stress-key"}
ENERGY_TOLERANCE_EV = 1e-6
ENERGY_TO_ZERO, FREE_ENERGY = "energy", "free_energy"
SHOWN = 12


def values_of(atoms: Any) -> dict[str, Any]:
    """Return everything that a frame holds beside positions, by name: calculator, info, arrays, database entries."""
    found: dict[str, Any] = {}
    for key, value in atoms.info.items():
        if key in ("key_value_pairs", "data") and isinstance(value, Mapping):
            found |= {str(name): entry for name, entry in value.items()}
        else:
            found[str(key)] = value
    found |= {name: value for name, value in atoms.arrays.items() if name not in ("numbers", "positions")}
    if atoms.calc is not None:
        found |= {name: value for name, value in atoms.calc.results.items() if value is not None}
    return found


def find_keys(values: Mapping[str, Any], choice: LabelKeys, *, atoms: int, frame: int, source: str) -> LabelKeys:
    """Return the names of the labels of one frame.

    Args:
        values: As :func:`values_of` returns them.
        choice: Names that the user gave; they are taken as they are.
        atoms: Number of atoms of the frame.
        frame: Its index, for the message.
        source: The file, for the message.

    Raises:
        InputError: Kind ``ambiguous_labels``: several names fit and their values differ.
    """
    energy = choice.energy or _find("energy", values, atoms, frame, source)
    free = None if energy is None else energy[: -len(ENERGY_TO_ZERO)] + FREE_ENERGY
    return LabelKeys(
        energy=energy,
        forces=choice.forces or _find("forces", values, atoms, frame, source),
        stress=choice.stress or _find("stress", values, atoms, frame, source),
        free_energy=free if free in values and free != energy else None,
    )


def require_known(choice: LabelKeys, seen: frozenset[str], *, source: str) -> None:
    """Refuse a name that the user gave and that no frame of the file has.

    Raises:
        InputError: Kind ``unknown_key``.
    """
    for quantity, option in OPTIONS.items():
        name = getattr(choice, quantity)
        if name is not None and name not in seen:
            raise InputError(
                f"{option}: no frame of {source} has '{name}'.{did_you_mean(name, sorted(seen))}",
                hint=f"It has {', '.join(sorted(seen)[:SHOWN]) or 'nothing beside positions'}.",
                kind="unknown_key",
            )


def is_virial(name: str) -> bool:
    """Tell whether a name stands for the virial, -volume times the stress, rather than the stress."""
    return "virial" in name.lower()


def _find(quantity: str, values: Mapping[str, Any], atoms: int, frame: int, source: str) -> str | None:
    found = {name: values[name] for name in values if _stands_for(quantity, name) and _fits(quantity, values[name])}
    if quantity == "stress":
        found = {name: value for name, value in found.items() if not _has_stress_beside(name, found)}
    if quantity == "energy":
        found = {name: value for name, value in found.items() if not _has_zero_beside(name, found)}
    if not found:
        return None
    first, *others = sorted(found, key=lambda name: (len(name), name))
    if all(_agree(quantity, found[first], found[name], atoms) for name in others):
        return first
    raise InputError(
        f"{source}, frame {frame}: {quantity} may be {', '.join(sorted(found))}, and their values differ.",
        hint=f"Say which is the reference: {OPTIONS[quantity]} {min(found)}.",
        kind="ambiguous_labels",
    )


def _stands_for(quantity: str, name: str) -> bool:
    match = _NAMES[quantity].fullmatch(name.lower())
    if match is None:
        return False
    parts = set(re.split(r"[_-]", match["prefix"] or ""))
    return not parts & (PREDICTED | NO_TOTAL)


def _fits(quantity: str, value: Any) -> bool:
    """Tell whether a value has the type of the quantity; forces of a wrong shape are found out later, by name."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return False
    return array.ndim == 0 if quantity == "energy" else array.ndim >= 1


def _has_zero_beside(name: str, found: Mapping[str, Any]) -> bool:
    """Tell whether this is a free energy beside the energy for no smearing, which is the one to read."""
    return name.lower().endswith(FREE_ENERGY) and name[: -len(FREE_ENERGY)] + ENERGY_TO_ZERO in found


def _has_stress_beside(name: str, found: Mapping[str, Any]) -> bool:
    """Tell whether this is a virial beside the stress that it is made of."""
    return is_virial(name) and re.sub("virials?", "stress", name, flags=re.IGNORECASE) in found


def _agree(quantity: str, one: Any, other: Any, atoms: int) -> bool:
    a, b = numbers(one), numbers(other)
    tolerance = ENERGY_TOLERANCE_EV * (atoms if quantity == "energy" else 1)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=0, atol=tolerance, equal_nan=True))


def numbers(value: Any) -> NDArray[np.float64]:
    """Return a label as an array of numbers."""
    return np.asarray(value, dtype=float)
