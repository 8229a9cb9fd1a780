"""Crystals out of CIF and mmCIF files, read with gemmi; the symmetry is in ``cif_symmetry``.

Where several settings fit what a file says, or its own formula, formula units and density contradict the atoms that its
symmetry makes, nothing is guessed: the reading that the file's facts support is taken, or all are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ase
import numpy as np

from mlipguide.core.errors import InputError
from mlipguide.records.notice import Notice
from mlipguide.structures.checks import OVERLAP_ANGSTROM, require_usable
from mlipguide.structures.distances import find_shortest_distance
from mlipguide.structures.formats.cif_facts import CellFacts, agrees, density, in_words, read_facts
from mlipguide.structures.formats.cif_sites import has_sites, read_sites
from mlipguide.structures.formats.cif_symmetry import Setting, find_settings
from mlipguide.structures.formats.frames import outside, place, read_text
from mlipguide.structures.formats.orbits import Expanded, expand
from mlipguide.structures.species import refuse_shared_sites

if TYPE_CHECKING:
    import gemmi

MOVED_WORTH_SAYING_ANGSTROM = 0.005


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """The atoms of one setting, and whether the file's own facts agree with them."""

    setting: Setting
    expanded: Expanded
    agrees: bool | None


def read_cif(path: Path, frame: int) -> tuple[ase.Atoms, tuple[Notice, ...]]:
    """Read one structure of a CIF.

    Args:
        path: The file.
        frame: Which of the data blocks that hold sites, from 0 or backwards from -1.

    Raises:
        InputError: No such block, partial occupancies, coordinates or elements that are not there, symmetry
            that is not known or leaves several readings open, atoms that contradict the file's formula.
    """
    import gemmi

    try:
        document = gemmi.cif.read_string(read_text(path))
    except (ValueError, RuntimeError) as error:
        raise InputError(
            f"Cannot read {path} as cif: {str(error).splitlines()[0][:160].strip(' .')}.",
            hint="The file is cut short, damaged, or of another format than its name says.",
            kind="unreadable_structure",
        ) from error
    blocks = [block for block in document if has_sites(block)]
    if not blocks:
        if frame not in {0, -1}:
            raise outside(path, frame, 1)
        raise InputError(
            f"Cannot read {path} as cif: it holds no sites with elements and coordinates.",
            hint="The file is cut short, or holds no structure.",
            kind="unreadable_structure",
        )
    return _read_block(blocks[place(path, frame, len(blocks))], str(path), Path(path).name)


def _read_block(block: gemmi.cif.Block, source: str, name: str) -> tuple[ase.Atoms, tuple[Notice, ...]]:
    sites = read_sites(block, source=source)
    if sites.cell is None:
        atoms = ase.Atoms(numbers=sites.numbers, positions=sites.places)
        return sites.with_masses(atoms, np.arange(len(atoms))), sites.notices
    require_usable(ase.Atoms("H", cell=sites.cell, pbc=True), source=source)
    facts = read_facts(block)
    readings = [
        _Reading(setting=setting, expanded=expanded, agrees=agrees(facts, expanded.atoms))
        for setting in find_settings(block, sites.cell, source=source)
        for expanded in [expand(sites.numbers, sites.places, sites.digits, sites.cell, setting.operations)]
    ]
    chosen, notices = _choose(readings, facts, source, name)
    _require_formula(chosen, facts, source)
    shared = [sites.labels[index] for pair in chosen.expanded.shared for index in pair]
    refuse_shared_sites(list(dict.fromkeys(shared)), source)
    notices = (*sites.notices, *notices, *_say_assumed(chosen, facts, name))
    return sites.with_masses(chosen.expanded.atoms, chosen.expanded.owner), notices


