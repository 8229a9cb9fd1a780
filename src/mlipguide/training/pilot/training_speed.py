"""How fast a fitted model is: steps of dynamics through the session that every command times models with."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import ase

from mlipguide.core.kept_files import REDO, UnusableFileError, read_document, record_of, unless_unusable
from mlipguide.core.serialisation import to_json, to_plain, write_atomically
from mlipguide.records.checks import LONGEST_S, require_atoms, require_positive, require_within
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.notice import Problem
from mlipguide.records.strict import strict
from mlipguide.records.training.pilot import ModelSpeed
from mlipguide.records.training.training import Engine, FittedPotential
from mlipguide.sessions.errors import SessionError
from mlipguide.sessions.interface import Conditions
from mlipguide.stats.centres import centre_of
from mlipguide.structures.supercells import near_cubic_supercell
from mlipguide.training.trainer import Trainer

ATOMS = 500
"""Size of the structure that is stepped: beyond it the time per atom of short-ranged potentials changes little."""
WARM_UP_STEPS, STEPS, BURST_S = 5, 200, 2.0
TIMESTEP_S, TEMPERATURE_K = 1e-15, 300.0


@strict
@dataclass(frozen=True, kw_only=True)
class SpeedRecord:
    """What a timing took and gave; no speed where the model could not be stepped."""

    spent_s: float
    speed: ModelSpeed | None
    failure: Problem | None

    def check(self) -> None:
        """Refuse what no timing gives.

        Raises:
            ValueError: What does not make sense.
        """
        require_within(0, LONGEST_S, spent_s=self.spent_s)
        if self.speed is not None:
            require_positive(LONGEST_S, time_per_atom_s=self.speed.time_per_atom_s.value)
            require_atoms(atoms=self.speed.atoms)


@dataclass(kw_only=True)
class Speeds:
    """Times models once and remembers it in files.

    Attributes:
        folder: Of the files.
        atoms: What is stepped, repeated to about ``ATOMS`` atoms.
        drivers: What advances the atoms, by engine; ``ase`` for the others.
        clock: Seconds from some moment on.
        known: By model.
        set_aside: Files of earlier timings that cannot be used: these are done again.
    """

    folder: Path
    atoms: ase.Atoms
    clock: Callable[[], float]
    drivers: Mapping[Engine, str] = field(default_factory=dict)
    known: dict[tuple[Engine, str], SpeedRecord] = field(default_factory=dict)
    set_aside: list[UnusableFileError] = field(default_factory=list)

    @property
    def spent_s(self) -> float:
        """Wall time of all timings."""
        return math.fsum(one.spent_s for one in self.known.values())

    def has(self, model: tuple[Engine, str]) -> bool:
        """Tell whether a model was timed, now or in an earlier run."""
        if model not in self.known:
            record = unless_unusable(self._path(model), _read, self.set_aside)
            if record is not None:
                self.known[model] = record
        return model in self.known

    def measure(self, model: tuple[Engine, str], trainer: Trainer, potential: FittedPotential) -> None:
        """Time one model and keep the result.

        Raises:
            StorageError: The folder cannot be written.
        """
        begin = self.clock()
        speed: ModelSpeed | None = None
        failure: Problem | None = None
        try:
            speed = self._timed(model, trainer, potential)
        except SessionError as error:
            failure = Problem.from_error(error)
        self.known[model] = SpeedRecord(spent_s=self.clock() - begin, speed=speed, failure=failure)
        write_atomically(self._path(model), to_json(to_plain(self.known[model])) + "\n")

    def _timed(self, model: tuple[Engine, str], trainer: Trainer, potential: FittedPotential) -> ModelSpeed:
        atoms = near_cubic_supercell(self.atoms, atoms_wanted=ATOMS)
        conditions = Conditions(temperature_k=TEMPERATURE_K, timestep_s=TIMESTEP_S, propagate=True)
        with closing(trainer.open(potential)) as session:
            prepared = session.prepare(atoms, conditions)
            session.run(prepared, max_steps=WARM_UP_STEPS, max_s=BURST_S)
            samples = session.run(prepared, max_steps=STEPS, max_s=BURST_S).samples.wall_s
        centre = centre_of(samples)
        engine, size = model
        return ModelSpeed(
            engine=engine,
            size=size,
            atoms=prepared.atoms,
            driver=self.drivers.get(engine, "ase"),
            time_per_atom_s=Estimate(
                value=centre.value,
                low=centre.low,
                high=centre.high,
                basis=Basis.MEASURED,
                source=f"{len(samples)} steps of {prepared.atoms} atoms",
            ).scaled(1 / prepared.atoms),
        )

    def _path(self, model: tuple[Engine, str]) -> Path:
        engine, size = model
        return self.folder / f"{engine.value}-{size}.json"


def typical(structures: list[ase.Atoms]) -> ase.Atoms:
    """Return the first of the most frequent kind of structure: a periodic one where there is one."""
    periodic = [atoms for atoms in structures if all(atoms.pbc)] or structures
    formulas = Counter(str(atoms.symbols) for atoms in periodic)
    (formula, _), *_ = formulas.most_common(1)
    return next(atoms for atoms in periodic if str(atoms.symbols) == formula)


def _read(path: Path) -> SpeedRecord:
    what = "a timing of a potential"
    return record_of(SpeedRecord, read_document(path, what, hint=REDO), path=path, what=what, hint=REDO)
