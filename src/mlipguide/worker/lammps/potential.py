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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..failures import WorkerError

FORMAT = 1
PAIR_STYLES = ("pod",)
"""What was tried: ``pair_coeff * * FILE... ELEMENT...``, and units ``metal``."""
METAL, REAL = "metal", "real"
KCAL_PER_MOL_EV = 1 / 23.060549
"""As LAMMPS converts between its units (``src/utils.cpp``, ``get_conversion_factor``)."""


@dataclass(frozen=True)
class Potential:
    """A fitted potential by its files.

    Attributes:
        pair_style: LAMMPS's name for its form, with the arguments of ``pair_style``.
        files: Absolute paths, in the order that ``pair_coeff`` takes them.
        elements: Chemical symbols, in the order of LAMMPS's atom types.
        cutoff_angstrom: Its longest.
        parameters: Number of fitted parameters; None where it is not known.
        labels: What its files call each element, where that is not its symbol.
        one_element: Whether ``pair_coeff`` takes the file alone.
        library_first: Whether the first file is a library of elements, named before the second, as MEAM has it.
        zbl: Where a repulsion between bare nuclei is switched off, from and to, Å; None without one.
        charges: Whether charges follow the atoms (ReaxFF).
        units: LAMMPS's name of its units.
        lines: LAMMPS's commands for it as the user wrote them, with the places of files; nothing for all others.
    """

    pair_style: str
    files: tuple[Path, ...]
    elements: tuple[str, ...]
    cutoff_angstrom: float
    parameters: int | None
    labels: tuple[str, ...] = ()
    one_element: bool = False
    library_first: bool = False
    zbl: tuple[float, float] | None = None
    charges: bool = False
    units: str = METAL
    lines: tuple[str, ...] = ()

    @property
    def energy_unit_ev(self) -> float:
        """What one unit of energy is in eV; of a force, in eV/Å."""
        return KCAL_PER_MOL_EV if self.units == REAL else 1.0

    @property
    def time_unit_ps(self) -> float:
        """What one unit of time is in ps."""
        return 1e-3 if self.units == REAL else 1.0

    @property
    def pressure_unit(self) -> float:
        """What 1 eV/Å³ is in its unit of pressure: LAMMPS's own constant ``nktv2p`` (``src/update.cpp``)."""
        return 68568.415 / KCAL_PER_MOL_EV if self.units == REAL else 1.6021765e6

    @property
    def atom_style(self) -> str:
        """What atoms carry."""
        return "charge" if self.charges else "atomic"

    def commands(self, symbols: Sequence[str] = ()) -> tuple[str, ...]:
        """Return LAMMPS's commands for it, in a box that exists by then.

        Args:
            symbols: The element of each atom type; nothing for one type an element.
        """
        if self.lines:
            return tuple(self._line(line, symbols or self.elements) for line in self.lines)
        names = dict(zip(self.elements, self.labels or self.elements, strict=True))
        types = [names.get(symbol, symbol) for symbol in (symbols or self.elements)]
        paths = [f'"{path}"' for path in self.files]
        if self.one_element:
            words = paths
        elif self.library_first:
            words = [paths[0], *names.values(), *paths[1:], *types]
        else:
            words = [*paths, *types]
        if self.zbl is None:
            pair = [f"pair_style {self.pair_style}", f"pair_coeff * * {' '.join(words)}"]
        else:
            pair = [
                f"pair_style hybrid/overlay zbl {self.zbl[0]} {self.zbl[1]} {self.pair_style}",
                *_repulsions(symbols or self.elements),
                f"pair_coeff * * {self.pair_style} {' '.join(words)}",
            ]
        if self.charges:
            pair.append("fix charges all qeq/reaxff 1 0.0 10.0 1.0e-8 reaxff maxiter 400")
        return tuple(pair)

    def _line(self, line: str, symbols: Sequence[str]) -> str:
        """Return a line of the user's with the elements of the atom types at its end, where it ends with elements."""
        count = len(self.elements)
        if line.startswith("pair_coeff * * ") and tuple(line.split()[-count:]) == self.elements:
            return " ".join([*line.split()[:-count], *symbols])
        if tuple(symbols) != self.elements and line.startswith("pair_coeff") and not line.startswith("pair_coeff * *"):
            raise WorkerError("unsupported_setting", f"With isotopes LAMMPS has more atom types than '{line}' says.")
        return line


def _repulsions(symbols: Sequence[str]) -> list[str]:
    from ase.data import atomic_numbers

    numbers = [atomic_numbers[symbol] for symbol in symbols]
    return [
        f"pair_coeff {one + 1} {other + 1} zbl {numbers[one]} {numbers[other]}"
        for one in range(len(numbers))
        for other in range(one, len(numbers))
    ]


def _holds_lines(path: Path) -> bool:
    try:
        return "pair_style" in path.read_text(encoding="utf-8").partition("{")[0]
    except (OSError, UnicodeDecodeError):
        return False


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
    if _holds_lines(path):
        from .own_lines import read_lines

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
