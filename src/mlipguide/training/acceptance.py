"""Whether a fitted potential is handed over: each check with its value, its limit, and what the run cannot resolve.

A value with its 90 % interval is held against a limit: beyond it with the whole interval it fails, within it with the
whole interval it passes, and else the run does not resolve it, and shows an upper bound only. A potential that fails
one check is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from ase.units import kB

from mlipguide.evidence.stability.results import judged, without_value
from mlipguide.evidence.stability.thresholds import THRESHOLDS
from mlipguide.records.accuracy.stability import CheckResult, CheckVerdict, Relation, Threshold
from mlipguide.records.training.distillation import PairDistance, Round, RunComparison
from mlipguide.records.training.dynamics_check import DynamicsCheck

MEV = 1e3
OF_A_PAIR = "pair-distribution-"
LARGEST_RELATIVE = 0.15
"""Force MAE over the root mean square of the forces, beyond which a student is refused (a judgement)."""
TEMPERATURE_SHARE = 0.05
"""Of the thermostat's temperature, by which the mean of a run may differ (a judgement)."""
ENERGY_SHARE = 0.1
"""Of kT, by which the mean energy of an atom may differ from the teacher's, or change within a run (a judgement): what
a temperature that is wrong by 7 % makes in a harmonic crystal, whose energy is 3/2 kT an atom."""
PAIR_DISTANCE = 0.05
"""Between pair distribution functions, beside chance (a judgement): peaks that are wider by a tenth, as at a
temperature that is higher by a fifth."""
NOT_SETTLED_DISTANCE = 0.25
"""The same where the teacher's run has not settled, so that its atoms may be far too calm (a judgement): peaks of three
fifths of the width, as at a third of the temperature."""
LARGEST_CHANCE = 0.25
"""Taken for the chance of a run that is too short to tell."""
TOLD_FROM_DISORDER = 0.5
"""Of the distance that atoms at random places make, which a limit may reach at most to show anything (a judgement)."""
NO_HOLES = "Give it more --budget, a larger --size or another --engine."


def student_checks(last: Round, run: RunComparison, dynamics: DynamicsCheck | None) -> tuple[CheckResult, ...]:
    """Return what a student is judged by.

    Args:
        last: The round whose fit is kept.
        run: Its long run beside the teacher's.
        dynamics: Its run at constant energy.
    """
    return (
        judged(
            "held-out-forces",
            "Force MAE, held-out run",
            100 * last.held_out.relative,
            unit="% of forces",
            why=f"Its force MAE on held-out frames is {last.held_out.relative:.0%} of the forces.",
            advice=NO_HOLES,
            threshold=Threshold(value=100 * LARGEST_RELATIVE, relation=Relation.AT_MOST, source="judgement"),
        ),
        without_value(
            "exploring-run",
            "Run hotter than asked",
            "Its exploring run left what makes sense." if last.diverged else "Its exploring run stayed together.",
            verdict=CheckVerdict.FAILED if last.diverged else CheckVerdict.PASSED,
            advice=NO_HOLES if last.diverged else None,
        ),
        *run_checks(run),
        *(() if dynamics is None else (drift_check(dynamics),)),
    )


def run_checks(run: RunComparison) -> tuple[CheckResult, ...]:
    """Return what the long run of a student says beside its teacher's."""
    stayed = f"{run.simulated_time_s * 1e12:.3g} ps at {run.temperature_k:g} K"
    if not run.stable:
        return (
            without_value(
                "long-run",
                "Long run",
                f"Its run at {run.temperature_k:g} K flew apart after {run.simulated_time_s * 1e12:.3g} ps.",
                verdict=CheckVerdict.FAILED,
                advice=NO_HOLES,
            ),
        )
    return (
        without_value("long-run", "Long run", f"{stayed} stayed together.", verdict=CheckVerdict.PASSED),
        _temperature_check(run),
        _energy_check(run),
        _trend_check(run),
        *(pair_check(one, settled=run.teacher_settled_after_s is not None) for one in run.pair_distances),
    )


def drift_check(dynamics: DynamicsCheck) -> CheckResult:
    """Return the drift of a run at constant energy, held against the limit of ``mlipguide stability``."""
    title = "Drift, constant energy"
    if dynamics.broke_after_s is not None:
        return without_value(
            "nve-drift",
            title,
            f"Its run at constant energy from {dynamics.temperature_k:g} K flew apart after "
            f"{dynamics.broke_after_s * 1e12:.3g} ps.",
            verdict=CheckVerdict.FAILED,
            advice=NO_HOLES,
        )
    length_ps = dynamics.steps * dynamics.timestep_s * 1e12
    value, error = dynamics.drift_mev_per_atom_ps, dynamics.drift_error_mev_per_atom_ps
    if value is None:
        return without_value(
            "nve-drift", title, f"{length_ps:.2g} ps have too few steps for a drift.", verdict=CheckVerdict.UNCLEAR
        )
    return _bounded(
        "nve-drift",
        title,
        value,
        error,
        unit="meV/atom/ps",
        what=f"Its energy drifted by {value:+.2g} meV/atom/ps in {length_ps:.2g} ps at constant energy from "
        f"{dynamics.temperature_k:g} K",
        threshold=THRESHOLDS["nve-drift"],
    )


