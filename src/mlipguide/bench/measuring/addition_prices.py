"""What an addition costs: each model timed with it and without, in turn, on the same structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from mlipguide.bench.assembly import measurements_of
from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.bench.loading import load_all
from mlipguide.bench.measuring.measuring import MeasuringContext, session_request, size_source, usable_memory_bytes
from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.bench.pairs import LOOKS, PairedRun, PairedSize, PairRules
from mlipguide.bench.protocol import load_protocol
from mlipguide.bench.subject import Subject
from mlipguide.candidates.preparation import Prepared
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.timing.bench import AdditionPrice
from mlipguide.stats.gate import shared_confidence
from mlipguide.store import measurements as store

BUDGET_SHARE = 0.4
"""Of the budget of a benchmark: two loads and eight rounds of one size, beside a sweep over all."""
TARGET_HALF_WIDTH = 0.02
"""Of the logarithm of the ratio: nobody decides by less."""


def price_additions(
    ready: Sequence[Prepared], measured: MeasuredModels, context: MeasuringContext, *, budget_s: float
) -> tuple[AdditionPrice, ...]:
    """Return how much longer a step is for what is added, at the largest size that was timed of each model.

    What fails is a problem in ``measured``; both sides' measurements are stored.

    Args:
        ready: Candidates with additions; of several settings of a model the first counts.
        measured: What was timed with the additions.
        context: Where and on what.
        budget_s: Seconds for all of them, loading included.
    """
    firsts: dict[str, Prepared] = {}
    for item in ready:
        firsts.setdefault(item.card.id, item)
    subjects: list[tuple[Prepared, int]] = []
    for item in firsts.values():
        sizes = [one.atoms for one in measured.fresh if (one.model, one.settings) == (item.card.id, item.settings)]
        if sizes and item.settings.additions:
            subjects.append((item, max(sizes)))
    confidence = shared_confidence(len(subjects), looks=len(LOOKS)) if subjects else 0.0
    found: list[AdditionPrice] = []
    for item, atoms in subjects:
        rules = PairRules(
            confidence=confidence,
            max_slowdown=None,
            target_half_width=TARGET_HALF_WIDTH,
            budget_s=budget_s / len(subjects),
        )
        pair = _in_turn(item, atoms, measured, context, rules)
        if pair is not None:
            found.append(_price(item, atoms, pair, confidence))
    return tuple(found)


def _in_turn(
    item: Prepared, atoms: int, measured: MeasuredModels, context: MeasuringContext, rules: PairRules
) -> PairedSize | None:
    plain, added = (
        CandidateRun(
            Subject(
                card=item.card,
                settings=settings,
                open=partial(context.opener, session_request(replace(item, settings=settings), context.machine)),
            ),
            (atoms,),
        )
        for settings in (replace(item.settings, additions=()), item.settings)
    )
    protocol = load_protocol()
    sides = (plain, added)
    pairs: dict[int, PairedSize] = {}
    try:
        load_all(sides, at_once=1, on_progress=context.on_progress)
        if all(side.alive for side in sides):
            runner = PairedRun(
                sides,
                conditions=context.conditions,
                protocol=protocol,
                rules=rules,
                usable_cores=context.machine.cpu.usable_cores,
                memory_bytes=usable_memory_bytes(context.machine, item.settings),
                on_progress=context.on_progress,
            )
            pairs = runner.measure([size_source(context, protocol).make(atoms)])
    finally:
        for side in sides:
            side.close()
    for side in sides:
        measured.problems.extend(side.problems)
        for record in measurements_of(
            side,
            structure=context.structure,
            conditions=context.conditions,
            fingerprint=context.machine.fingerprint,
        ):
            store.append(record)
    return pairs.get(atoms)


def _price(item: Prepared, atoms: int, pair: PairedSize, confidence: float) -> AdditionPrice:
    ratio = pair.ratio(confidence)
    return AdditionPrice(
        model=item.card.id,
        settings=item.settings,
        atoms=atoms,
        times_as_long=Estimate(
            value=ratio.value,
            low=ratio.low,
            high=ratio.high,
            basis=Basis.MEASURED,
            source=f"{ratio.rounds} rounds in turn",
        ),
    )
