"""A checkpoint that is loaded for the first time has the energy of a compound that its card states, or is refused."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.core.errors import StorageError
from mlipguide.core.paths import cache_dir
from mlipguide.core.serialisation import to_json, to_plain, write_atomically
from mlipguide.records.models.model_card import ModelCard, ReferenceEnergy
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import ModelSession

if TYPE_CHECKING:
    from ase import Atoms

KEY_DIGITS = 24


def require_reference_energy(
    session: ModelSession, card: ModelCard, *, weights_file: Path | None, surroundings: Mapping[str, str]
) -> None:
    """Compare the energy of the card's compound, once for each file of weights and surroundings.

    Args:
        session: The loaded checkpoint.
        card: Its card; one without a reference energy passes.
        weights_file: Its file; None for one of its package.
        surroundings: What else may change the energy: versions, precision, device.

    Raises:
        SessionError: Kind ``weights``: the energy is another one; both are named.
    """
    reference = card.weights.reference
    if reference is None or session.facts.synthetic:
        return
    passed = _note_of(card, weights_file, surroundings)
    if passed.is_file():
        return
    found = energy_per_atom(session, reference)
    if abs(found - reference.energy_ev_per_atom) > reference.tolerance_ev_per_atom:
        versions = ", ".join(f"{name} {version}" for name, version in sorted(session.facts.versions.items()))
        raise SessionError(
            FailureKind.WEIGHTS,
            f"{card.id}: as loaded here it gives {found:.4f} eV/atom for {formula_of(reference)}, and its card states "
            f"{reference.energy_ev_per_atom:.4f} eV/atom ({', '.join(reference.sources)}). It is not used: these are "
            f"other weights, or {versions} read them wrongly.",
        )
    with contextlib.suppress(StorageError):  # what cannot be noted is compared again next time
        write_atomically(passed, to_json({"model": card.id, "energy_ev_per_atom": found}) + "\n")


def energy_per_atom(session: ModelSession, reference: ReferenceEnergy) -> float:
    """Return what a model gives for the compound of a reference energy, eV an atom.

    Raises:
        SessionError: It cannot be evaluated.
    """
    return session.single_point(reference_structure(reference)).energy_ev / len(reference.symbols)


def reference_structure(reference: ReferenceEnergy) -> Atoms:
    """Return the compound of a reference energy."""
    from ase import Atoms

    return Atoms(
        symbols=list(reference.symbols),
        positions=reference.positions_angstrom,
        cell=reference.cell_angstrom,
        pbc=reference.cell_angstrom is not None,
    )


def formula_of(reference: ReferenceEnergy) -> str:
    """Return the compound's formula, reduced."""
    found: str = reference_structure(reference).symbols.formula.reduce()[0].format("hill")
    return found


def _note_of(card: ModelCard, weights_file: Path | None, surroundings: Mapping[str, str]) -> Path:
    """Return the file that says that this very checkpoint passed in these surroundings."""
    file = None
    if weights_file is not None:
        with contextlib.suppress(OSError):
            status = weights_file.stat()
            file = [str(weights_file.absolute()), status.st_size, status.st_mtime_ns]
    key = to_json([to_plain(card.weights), file, sorted(surroundings.items())])
    digest = hashlib.sha256(key.encode()).hexdigest()[:KEY_DIGITS]
    return cache_dir() / "checked" / f"{card.id}-{digest}.json"
