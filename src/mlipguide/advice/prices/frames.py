"""How many labelled frames a potential needs where none was trained here: published for its family, else practice.

A number of frames for a system that nobody has trained on is never a number but an interval. Practice is said to be
practice: 50 to 500 frames to fine-tune (tens sufficed in arXiv:2405.20217, hundreds in arXiv:2502.15582), hundreds for
a potential of few elements, more for every further element, since each pair of elements has to be met in the data.
"""

from __future__ import annotations

import math

from mlipguide.records.advice.strategy import Reckoned
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.models.family_card import FamilyCard, PublishedTraining, basis_of

TUNING_FRAMES = (50.0, 150.0, 500.0)
TUNING_SOURCE = "practice; kaur2024sublimation; radova2025frozen"
FIRST_ELEMENT_FRAMES = 200.0
FURTHER_ELEMENT_FRAMES = 100.0
PRACTICE_REACH = 3.0
"""The interval of what is practice, a factor to either side."""
PUBLISHED_REACH = 2.5
"""Likewise of what was published for other systems: the learning curves of POD on silicon fall by a fifth for a
doubling of the frames, so that an error 20 % off is a factor of two in frames."""
STEPS_OF_SUCH = 0.25
"""A published number holds for as many elements; each element more or less changes it by this share."""


def frames_to_tune(elements: int) -> Reckoned:
    """Return the frames that fine-tuning a universal model needs.

    Args:
        elements: Number of elements, which the base model knows already: it changes nothing.
    """
    low, value, high = TUNING_FRAMES
    return Reckoned(
        estimate=Estimate(value=value, low=low, high=high, basis=Basis.ASSUMED, source=TUNING_SOURCE),
        words=(
            f"Fine-tuning takes {low:.0f} to {high:.0f} frames by practice, whatever the number of elements "
            f"({elements} here): the base model knows them."
        ),
    )


def frames_to_train(card: FamilyCard, elements: int, limit: float | None = None) -> Reckoned:
    """Return the frames that a potential of one family needs, from a teacher or from reference calculations.

    Args:
        card: The family.
        elements: Number of elements.
        limit: The force error to reach, eV/Å.
    """
    published = _nearest(card, elements, limit)
    if published is None:
        value = FIRST_ELEMENT_FRAMES + FURTHER_ELEMENT_FRAMES * (elements - 1)
        estimate = _around(value, PRACTICE_REACH, Basis.ASSUMED, "practice")
        return Reckoned(
            estimate=estimate,
            words=(
                f"{card.name} takes about {value:.0f} frames by practice: {FIRST_ELEMENT_FRAMES:.0f}, and "
                f"{FURTHER_ELEMENT_FRAMES:.0f} for each element after the first ({elements} here)."
            ),
        )
    known = len(published.elements)
    value = published.frames * (1 + STEPS_OF_SUCH) ** (elements - known)
    reach = PUBLISHED_REACH * (1 + STEPS_OF_SUCH) ** abs(elements - known)
    carried = "" if known == elements else f", carried over from {known} to {elements} elements"
    return Reckoned(
        estimate=_around(value, reach, basis_of(published.sources), "; ".join(published.sources)),
        words=f"{card.name} had {published.frames} frames for {', '.join(published.elements)}{carried}.",
    )


def nearest_training(card: FamilyCard, elements: int) -> PublishedTraining | None:
    """Return the published training of the family on the most similar number of elements; None where there is none."""
    return _nearest(card, elements, None)


def _nearest(card: FamilyCard, elements: int, limit: float | None) -> PublishedTraining | None:
    """Return the nearest published training that reached ``limit``; of several, the more accurate."""
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


def _around(value: float, reach: float, basis: Basis, source: str) -> Estimate:
    return Estimate(value=value, low=value / reach, high=value * reach, basis=basis, source=source)
