"""The timings of candidates, gathered: what was measured before is used, weights are fetched, the rest is measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlipguide.bench.measuring.measuring import MeasuringContext, measure
from mlipguide.bench.measuring.stored_measurements import MeasuredModels, lacking, recall, sharing
from mlipguide.bench.protocol import Protocol, load_protocol
from mlipguide.candidates.preparation import Consent, Preparation, Prepared, fetch_missing_weights, lacks_weights
from mlipguide.records.advice.verdict_reasons import Doubt

WORTH_GOING_ON = 0.2
"""Of the budget must be left to time models that were left out until others failed or were slower than expected."""


@dataclass(frozen=True, kw_only=True)
class Contenders:
    """The candidates that are worth timing.

    Attributes:
        candidates: The first to be timed first.
        left_out: Why others that could be timed are not, by model.
        tell: Told which of them are timed now, before they are.
    """

    candidates: Sequence[Prepared]
    left_out: Mapping[str, Doubt] = field(default_factory=dict)
    tell: Callable[[Sequence[Prepared]], None] = lambda _missing: None


def all_of_them(candidates: Sequence[Prepared], _measured: MeasuredModels) -> Contenders:
    """Leave no candidate out."""
    return Contenders(candidates=candidates)


@dataclass(frozen=True, kw_only=True)
class Gathering:
    """How timings are gathered.

    Attributes:
        remeasure: Measure again what is in the store.
        measure: Whether anything may be measured.
        named: Ids of the models that the user asked for by name.
        consent: How far to go in getting weights.
        choose: Chooses the candidates that are worth timing, by what was measured before.
        until_interrupted: Whether Ctrl-C ends the measuring alone, once anything is known of a model.
    """

    remeasure: bool
    measure: bool
    named: AbstractSet[str]
    consent: Consent
    choose: Callable[[Sequence[Prepared], MeasuredModels], Contenders] = all_of_them
    until_interrupted: bool = False


def gather_timings(
    preparation: Preparation, context: MeasuringContext, how: Gathering
) -> tuple[Preparation, MeasuredModels]:
    """Return what was measured of candidates, and the candidates with the weights that were fetched for it.

    Raises:
        KeyboardInterrupt: Ctrl-C, where that is to end everything or nothing is known yet.
    """
    candidates = preparation.candidates
    measured = MeasuredModels()
    if not how.remeasure:
        measured = recall(candidates, context.machine.fingerprint, context.structure, each=context.each)
    if not how.measure:
        return preparation, measured
    protocol = load_protocol()
    if not _missing(candidates, measured, context, protocol) and not any(map(lacks_weights, candidates)):
        return preparation, measured
    chosen = how.choose(candidates, measured)
    missing = _missing(chosen.candidates, measured, context, protocol)
    files, notices = fetch_missing_weights(
        [*missing, *(item for item in candidates if lacks_weights(item))],
        named=how.named,
        consent=how.consent,
        on_progress=lambda message: context.on_progress(message, 0.0),
    )
    if files:
        candidates = tuple(_with_file(item, files.get(item.card.id)) for item in candidates)
        chosen = how.choose(candidates, measured)
        missing = _missing(chosen.candidates, measured, context, protocol)
    if missing:
        chosen.tell(missing)
        groups = len(sharing(missing, each=context.each))
        context.on_progress(
            f"timing {groups} model{'s' if groups > 1 else ''} on this machine: at most {context.budget_s:.0f} s, "
            "loading included (--measure-budget)",
            0.0,
        )
        try:
            begin = time.monotonic()
            measure(missing, measured, context, protocol)
            left_s = context.budget_s - (time.monotonic() - begin)
            if chosen.left_out and left_s >= WORTH_GOING_ON * context.budget_s:
                chosen = how.choose([item for item in candidates if item.card.id not in measured.failures], measured)
                again = [item for item in chosen.candidates if item.card.id not in measured.by_model]
                if again:
                    measure(again, measured, replace(context, budget_s=left_s), protocol)
        except KeyboardInterrupt:
            if not how.until_interrupted or not measured.by_model:
                raise
            measured.interrupted = True
    measured.left_out.update(chosen.left_out)
    return Preparation(candidates, (*preparation.notices, *notices), preparation.problems), measured


def _missing(
    candidates: Sequence[Prepared], measured: MeasuredModels, context: MeasuringContext, protocol: Protocol
) -> tuple[Prepared, ...]:
    return lacking(candidates, measured, context.ladder(protocol), budget_s=context.budget_s, protocol=protocol)


def _with_file(item: Prepared, file: Path | None) -> Prepared:
    if file is None:
        return item
    return replace(item, weights_file=file, synthetic=False, obstacle=None if lacks_weights(item) else item.obstacle)
