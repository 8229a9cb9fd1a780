"""Files that leave open which element sits where: partial occupancies, and atom types without elements."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import ase
import numpy as np
from ase.io.formats import open_with_compression

from mlipguide.core.errors import InputError

FULL_OCCUPANCY_TOLERANCE = 1e-3
SITES_NAMED = 6


def require_full_occupancy(atoms: ase.Atoms, path: Path, *, frame: int) -> None:
    """Refuse a structure with partly filled or shared sites.

    Args:
        atoms: As ASE read it, with ``info["occupancy"]`` (CIF) or the array ``occupancy`` (PDB).
        path: The file it came from, read again for the labels of the sites.
        frame: Which of the file's structures it is.

    Raises:
        InputError: A site is partly occupied, or holds several species; the sites are named.
    """
    sites: dict[str, dict[str, Any]] = atoms.info.get("occupancy") or {}
    disordered = [site for site in sites.values() if len(site) > 1 or any(map(_is_partial, site.values()))]
    if disordered:
        named = _name_cif_sites(path, frame) or [
            " + ".join(f"{symbol} {share}" for symbol, share in site.items()) for site in disordered
        ]
    elif "occupancy" in atoms.arrays:
        # Many programs write 0 for all atoms of a PDB file; only what lies between says something.
        shares = [float(share) for share in atoms.arrays["occupancy"]]
        partial = [i for i, share in enumerate(shares) if share > 0 and _is_partial(share)]
        named = [f"{atoms.symbols[i]}{i + 1} ({shares[i]:g})" for i in partial]
    else:
        return
    if named:
        more = f" and {len(named) - SITES_NAMED} more" if len(named) > SITES_NAMED else ""
        raise InputError(
            f"{path}: sites are partly occupied or shared: {', '.join(named[:SITES_NAMED])}{more}.",
            hint="A simulation needs one whole atom on each site: make an ordered supercell first"
            " (for example with pymatgen or the supercell program) and give that.",
            kind="partial_occupancy",
        )


def _is_partial(share: Any) -> bool:
    return isinstance(share, int | float | np.floating) and abs(float(share) - 1) > FULL_OCCUPANCY_TOLERANCE


def _name_cif_sites(path: Path, frame: int) -> list[str]:
    """Return labels and occupancies of the partial sites as the CIF writes them, empty without labels."""
    from ase.io.cif import parse_cif

    try:
        with open_with_compression(str(path.absolute()), "rb") as stream:
            block = [block for block in parse_cif(stream) if block.has_structure()][frame]
        labels, shares = block.get("_atom_site_label"), block.get("_atom_site_occupancy")
    except Exception:  # noqa: BLE001  # the labels only make the message better
        return []
    if not labels or not shares:
        return []
    return [f"{label} ({share})" for label, share in zip(labels, shares, strict=False) if _is_partial(share)]


def require_elements(atoms: ase.Atoms, path: Path, *, file_format: str) -> None:
    """Refuse a LAMMPS file that numbers its atom types without saying which elements they are.

    ASE then takes type 1 for hydrogen, type 2 for helium and so on, in silence.

    Raises:
        InputError: Neither masses nor labels nor symbols are in the file.
    """
    if file_format == "lammps-data":
        known = "masses" in atoms.arrays or _find_line(path, re.compile(rb"\s*Atom Type Labels\b"))
        hint = "Add a Masses or an Atom Type Labels section (write_data does), or convert it to extended XYZ."
    elif file_format == "lammps-dump-text":
        known = _find_line(path, re.compile(rb"ITEM: ATOMS\b.*\b(element|mass)\b"))
        hint = "Write the dump with the column 'element' (dump custom … element, dump_modify … element …)."
    else:
        return
    if not known:
        raise InputError(f"{path}: atoms have type numbers but no elements.", hint=hint, kind="unknown_element")


def _find_line(path: Path, pattern: re.Pattern[bytes]) -> bool:
    with open_with_compression(str(path.absolute()), "rb") as stream:
        return any(pattern.match(line) for line in stream)
