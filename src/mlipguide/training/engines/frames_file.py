"""Labelled frames as one file of extended XYZ for a training program, every number with all its digits."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.core.errors import InputError
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.engines.structures_file import row


def frames_text(frames: Sequence[LabelledFrame], elements: Sequence[str]) -> str:
    """Return the frames in the order given.

    Args:
        frames: With energies and forces.
        elements: Chemical symbols that the potential is for.

    Raises:
        InputError: There are none, one lacks its energy or forces, or holds another element.
    """
    if not frames:
        raise InputError("There are no frames to train on.", hint="Give a file with labelled frames.")
    for frame in frames:
        strange = sorted(set(frame.atoms.get_chemical_symbols()) - set(elements))
        if strange:
            raise InputError(
                f"Frame {frame.index} holds {', '.join(strange)}, the potential is to be for {', '.join(elements)}.",
                hint="Train on frames of these elements, or name all of them.",
            )
    return "".join(_frame_text(frame) for frame in frames)


def _frame_text(frame: LabelledFrame) -> str:
    atoms, forces = frame.atoms, frame.forces_ev_per_angstrom
    if frame.energy_ev is None or forces is None:
        missing = "energy" if frame.energy_ev is None else "forces"
        raise InputError(
            f"Frame {frame.index} has no {missing}, and training needs both energies and forces.",
            hint="Leave such frames out, or label them.",
        )
    header = f'Lattice="{row(atoms.cell.array.ravel())}" Properties=species:S:1:pos:R:3:forces:R:3'
    header += f' energy={float(frame.energy_ev)!r} pbc="{" ".join("T" if axis else "F" for axis in atoms.pbc)}"'
    if frame.stress_ev_per_angstrom3 is not None:
        xx, yy, zz, yz, xz, xy = frame.stress_ev_per_angstrom3
        header += f' stress="{row((xx, xy, xz, xy, yy, yz, xz, yz, zz))}"'
    rows = (
        f"{symbol} {row(position)} {row(force)}\n"
        for symbol, position, force in zip(atoms.get_chemical_symbols(), atoms.positions, forces, strict=True)
    )
    return f"{len(atoms)}\n{header}\n{''.join(rows)}"
