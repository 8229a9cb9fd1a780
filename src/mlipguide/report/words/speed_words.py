"""What is said of a speed: the answer in a sentence, what a reason is called, and what to do about it."""

from __future__ import annotations

from mlipguide.core.readable import duration, number, simulated_time
from mlipguide.records.timing.slowdown import Fit, LikelySlowdown, SlowdownKind
from mlipguide.records.timing.speed_check import SpeedCheck, SpeedVerdict
from mlipguide.report.words.formatting import brief, ends_words, interval

SECONDS_OF_A_DAY = 86_400.0
MOST_NAMED = 3
"""Reasons of the first sentences."""
NAMES = {
    SlowdownKind.FLOAT64: "it ran in float64",
    SlowdownKind.PROCESSOR: "the processor computed instead of the GPU (CPU build of torch, or device='cpu')",
    SlowdownKind.STYLE: "it ran through another interface",
    SlowdownKind.NEIGHBOURS: "neighbour lists were made on the processor",
    SlowdownKind.SHARED_GPU: "several processes computed on one GPU",
    SlowdownKind.DISPERSION: "a dispersion correction (D3, D4) was computed beside the model",
    SlowdownKind.ONE_DEVICE: "one of the devices did the work of all",
    SlowdownKind.FEW_THREADS: "one thread computed instead of all cores",
    SlowdownKind.HOST: "a slow or busy host launched the GPU's work late, which counts with so few atoms",
    SlowdownKind.START: "the start (loading, compilation, first steps) was counted",
    SlowdownKind.OUTSIDE: "much of the time went into other work than the forces",
    SlowdownKind.PLAIN_KERNELS: "plain kernels: without compilation or an accelerator",
    SlowdownKind.FEW_ATOMS: "too few atoms to keep the device busy",
}
REMEDIES = {
    SlowdownKind.FLOAT64: "float32 for dynamics: default_dtype='float32', or --dtype float32 in the conversion",
    SlowdownKind.PROCESSOR: "a torch built for this GPU, and device='cuda'",
    SlowdownKind.STYLE: "the interface that is faster at this size",
    SlowdownKind.NEIGHBOURS: "neighbour lists on the GPU, where the package has them",
    SlowdownKind.SHARED_GPU: "one process for each GPU, or a batch of structures in one process",
    SlowdownKind.DISPERSION: "leave it out where it does not matter, or take a model that holds it",
    SlowdownKind.ONE_DEVICE: "an interface that divides the system, or one run for each device",
    SlowdownKind.FEW_THREADS: "OMP_NUM_THREADS as many as cores",
    SlowdownKind.HOST: "more atoms in a step, fewer launches (compilation), or a faster or quieter host",
    SlowdownKind.START: "time a longer run",
    SlowdownKind.OUTSIDE: "write and compute less often",
    SlowdownKind.PLAIN_KERNELS: "mlipguide tune tries compilation and accelerators",
    SlowdownKind.FEW_ATOMS: "larger systems, or several structures in one batch; a faster GPU does not help",
}
BRIEF = {
    SlowdownKind.FLOAT64: "float64",
    SlowdownKind.PROCESSOR: "the processor in the place of the GPU",
    SlowdownKind.STYLE: "another interface",
    SlowdownKind.NEIGHBOURS: "neighbour lists made on the processor",
    SlowdownKind.SHARED_GPU: "several processes on one GPU",
    SlowdownKind.DISPERSION: "a dispersion correction",
    SlowdownKind.ONE_DEVICE: "one device at work",
    SlowdownKind.FEW_THREADS: "one thread",
    SlowdownKind.HOST: "a slow or busy host",
    SlowdownKind.START: "the start of the run",
    SlowdownKind.OUTSIDE: "other work than the forces",
}
FITS = {
    Fit.EXPLAINS: "could explain it",
    Fit.PART: "a part of it",
    Fit.TOO_MUCH: "would be slower still",
    Fit.UNKNOWN: "",
}


