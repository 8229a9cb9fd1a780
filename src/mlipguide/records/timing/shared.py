"""A measurement that can be given away: the fields that others need, none that names a person, a machine or a file.

It is a record of its own, so that nothing of a measurement gets into it but what is copied here field by field. Texts
are words that are known beforehand; :mod:`mlipguide.bench.sharing.vocabulary` sees to that on both ways.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from mlipguide.core.serialisation import to_plain
from mlipguide.records.checks import (
    LONGEST_S,
    MOST_BYTES,
    require,
    require_atoms,
    require_name,
    require_positive,
    require_within,
)
from mlipguide.records.hardware.machine_class import MachineClass
from mlipguide.records.strict import strict
from mlipguide.records.timing.measurement import MOST_PAIRS, Settings, Weights

FORMAT = 1
"""Version of the record."""
ALL_DIRECTIONS = 3
MOST_SAMPLES = 10_000
_DAY = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])", re.ASCII)
_CONTRIBUTOR = re.compile(r"[0-9a-f]{16}")


@strict
@dataclass(frozen=True, kw_only=True)
class SharedRecord:
    """One model at one size on one kind of hardware.

    Attributes:
        contributor: A random word of the folder that it was exported from: records with one word are not independent.
        taken_on: Day of the measurement.
        machine: The kind of hardware.
        model: Id of a model card that comes with mlipguide.
        time_law: The card's time law.
        backend: Its backend.
        weights: Real or random.
        settings: Threads, dtype, device, driver, allocator, and what else was chosen.
        versions: Of the packages that decide the speed.
        formula: Of the structure, reduced; of a molecule all its atoms.
        periodic_directions: Along how many cell vectors it repeats itself.
        number_density_per_angstrom3: Atoms per volume; None without a fully periodic cell.
        atoms: Number of atoms measured.
        pairs_per_atom: Neighbours within the cutoff, mean over atoms.
        propagated: Whether atoms moved by the model's forces.
        steady_s: Wall times of the steps in the steady state, seconds.
        bursts: Of how many consecutive steps each burst of it was.
        peak_memory_bytes: Peak of the device's memory; None where it was not measured.
        other_load_share: Share of the cores that other processes used; None where it cannot be read.
    """

    contributor: str
    taken_on: str
    machine: MachineClass
    model: str
    time_law: str
    backend: str
    weights: Weights
    settings: Settings
    versions: dict[str, str]
    formula: str
    periodic_directions: int
    number_density_per_angstrom3: float | None
    atoms: int
    pairs_per_atom: float
    propagated: bool
    steady_s: tuple[float, ...]
    bursts: tuple[int, ...]
    peak_memory_bytes: int | None
    other_load_share: float | None

    def check(self) -> None:
        """Refuse what no law can be fitted to.

        Raises:
            ValueError: What does not make sense.
        """
        require(_CONTRIBUTOR.fullmatch(self.contributor) is not None, "contributor is no word of 16 digits")
        require(_DAY.fullmatch(self.taken_on) is not None, "taken_on is no day")
        self.machine.check()
        self.settings.check()
        require_name(model=self.model, time_law=self.time_law, backend=self.backend, formula=self.formula)
        require_within(0, ALL_DIRECTIONS, periodic_directions=self.periodic_directions)
        known = self.number_density_per_angstrom3 is not None
        require(known == (self.periodic_directions == ALL_DIRECTIONS), "a density goes with a fully periodic cell")
        require_positive(10.0, number_density_per_angstrom3=self.number_density_per_angstrom3)
        require_atoms(atoms=self.atoms)
        require_positive(MOST_PAIRS, pairs_per_atom=self.pairs_per_atom)
        require(0 < len(self.steady_s) <= MOST_SAMPLES, f"it holds {len(self.steady_s)} steps")
        for sample in self.steady_s:
            require_positive(LONGEST_S, steady_s=sample)
        require(all(length > 0 for length in self.bursts), "a burst holds no step")
        require(sum(self.bursts) == len(self.steady_s), "the bursts are not those of the steady state")
        require_positive(MOST_BYTES, peak_memory_bytes=self.peak_memory_bytes)
        require_within(0, 1e6, other_load_share=self.other_load_share)

    @property
    def samples_signature(self) -> str:
        """SHA-256 of what was timed: equal for a record that is given away again under another name."""
        return _digest([self.machine.id, self.model, self.atoms, list(self.steady_s)])


def signature_of(version: int, plain: Any) -> str:
    """Return the signature of a record's contents as they are written: other contents have another one.

    Args:
        version: Of the format.
        plain: The record as plain data, in whatever version.

    Raises:
        ValueError: It holds what is no JSON.
    """
    return _digest({"format": version, "shared": plain})


def signed(record: SharedRecord) -> dict[str, Any]:
    """Return a record as it is written, with its format and its signature."""
    plain = to_plain(record)
    return {"format": FORMAT, "shared": plain, "signature": signature_of(FORMAT, plain)}


def _digest(plain: Any) -> str:
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
