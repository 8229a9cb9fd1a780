"""Write ``data/reference_timings.csv`` from what ``mlipguide env verify --all`` found and kept on this machine.

A row is an architecture: the step of one of its checkpoints on one thread, for the structure that verifying times.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator

from mlipguide.candidates.probe_structures import timed_structure
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.reference_timings import COLUMNS, REFERENCE_TIMINGS
from mlipguide.environments.recipes import load_recipes
from mlipguide.store import supports
from mlipguide.worker.images import pairs_per_atom


def main() -> None:
    """Write the table."""
    found = sorted(rows())
    with REFERENCE_TIMINGS.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(found)
    sys.stdout.write(f"{len(found)} rows in {REFERENCE_TIMINGS}\n")


def rows() -> Iterator[tuple[str, str, int, str, str, str]]:
    """Yield the rows of all architectures that were timed."""
    catalogue = load_catalogue()
    laws: set[str] = set()
    for name in load_recipes():
        backend = supports.find(name)
        for one in () if backend is None else backend.models:
            card = catalogue.named(one.model)
            if card is None or one.step_ms_per_atom is None or one.atoms is None or one.dtype is None:
                continue
            shape = card.architecture
            if shape.time_law in laws or shape.cutoff_angstrom is None:
                continue
            laws.add(shape.time_law)
            atoms = timed_structure(card)
            pairs = pairs_per_atom(atoms, shape.cutoff_angstrom)
            step_ms = one.step_ms_per_atom * one.atoms
            formula = atoms.get_chemical_formula(empirical=True)
            yield card.id, formula, one.atoms, f"{pairs:.4g}", one.dtype, f"{step_ms:.4g}"


if __name__ == "__main__":
    main()
