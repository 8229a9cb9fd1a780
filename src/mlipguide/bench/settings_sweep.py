"""Which settings to run a model with, and which of them is the fastest that computes the same.

The number of threads changes the order of summation and nothing else, so how far a setting is from the plain one is
measured once for each dtype and device.

The ratio of two step times has the interval that the method of variance estimates recovery gives for the difference of
their logarithms (G. Y. Zou and A. Donner, Stat. Med. 27, 1693 (2008), doi:10.1002/sim.3095): with d = ln a - ln b,

    low = d - sqrt((ln a - ln a_low)^2 + (ln b_high - ln b)^2),
    high = d + sqrt((ln a_high - ln a)^2 + (ln b - ln b_low)^2).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlipguide.bench.agreement import TOLERANCE, AgreementFound, is_within
from mlipguide.core.errors import InputError
from mlipguide.records.estimate import Estimate
from mlipguide.records.strict import strict
from mlipguide.records.timing.axes import choice_words
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.records.timing.tuning import AgreementLimits

DTYPES = ("float32", "float64")
SINGLE_PRECISION_DEVICES = ("mps",)
"""Apple's Metal has no double precision."""


@strict
@dataclass(frozen=True, kw_only=True)
class SettingTried:
    """One setting of one model at the largest size that all its settings were timed at.

    Attributes:
        settings: Threads, dtype, device, driver, allocator.
        step_time_s: One MD step.
        agreement: How far it is from the plain setting; None where it could not be compared, or is the plain one.
    """

    settings: Settings
    step_time_s: Estimate
    agreement: AgreementFound | None


@strict
@dataclass(frozen=True, kw_only=True)
class SettingPassedOver:
    """A setting that is faster than the one chosen, or might be, and why it was not chosen."""

    settings: Settings
    reason: str


@strict
@dataclass(frozen=True, kw_only=True)
class SettingChoice:
    """The setting to run a model with.

    Attributes:
        settings: The one chosen.
        speed_up: Step time of the base setting over that of the chosen one; 1 for the base itself.
        reason: Why this one.
        passed_over: The others whose step time is lower.
    """

    settings: Settings
    speed_up: Estimate
    reason: str
    passed_over: tuple[SettingPassedOver, ...]


def settings_grid(
    base: Settings,
    *,
    threads: Sequence[int],
    dtypes: Sequence[str],
    devices: Sequence[str],
    ranks: Sequence[int] = (),
) -> tuple[Settings, ...]:
    """Return every combination, the base first and each once.

    Args:
        base: What is not swept; an empty sequence stands for its value.
        threads: Numbers of threads.
        dtypes: ``float32``, ``float64``.
        devices: ``cpu``, ``cuda:0``, ``mps``.
        ranks: Numbers of MPI ranks.

    Raises:
        InputError: A number of threads or ranks below 1, or an unknown dtype.
    """
    for number in threads:
        if number < 1:
            raise InputError(f"A model cannot run with {number} threads.", hint="For example --threads 1,2")
    for dtype in dtypes:
        if dtype not in DTYPES:
            raise InputError(f"'{dtype}' is not a dtype that models run in.", hint=f"Use {' or '.join(DTYPES)}.")
    for number in ranks:
        if number < 1:
            raise InputError(f"A model cannot run with {number} MPI ranks.", hint="For example --ranks 1,2")
    combinations = itertools.product(
        devices or (base.device,), dtypes or (base.dtype,), threads or (base.threads,), ranks or (base.ranks,)
    )
    swept = (
        replace(base, device=device, dtype=dtype, threads=number, ranks=processes)
        for device, dtype, number, processes in combinations
    )
    return tuple(dict.fromkeys((base, *swept)))


def plain_settings(base: Settings) -> Settings:
    """Return the reference of a sweep: double precision, one rank of one thread, all else default, on the same device.

    On a device without double precision it is the processor instead.
    """
    device = "cpu" if base.device in SINGLE_PRECISION_DEVICES else base.device
    return replace(base, threads=1, ranks=1, dtype="float64", allocator=Allocator.DEFAULT, device=device, choices=())


def settings_to_compare(grid: Sequence[Settings], plain: Settings) -> tuple[Settings, ...]:
    """Return one setting of each dtype and device that is not the plain one's, the first in ``grid``."""
    first: dict[tuple[object, ...], Settings] = {}
    for settings in grid:
        first.setdefault(settings.numerics, settings)
    first.pop(plain.numerics, None)
    return tuple(first.values())


