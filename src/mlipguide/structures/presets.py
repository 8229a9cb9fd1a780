"""Built-in structures for those who have none at hand, one for each kind of material."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ase

from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.structures import crystals, disorder


@dataclass(frozen=True)
class Preset:
    """A built-in structure.

    Attributes:
        description: What it is, and how far it is from the real thing.
        build: Makes it from a seed; ordered structures do not depend on the seed.
    """

    description: str
    build: Callable[[int], ase.Atoms]


PRESETS: dict[str, Preset] = {
    "copper": Preset("Copper, fcc: a metal (4 atoms)", crystals.build_copper),
    "silicon": Preset("Silicon, diamond structure: a semiconductor (8 atoms)", crystals.build_silicon),
    "nacl": Preset("Sodium chloride, rock salt: an ionic crystal (8 atoms)", crystals.build_nacl),
    "mgo": Preset("Magnesium oxide, rock salt: an ionic oxide (8 atoms)", crystals.build_mgo),
    "srtio3": Preset("Strontium titanate, cubic perovskite (5 atoms)", crystals.build_srtio3),
    "lifepo4": Preset("LiFePO4, olivine: a battery cathode (28 atoms)", crystals.build_lifepo4),
    "li3ocl": Preset("Li3OCl, cubic antiperovskite: a solid electrolyte (5 atoms)", crystals.build_li3ocl),
    "urea": Preset("Urea: a molecular crystal with hydrogen bonds (16 atoms)", crystals.build_urea),
    "pt111-co": Preset(
        "CO on top of Pt(111), four layers, periodic in the plane: a slab with an adsorbate (18 atoms)",
        crystals.build_pt111_co,
    ),
    "water": Preset(
        "Water at 0.997 g/cm3: 64 molecules on a lattice, each turned at random; equilibrate before use (192 atoms)",
        disorder.build_water,
    ),
    "silica-glass": Preset(
        "SiO2 at the density of the glass, 2.20 g/cm3: a cristobalite network with large random"
        " displacements, not a quenched melt; for timing, not for the structure of glass (192 atoms)",
        disorder.build_silica,
    ),
    "cantor-alloy": Preset(
        "CrMnFeCoNi, random on fcc sites: a high-entropy alloy (108 atoms, as equimolar as they allow)",
        disorder.build_cantor_alloy,
    ),
    "ethanol": Preset("Ethanol in vacuum, not periodic: a molecule (9 atoms)", crystals.build_ethanol),
}
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
