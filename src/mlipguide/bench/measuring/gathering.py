"""The timings of candidates, gathered: what was measured before is used, weights are fetched, the rest is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

from mlipguide.bench.measuring.measuring import MeasuringContext, measure
from mlipguide.bench.measuring.stored_measurements import MeasuredModels, lacking, recall, sharing
from mlipguide.bench.protocol import Protocol, load_protocol
from mlipguide.candidates.preparation import Consent, Preparation, Prepared, fetch_missing_weights, lacks_weights


@dataclass(frozen=True, kw_only=True)
class Gathering:
    """How timings are gathered.

    Attributes:
        remeasure: Measure again what is in the store.
        measure: Whether anything may be measured.
        named: Ids of the models that the user asked for by name.
        consent: How far to go in getting weights.
        asked: Chooses the candidates that are worth timing, the first to be timed first.
    """

    remeasure: bool
    measure: bool
    named: AbstractSet[str]
    consent: Consent
    asked: Callable[[Sequence[Prepared]], Sequence[Prepared]] = tuple


def gather_timings(
    preparation: Preparation, context: MeasuringContext, how: Gathering
) -> tuple[Preparation, MeasuredModels]:
    """Return what was measured of candidates, and the candidates with the weights that were fetched for it."""
    candidates = preparation.candidates
    measured = MeasuredModels()
    if not how.remeasure:
        measured = recall(candidates, context.machine.fingerprint, context.structure, each=context.each)
    if not how.measure:
        return preparation, measured
    protocol = load_protocol()
    missing = _missing(how.asked(candidates), measured, context, protocol)
    files, notices = fetch_missing_weights(
        [*missing, *(item for item in candidates if lacks_weights(item))],
        named=how.named,
        consent=how.consent,
        on_progress=lambda message: context.on_progress(message, 0.0),
    )
    if files:
        candidates = tuple(_with_file(item, files.get(item.card.id)) for item in candidates)
        missing = _missing(how.asked(candidates), measured, context, protocol)
    if missing:
        groups = len(sharing(missing, each=context.each))
        context.on_progress(
            f"timing {groups} model{'s' if groups > 1 else ''} on this machine: at most {context.budget_s:.0f} s, "
            "loading included (--measure-budget)",
            0.0,
        )
        measure(missing, measured, context, protocol)
    return Preparation(candidates, (*preparation.notices, *notices), preparation.problems), measured


def _missing(
    candidates: Sequence[Prepared], measured: MeasuredModels, context: MeasuringContext, protocol: Protocol
) -> tuple[Prepared, ...]:
    return lacking(candidates, measured, context.ladder(protocol), budget_s=context.budget_s, protocol=protocol)


def _with_file(item: Prepared, file: Path | None) -> Prepared:
    if file is None:
        return item
    return replace(item, weights_file=file, synthetic=False, obstacle=None if lacks_weights(item) else item.obstacle)
