"""What stands against a model, in words: of each kind of reason one sentence for certain, and one in doubt."""

from __future__ import annotations

from collections.abc import Callable

from mlipguide.advice.constraints import lacking_words
from mlipguide.catalog.additions import refusal_words
from mlipguide.core.readable import duration, memory, number
from mlipguide.records.advice.verdict_reasons import Reason, ReasonKind, Rejection
from mlipguide.records.estimate import Estimate
from mlipguide.records.models.additions import AdditionKind
from mlipguide.records.models.terms import Need
from mlipguide.report.words.formatting import interval


def reason_words(reason: Reason) -> str:
    """Return a sentence or two, with the numbers."""
    return _WORDS[reason.kind](reason)


def _detail(reason: Reason) -> str:
    return reason.detail or ""


def _timing_failed(reason: Reason) -> str:
    return f"Not timed: {reason.detail}"


def _elements(reason: Reason) -> str:
    among = f" ({', '.join(reason.among)})" if reason.among else ""
    return f"{', '.join(reason.names)} not in its training data{among}."


def _needs(reason: Reason) -> str:
    return lacking_words([Need(name) for name in reason.names], certain=isinstance(reason, Rejection))


def _addition(reason: Reason) -> str:
    (name,) = reason.names
    is_held = reason.kind is ReasonKind.ADDITION_HELD
    return refusal_words(AdditionKind(name), reason.detail, reason.among, is_held=is_held)


def _commercial_use(reason: Reason) -> str:
    code, weights = reason.names
    if isinstance(reason, Rejection):
        return f"Commercial use: {reason.detail} (code {code}, weights {weights})."
    return f"Commercial use has conditions (code {code}, weights {weights}): read them."


def _peak_memory(reason: Reason) -> str:
    peak, usable = _estimate(reason), memory(_limit(reason))
    if isinstance(reason, Rejection):
        return f"It needs {peak.told(memory)} ({peak.basis.value}); {usable} are usable."
    return f"It may not fit: {_span(peak, memory)} needed ({peak.basis.value}), {usable} usable."


def _out_of_memory(reason: Reason) -> str:
    return f"It ran out of memory at {reason.value:.0f} atoms."


def _run_time(reason: Reason) -> str:
    run_time, budget_s = _estimate(reason), _limit(reason)
    if isinstance(reason, Rejection):
        return (
            f"The run takes {run_time.told(duration)} ({run_time.basis.value}), "
            f"{number(run_time.value / budget_s)} times the budget of {duration(budget_s)}."
        )
    return f"It may not end in time: {_span(run_time, duration)} ({run_time.basis.value}), budget {duration(budget_s)}."


def _expected_too_long(reason: Reason) -> str:
    run_time = interval(_estimate(reason), duration)
    return f"Not timed: its run is expected to take {run_time}, and {', '.join(reason.names)} ends in time."


def _expected_beaten(reason: Reason) -> str:
    run_time = interval(_estimate(reason), duration)
    return (
        f"Not timed: its run is expected to take {run_time}; {', '.join(reason.names)} is expected to be faster, and "
        "by what is known no less accurate."
    )


def _no_gradient(reason: Reason) -> str:
    return (
        f"Its forces are not the gradient of its energy, as tests on {reason.tested_on} found, which "
        f"{', '.join(reason.names)} needs."
    )


def _no_stable_step(reason: Reason) -> str:
    return (
        f"By tests of its stability at {reason.value:g} K on {reason.tested_on} no time step that was tried keeps the "
        "energy as it should (mlipguide stability)."
    )


def _error(name: str, unit: str) -> Callable[[Reason], str]:
    def words(reason: Reason) -> str:
        asked = f"{_limit(reason) * 1e3:g} {unit}"
        if reason.value is None:
            return f"Its {name} error on a system like this is not known ({asked} asked)."
        known = _estimate(reason)
        mae = f"{name} MAE is {_thousandths(known, unit)}"
        if isinstance(reason, Rejection):
            return f"Its {mae}; {asked} asked."
        likely = "probably meets" if known.value <= _limit(reason) else "probably misses"
        return f"It {likely} the {asked} asked: its {mae}."

    return words


