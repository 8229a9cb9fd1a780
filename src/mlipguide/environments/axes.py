"""The axes of a backend's settings, and what its process is told of the values that were chosen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import mlipguide
from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import from_plain
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.hardware.environment import Recipe
from mlipguide.records.timing.axes import FIELDS, Axis, AxisValue
from mlipguide.records.timing.measurement import Settings

COMMON = Path(mlipguide.__file__).parent / "data" / "common_axes.yaml"


@cache
def common_axes() -> dict[str, Axis]:
    """Return the axes that backends share, by name."""
    axes = from_plain(tuple[Axis, ...], read_yaml(COMMON), what=str(COMMON))
    return {axis.name: axis for axis in axes}


def axes_of(recipe: Recipe) -> tuple[Axis, ...]:
    """Return all axes of a backend, its own first.

    Raises:
        InputError: The recipe names a common axis that does not exist, or one axis twice.
    """
    known = common_axes()
    unknown = [name for name in recipe.common_axes if name not in known]
    if unknown:
        raise InputError(
            f"{recipe.backend}: there is no common axis '{unknown[0]}'.", hint=f"There are {', '.join(known)}."
        )
    axes = (*recipe.axes, *(known[name] for name in recipe.common_axes))
    names = [axis.name for axis in axes]
    if len(set(names)) < len(names):
        raise InputError(f"{recipe.backend}: an axis stands there twice.", hint="Name each axis once.")
    return axes


def variables_of(recipe: Recipe, settings: Settings) -> dict[str, str]:
    """Return the environment variables that stand for what was chosen.

    Raises:
        InputError: The backend has no such axis or value.
    """
    return {name: text for value in _chosen(recipe, settings).values() for name, text in value.variables.items()}


def options_of(recipe: Recipe, settings: Settings) -> dict[str, str]:
    """Return what the backend is told when it loads a model, by the names of the axes.

    Raises:
        InputError: The backend has no such axis or value.
    """
    return {axis: value.value for axis, value in _chosen(recipe, settings).items() if not value.variables}


def _chosen(recipe: Recipe, settings: Settings) -> dict[str, AxisValue]:
    axes = {axis.name: axis for axis in axes_of(recipe)} if settings.choices else {}
    found: dict[str, AxisValue] = {}
    for one in settings.choices:
        axis = axes.get(one.axis)
        value = next((item for item in axis.values if item.value == one.value), None) if axis else None
        if value is None or one.axis in FIELDS:
            known = ", ".join(f"{name} ({', '.join(_values(item))})" for name, item in axes.items() if item.values)
            raise InputError(
                f"{recipe.backend} has no setting {one.axis} {one.value}.", hint=f"Its axes are {known or 'none'}."
            )
        found[one.axis] = value
    return found


def _values(axis: Axis) -> Iterator[str]:
    return (value.value for value in axis.values)
