"""One pass through a file of labels: what it holds, and which frames to evaluate.

Of each frame a few numbers are kept, so that a file of any length is read with little memory.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mlipguide.records.accuracy.accuracy import LabelledSystem, LabelsSummary
from mlipguide.records.requests.label_names import NO_CHOICE, LabelKeys
from mlipguide.structures.isolated_atoms import IsolatedAtom, isolated_atom, reference_energies
from mlipguide.structures.labels import LabelledFrame
from mlipguide.structures.summaries import formula_of
from mlipguide.structures.trajectories import RunFinder

DIGEST_ANGSTROM = 1e-4
"""Positions closer than this are the same: text files keep more digits."""
UNGROUPED = "(no group)"
SHOWN_SYSTEMS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameNote:
    """What is kept of a frame.

    Attributes:
        index: Place in the file.
        group: As the file names it.
        run: Number of its trajectory.
        composition: Atoms of each element.
        formula: Reduced, but for a molecule.
        periodic_directions: 0 to 3.
        volume_angstrom3: Of a cell that is periodic in three directions; None otherwise.
        energy_ev: None where the file has none.
        force_squared: Sum of squared reference components, eV²/Å²; None without forces.
        net_force_ev_per_angstrom: Length of the sum of all forces; None without forces.
        stress_largest_ev_per_angstrom3: Largest component; None without a stress.
        digest: Of elements, positions and cell.
    """

    index: int
    group: str | None
    run: int
    composition: dict[str, int]
    formula: str
    periodic_directions: int
    volume_angstrom3: float | None
    energy_ev: float | None
    force_squared: float | None
    net_force_ev_per_angstrom: float | None
    stress_largest_ev_per_angstrom3: float | None
    digest: bytes

    @property
    def atoms(self) -> int:
        """Number of atoms."""
        return sum(self.composition.values())


class LabelScan:
    """Takes the notes of the frames of a file, in their order."""

    def __init__(self) -> None:
        self.frames: list[FrameNote] = []
        self.isolated: list[IsolatedAtom] = []
        self._runs = RunFinder()
        self._compositions: dict[tuple[tuple[str, int], ...], dict[str, int]] = {}
        self._keys = NO_CHOICE

    def add(self, frame: LabelledFrame) -> None:
        """Note a frame; isolated atoms stand apart, they are no frame to judge a model by."""
        alone = isolated_atom(frame)
        if alone is not None:
            self.isolated.append(alone)
            return
        atoms, forces, stress = frame.atoms, frame.forces_ev_per_angstrom, frame.stress_ev_per_angstrom3
        counted = Counter(str(name) for name in atoms.symbols)
        composition = self._compositions.setdefault(tuple(sorted(counted.items())), dict(counted))
        cell = np.asarray(atoms.cell.array)
        self._keys = LabelKeys(
            energy=self._keys.energy or (frame.keys.energy if frame.energy_ev is not None else None),
            forces=self._keys.forces or (frame.keys.forces if forces is not None else None),
            stress=self._keys.stress or (frame.keys.stress if stress is not None else None),
            free_energy=self._keys.free_energy or frame.keys.free_energy,
        )
        self.frames.append(
            FrameNote(
                index=frame.index,
                group=frame.group,
                run=self._runs.run_of(frame.group, composition, cell),
                composition=composition,
                formula=formula_of(atoms),
                periodic_directions=int(np.sum(atoms.pbc)),
                volume_angstrom3=float(atoms.cell.volume) if all(atoms.pbc) else None,
                energy_ev=frame.energy_ev,
                force_squared=None if forces is None else float((forces**2).sum()),
                net_force_ev_per_angstrom=None if forces is None else float(np.linalg.norm(forces.sum(axis=0))),
                stress_largest_ev_per_angstrom3=None if stress is None else float(np.abs(stress).max()),
                digest=_digest(frame),
            )
        )

    @property
    def keys(self) -> LabelKeys:
        """Names of the labels."""
        return self._keys

    @property
    def runs(self) -> int:
        """Trajectories that the frames seem to be of."""
        return self._runs.runs

    @property
    def with_forces(self) -> list[FrameNote]:
        """Frames that can be evaluated."""
        return [note for note in self.frames if note.force_squared is not None]

    def summary(self, *, source: str, sha256: str, chosen: int) -> LabelsSummary:
        """Describe the file.

        Args:
            source: Its name.
            sha256: Of its contents.
            chosen: Frames chosen to be evaluated.
        """
        notes = self.frames
        groups = Counter(note.group or UNGROUPED for note in notes)
        return LabelsSummary(
            source=source,
            sha256=sha256,
            frames=len(notes),
            frames_with_forces=len(self.with_forces),
            frames_with_stress=sum(note.stress_largest_ev_per_angstrom3 is not None for note in notes),
            atoms=sum(note.atoms for note in notes),
            largest_frame_atoms=max((note.atoms for note in notes), default=0),
            elements=tuple(sorted({name for note in notes for name in note.composition})),
            groups=dict(groups.most_common()) if set(groups) != {UNGROUPED} else {},
            systems=_systems(notes),
            energy_key=self._keys.energy,
            forces_key=self._keys.forces,
            stress_key=self._keys.stress,
            runs=self.runs,
            chosen_frames=chosen,
            isolated_atoms_ev=reference_energies(self.isolated, source=source),
        )


def sampling_order(notes: Sequence[FrameNote], *, seed: int) -> list[int]:
    """Return the indices of frames in an order whose every beginning is a sample stratified by group.

    Within a group the order is random; the groups are interleaved in proportion to their sizes. A larger sample holds
    every smaller one, so that models that were given different numbers of frames have frames in common.
    """
    generator = np.random.default_rng(seed)
    groups: dict[str, list[int]] = {}
    for note in notes:
        groups.setdefault(note.group or UNGROUPED, []).append(note.index)
    placed: list[tuple[float, float, int]] = []
    for name in sorted(groups):
        members = generator.permutation(groups[name])
        placed += [
            ((place + 0.5) / len(members), float(generator.random()), int(index)) for place, index in enumerate(members)
        ]
    return [index for _, _, index in sorted(placed)]


def _systems(notes: Iterable[FrameNote]) -> tuple[LabelledSystem, ...]:
    found: dict[tuple[str, int], list[FrameNote]] = {}
    for note in notes:
        found.setdefault((note.formula, note.periodic_directions), []).append(note)
    systems = []
    for (formula, directions), members in sorted(found.items(), key=lambda item: -len(item[1]))[:SHOWN_SYSTEMS]:
        densities = [one.atoms / one.volume_angstrom3 for one in members if one.volume_angstrom3]
        systems.append(
            LabelledSystem(
                reduced_formula=formula,
                periodic_directions=directions,
                frames=len(members),
                lowest_density_per_angstrom3=min(densities, default=None),
                highest_density_per_angstrom3=max(densities, default=None),
            )
        )
    return tuple(systems)


def _digest(frame: LabelledFrame) -> bytes:
    hasher = hashlib.blake2b(digest_size=16)
    hasher.update(np.ascontiguousarray(frame.atoms.numbers).tobytes())
    for array in (frame.atoms.positions, np.asarray(frame.atoms.cell.array)):
        hasher.update(np.round(array / DIGEST_ANGSTROM).astype(np.int64).tobytes())
    return hasher.digest()
