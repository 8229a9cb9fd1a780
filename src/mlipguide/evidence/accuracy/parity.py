"""Points for a parity plot: a bounded random sample of all force components, whatever the number of frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlipguide.records.accuracy.accuracy import FrameErrors
from mlipguide.sessions.interface import SinglePoint
from mlipguide.structures.labels import LabelledFrame

KEPT = 20_000
"""Points of a model; more are one blot."""


@dataclass
class _Sample:
    """A uniform sample of a stream: those with the smallest of random keys."""

    seen: int = 0
    keys: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    pairs: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))

    def add(self, pairs: NDArray[np.float64], keys: NDArray[np.float64]) -> None:
        """Let pairs and their keys compete for a place."""
        self.seen += len(keys)
        self.keys = np.concatenate([self.keys, keys])
        self.pairs = np.concatenate([self.pairs, pairs])
        if len(self.keys) > KEPT:
            kept = np.argpartition(self.keys, KEPT)[:KEPT]
            self.keys, self.pairs = self.keys[kept], self.pairs[kept]


@dataclass
class ParityPoints:
    """Reference and prediction side by side, of each model.

    Attributes:
        seed: Of the sample.
    """

    seed: int = 0
    _samples: dict[str, _Sample] = field(default_factory=dict)
    _energies: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def add(self, model: str, frame: LabelledFrame, point: SinglePoint) -> None:
        """Take the force components of one frame."""
        if frame.forces_ev_per_angstrom is None:
            return
        pairs = np.column_stack(
            [frame.forces_ev_per_angstrom.ravel(), np.asarray(point.forces_ev_per_angstrom, dtype=float).ravel()]
        )
        keys = np.random.default_rng([self.seed, frame.index]).random(len(pairs))
        self._samples.setdefault(model, _Sample()).add(pairs, keys)

    def set_energies(self, model: str, frames: Sequence[FrameErrors], shifts_ev: Mapping[str, float]) -> None:
        """Take the energies per atom; the shifts of the elements go to the predictions."""
        self._energies[model] = np.array(
            [
                (
                    one.energy_reference_ev / one.atoms,
                    (
                        one.energy_predicted_ev
                        + sum(count * shifts_ev.get(name, 0.0) for name, count in one.composition.items())
                    )
                    / one.atoms,
                )
                for one in frames
                if one.energy_reference_ev is not None
            ]
        ).reshape(-1, 2)

    def energies(self, model: str) -> NDArray[np.float64]:
        """Return reference and predicted energies after the shift, shape (frames, 2), eV/atom."""
        return self._energies.get(model, np.empty((0, 2)))

    def components(self, model: str) -> int:
        """Return how many force components there were, of which :meth:`forces` has a sample."""
        return self._samples[model].seen if model in self._samples else 0

    def forces(self, model: str) -> NDArray[np.float64]:
        """Return reference and predicted force components, shape (points, 2), eV/Å."""
        return self._samples[model].pairs if model in self._samples else np.empty((0, 2))
