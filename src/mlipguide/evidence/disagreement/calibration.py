"""From disagreement to expected error.

The force MAE E of one model of an ensemble is taken proportional to the disagreement d of the frame, with one constant
as in F. Musil et al., J. Chem. Theory Comput. 15, 906 (2019), doi:10.1021/acs.jctc.8b00959. A power of d below one,
with the magnitude of the forces for the rest, gives intervals that are a tenth narrower at best and hold less evenly
what was left out (``benchmarks/disagreement.py`` prints this).

The interval is conformal with the score E / d (J. Lei et al., J. Am. Stat. Assoc. 113, 1094 (2018),
doi:10.1080/01621459.2017.1307116), its distributions pooled over groups (R. Dunn, L. Wasserman, A. Ramdas, J. Am. Stat.
Assoc. 118, 2491 (2023), doi:10.1080/01621459.2022.2060112): a chemistry, the set of elements of a frame, is drawn as a
whole, so the quantiles 5 % and 95 % of the score are those over chemistries of equal weight within sources of equal
weight, moved outwards by (n + 1) / n for n chemistries. That holds 90 % where the next chemistry is drawn as these
were. Where it is from elsewhere it need not: the benchmark measures the coverage on chemistries, sources and models
that were left out, and the calibration states it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mlipguide.catalog.locations import DATA
from mlipguide.core.serialisation import from_plain
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.accuracy.disagreement import Calibration
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.task.structure import StructureSummary

CONFIDENCE = 0.90
CALIBRATION_FILE = DATA / "disagreement_calibration.yaml"


@dataclass(frozen=True, kw_only=True)
class LabelledErrors:
    """Errors of models on labelled frames, as ensembles see these: arrays of one length, one entry a model's error.

    Attributes:
        source: Where the frame is from.
        chemistry: What is drawn as a whole: the elements of the frame.
        disagreement_ev_per_angstrom: Of an ensemble that the model is in; positive.
        force_mae_ev_per_angstrom: True error of the model; positive.
    """

    source: NDArray[np.str_]
    chemistry: NDArray[np.str_]
    disagreement_ev_per_angstrom: NDArray[np.float64]
    force_mae_ev_per_angstrom: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of errors."""
        return len(self.source)

    def only(self, chosen: NDArray[np.bool_]) -> Self:
        """Return the entries that are marked."""
        return replace(self, **{one.name: getattr(self, one.name)[chosen] for one in fields(self)})

    @property
    def ratios(self) -> NDArray[np.float64]:
        """Error over disagreement."""
        return self.force_mae_ev_per_angstrom / self.disagreement_ev_per_angstrom

    def weights(self) -> NDArray[np.float64]:
        """Return weights of sum 1: sources weigh the same, within one its chemistries, within one its errors."""
        sources, source_of = np.unique(self.source, return_inverse=True)
        chemistries, chemistry_of = np.unique(self.chemistry, return_inverse=True)
        sizes = np.zeros((len(sources), len(chemistries)))
        np.add.at(sizes, (source_of, chemistry_of), 1)
        of_source = (sizes > 0).sum(axis=1)
        return np.asarray(1 / (sizes[source_of, chemistry_of] * of_source[source_of] * len(sources)))


@dataclass(frozen=True)
class Ratios:
    """Error over disagreement: the median, and the ends of the 90 % interval."""

    low: float
    median: float
    high: float

    def coverage(self, errors: LabelledErrors) -> tuple[float, float]:
        """Return the shares of errors inside of their intervals and above, weighted as for a fit."""
        weights, ratios = errors.weights(), errors.ratios
        above, below = float(weights[ratios > self.high].sum()), float(weights[ratios < self.low].sum())
        return 1.0 - above - below, above


def fit_ratios(errors: LabelledErrors) -> Ratios:
    """Return the quantiles of error over disagreement.

    Raises:
        ValueError: There are no errors.
    """
    if not len(errors):
        raise ValueError("A calibration needs labelled frames.")
    weights, chemistries = errors.weights(), len(np.unique(errors.chemistry))
    tail = (1 - CONFIDENCE) / 2
    outer = max(0.0, 1 - (1 - tail) * (chemistries + 1) / chemistries)
    low, median, high = (_quantile(errors.ratios, weights, share) for share in (outer, 0.5, 1 - outer))
    return Ratios(low, median, high)


@cache
def load_calibration() -> Calibration:
    """Return the calibration that was fitted on the labelled sets.

    Raises:
        InputError: Its file is damaged.
    """
    return from_plain(Calibration, read_yaml(CALIBRATION_FILE), what=CALIBRATION_FILE.name)


def why_extrapolated(
    calibration: Calibration,
    *,
    structure: StructureSummary,
    models: Sequence[str],
    disagreement_ev_per_angstrom: float,
) -> tuple[str, ...]:
    """Return in which respects a case is outside of what the calibration was fitted on; empty where it is inside."""
    reasons: list[str] = []
    unseen = [element for element in structure.elements if element not in calibration.elements]
    if unseen:
        reasons.append(f"no labelled structure held {', '.join(unseen)}")
    if not all(structure.periodic):
        reasons.append("the labelled structures are crystals, periodic in three directions")
    unknown = [name for name in models if name not in calibration.models]
    if unknown:
        reasons.append(f"fitted without {', '.join(unknown)}")
    low, high = calibration.smallest_ev_per_angstrom, calibration.largest_ev_per_angstrom
    if not low <= disagreement_ev_per_angstrom <= high:
        reasons.append(f"fitted between {low * 1e3:.2g} and {high * 1e3:.0f} meV/Å of disagreement")
    return tuple(reasons)


def expected_force_mae(
    disagreement_ev_per_angstrom: float, calibration: Calibration, *, extrapolated: bool
) -> Estimate:
    """Return the expected force MAE of one of the models, eV/Å, with its 90 % interval."""
    return Estimate(
        value=disagreement_ev_per_angstrom * calibration.ratio,
        low=disagreement_ev_per_angstrom * calibration.low_ratio,
        high=disagreement_ev_per_angstrom * calibration.high_ratio,
        basis=Basis.EXTRAPOLATED if extrapolated else Basis.FITTED,
        source=f"disagreement, calibrated on {calibration.chemistries} chemistries [{', '.join(calibration.sources)}]",
    )


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    """Return the smallest value with at least ``share`` of the weight at or below it."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    place = int(np.searchsorted(reached, share - 1e-12))
    return float(values[order[min(place, len(values) - 1)]])
