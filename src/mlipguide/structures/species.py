"""Files that leave open which atom sits where: partial occupancies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import ase
import numpy as np

from mlipguide.core.errors import InputError

FULL_OCCUPANCY_TOLERANCE = 1e-3
SITES_NAMED = 6


def require_full_occupancy(atoms: ase.Atoms, path: Path) -> None:
    """Refuse a structure with partly filled or shared sites.

    Args:
        atoms: As ASE read it, with ``info["occupancy"]`` or the array ``occupancy``.
        path: The file it came from.

    Raises:
        InputError: A site is partly occupied, or holds several species; the sites are named.
    """
    sites: Any = atoms.info.get("occupancy") or {}
    if isinstance(sites, dict) and all(isinstance(site, dict) for site in sites.values()):
        disordered = [site for site in sites.values() if len(site) > 1 or any(map(is_partial, site.values()))]
        named = [" + ".join(f"{symbol} {share}" for symbol, share in site.items()) for site in disordered]
        refuse_shared_sites(named, str(path))
    if "occupancy" in atoms.arrays:
        refuse_partial(atoms.arrays["occupancy"], [f"{name}{i}" for i, name in enumerate(atoms.symbols, 1)], str(path))


def refuse_partial(shares: Iterable[Any], names: Sequence[str], source: str) -> None:
    """Refuse atoms that are partly there; many programs write 0 for all, so only what lies between says something.

    Raises:
        InputError: Kind ``partial_occupancy``; the sites are named.
    """
    refuse_shared_sites(
        [
            f"{name} ({float(share):g})"
            for name, share in zip(names, shares, strict=False)
            if is_partial(share) and float(share) > 0
        ],
        source,
    )


def refuse_shared_sites(named: Sequence[str], source: str) -> None:
    """Refuse a structure if there are sites that no whole atom stands on.

    Raises:
        InputError: Kind ``partial_occupancy``; the sites are named.
    """
    if named:
        more = f" and {len(named) - SITES_NAMED} more" if len(named) > SITES_NAMED else ""
        raise InputError(
            f"{source}: sites are partly occupied or shared: {', '.join(named[:SITES_NAMED])}{more}.",
            hint="A simulation needs one whole atom on each site: make an ordered supercell first"
            " (for example with pymatgen or the supercell program) and give that.",
            kind="partial_occupancy",
        )


def is_partial(share: Any) -> bool:
    """Tell whether an occupancy is neither 1 nor unknown."""
    return isinstance(share, int | float | np.floating) and abs(float(share) - 1) > FULL_OCCUPANCY_TOLERANCE
