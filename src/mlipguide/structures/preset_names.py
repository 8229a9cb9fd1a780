"""The built-in structures by name, for those who only tell of them: what builds them costs the import of ase."""

from __future__ import annotations

DESCRIPTIONS = {
    "copper": "Copper, fcc: a metal (4 atoms)",
    "silicon": "Silicon, diamond structure: a semiconductor (8 atoms)",
    "nacl": "Sodium chloride, rock salt: an ionic crystal (8 atoms)",
    "mgo": "Magnesium oxide, rock salt: an ionic oxide (8 atoms)",
    "srtio3": "Strontium titanate, cubic perovskite (5 atoms)",
    "lifepo4": "LiFePO4, olivine: a battery cathode (28 atoms)",
    "li3ocl": "Li3OCl, cubic antiperovskite: a solid electrolyte (5 atoms)",
    "urea": "Urea: a molecular crystal with hydrogen bonds (16 atoms)",
    "pt111-co": "CO on top of Pt(111), four layers, periodic in the plane: a slab with an adsorbate (18 atoms)",
    "water": (
        "Water at 0.997 g/cm3: 64 molecules on a lattice, each turned at random; equilibrate before use (192 atoms)"
    ),
    "silica-glass": (
        "SiO2 at the density of the glass, 2.20 g/cm3: a cristobalite network with large random"
        " displacements, not a quenched melt; for timing, not for the structure of glass (192 atoms)"
    ),
    "cantor-alloy": "CrMnFeCoNi, random on fcc sites: a high-entropy alloy (108 atoms, as equimolar as they allow)",
    "ethanol": "Ethanol in vacuum, not periodic: a molecule (9 atoms)",
}
"""What each of them is, and how far it is from the real thing."""
