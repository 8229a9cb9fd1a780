"""Labelled frames in batches, where a model computes the same in them and is faster.

The first frames are evaluated one by one. Where the others would take long like that, they are evaluated again in one
batch of several sizes, whose energies, forces and stress have to be within the limits that ``tune`` has for settings,
and a batch of one of them is timed against that frame alone. Later on, of each batch one frame of a composition that
was not compared yet is evaluated alone as well. Where one differs, nothing of what was evaluated in batches counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlipguide.bench.tuning.checking import beyond, differences_of
from mlipguide.candidates.preparation import Prepared
from mlipguide.records.notice import Notice
from mlipguide.records.timing.measurement import Scenario
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import Conditions, LoadedStructure, ModelSession, SinglePoint
from mlipguide.structures.electrons import CHARGE, SPIN
from mlipguide.structures.labels import LabelledFrame

if TYPE_CHECKING:
    from ase import Atoms

COMPARED = 6
"""Frames that are evaluated both ways before anything else is evaluated in a batch."""
WORTH_S = 20.0
"""What is left has to take one by one: to start TorchSim, to compare and to time takes some seconds."""
FRAMES_AT_ONCE = {"cpu": 16, "gpu": 64}
ATOMS_AT_ONCE = {"cpu": 256, "gpu": 4096}
"""Of a batch, at most (a judgement): more is hardly faster on a processor, and on a GPU memory is to be left."""
TIMED = 8
"""Copies of a frame that are timed in a batch."""
REPETITIONS = 2
FASTER = 1.1
"""How many times faster a batch has to be: little is not worth another way."""
TIMED_S = 60.0
"""After so long no further repetition is timed."""
CONDITIONS = Conditions(temperature_k=300.0, timestep_s=1e-15, propagate=False, scenario=Scenario.OFFLINE)
SINGLET = 1


class WrongBatchError(Exception):
    """A frame in a batch was not what it is alone."""


@dataclass(frozen=True, kw_only=True)
class Batched:
    """How frames of a model were evaluated.

    Attributes:
        frames: In batches; 0 for one by one.
        of: In all.
        energy_ev_per_atom: How far energies of those that were evaluated both ways differ at most.
        force_ev_per_angstrom: The same for a component of a force.
        why_not: Why no batches, or no more, in a few words; None where nothing speaks against them.
    """

    frames: int = 0
    of: int = 0
    energy_ev_per_atom: float = 0.0
    force_ev_per_angstrom: float = 0.0
    why_not: str | None = None


class FrameBatches:
    """Decides whether the frames of a model are evaluated in batches, and compares as it goes.

    Args:
        item: The model.
    """

    def __init__(self, item: Prepared) -> None:
        device = "cpu" if item.settings.device == "cpu" else "gpu"
        self._most_frames, self._most_atoms = FRAMES_AT_ONCE[device], ATOMS_AT_ONCE[device]
        self._alone: list[tuple[Atoms, SinglePoint]] = []
        self._compositions: set[str] = set()
        self._energy_off = self._force_off = 0.0
        self._tried = False
        # What is added by another package is not in a batch.
        self.why_not: str | None = "with what is added" if item.settings.additions else None

    @property
    def are_used(self) -> bool:
        """Whether frames are evaluated in batches from now on."""
        return self._tried and self.why_not is None

    def takes(self, frame: LabelledFrame) -> bool:
        """Tell whether a frame is one for batches: small, and without electrons that its own file counts."""
        electrons = frame.atoms.info.get(CHARGE) or (frame.atoms.info.get(SPIN) or SINGLET) != SINGLET
        return not electrons and 2 * len(frame.atoms) <= self._most_atoms

    def has_room(self, waiting: Sequence[LabelledFrame], frame: LabelledFrame) -> bool:
        """Tell whether a frame can join those that wait."""
        atoms = sum(len(one.atoms) for one in waiting) + len(frame.atoms)
        return len(waiting) < self._most_frames and atoms <= self._most_atoms

    def learn(self, session: ModelSession, frame: LabelledFrame, point: SinglePoint, *, left: int) -> None:
        """Take a frame that was evaluated alone; after some of them, try batches.

        Args:
            session: The model.
            frame: The frame.
            point: What the model says.
            left: Frames that are still to be evaluated.

        Raises:
            SessionError: The model ended.
        """
        if self._tried or self.why_not is not None or not self.takes(frame):
            return
        self._alone.append((frame.atoms, point))
        if len(self._alone) < COMPARED:
            return
        self._tried = True
        try:
            self.why_not = self._why_not(session, left)
        except SessionError as error:
            unknown = error.failure is FailureKind.UNSUPPORTED_SETTING
            self.why_not = "it has no batches here" if unknown else f"a batch failed: {error.message.rstrip('.')}"
            if error.ends_session:
                raise
        finally:
            self._alone.clear()

    def evaluate(self, session: ModelSession, frames: Sequence[LabelledFrame]) -> tuple[SinglePoint, ...]:
        """Return what the model says of frames, evaluated at once.

        Raises:
            SessionError: The batch failed.
            WrongBatchError: A frame that was evaluated alone as well gave something else.
        """
        points = session.single_points([frame.atoms for frame in frames])
        for frame, point in zip(frames, points, strict=True):
            composition = _composition(frame.atoms)
            if composition not in self._compositions:
                self._compositions.add(composition)
                self.why_not = self._difference([session.single_point(frame.atoms)], [point])
                break
        if self.why_not is not None:
            raise WrongBatchError(self.why_not)
        return points

    def end(self, why: str) -> None:
        """Evaluate no more batches."""
        self.why_not = why

    def told(self, frames: int, *, of: int) -> Batched:
        """Return how the frames were evaluated."""
        return Batched(
            frames=frames,
            of=of,
            energy_ev_per_atom=self._energy_off,
            force_ev_per_angstrom=self._force_off,
            why_not=self.why_not,
        )

    def _why_not(self, session: ModelSession, left: int) -> str | None:
        """Compare a batch with its frames alone and time it in the worker; return what speaks against batches."""
        structures, alone = [atoms for atoms, _ in self._alone], [point for _, point in self._alone]
        middle = sorted(structures, key=len)[len(structures) // 2]
        alone_s = _least_s(session, session.prepare(middle, CONDITIONS))
        if left * alone_s < WORTH_S:
            return "few frames"
        first = structures[0]
        if len({len(atoms) for atoms in structures}) == 1 and first.pbc.any() and 2 * len(first) <= self._most_atoms:
            axis = int(first.pbc.argmax())
            twice = first.repeat([2 if index == axis else 1 for index in range(3)])
            structures.insert(0, twice)  # sizes are to be mixed
            alone.insert(0, session.single_point(twice))
        self._compositions.update(map(_composition, structures))
        differs = self._difference(alone, session.single_points(structures))
        if differs is not None:
            return differs
        copies = max(2, min(TIMED, self._most_atoms // len(middle)))
        together_s = _least_s(session, session.prepare_batch([middle] * copies, CONDITIONS))
        return None if FASTER * together_s <= copies * alone_s else "a batch is not faster"

    def _difference(self, alone: Sequence[SinglePoint], together: Sequence[SinglePoint]) -> str | None:
        """Return how results in a batch differ from those alone; None within the limits."""
        found = differences_of(alone, together)
        self._energy_off = max(self._energy_off, found.energy_ev_per_atom)
        self._force_off = max(self._force_off, found.force_max_ev_per_angstrom)
        return None if found.within_limits else f"in a batch {beyond(found)}"


def batched_notice(found: dict[str, Batched]) -> tuple[Notice, ...]:
    """Return which models were evaluated in batches, how far these agree, and why others were not; in a line.

    Args:
        found: By model.
    """
    batched = [f"{model} ({one.frames:,} of {one.of:,} frames)" for model, one in found.items() if one.frames]
    alone: dict[str | None, list[str]] = {}
    for model, one in found.items():
        if not one.frames:
            alone.setdefault(one.why_not, []).append(model)
    words = []
    if batched:
        energy = max(one.energy_ev_per_atom for one in found.values() if one.frames)
        force = max(one.force_ev_per_angstrom for one in found.values() if one.frames)
        words.append(
            f"Frames in batches: {', '.join(batched)}; energies within {1e3 * energy:.1g} meV/atom and forces within "
            f"{1e3 * force:.1g} meV/Å of one by one."
        )
    one_by_one = [", ".join(models) + (f" ({why})" if why else "") for why, models in alone.items()]
    if one_by_one:
        words.append(f"{'O' if batched else 'Frames o'}ne by one: {'; '.join(one_by_one)}.")
    return (Notice("batched" if batched else "one_by_one", " ".join(words)),) if words else ()


def _least_s(session: ModelSession, prepared: LoadedStructure) -> float:
    return min(session.run(prepared, max_steps=REPETITIONS, max_s=TIMED_S).samples.wall_s)


def _composition(atoms: Atoms) -> str:
    return str(atoms.get_chemical_formula())