def pair_check(one: PairDistance, *, settled: bool = True) -> CheckResult:
    """Return how far a pair distribution function is from the teacher's, and what that says.

    Args:
        one: Of one pair of elements.
        settled: Whether the teacher's run has come to equilibrium; where not, only what is far off is refused.
    """
    allowed = PAIR_DISTANCE if settled else NOT_SETTLED_DISTANCE
    if one.chance is None:
        limit, resolved, because = allowed + LARGEST_CHANCE, False, "the teacher's run is too short to tell"
    else:
        limit = allowed + one.chance
        resolved = settled and limit <= TOLD_FROM_DISORDER * one.without_structure
        because = f"runs as short as the teacher's differ by up to {one.chance:.2g}"
        if not settled:
            because += ", and it has not settled"
    verdict = CheckVerdict.PASSED if resolved else CheckVerdict.UNCLEAR
    if one.distance > limit:
        verdict = CheckVerdict.FAILED
    words = f"Its pair distribution {one.pair} is {one.distance:.2g} from the teacher's, of 1 at most ({because})"
    return CheckResult(
        test=f"{OF_A_PAIR}{one.pair}",
        title=f"g(r) {one.pair}",
        value=one.distance,
        uncertainty=None,
        unit="",
        threshold=Threshold(
            value=limit, relation=Relation.AT_MOST, source=f"judgement: {allowed:g} beside the chance of short runs"
        ),
        verdict=verdict,
        decisive=True,
        why=words + _bound_words(verdict, f"no more is shown than that it is below {limit:.2g}"),
        advice=NO_HOLES if verdict is CheckVerdict.FAILED else None,
    )


def faults(checks: Sequence[CheckResult]) -> tuple[str, ...]:
    """Return what speaks against handing a potential over, as sentences."""
    return tuple(one.why for one in checks if one.decisive and one.verdict is CheckVerdict.FAILED)


def not_resolved(checks: Sequence[CheckResult]) -> tuple[str, ...]:
    """Return the titles of the checks that the runs were too short for."""
    found = [one for one in checks if one.verdict is CheckVerdict.UNCLEAR]
    pairs = [one for one in found if one.test.startswith(OF_A_PAIR)]
    named = [one.title for one in found if one not in pairs]
    return (*named, f"g(r) of {len(pairs)} pairs of elements") if len(pairs) > 1 else tuple(one.title for one in found)


def _temperature_check(run: RunComparison) -> CheckResult:
    title = "Mean temperature"
    if run.student_temperature_k is None:
        return _too_short("mean-temperature", title)
    return _bounded(
        "mean-temperature",
        title,
        run.student_temperature_k - run.temperature_k,
        run.student_temperature_error_k,
        unit="K",
        what=f"Its run had {run.student_temperature_k:.0f} K on average, {run.temperature_k:g} K was set",
        threshold=_judgement(TEMPERATURE_SHARE * run.temperature_k, f"{TEMPERATURE_SHARE:.0%} of the temperature"),
    )


def _energy_check(run: RunComparison) -> CheckResult:
    title = "Mean energy to teacher's"
    difference = run.energy_difference_ev_per_atom
    if difference is None:
        who = "teacher's run" if run.teacher_settled_after_s is None else "student's run"
        return without_value(
            "mean-energy",
            title,
            f"The {who} has not settled, so mean energies are not compared.",
            verdict=CheckVerdict.UNCLEAR,
        )
    return _bounded(
        "mean-energy",
        title,
        MEV * difference,
        _mev(run.energy_difference_error_ev_per_atom),
        unit="meV/atom",
        what=f"Its mean energy is {MEV * difference:+.2g} meV/atom to the teacher's",
        threshold=_tenth_of_kt(run),
    )


def _trend_check(run: RunComparison) -> CheckResult:
    title = "Energy, 2nd half to 1st"
    trend = run.energy_drift_ev_per_atom
    if trend is None:
        return _too_short("energy-trend", title)
    return _bounded(
        "energy-trend",
        title,
        MEV * trend,
        _mev(run.energy_drift_error_ev_per_atom),
        unit="meV/atom",
        what=f"Its energy drifted by {MEV * trend:+.2g} meV/atom between the halves of its run",
        threshold=_tenth_of_kt(run),
    )


def _bounded(
    test: str, title: str, value: float, error: float | None, *, unit: str, what: str, threshold: Threshold
) -> CheckResult:
    """Return a check of the size of a value; without an error it is not resolved, unless it is beyond the limit."""
    found = judged(
        test,
        title,
        abs(value),
        uncertainty=abs(value) + threshold.value if error is None else error,
        unit=unit,
        why=what,
        advice=NO_HOLES,
        threshold=threshold,
    )
    if error is None:
        bound = "no error is known"
    else:
        bound = f"no more is shown than that it is below {abs(value) + error:.2g} {unit}"
    return CheckResult(
        **{
            **vars(found),
            "uncertainty": error,
            "why": what + _bound_words(found.verdict, bound),
        }
    )


def _bound_words(verdict: CheckVerdict, bound: str) -> str:
    return f"; {bound}." if verdict is CheckVerdict.UNCLEAR else "."


def _too_short(test: str, title: str) -> CheckResult:
    return without_value(test, title, "The run is too short to tell.", verdict=CheckVerdict.UNCLEAR)


def _judgement(value: float, words: str) -> Threshold:
    return Threshold(value=value, relation=Relation.AT_MOST, source=f"judgement: {words}")


def _tenth_of_kt(run: RunComparison) -> Threshold:
    return _judgement(MEV * ENERGY_SHARE * kB * run.temperature_k, f"{ENERGY_SHARE:g} kT")


def _mev(value: float | None) -> float | None:
    return None if value is None else MEV * value
