"""What timings of different models on different devices have in common: the prior of the transfer.

The logarithm of a cost is a sum of a mean and of effects. Each effect belongs to something that two situations share
(the family of the model, the device, ...) or not; their covariance is the sum of the variances of what they share.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

REFERENCE_BANDWIDTH_BYTES_PER_S = 2.0e12
REFERENCE_FLOAT32_FLOP_PER_S = 2.0e13
"""An NVIDIA A100, roughly: where the mean of the cost of an atom is given."""


@dataclass(frozen=True)
class Peak:
    """What a device can do at best.

    Attributes:
        bandwidth_bytes_per_s: Of its memory.
        float32_flop_per_s: Of its vector units.
    """

    bandwidth_bytes_per_s: float
    float32_flop_per_s: float


@dataclass(frozen=True)
class Situation:
    """What decides the time of a step, besides the number of atoms and of devices.

    Attributes:
        law: Names the shape of the model; checkpoints of one shape share it.
        family: Its architecture's family.
        driver: What advances the atoms.
        code: The implementation, driver included.
        kernels: What computes the model; codes may share them.
        device: Names the device.
        platform: Kind of device: ``gpu`` or ``cpu``.
        vendor: Its maker.
        peak: Of the device.
        system: Names the kind of structure.
    """

    law: str
    family: str
    driver: str
    code: str
    kernels: str
    device: str
    platform: str
    vendor: str
    peak: Peak
    system: str

    @property
    def series(self) -> tuple[str, str, str, str]:
        """What timings that differ in the number of atoms or devices only have in common."""
        return self.law, self.code, self.device, self.system


@dataclass(frozen=True)
class Spreads:
    """Means and standard deviations of the effects, natural logarithms.

    Attributes:
        slope_mean: Mean of the cost of an atom, seconds, on the reference device.
        fixed_mean: Mean of the fixed part of a step, seconds.
        slope: Deviations of the effects on the cost of an atom, by what is shared (:data:`SHARED`).
        fixed: The same for the fixed part.
        coupling: Correlation of what a family or a law does to both: who computes more launches more.
        bandwidth: Mean and deviation of the power of the bandwidth that the cost of an atom falls with.
        float32: The same for the peak rate.
        doubling: Mean and deviation of the share that each doubling of the devices costs.
        timing: Deviation of any timing from its law, beyond its own error.
    """

    slope_mean: float
    fixed_mean: float
    slope: dict[str, float]
    fixed: dict[str, float]
    coupling: float
    bandwidth: tuple[float, float]
    float32: tuple[float, float]
    doubling: tuple[float, float]
    timing: float


SHARED: dict[str, Callable[[Situation], object]] = {
    "platform": lambda one: one.platform,
    "vendor": lambda one: one.vendor,
    "family": lambda one: one.family,
    "law": lambda one: one.law,
    "driver": lambda one: one.driver,
    "kernels": lambda one: one.kernels,
    "code": lambda one: one.code,
    "device": lambda one: one.device,
    "system": lambda one: one.system,
    "law on platform": lambda one: (one.law, one.platform),
    "law in kernels": lambda one: (one.law, one.kernels),
    "series": lambda one: one.series,
}
"""What two situations may share."""
COUPLED = ("family", "law")

CALIBRATED = Spreads(
    slope_mean=math.log(7.9e-06),
    fixed_mean=math.log(0.014),
    slope={
        "platform": 0.6,
        "vendor": 0.3,
        "family": 1.4,
        "law": 0.6,
        "driver": 0.1,
        "kernels": 0.62,
        "code": 0.25,
        "device": 0.17,
        "system": 0.88,
        "law on platform": 0.25,
        "law in kernels": 0.099,
        "series": 0.053,
    },
    fixed={
        "platform": 0.7,
        "vendor": 0.3,
        "family": 0.45,
        "law": 0.32,
        "driver": 0.62,
        "kernels": 0.85,
        "code": 0.64,
        "device": 0.85,
        "system": 0.05,
        "law on platform": 0.2,
        "law in kernels": 0.17,
        "series": 0.088,
    },
    coupling=0.93,
    bandwidth=(0.41, 0.099),
    float32=(0.16, 0.089),
    doubling=(0.1, 0.045),
    timing=0.053,
)
"""Fitted by ``benchmarks/transfer.py --calibrate`` to the published timings, left out with their series, their model or
their device, so that what the same leave-outs say of the intervals is the share of a fit (``--split`` fits to half
of the series and tests the other half). Judgements are the spread between vendors (nearly all published timings are
of NVIDIA's devices) and, of the cost of an atom, those between platforms: only MACE was timed on both, and the fit
alone would be surer (0.46, 0.1).
"""


def prior_mean(situations: Sequence[Situation], spreads: Spreads) -> Vector:
    """Return the means of the logarithms of the cost of an atom, then of the fixed parts, then of the doubling."""
    bandwidth, float32 = _peaks(situations)
    slopes = spreads.slope_mean - spreads.bandwidth[0] * bandwidth - spreads.float32[0] * float32
    return np.concatenate([slopes, np.full(len(situations), spreads.fixed_mean), [spreads.doubling[0]]])


def prior_covariance(ones: Sequence[Situation], others: Sequence[Situation], spreads: Spreads) -> Matrix:
    """Return the covariance of the states of two lists of situations, each laid out as :func:`prior_mean`."""
    rows, columns = len(ones), len(others)
    covariance = np.zeros((2 * rows + 1, 2 * columns + 1))
    slope, fixed, both = np.zeros((rows, columns)), np.zeros((rows, columns)), np.zeros((rows, columns))
    for name, key in SHARED.items():
        numbers: dict[object, int] = {}
        here, there = (
            np.array([numbers.setdefault(key(one), len(numbers)) for one in side]) for side in (ones, others)
        )
        same = (here[:, None] == there[None, :]).astype(np.float64)
        slope += spreads.slope[name] ** 2 * same
        fixed += spreads.fixed[name] ** 2 * same
        if name in COUPLED:
            both += spreads.coupling * spreads.slope[name] * spreads.fixed[name] * same
    for power, row, column in zip(
        (spreads.bandwidth[1], spreads.float32[1]), _peaks(ones), _peaks(others), strict=True
    ):
        slope += power**2 * np.outer(row, column)
    covariance[:rows, :columns] = slope
    covariance[rows:-1, columns:-1] = fixed
    covariance[:rows, columns:-1] = both
    covariance[rows:-1, :columns] = both
    covariance[-1, -1] = spreads.doubling[1] ** 2
    return covariance


def _peaks(situations: Sequence[Situation]) -> tuple[Vector, Vector]:
    bandwidth = [one.peak.bandwidth_bytes_per_s / REFERENCE_BANDWIDTH_BYTES_PER_S for one in situations]
    float32 = [one.peak.float32_flop_per_s / REFERENCE_FLOAT32_FLOP_PER_S for one in situations]
    return np.log(np.array(bandwidth)), np.log(np.array(float32))
