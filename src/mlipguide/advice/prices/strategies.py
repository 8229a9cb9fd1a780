"""The price of each strategy: which models it may stand on, and by which source.

Trainings done here come first, where one comes to what is asked; else what was published of what was not tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlipguide.advice.candidate_step import run_by
from mlipguide.advice.prices.inputs import PricingInputs
from mlipguide.advice.prices.labels import label_atoms, no_labels
from mlipguide.advice.prices.published import FEW_ELEMENTS, suited_family
from mlipguide.advice.prices.rows import Row, doubtful, impossible, priced, run_of
from mlipguide.advice.prices.sources import by_distillation, by_family, by_pilot, by_practice
from mlipguide.advice.ranking import accuracy_order, choose, could_serve, is_runnable
from mlipguide.advice.training_commands import pilot_command
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import Reckoned, StrategyPrice
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.advice.verdict_reasons import Constraint, Doubt
from mlipguide.records.estimate import nothing
from mlipguide.records.models.family_card import FamilyCard
from mlipguide.records.task.task import Task
from mlipguide.records.training.training import Engine

MENDED_BY_TUNING = frozenset({Constraint.TIME, Constraint.MEMORY, Constraint.ACCURACY})
BROKEN_BY_TUNED = frozenset({Constraint.MEMORY, Constraint.CUTOFF})
"""What a base model breaks, and a model tuned from it too."""
UNSETTLED_BY_TUNING = frozenset({Constraint.MEMORY, Constraint.LICENCE})
"""What is in doubt of a base model, and of a model tuned from it too."""
OF_ITS_OWN_RUN = frozenset({Constraint.TIME, Constraint.MEMORY})
"""What may be in doubt of a teacher: it never makes the run."""
OWN_FUNCTION = "calculator"
"""Backend of functions of the user's own, of which nothing here knows how to train them further."""
FITTED_TO_ONE_SYSTEM = frozenset({"lammps", "nep"})
"""Backends whose potentials are fitted to a system: they are fitted anew rather than tuned, and teach nothing more."""
BEYOND_FAST_POTENTIALS = frozenset({"magnetism", "charges", "total-charge", "spin", "long-range"})
"""Needs that no fast family here meets."""


def pretrained(candidates: Sequence[Candidate], task: Task, inputs: PricingInputs) -> StrategyPrice:
    """Return the price of running the best model as it is: its verdict is the price's."""
    best = None if inputs.memory_bytes is None else choose(candidates, task, memory_bytes=inputs.memory_bytes)
    best = best or min(candidates, key=_usefulness, default=None)
    if best is None:
        return priced(impossible(Strategy.PRETRAINED, "No model was considered."), task, inputs.hardware)
    row = Row(
        strategy=Strategy.PRETRAINED,
        model=best.model,
        labels=no_labels(label_atoms(task), "no labels needed"),
        training=Reckoned(estimate=nothing("no training needed"), words=""),
        run=run_of(best.name, best.step_time_s, run_by(best, task)),
        rejections=best.rejections,
        doubts=best.doubts,
        error=best.evidence.force_mae_ev_per_angstrom,
        is_judged=True,
    )
    return priced(row, task, inputs.hardware)


def fine_tune(candidates: Sequence[Candidate], task: Task, inputs: PricingInputs) -> StrategyPrice:
    """Return the price of tuning a model on reference calculations: its speed stays, its error falls.

    By a pilot that tuned one of the models here, where it comes to what is asked; else of the best model, by practice.
    """
    able = [one for one in _universal(candidates) if is_runnable(one) and one.backend != OWN_FUNCTION]
    bases = [one for one in able if {broken.constraint for broken in one.rejections} <= MENDED_BY_TUNING]
    if not bases:
        why = "No model that was timed knows the elements and may be used."
        return priced(impossible(Strategy.FINE_TUNE, why), task, inputs.hardware)
    best = min(bases, key=_usefulness)
    by_id = {one.model: one for one in bases}
    tried = [
        (one, by_id[one.kept.base_model or best.model])
        for one in inputs.tried
        if one.kept.engine is Engine.FINE_TUNE and (one.kept.base_model or best.model) in by_id
    ]
    found = [_with_base(by_pilot(one, task, inputs, base=base), base) for one, base in tried]
    untried = min((one for one in bases if one not in [base for _, base in tried]), key=_usefulness, default=None)
    other = None if untried is None else _with_base(by_practice(untried, task, inputs), untried)
    return _best(found, other, task, inputs, engines=[Engine.FINE_TUNE])