def fastest_acceptable(
    tried: Sequence[SettingTried], base: Settings, *, tolerance: AgreementLimits = TOLERANCE
) -> SettingChoice:
    """Choose the fastest setting that computes the same and is faster than the base beyond doubt.

    A setting computes the same when it has the plain one's dtype and device, or agrees with it within ``tolerance``.
    Where the plain setting could not be run, a setting with the base's dtype and device computes what the base does.
    A base that is known to compute something else is left for the fastest setting that does not.

    Args:
        tried: The settings, the base among them.
        base: The setting that others have to beat.
        tolerance: How far energies and forces may be from the plain setting's.

    Raises:
        ValueError: The base was not tried.
    """
    by_settings = {one.settings: one for one in tried}
    if base not in by_settings:
        raise ValueError("the base setting is not among those that were tried")
    own = by_settings[base]
    found = {one.settings.numerics: one.agreement for one in tried if one.agreement is not None}
    base_objection = _objection(own, base, found, tolerance)
    objections: dict[Settings, str | None] = {}
    for one in tried:
        objection = _objection(one, base, found, tolerance)
        if objection is None and base_objection is None and one is not own and not _is_faster(own, one):
            objection = f"its advantage of {_times(_speed_up(own, one))} is not significant"
        objections[one.settings] = objection
    passed = [one for one in tried if one.settings != base and objections[one.settings] is None]
    chosen = min(passed, key=lambda one: one.step_time_s.value, default=own)
    return SettingChoice(
        settings=chosen.settings,
        speed_up=_speed_up(own, chosen),
        reason=_reason(chosen, own, found, base_objection),
        passed_over=tuple(
            SettingPassedOver(settings=one.settings, reason=objection)
            for one in tried
            if (objection := objections[one.settings]) and one.step_time_s.value < chosen.step_time_s.value
        ),
    )


def _objection(
    one: SettingTried,
    base: Settings,
    found: dict[tuple[object, ...], AgreementFound],
    tolerance: AgreementLimits,
) -> str | None:
    """Return why a setting may compute something else, or None."""
    numerics = one.settings.numerics
    if numerics == plain_settings(base).numerics:
        return None
    agreement = one.agreement or found.get(numerics)
    if agreement is None:
        return None if numerics == base.numerics else "it could not be compared with the plain setting"
    if is_within(agreement, tolerance):
        return None
    return f"it differs from the plain setting by more than the tolerance ({_differences(agreement)})"


def _is_faster(base: SettingTried, one: SettingTried) -> bool:
    low = _speed_up(base, one).low
    return low is not None and low > 1


def _speed_up(base: SettingTried, one: SettingTried) -> Estimate:
    slow, fast = base.step_time_s, one.step_time_s
    low = high = None
    if base.settings == one.settings:
        low = high = 1.0
    else:
        if slow.low is not None and fast.high is not None:
            low = 0.0 if slow.low <= 0 else _limit(slow.value, slow.low, fast.value, fast.high)
        if slow.high is not None and fast.low is not None and fast.low > 0:
            high = _limit(slow.value, slow.high, fast.value, fast.low)
    return Estimate(
        value=slow.value / fast.value,
        low=low,
        high=high,
        basis=max(slow.basis, fast.basis, key=lambda basis: basis.rank),
        source=f"{slow.source} over {fast.source}",
    )


def _limit(numerator: float, numerator_limit: float, denominator: float, denominator_limit: float) -> float:
    """Return the limit of a ratio on the side of the numerator's limit."""
    distance = math.hypot(math.log(numerator_limit / numerator), math.log(denominator_limit / denominator))
    return numerator / denominator * math.exp(math.copysign(distance, numerator_limit - numerator))


def _reason(
    chosen: SettingTried,
    base: SettingTried,
    found: dict[tuple[object, ...], AgreementFound],
    base_objection: str | None,
) -> str:
    if chosen is base:
        if base_objection:
            return f"{_name(base)} is kept for want of another that computes what the plain one does: {base_objection}."
        return f"No setting that computes the same is significantly faster than {_name(base)}."
    agreement = found.get(chosen.settings.numerics)
    same = "it computes in the plain setting's dtype and device" if agreement is None else _differences(agreement)
    if agreement is None and chosen.settings.numerics == base.settings.numerics:
        same = "threads and ranks change only the order of sums"
    faster = f"{_name(chosen)} is {_times(_speed_up(base, chosen))} as fast as {_name(base)}"
    if base_objection:
        return f"{faster}, which cannot be kept: {base_objection}."
    return f"{faster}, and computes the same: {same}."


def _name(one: SettingTried) -> str:
    return name_of(one.settings)


def name_of(settings: Settings) -> str:
    """Return settings as a reason names them."""
    plural = "" if settings.threads == 1 else "s"
    ranks = f"{settings.ranks} MPI ranks of " if settings.ranks > 1 else ""
    words = f"{settings.dtype} on {settings.device} with {ranks}{settings.threads} thread{plural}"
    return f"{words}, {choice_words(settings.choices)}" if settings.choices else words


def _times(speed_up: Estimate) -> str:
    interval = "" if speed_up.low is None or speed_up.high is None else f" ({speed_up.low:.2f} to {speed_up.high:.2f})"
    return f"{speed_up.value:.2f} times{interval}"


def _differences(found: AgreementFound) -> str:
    stress = found.stress_max_ev_per_angstrom3
    words = (
        f"energies differ by up to {1e3 * abs(found.energy_difference_ev_per_atom):.2g} meV/atom, force components by "
        f"{1e3 * found.force_mae_ev_per_angstrom:.2g} meV/Å on average and {1e3 * found.force_max_ev_per_angstrom:.2g} "
        "meV/Å at most"
    )
    if found.lacks_stress:
        return f"{words}, and there is no stress"
    if stress is None or stress <= TOLERANCE.stress_ev_per_angstrom3:
        return words
    return f"{words}, the stress by {stress:.2g} eV/Å³"