def speed_headline(data: SpeedCheck) -> tuple[str, str]:
    """Return the answer, and what to do first; the second may be empty."""
    subject = f"{data.model} with {data.atoms:,} atoms on {data.hardware}"
    seen = duration(data.seen_step_time_s)
    expected, slowdown = data.expected_step_time_s, data.slowdown
    if expected is None or slowdown is None:
        return (
            f"Nothing tells how long a step of {subject} should take: no model of its family was timed.",
            "Time it yourself with mlipguide bench, where it is to run.",
        )
    told = interval(expected, duration)
    if data.verdict is SpeedVerdict.NORMAL:
        width = "" if expected.digits > 1 else " That is a wide range: little is known of this model there."
        words = f"Normal: a step of {subject} takes {seen}, and {told} is expected {_by(data)}.{width}"
        return words, _first_gain(data)
    if data.verdict is SpeedVerdict.FASTER:
        return (
            f"Faster than expected: a step of {subject} takes {seen} instead of {told} {_by(data)}.",
            "Look whether the model, the number of atoms and the device are right.",
        )
    times = f"{brief(slowdown, number)} × ({ends_words(slowdown, number)})"
    return f"Slower than normal by {times}: a step of {subject} takes {seen} instead of {told} {_by(data)}.", (
        _first_cause(data)
    )


def speed_words(seconds: float, timestep_s: float) -> str:
    """Return the time of a step in the units that people use."""
    rate = number(1 / seconds)
    per_day = number(timestep_s / seconds * SECONDS_OF_A_DAY * 1e9)
    return f"{duration(seconds)} a step: {rate} steps/s, {per_day} ns/day with steps of {simulated_time(timestep_s)}"


def cause_words(one: LikelySlowdown) -> str:
    """Return a reason in words, with how it fits and the line of the log that shows it."""
    words = [_name(one)]
    if one.factor is not None and one.factor.value > 0:
        fit = f"{FITS[one.fit]}: " if FITS[one.fit] else ""
        words.append(f"{fit}{factor_words(one)}")
    elif one.fit is Fit.UNKNOWN and one.factor is None:
        words.append("how much that is, is not known")
    if one.sign is not None:
        where = f"line {one.sign.line} of the log" if one.sign.line else "as stated"
        words.append(f"{where}: {one.sign.text}")
    return "; ".join(words)


def gain_words(one: LikelySlowdown) -> str:
    """Return what would be faster, and by how much."""
    if one.kind is SlowdownKind.STYLE:
        return f"{one.detail}: {factor_words(one)} as fast"
    if one.kind is SlowdownKind.FEW_ATOMS and one.factor is not None:
        share = 100 * (1 - 1 / one.factor.value)
        return f"{NAMES[one.kind]}: some {share:.0f} % of this step do not depend on their number; {REMEDIES[one.kind]}"
    return f"compilation or an accelerator: {factor_words(one)} as fast was seen ({_source(one)}); {REMEDIES[one.kind]}"


def factor_words(one: LikelySlowdown) -> str:
    """Return a factor with its interval."""
    if one.factor is None:
        return "an unknown factor"
    ends = ends_words(one.factor, number)
    return f"{brief(one.factor, number)} ×" + (f" ({ends})" if ends else "")


def _name(one: LikelySlowdown) -> str:
    if one.kind is SlowdownKind.STYLE and one.detail is not None:
        return f"{NAMES[one.kind]}: {one.detail}"
    if one.kind is SlowdownKind.OUTSIDE and one.detail is not None:
        return f"{NAMES[one.kind]}, most of it {one.detail}"
    return NAMES[one.kind]


def _source(one: LikelySlowdown) -> str:
    return "" if one.factor is None else one.factor.source


def _by(data: SpeedCheck) -> str:
    return f"by {data.code}" if data.code_known else f"by {data.code} (assumed)"


def _first_cause(data: SpeedCheck) -> str:
    if not data.causes:
        return ""
    first = data.causes[0]
    if first.sign is not None:
        shown = "The log shows" if first.sign.line else "You said"
        part = "" if first.fit in (Fit.EXPLAINS, Fit.TOO_MUCH) else ", which explains a part of it"
        return f"{shown} one reason: {_name(first)}{part}. Do: {REMEDIES[first.kind]}."
    fitting = [one for one in data.causes if one.fit is Fit.EXPLAINS]
    names = list(dict.fromkeys(BRIEF[one.kind] for one in fitting))[:MOST_NAMED]
    if not names:
        return "No single reason explains that; several may have come together."
    if len(names) == 1:
        return f"What fits: {names[0]}. Do: {REMEDIES[first.kind]}."
    return f"What fits: {', '.join(names[:-1])} or {names[-1]}; the commands below tell which."


def _first_gain(data: SpeedCheck) -> str:
    shown = [one for one in data.causes if one.sign is not None]
    if shown:
        return f"Yet the log shows that {NAMES[shown[0].kind]}."
    engines = [one for one in data.gains if one.kind is SlowdownKind.STYLE and one.factor is not None]
    if engines and engines[0].factor is not None and engines[0].factor.at_least > 1:
        return f"{engines[0].detail} is {factor_words(engines[0])} as fast at this size."
    return ""
