"""What the structure and the kind of task suggest that a model should know or give.

Suggestions make doubts or caveats; they rule nothing out, they are said, and they can be switched off.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlipguide.records.models.terms import Need
from mlipguide.records.task.task import DerivedNeed, TaskKind

if TYPE_CHECKING:
    from mlipguide.structures.signs import Signs

SINGLET = 1

CELL_KINDS = frozenset({TaskKind.RELAX, TaskKind.SCREEN, TaskKind.PRERELAX})
"""Kinds that commonly relax the cell with the positions."""

DOUBTFUL = frozenset({Need.SURFACES, Need.MOLECULES, Need.STRESS, Need.TOTAL_CHARGE, Need.SPIN})
"""Suggestions that put a model in doubt of which nothing says that it meets them; the others only make caveats."""


def derived_needs(signs: Signs, kind: TaskKind, *, periodic: bool) -> tuple[DerivedNeed, ...]:
    """Return what is suggested, each with the sign of it.

    Args:
        signs: What was seen in the structure.
        kind: What is done with it.
        periodic: Whether the structure is periodic in all directions.
    """
    found = (*_of_electrons(signs), *_of_matter(signs, kind, periodic=periodic))
    return tuple(DerivedNeed(need=need, reason=reason) for need, reason in found)


def _of_electrons(signs: Signs) -> Iterator[tuple[Need, str]]:
    if signs.total_charge:
        yield Need.TOTAL_CHARGE, f"a total charge of {signs.total_charge:+d}"
    if signs.spin_multiplicity not in (None, SINGLET):
        yield Need.SPIN, f"a spin multiplicity of {signs.spin_multiplicity}"


def _of_matter(signs: Signs, kind: TaskKind, *, periodic: bool) -> Iterator[tuple[Need, str]]:
    if signs.slab is not None:
        yield Need.SURFACES, f"a slab: {signs.slab}"
    if signs.molecule:
        yield Need.MOLECULES, "an isolated molecule"
    elif signs.molecules is not None:
        yield Need.MOLECULES, f"matter of molecules: {signs.molecules}"
    if signs.cluster:
        yield Need.SURFACES, "an isolated cluster, most of whose atoms are at its surface"
    if signs.layered:
        yield Need.DISPERSION, "layers that no bonds join"
    if signs.magnetic:
        yield Need.MAGNETISM, f"{', '.join(signs.magnetic)} may order magnetically"
    if signs.mobile_ions:
        yield Need.LONG_RANGE, f"an ionic compound of {', '.join(signs.mobile_ions)}"
    if periodic and signs.slab is None and not (signs.molecule or signs.cluster) and kind in CELL_KINDS:
        yield Need.STRESS, "relaxing the cell takes the stress"
