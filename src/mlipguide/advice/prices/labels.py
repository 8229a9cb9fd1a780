"""What the training data of a strategy cost: by reference (DFT) calculations, or by a model that teaches.

A reference calculation costs what the user says, else an order of magnitude:

    core hours = iterations x k-points x spins x c (electrons / 23,564)^2.5,   c = 3,072 cores / 30 iterations per hour

The time of one iteration is k-points times the diagonalisation, whose terms grow with the square to the cube of the
size (Quantum ESPRESSO, user guide of pw.x, execution time): 2.5 lies between. The level c is that of one published
run of VASP: 5,898 atoms of doped GaAs with 23,564 electrons made roughly 30 iterations on 3,072 cores (Larsson).
The copy of the page that was read ends before the unit of time; an hour is what agrees with the few core-hours that a
cell of a hundred atoms commonly takes. One run sets the level, and it is far from such cells, hence the interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlipguide.catalog.elements import SYMBOLS
from mlipguide.core.formulas import parse_formula
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import LabelPrice, Reckoned, StrategyHardware
from mlipguide.records.estimate import Basis, Estimate, around, less_trusted, nothing
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.task.task import StatedReference, Task

SMALLEST_CELL, LARGEST_CELL = 24, 200
"""Atoms of the cells that are labelled: large enough for the cutoff, small enough for DFT (mace #147: at most 300)."""
STEPS_PER_LABEL = Estimate(value=10.0, low=5.0, high=20.0, basis=Basis.TRIAL, source="mlipguide_engine_trials")
"""Steps of the teacher for one label, since frames must differ: 140 frames of 28 atoms took ten minutes at 10 to 20 ms
for an atom and a step."""
SMALL_CELL_REACH = 2.0
"""What an atom costs in a small cell differs by this factor from what it costs in a large one."""

LEVEL_ELECTRONS = 23_564
LEVEL_CORE_HOURS = 3072 / 30
EXPONENT = 2.5
SQUARE, CUBE = 2.0, 3.0
ITERATIONS = 20
"""Of one self-consistent calculation: common practice, 10 to 40."""
CELL_TIMES_K_POINTS_ANGSTROM = 25.0
"""Points along an axis times its length: a mesh of about 0.25 per Å, as is usual."""
REACH = 8.0
"""The interval of the order of magnitude, a factor to either side."""
STATED_REACH = 1.5
"""How far calculations of similar cells differ from the one that the user has in mind."""

_NOBLE_CORES = (0, 2, 10, 18, 36, 54, 86)
_FILLED_D, _FILLED_F = 10, 14
_WITH_D, _WITH_F = frozenset(_NOBLE_CORES[3:]), frozenset(_NOBLE_CORES[5:])
"""Cores outside of which a d or an f shell may be filled."""
_LAST_D_METAL = 12
_MAGNETIC = frozenset({*SYMBOLS[22:28], *SYMBOLS[57:70], *SYMBOLS[91:96]})
"""Elements whose compounds are calculated with spin as a rule: V to Ni, the lanthanides, U to Cm."""


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The price of training data, and its arithmetic in sentences."""

    price: LabelPrice
    words: tuple[str, ...] = ()


def label_atoms(task: Task, frame_atoms: int | None = None) -> int:
    """Return the number of atoms of the cells that would be labelled: as the user says, as in frames that are there."""
    stated, atoms = None if task.reference is None else task.reference.atoms, task.structure.atoms
    if stated is not None or frame_atoms is not None or not any(task.structure.periodic):
        return stated or frame_atoms or atoms
    return min(atoms * -(-SMALLEST_CELL // atoms), LARGEST_CELL)


def no_labels(atoms: int, why: str, *words: str) -> Labels:
    """Return the price of no labels at all, and why none are needed."""
    none = nothing(why)
    return Labels(price=LabelPrice(frames=none, atoms=atoms, reference_core_hours=none, wall_time_s=none), words=words)


def reference_labels(
    frames: Estimate, task: Task, hardware: StrategyHardware, *, at_hand: int = 0, frame_atoms: int | None = None
) -> Labels:
    """Return the price of labels by reference calculations, on the cores that the user names, else on all cores here.

    Args:
        frames: To be learned from in all.
        task: What is wanted.
        hardware: Where they run.
        at_hand: Frames that are labelled already.
        frame_atoms: Atoms of these, which the others are taken to be like; None where there are none.
    """
    atoms = label_atoms(task, frame_atoms)
    if at_hand >= max(frames.value, frames.at_most):
        words = f"Labels: {at_hand:,} frames are labelled already; no more are needed."
        return no_labels(atoms, "labels at hand", words)
    there = f"Labels: {at_hand:,} of {frames.told(number)} frames are there already."
    missing = frames.less(at_hand) if at_hand else frames
    each = reference_cost(task.structure, atoms, task.reference)
    cores = hardware.cores if task.reference is None else float(task.reference.cores)
    core_hours = each.estimate.times(missing)
    wall_time = core_hours.scaled(3600 / cores)
    words = (
        f"Labels: {missing.told(number)} frames of {atoms} atoms are {core_hours.told(number)} core-hours, "
        f"{wall_time.told(duration)} on {cores:g} cores."
    )
    return Labels(
        price=LabelPrice(frames=missing, atoms=atoms, reference_core_hours=core_hours, wall_time_s=wall_time),
        words=(*([there] if at_hand else []), each.words, words),
    )


def distilled_labels(frames: Estimate, teacher: Candidate, task: Task, label_step_s: Estimate | None = None) -> Labels:
    """Return the price of labels by a model.

    Args:
        frames: To be labelled.
        teacher: The model, with the time of its step.
        task: What is wanted.
        label_step_s: The teacher's step in a cell of :func:`label_atoms`; None: as for an atom of the task.
    """
    atoms = label_atoms(task)
    step = label_step_s or _small_cell_step(teacher, atoms / task.atoms)
    wall_time = step.times(STEPS_PER_LABEL).times(frames)
    words = (
        f"Labels: {frames.told(number)} frames of {atoms} atoms by {teacher.name}, {STEPS_PER_LABEL.told(number)} "
        f"steps of {step.told(duration)} for each, are {wall_time.told(duration)}."
    )
    return by_a_model(frames, atoms, wall_time, words)


def by_a_model(frames: Estimate, atoms: int, wall_time_s: Estimate, words: str) -> Labels:
    """Return the price of labels without any reference calculation."""
    none = nothing("labelled by a model")
    price = LabelPrice(frames=frames, atoms=atoms, reference_core_hours=none, wall_time_s=wall_time_s)
    return Labels(price=price, words=(words,))


def reference_cost(structure: StructureSummary, atoms: int, stated: StatedReference | None) -> Reckoned:
    """Return the core-hours of one reference calculation.

    Args:
        structure: The user's system.
        atoms: Of the cell that is calculated.
        stated: What the user says of such a calculation; None where nothing.
    """
    takes = f"A reference calculation of {atoms:,} atoms takes"
    if stated is not None:
        ratio = 1.0 if stated.atoms is None else atoms / stated.atoms
        value, ends = stated.wall_time_s * stated.cores / 3600, sorted((ratio**SQUARE, ratio**CUBE))
        carried = ""
        if stated.atoms is not None and stated.atoms != atoms:
            carried = f", carried over from {stated.atoms:,} atoms with the power 2.5 of the size (2 to 3)"
        return Reckoned(
            estimate=Estimate(
                value=value * ratio**EXPONENT,
                low=value / STATED_REACH * ends[0],
                high=value * STATED_REACH * ends[1],
                basis=Basis.ASSUMED,
                source="stated by the user",
            ),
            words=(
                f"{takes} {number(value * ratio**EXPONENT)} core-hours: {duration(stated.wall_time_s)} on "
                f"{stated.cores} cores, as you say{carried}."
            ),
        )
    counts = parse_formula(structure.formula)
    per_atom = sum(valence_electrons(symbol) * count for symbol, count in counts.items()) / sum(counts.values())
    electrons, points = per_atom * atoms, k_points(structure, atoms)
    spins = 2 if _MAGNETIC & set(counts) else 1
    value = ITERATIONS * points * spins * LEVEL_CORE_HOURS * (electrons / LEVEL_ELECTRONS) ** EXPONENT
    estimate = around(value, REACH, basis=Basis.ASSUMED, source="pw_user_guide_time; larsson_vasp_5900")
    return Reckoned(
        estimate=estimate,
        words=(
            f"{takes} about {estimate.told(number)} core-hours: an order of magnitude from {electrons:.0f} valence "
            f"electrons, {points} k-point{'s' if points > 1 else ''}{', two spins' if spins > 1 else ''} and "
            f"{ITERATIONS} iterations, on the level of one published run, whose unit of time, an hour, is inferred. "
            "--dft-cost and --dft-cores say it better."
        ),
    )


def valence_electrons(symbol: str) -> int:
    """Return the electrons outside noble-gas cores and filled d and f shells; 8 (helium: 2) for a noble gas."""
    atomic_number = SYMBOLS.index(symbol) + 1
    core = max(size for size in _NOBLE_CORES if size < atomic_number)
    outside = atomic_number - core
    if core in _WITH_F and outside > _FILLED_F + 2:
        outside -= _FILLED_F
    if core in _WITH_D and outside > _LAST_D_METAL:
        outside -= _FILLED_D
    return outside


def k_points(structure: StructureSummary, atoms: int) -> int:
    """Return the k-points of a near-cubic cell, of which inversion in time leaves half; 1 for what is not periodic."""
    density = structure.number_density_per_angstrom3
    if density is None or not all(structure.periodic):
        return 1
    edge = float((atoms / density) ** (1 / 3))
    full = math.ceil(CELL_TIMES_K_POINTS_ANGSTROM / edge) ** 3
    return math.ceil(full / 2)


def _small_cell_step(candidate: Candidate, share: float) -> Estimate:
    """Return the time of a step in a cell that is labelled, from the time for an atom in the task's system."""
    assert candidate.step_time_s is not None
    scaled = candidate.step_time_s.scaled(share)
    basis = less_trusted(scaled.basis, Basis.EXTRAPOLATED)
    return scaled.times(around(1.0, SMALL_CELL_REACH, basis=basis, source=scaled.source))
