"""A potential that LAMMPS runs: one of its own distribution by name, a small JSON file that names its files, or lines.

The file stands beside the others, so the folder can be moved; it holds their checksums, so that one checksum on a
model's card vouches for all::

    {"format": 1, "pair_style": "pod", "files": {"pod_parameters.pod": "<sha256>", "pod_coefficients.pod": "<sha256>"},
     "elements": ["Si"], "cutoff_angstrom": 5.0, "parameters": 287}

The files are given to ``pair_coeff`` in this order, followed by the elements.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ..failures import WorkerError
from .forms import KCAL_PER_MOL_EV, METAL, REAL, Potential
from .own_lines import holds_lines, read_lines

__all__ = ["KCAL_PER_MOL_EV", "METAL", "REAL", "Potential", "read_potential"]

FORMAT = 1
PAIR_STYLES = ("pod",)
"""What was tried: ``pair_coeff * * FILE... ELEMENT...``, and units ``metal``."""


def read_potential(path: Path | str) -> Potential:
    """Read the file that names a potential and compare its other files with their checksums, or find one of LAMMPS's.

    Args:
        path: The file, or ``library:NAME``.

    Raises:
        WorkerError: Kind ``weights``: a file is missing, damaged or another one, or the pair style is unknown here.
    """
    from .library_potentials import PREFIX, library_potential

    if str(path).startswith(PREFIX):
        return library_potential(str(path).removeprefix(PREFIX))
    path = Path(path)
    if holds_lines(path):
        return read_lines(path)
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
