"""What a parity plot shows, whoever draws it: reference and prediction of each model, the axes, what is said beside.

All panels of one quantity have one scale on both axes, so that they compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlipguide.evidence.accuracy.parity import ParityPoints
from mlipguide.records.accuracy.accuracy import ModelAccuracy

MARGIN = 0.05
CORE = 99.8
"""Percent of the points that the axes hold for certain; the rest, where it is far, would squeeze them."""


@dataclass(frozen=True, kw_only=True)
class ParityPanel:
    """One quantity of one model.

    Attributes:
        model: Id of the card.
        quantity: ``force`` or ``energy``.
        unit: Of the pairs.
        pairs: Reference and prediction, shape (points, 2).
        limits: Of both axes.
        of: How many points there were, of which ``pairs`` may be a sample.
        words: Its error, and for forces the slope, each in a few words.
    """

    model: str
    quantity: str
    unit: str
    pairs: NDArray[np.float64]
    limits: tuple[float, float]
    of: int
    words: tuple[str, ...]

    @property
    def reference_axis(self) -> str:
        """Title of the axis of the references."""
        return f"Reference {self.quantity} ({self.unit})"

    @property
    def predicted_axis(self) -> str:
        """Title of the axis of the predictions."""
        return f"Predicted {self.quantity} ({self.unit})"

    @property
    def outside(self) -> int:
        """How many of the pairs lie outside of the axes."""
        low, high = self.limits
        return int(np.count_nonzero(((self.pairs < low) | (self.pairs > high)).any(axis=1)))


def force_panels(models: Sequence[ModelAccuracy], points: ParityPoints) -> list[ParityPanel]:
    """Return the force components of each model."""
    limits = _limits([points.forces(one.model) for one in models])
    return [
        ParityPanel(
            model=one.model,
            quantity="force",
            unit="eV/Å",
            pairs=points.forces(one.model),
            limits=limits,
            of=points.components(one.model),
            words=(
                f"MAE {one.force_mae_ev_per_angstrom.value:.3f} eV/Å",
                *([] if one.force_slope is None else [f"slope {one.force_slope.value:.2f}"]),
            ),
        )
        for one in models
    ]


def energy_panels(models: Sequence[ModelAccuracy], points: ParityPoints) -> list[ParityPanel]:
    """Return the energies per atom of each model after the shift; none where no frame has one."""
    if not any(len(points.energies(one.model)) for one in models):
        return []
    limits = _limits([points.energies(one.model) for one in models])
    return [
        ParityPanel(
            model=one.model,
            quantity="energy",
            unit="eV/atom",
            pairs=points.energies(one.model),
            limits=limits,
            of=len(points.energies(one.model)),
            words=_energy_words(one),
        )
        for one in models
    ]


def _energy_words(one: ModelAccuracy) -> tuple[str, ...]:
    mae = one.energy_mae_ev_per_atom
    return () if mae is None else (f"MAE {mae.value * 1e3:.3g} meV/atom, shifted",)


def _limits(pairs: list[NDArray[np.float64]]) -> tuple[float, float]:
    values = np.concatenate([one.ravel() for one in pairs]) if pairs else np.empty(0)
    if not values.size:
        return (0.0, 1.0)
    low, high = np.percentile(values, [(100 - CORE) / 2, (100 + CORE) / 2])
    span = max(float(high - low), 1e-6)
    return float(low) - MARGIN * span, float(high) + MARGIN * span