def _origin_unknown(reason: Reason) -> str:
    return f"Its origin is unknown: {reason.detail} Nothing tells what it was trained on, and how well it did."


def _density(reason: Reason) -> str:
    return (
        f"It was trained on densities of {reason.least:.3g} to {reason.limit:.3g} g/cm³; this structure has "
        f"{reason.value:.3g}."
    )


def _temperature(reason: Reason) -> str:
    return f"It was tried up to {reason.limit:.0f} K; the task is at {reason.value:g} K."


def _estimate(reason: Reason) -> Estimate:
    assert isinstance(reason.value, Estimate)
    return reason.value


def _limit(reason: Reason) -> float:
    assert reason.limit is not None
    return reason.limit


def _span(estimate: Estimate, words: Callable[[float], str]) -> str:
    return f"{words(estimate.at_least)} to {words(estimate.at_most)}"


def _thousandths(error: Estimate, unit: str) -> str:
    """Return an error in thousandths of its unit with its interval."""
    spread = ""
    if error.low is not None and error.high is not None and error.high > error.low:
        spread = f" (90 %: {error.low * 1e3:.3g} to {error.high * 1e3:.3g})"
    return f"{error.scaled(1e3).told(number)} {unit}{spread}"


def _always(sentence: str) -> Callable[[Reason], str]:
    return lambda _reason: sentence


_WORDS: dict[ReasonKind, Callable[[Reason], str]] = {
    ReasonKind.NOTHING_RUNS_IT: _always("Not timed: nothing here runs it."),
    ReasonKind.ENVIRONMENT_UNREADY: _detail,
    ReasonKind.CHECKPOINT_REFUSED: _detail,
    ReasonKind.WEIGHTS_MISSING: _detail,
    ReasonKind.TIMING_FAILED: _timing_failed,
    ReasonKind.NOT_TIMED: _always("Not timed."),
    ReasonKind.EXPECTED_TOO_LONG: _expected_too_long,
    ReasonKind.EXPECTED_BEATEN: _expected_beaten,
    ReasonKind.NOT_PUBLISHED: _always("It was not timed here, and no timing of it or of near relatives was published."),
    ReasonKind.STEP_TIME_UNKNOWN: _always("How long a step takes was not measured."),
    ReasonKind.PEAK_MEMORY_UNKNOWN: _always("How much memory it needs was not measured."),
    ReasonKind.RANDOM_WEIGHTS: _always("Timed with random weights: its own are not on this machine."),
    ReasonKind.ELEMENTS_UNSEEN: _elements,
    ReasonKind.ELEMENTS_UNKNOWN: _always("Nothing says which elements it was trained on."),
    ReasonKind.SEES_NOTHING: _detail,
    ReasonKind.NEEDS_LACKING: _needs,
    ReasonKind.ADDITION_HELD: _addition,
    ReasonKind.ADDITION_UNFIT: _addition,
    ReasonKind.ADDITION_IMPOSSIBLE: _detail,
    ReasonKind.COMMERCIAL_USE: _commercial_use,
    ReasonKind.PEAK_MEMORY: _peak_memory,
    ReasonKind.OUT_OF_MEMORY: _out_of_memory,
    ReasonKind.RUN_TIME: _run_time,
    ReasonKind.NO_GRADIENT: _no_gradient,
    ReasonKind.NO_STABLE_STEP: _no_stable_step,
    ReasonKind.FORCE_ERROR: _error("force", "meV/Å"),
    ReasonKind.ENERGY_ERROR: _error("energy", "meV/atom"),
    ReasonKind.NOTHING_COMPARABLE: _always("No comparable figure of its accuracy was published."),
    ReasonKind.ORIGIN_UNKNOWN: _origin_unknown,
    ReasonKind.DENSITY: _density,
    ReasonKind.TEMPERATURE: _temperature,
    ReasonKind.STATED: _detail,
}
