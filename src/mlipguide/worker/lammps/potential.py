"""A potential that LAMMPS runs: a small JSON file that names its pair style, its elements and its other files.

The file stands beside the others, so the folder can be moved; it holds their checksums, so that one checksum on a
model's card vouches for all::

    {"format": 1, "pair_style": "pod", "files": {"pod_parameters.pod": "<sha256>", "pod_coefficients.pod": "<sha256>"},
     "elements": ["Si"], "cutoff_angstrom": 5.0, "parameters": 287}

The files are given to ``pair_coeff`` in this order, followed by the elements.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..failures import WorkerError

FORMAT = 1
PAIR_STYLES = ("pod",)
"""What was tried: ``pair_coeff * * FILE... ELEMENT...``, and units ``metal``."""


@dataclass(frozen=True)
class Potential:
    """A fitted potential by its files.

    Attributes:
        pair_style: LAMMPS's name for its form.
        files: Absolute paths, in the order that ``pair_coeff`` takes them.
        elements: Chemical symbols, in the order of LAMMPS's atom types.
        cutoff_angstrom: Its longest.
        parameters: Number of fitted parameters.
    """

    pair_style: str
    files: tuple[Path, ...]
    elements: tuple[str, ...]
    cutoff_angstrom: float
    parameters: int

    def commands(self, symbols: Sequence[str] = ()) -> tuple[str, ...]:
        """Return LAMMPS's commands for it, in a box that exists by then.

        Args:
            symbols: The element of each atom type; nothing for one type an element.
        """
        files = " ".join(f'"{path}"' for path in self.files)
        return (f"pair_style {self.pair_style}", f"pair_coeff * * {files} {' '.join(symbols or self.elements)}")


def read_potential(path: Path) -> Potential:
    """Read the file that names a potential, and compare its other files with their checksums.

    Raises:
        WorkerError: Kind ``weights``: a file is missing, damaged or another one, or the pair style is unknown here.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise WorkerError("weights", f"'{path}' has format {content['format']}; known here is {FORMAT}.")
        potential = Potential(
            pair_style=str(content["pair_style"]),
            files=tuple(path.parent.absolute() / name for name in content["files"]),
            elements=tuple(str(symbol) for symbol in content["elements"]),
            cutoff_angstrom=float(content["cutoff_angstrom"]),
            parameters=int(content["parameters"]),
        )
        checksums = tuple(content["files"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkerError("weights", f"'{path}' does not name a potential for LAMMPS: {error!r}.") from error
    if potential.pair_style not in PAIR_STYLES:
        raise WorkerError(
            "weights", f"'{path}' has the pair style '{potential.pair_style}', which was never tried here."
        )
    for file, expected in zip(potential.files, checksums, strict=True):
        try:
            found = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise WorkerError("weights", f"A file of the potential '{path}' cannot be read: {error}.") from error
        if found != expected:
            raise WorkerError("weights", f"'{file}' is not the file that '{path}' was written with.")
    return potential
