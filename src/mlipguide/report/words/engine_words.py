"""Which code runs a model on some hardware, and with which sizes another one would be faster, in words."""

from __future__ import annotations

from mlipguide.core.readable import memory
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.engines import EngineChoice
from mlipguide.report.words.formatting import brief

SMALLEST = 10
"""Atoms at which the scale of sizes begins."""


def engine_words(candidate: Candidate) -> str | None:
    """Return the code that is expected to be fastest, and the others against it; None where there is no choice."""
    if not candidate.engines:
        return None
    first, *others = candidate.engines
    return "; ".join([f"{first.code}{_sizes(first)}", *(_against(one, first) for one in others)])


def _against(one: EngineChoice, first: EngineChoice) -> str:
    assert one.step_time_s is not None
    assert first.step_time_s is not None
    words = f"{one.code} takes about {one.step_time_s.value / first.step_time_s.value:.2g} times as long"
    if one.peak_memory_bytes is not None and first.peak_memory_bytes is not None and one.devices != first.devices:
        words += f" and {brief(one.peak_memory_bytes, memory)} a device"
    if one.fastest_from_atoms is not None:
        words += f"{_sizes(one)}"
    if not one.splits and first.devices > 1:
        words += ", and cannot share one system among devices"
    return words


def _sizes(one: EngineChoice) -> str:
    """Return the sizes with which a code is the fastest: of a scale of eight steps to a power of ten."""
    start, end = one.fastest_from_atoms, one.fastest_to_atoms
    if start is None:
        return ""
    least, most = (None if size is None else f"about {float(f'{size:.2g}'):,.0f}" for size in (start, end))
    if start <= SMALLEST:
        return ", fastest with all sizes" if most is None else f", fastest up to {most} atoms"
    return f", fastest from {least} atoms on" if most is None else f", fastest from {least} to {most} atoms"
