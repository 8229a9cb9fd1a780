"""Structures in messages: lists of numbers, to and from ASE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .failures import WorkerError

if TYPE_CHECKING:
    from ase import Atoms


ELECTRONS = ("charge", "spin")
"""Names of the total charge and the multiplicity 2S + 1, in messages and in ``atoms.info``."""
GIVEN = "given_pbc"
"""Name in ``atoms.info`` of the boundary conditions before a backend adapted the structure."""


def atoms_from_message(message: dict[str, Any]) -> Atoms:
    """Build an ``ase.Atoms`` from ``numbers``, ``positions`` (Å), ``cell`` (Å, rows are vectors) and ``pbc``.

    ``masses`` (Da), ``charge``, ``spin`` and ``held``, constraints as ASE writes them, may be left out. Charge and spin
    stand in ``info`` afterwards, where calculators look for them.

    Raises:
        WorkerError: Kind ``bad_request``: something is missing, of the wrong shape, or there are no atoms.
    """
    from ase import Atoms
    from ase.constraints import dict2constraint

    try:
        atoms = Atoms(
            numbers=message["numbers"],
            positions=message["positions"],
            cell=message["cell"],
            pbc=message["pbc"],
            masses=message.get("masses"),
            info={name: message[name] for name in ELECTRONS if message.get(name) is not None},
            constraint=[dict2constraint(held) for held in message.get("held", ())],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WorkerError("bad_request", f"The structure in the request cannot be used: {error!r}") from error
    if len(atoms) == 0:
        raise WorkerError("bad_request", "The structure in the request has no atoms.")
    return atoms


def attach(atoms: Atoms, calculator: Any) -> None:
    """Give a structure its calculator, which forgets what it found with another charge or spin.

    ASE compares positions, elements and cell to tell whether a result is still good, and not ``info``.
    """
    state = tuple(atoms.info.get(name) for name in ELECTRONS)
    if state != getattr(calculator, "electrons_before", (None, None)):
        calculator.reset()
        calculator.electrons_before = state
    atoms.calc = calculator


def refuse_unsupported(atoms: Atoms, supported: tuple[int, ...] | None) -> None:
    """Refuse elements that the model does not know; where it does not say which it knows, it is asked.

    Raises:
        WorkerError: Kind ``unsupported_element``, naming them.
    """
    from ase.data import chemical_symbols

    unknown = [] if supported is None else sorted(set(atoms.numbers.tolist()) - set(supported))
    if unknown:
        names = ", ".join(
            chemical_symbols[number] if 0 < number < len(chemical_symbols) else f"number {number}" for number in unknown
        )
        raise WorkerError("unsupported_element", f"The model does not know {names}.")


def refuse_nonfinite(what: str, values: Any) -> None:
    """Refuse what a model returned when it is not made of numbers.

    Args:
        what: One of ``values``, for the message.
        values: An array.

    Raises:
        WorkerError: Kind ``backend``.
    """
    import numpy as np

    if not np.isfinite(values).all():
        raise WorkerError("backend", f"The model returned {what} that is not a finite number.")


def boxed(atoms: Atoms, *, margin: float) -> Atoms:
    """Return a copy with a cell along every direction, for a model that knows periodic crystals only.

    Along directions that are not periodic the cell is the extent of the atoms plus ``margin`` (Å), wide
    enough that no image is a neighbour.
    """
    import numpy as np

    if atoms.pbc.all():
        return atoms
    copy: Atoms = atoms.copy()
    cell = copy.cell.complete()
    along = cell.scaled_positions(copy.positions)
    lengths = cell.lengths()
    for axis in np.flatnonzero(~copy.pbc):
        extent = float(np.ptp(along[:, axis])) * lengths[axis]
        cell[axis] *= (extent + margin) / lengths[axis]
    copy.set_cell(cell)
    copy.pbc = True
    return copy


def right_handed(atoms: Atoms) -> Atoms:
    """Return the same crystal in a right-handed cell: of a left-handed one the third vector is turned round."""
    if atoms.cell.handedness >= 0:
        return atoms
    copy: Atoms = atoms.copy()
    cell = copy.cell.array.copy()
    cell[2] *= -1
    copy.set_cell(cell)
    return copy


def crystal_or_molecule(atoms: Atoms, *, margin: float) -> Atoms:
    """Return the structure for a model that takes crystals, periodic along all directions, and molecules: no others.

    What is periodic along some directions gets empty space along the others (``margin``, Å). A cell is right-handed.
    """
    return right_handed(boxed(atoms, margin=margin) if atoms.pbc.any() else atoms)
