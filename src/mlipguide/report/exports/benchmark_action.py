"""The JSON that the action ``github-action-benchmark`` reads with ``tool: customSmallerIsBetter``.

It is a list of objects with ``name``, ``unit``, ``value``, and as text ``range`` and ``extra`` (the type
``BenchmarkResult`` in src/extract.ts of github.com/benchmark-action/github-action-benchmark). The action draws a
history and alerts when a value grows, on whatever machine each run had. So where a comparison does not depend on the
machine's speed, being interleaved or normalised, its ratio is handed over, and else the step time.
"""

from __future__ import annotations

from typing import Any

from mlipguide.core.serialisation import to_json
from mlipguide.records.estimate import Estimate
from mlipguide.records.timing.comparison import Change, Comparison, Pairing
from mlipguide.report.tables.series import settings_words
from mlipguide.report.words.comparison_words import change_sentence, subject


def benchmark_json(data: Comparison) -> str:
    """Return the document; the names hold all settings, so that those of one run match those of the next."""
    relative = data.normalised or data.pairing is Pairing.INTERLEAVED
    return to_json([_entry(change, data, relative=relative) for change in data.changes]) + "\n"


def _entry(change: Change, data: Comparison, *, relative: bool) -> dict[str, Any]:
    shown = change.ratio if relative else change.current_s
    entry: dict[str, Any] = {
        "name": f"{subject(change)}, {settings_words(change.settings)}",
        "unit": "× the time of the baseline" if relative else "s per step",
        "value": shown.value,
    }
    half = _half_width(shown)
    if half is not None:
        entry["range"] = f"± {half:.3g}"
    entry["extra"] = f"{change_sentence(change)}\nbaseline: {data.baseline.name}\nmachine: {data.current.fingerprint}"
    return entry


def _half_width(estimate: Estimate) -> float | None:
    return None if estimate.low is None or estimate.high is None else (estimate.high - estimate.low) / 2
