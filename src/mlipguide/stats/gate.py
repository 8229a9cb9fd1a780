"""Whether a change of the step time counts: significant, and beyond the threshold.

Several models and sizes are compared at once, and each could cry wolf. So each interval has the confidence
1 - (1 - c) / n, with which all n of them hold together with confidence c whatever their dependence (Bonferroni's
inequality; O. J. Dunn, J. Am. Stat. Assoc. 56, 52 (1961), doi:10.1080/01621459.1961.10482090). With c = 90 % a
false "slower" has a chance of at most 5 % over all comparisons together, before the threshold makes it rarer.

Wall time is what a user waits for, and it decides. Processor time tells computing from waiting: where the wall time
rises, the processor time clearly does not, and the threads were kept from running, others held the machine, and it
is not said that the code became slower.
"""

from __future__ import annotations

from mlipguide.records.estimate import Estimate
from mlipguide.records.timing.comparison import ChangeVerdict

CONFIDENCE = 0.90
"""Of all intervals of a comparison together."""
WAITING = 1.25
"""A step waited when it took so many times the processor time that each of its threads had."""


def shared_confidence(comparisons: int, *, looks: int = 1) -> float:
    """Return the confidence of each interval.

    Args:
        comparisons: Models, sizes and settings that are compared.
        looks: How often each interval is looked at before sampling may stop.
    """
    return 1 - (1 - CONFIDENCE) / max(1, comparisons * looks)


def verdict_on(
    ratio: Estimate, cpu_ratio: Estimate | None, *, max_slowdown: float, waited: bool = False
) -> ChangeVerdict:
    """Return what is said of a change.

    Args:
        ratio: Wall time now over before, with an interval of :func:`shared_confidence`.
        cpu_ratio: The same of processor time; None where it is not known or says nothing (a GPU).
        max_slowdown: 0.1 lets a step take 10 % longer; as much is allowed the other way.
        waited: Whether the steps of the slower side waited for others (:func:`has_waited`).
    """
    slowest, fastest = 1 + max_slowdown, 1 / (1 + max_slowdown)
    if ratio.low is None or ratio.high is None:
        return ChangeVerdict.UNCLEAR
    if ratio.low > 1 and ratio.value > slowest:
        only_waiting = waited and cpu_ratio is not None and cpu_ratio.high is not None and cpu_ratio.high < slowest
        return ChangeVerdict.UNCLEAR if only_waiting else ChangeVerdict.SLOWER
    if ratio.high < 1 and ratio.value < fastest:
        only_waiting = waited and cpu_ratio is not None and cpu_ratio.low is not None and cpu_ratio.low > fastest
        return ChangeVerdict.UNCLEAR if only_waiting else ChangeVerdict.FASTER
    if ratio.low <= 1 <= ratio.high and (ratio.high > slowest or ratio.low < fastest):
        return ChangeVerdict.UNCLEAR
    return ChangeVerdict.UNCHANGED


def has_waited(*, wall_s: float, cpu_s: float, threads: int) -> bool:
    """Return whether a step's threads were kept from running for much of its time."""
    return wall_s > WAITING * cpu_s / threads