def _choose(readings: list[_Reading], facts: CellFacts, source: str, name: str) -> tuple[_Reading, tuple[Notice, ...]]:
    """Return the reading that the file supports.

    Raises:
        InputError: Kind ``ambiguous_setting``: several differ, and nothing in the file decides.
    """
    different: list[_Reading] = []
    for reading in readings:
        if not any(_is_same(reading, one) for one in different):
            different.append(reading)
    if len(different) == 1:
        return different[0], ()
    for supported, why in (
        ([one for one in different if one.agrees], f"as {facts} in the file say"),
        ([one for one in different if not _overlaps(one)], "the only one in which no atoms overlap"),
    ):
        if len(supported) == 1:
            words = f"{name}: read as {supported[0].setting.words}, {why}; it names no setting."
            return supported[0], (Notice("symmetry_assumed", words),)
    choices = "; or ".join(f"{one.setting.words}: {in_words(one.expanded.atoms)}" for one in different)
    raise InputError(
        f"{source}: the file leaves open which setting of its space group it means: {choices}. It says {facts}.",
        hint="Add the symmetry operations (_space_group_symop_operation_xyz), the setting to the symbol (as in "
        "'F d -3 m :2'), or _chemical_formula_sum with _cell_formula_units_Z.",
        kind="ambiguous_setting",
    )


def _is_same(one: _Reading, other: _Reading) -> bool:
    """Tell whether two readings are one structure, as far as composition and shortest distance tell."""
    a, b = one.expanded.atoms, other.expanded.atoms
    if len(a) != len(b) or sorted(a.numbers) != sorted(b.numbers):
        return False
    distances = (find_shortest_distance(a), find_shortest_distance(b))
    if None in distances or abs((distances[0] or 0.0) - (distances[1] or 0.0)) > 1e-3:  # noqa: PLR2004  # Å
        return False
    return _fingerprint(a) == _fingerprint(b)


def _fingerprint(atoms: ase.Atoms) -> list[tuple[int, int, float]]:
    """Return the distances around each atom, rounded: equal for one structure with two origins."""
    from mlipguide.structures.distances import find_pairs

    pairs = find_pairs(atoms, 4.0)
    named = zip(
        atoms.numbers[pairs.first].tolist(), atoms.numbers[pairs.second].tolist(), pairs.distance.tolist(), strict=True
    )
    return sorted((min(a, b), max(a, b), round(distance, 2)) for a, b, distance in named)


def _overlaps(reading: _Reading) -> bool:
    shortest = find_shortest_distance(reading.expanded.atoms)
    return shortest is not None and shortest < OVERLAP_ANGSTROM


def _require_formula(reading: _Reading, facts: CellFacts, source: str) -> None:
    """Refuse atoms that the file's formula contradicts, where the symmetry was not listed by the file itself.

    Raises:
        InputError: Kind ``formula_disagrees``, or ``missing_hydrogen``.
    """
    if reading.agrees is not False:
        return
    atoms = reading.expanded.atoms
    if facts.formula is not None and "H" in facts.formula and "H" not in set(map(str, atoms.symbols)):
        raise InputError(
            f"{source}: the hydrogen atoms are not there: it says {facts}, and the sites give {in_words(atoms)}.",
            hint="Add them first (Mercury, Avogadro or Open Babel do it), or correct _chemical_formula_sum.",
            kind="missing_hydrogen",
        )
    if not reading.setting.listed:
        raise InputError(
            f"{source}: read as {reading.setting.words}, it gives {in_words(atoms)}, but it says {facts}.",
            hint="Either the symmetry or the formula is wrong or incomplete: add the symmetry operations "
            "(_space_group_symop_operation_xyz), or correct _chemical_formula_sum and _cell_formula_units_Z.",
            kind="formula_disagrees",
        )


def _say_assumed(reading: _Reading, facts: CellFacts, name: str) -> tuple[Notice, ...]:
    atoms, found = reading.expanded.atoms, []
    if reading.agrees is False:
        found.append(
            Notice(
                "formula_differs",
                f"{name}: its symmetry operations give {in_words(atoms)}, but it says {facts}: atoms may be missing "
                "(solvent, say), or the formula is wrong.",
            )
        )
    elif facts.density_g_per_cm3 and abs(density(atoms) / facts.density_g_per_cm3 - 1) > 0.1:  # noqa: PLR2004
        found.append(Notice("density_differs", f"{name}: {density(atoms):.3g} g/cm3 as read, but it says {facts}."))
    if reading.expanded.moved_angstrom > MOVED_WORTH_SAYING_ANGSTROM:
        found.append(
            Notice(
                "rounded_positions",
                f"{name}: rounded coordinates of sites on special positions were put there exactly (moved by up to "
                f"{reading.expanded.moved_angstrom:.3f} Å).",
            )
        )
    return tuple(found)