def distil(candidates: Sequence[Candidate], task: Task, inputs: PricingInputs) -> StrategyPrice:
    """Return the price of a fast potential that the most accurate model which could serve teaches.

    By a distillation that it taught here before, else by what was published.
    """
    teachers = [one for one in _universal(candidates) if could_serve(one) and is_runnable(one)]
    if not teachers:
        why = "No model that was timed could teach: each breaks a condition."
        return priced(impossible(Strategy.DISTIL, why), task, inputs.hardware)
    teacher = min(teachers, key=lambda one: (*accuracy_order(one), _seconds(one), one.model))
    beyond, card = _beyond_fast(Strategy.DISTIL, task), _suited(inputs.families, task, inputs)
    if beyond is not None or card is None:
        return priced(beyond or _no_family(Strategy.DISTIL), task, inputs.hardware)
    again = [
        by_distillation(one, teacher, task, inputs)
        for one in inputs.distilled
        if one.kept.teacher == teacher.model and inputs.allows(one.kept.engine, task)
    ]
    doubts = _of_teacher(teacher)
    found = [replace(row, doubts=(*doubts, *row.doubts)) for row in again]
    published = by_family(card, task, inputs, teacher=teacher)
    return _best(found, replace(published, doubts=(*published.doubts, *doubts)), task, inputs)


def from_scratch(task: Task, inputs: PricingInputs) -> StrategyPrice:
    """Return the price of a fast potential that is trained on reference calculations.

    By the model of a pilot that comes to what is asked with the least time to solution, else by what was published for
    a family that no pilot tried.
    """
    beyond = _beyond_fast(Strategy.TRAIN_FROM_SCRATCH, task)
    if beyond is not None:
        return priced(beyond, task, inputs.hardware)
    tried = [
        one for one in inputs.tried if one.kept.engine is not Engine.FINE_TUNE and inputs.allows(one.kept.engine, task)
    ]
    few = len(task.structure.elements) <= FEW_ELEMENTS
    untried = [
        one
        for one in (*([Engine.POD] if few else []), Engine.NEP)
        if one not in {model.kept.engine for model in tried} and inputs.allows(one, task)
    ]
    found = [by_pilot(one, task, inputs) for one in tried]
    other: Row | None = None
    if untried or not found:
        names = {one.value for one in untried}
        card = _suited([one for one in inputs.families if not found or one.id in names], task, inputs)
        other = _no_family(Strategy.TRAIN_FROM_SCRATCH) if card is None else by_family(card, task, inputs)
    return _best(found, other, task, inputs, engines=untried)


def _best(
    rows: Sequence[Row], other: Row | None, task: Task, inputs: PricingInputs, *, engines: Sequence[Engine] = ()
) -> StrategyPrice:
    """Return the price by a training here that comes to what is asked, else by what was published of another model.

    That a model failed here makes it doubtful that another one does better, and rules nothing out. Where published
    figures rule the other one out, what was measured stands.

    Args:
        rows: By trainings here.
        other: By published figures, of something that was not tried; None where everything was.
        task: What is wanted.
        inputs: What is known.
        engines: That were not tried, for the command that does.
    """
    found = [priced(row, task, inputs.hardware) for row in rows]
    measured = _to_go_by(found, task)
    if measured is not None:
        return measured
    shown = min(found, key=lambda one: (bool(one.rejections), _error(one), one.model or ""), default=None)
    price = None if other is None else priced(other, task, inputs.hardware)
    if shown is None or price is None or price.rejections:
        only = shown or price
        assert only is not None
        return only
    before = shown.before
    assert before is not None
    stated = [one.detail for one in (shown.rejections or shown.doubts) if one.detail is not None]
    against = " ".join(stated) or before.words
    if before.folder not in against:
        named = f"By your {before.kind.value} in {before.folder} ({before.made_at[:10]})"
        against = f"{named}, {before.engine.value} {before.size}: {against}"
    pilot = next((one.pilot for one in inputs.tried if one.pilot.folder == before.folder), None)
    command = None
    if engines and pilot is not None and pilot.labels is not None:
        command = pilot_command(pilot.labels, pilot.folder, engines, task.force_mae_ev_per_angstrom)
    return replace(
        price,
        verdict=Verdict.UNKNOWN,
        doubts=(doubtful(f"{against} Published figures of what was not tried stand in its place."), *price.doubts),
        before=replace(before, words=against, command=command),
    )


