"""What LAMMPS is told of a potential, whatever it was read from. LAMMPS is not imported here: scripts use this too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..failures import WorkerError

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
