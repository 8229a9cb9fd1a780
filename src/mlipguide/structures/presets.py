"""Built-in structures for those who have none at hand, one for each kind of material."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ase

from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.structures import crystals, disorder
from mlipguide.structures.preset_names import DESCRIPTIONS


@dataclass(frozen=True)
class Preset:
    """A built-in structure.

    Attributes:
        description: What it is, and how far it is from the real thing.
        build: Makes it from a seed; ordered structures do not depend on the seed.
    """

    description: str
    build: Callable[[int], ase.Atoms]


BUILDERS: dict[str, Callable[[int], ase.Atoms]] = {
    "copper": crystals.build_copper,
    "silicon": crystals.build_silicon,
    "nacl": crystals.build_nacl,
    "mgo": crystals.build_mgo,
    "srtio3": crystals.build_srtio3,
    "lifepo4": crystals.build_lifepo4,
    "li3ocl": crystals.build_li3ocl,
    "urea": crystals.build_urea,
    "pt111-co": crystals.build_pt111_co,
    "water": disorder.build_water,
    "silica-glass": disorder.build_silica,
    "cantor-alloy": disorder.build_cantor_alloy,
    "ethanol": crystals.build_ethanol,
}
"""What makes each of them from a seed."""

PRESETS = {name: Preset(text, BUILDERS[name]) for name, text in DESCRIPTIONS.items()}
"""The built-in structures by name."""


def build_preset(name: str, *, seed: int = 0) -> ase.Atoms:
    """Build a preset; the same name and seed give the same structure.

    Args:
        name: A key of :data:`PRESETS`.
        seed: Of what is random in it.

    Raises:
        InputError: No such preset, or a negative seed.
    """
    preset = PRESETS.get(name.strip().lower())
    if preset is None:
        known = sorted(PRESETS)
        raise InputError(
            f"There is no preset '{name}'.{did_you_mean(name, known)}",
            hint=f"Presets: {', '.join(known)}.",
            kind="unknown_preset",
        )
    if seed < 0:
        raise InputError(f"The seed {seed} is negative.", hint="Use 0 or a positive whole number.")
    return preset.build(seed)