def _to_go_by(prices: Sequence[StrategyPrice], task: Task) -> StrategyPrice | None:
    """Return the price to go by among those whose total is known and that nothing rules out; None without any.

    With a force error asked it is the one that meets it with the least time to solution; without one the most
    accurate of those whose run ends within the budget, as among models (``advice/ranking.py``).
    """
    able = [(one, one.total_wall_time_s.value) for one in prices if not one.rejections and one.total_wall_time_s]
    if task.force_mae_ev_per_angstrom is None:
        in_time = [
            (one, total)
            for one, total in able
            if one.production_time_s is not None and one.production_time_s.value <= task.budget_s
        ]
        found = min(in_time or able, key=lambda known: (_error(known[0]), known[1]), default=None)
    else:
        found = min(able, key=lambda known: (known[0].verdict.rank, known[1], _error(known[0])), default=None)
    return None if found is None else found[0]


def _suited(families: Sequence[FamilyCard], task: Task, inputs: PricingInputs) -> FamilyCard | None:
    return suited_family(families, len(task.structure.elements), inputs.hardware, commercial=task.commercial)


def _no_family(strategy: Strategy) -> Row:
    return impossible(strategy, "No family of fast potentials may be used.")


def _beyond_fast(strategy: Strategy, task: Task) -> Row | None:
    """Return that no fast potential gives what is needed; None where one may."""
    beyond = [need.value for need in task.needs if need.value in BEYOND_FAST_POTENTIALS]
    return impossible(strategy, f"No fast potential here gives {', '.join(beyond)}.") if beyond else None


def _with_base(row: Row, base: Candidate) -> Row:
    """Return the row of a tuned model with what of its base's verdict tuning does not change.

    Tuning mends for certain forces that are too small throughout, which few frames correct: B. Deng et al., npj Comput.
    Mater. 11, 9 (2025), doi:10.1038/s41524-024-01500-6.
    """
    opening, slope = row.opening, base.evidence.force_slope
    if slope is not None and slope.at_most < 1:
        soft = (
            f"{base.name} is too soft here: its forces are {slope.value:.2f} times the reference. That error is "
            "systematic, and few frames mend most of it (deng2025softening)."
        )
        opening = (soft, *opening)
    rejections = tuple(one for one in base.rejections if one.constraint in BROKEN_BY_TUNED)
    doubts = tuple(one for one in base.doubts if one.constraint in UNSETTLED_BY_TUNING)
    return replace(row, opening=opening, rejections=(*row.rejections, *rejections), doubts=(*row.doubts, *doubts))


def _of_teacher(teacher: Candidate) -> tuple[Doubt, ...]:
    """Return the doubts of a teacher but those about its own run, which it never makes."""
    return tuple(one for one in teacher.doubts if one.constraint not in OF_ITS_OWN_RUN)


def _usefulness(candidate: Candidate) -> tuple[bool, int, bool, tuple[float, ...], float, str]:
    """Return what sorts models for a strategy that runs them: timed, then the verdict, the accuracy, the time.

    What was not timed has no price, so that a model that was comes first, whatever its verdict.
    """
    return (
        not is_runnable(candidate),
        candidate.verdict.rank,
        not could_serve(candidate),
        accuracy_order(candidate),
        _seconds(candidate),
        candidate.model,
    )


def _universal(candidates: Sequence[Candidate]) -> list[Candidate]:
    return [one for one in candidates if one.backend not in FITTED_TO_ONE_SYSTEM]


def _seconds(candidate: Candidate) -> float:
    return float("inf") if candidate.step_time_s is None else candidate.step_time_s.value


def _error(price: StrategyPrice) -> float:
    error = price.force_mae_ev_per_angstrom
    return float("inf") if error is None else error.value
