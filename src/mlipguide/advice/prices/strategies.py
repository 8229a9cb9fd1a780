"""All strategies for a task beside each other: which rows each may stand on, its price, and which leads.

Trainings done here come first, where one comes to what is asked; else what was published of what was not tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from mlipguide.advice.decision import decide, leading_strategy
from mlipguide.advice.field_rules import field_rules
from mlipguide.advice.prices import rows
from mlipguide.advice.prices.break_even import break_evens
from mlipguide.advice.prices.inputs import PricingInputs
from mlipguide.advice.prices.labels import label_atoms, reference_labels
from mlipguide.advice.prices.published import FEW_ELEMENTS, suited_family
from mlipguide.advice.prices.rows import Row, doubtful, impossible, priced
from mlipguide.advice.ranking import accuracy_order, choose, could_serve, is_runnable, order_of, seconds_of
from mlipguide.advice.training_commands import pilot_command
from mlipguide.records.accuracy.accuracy_axis import AxisFigure
from mlipguide.records.advice.advice import Candidate, PlanStep
from mlipguide.records.advice.strategy import StrategyPrice, StrategyTable
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.advice.verdict_reasons import Constraint
from mlipguide.records.estimate import exactly
from mlipguide.records.models.family_card import FamilyCard
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.task import Task
from mlipguide.records.training.training import Engine

MENDED_BY_TUNING = frozenset({Constraint.TIME, Constraint.MEMORY, Constraint.ACCURACY})
OWN_FUNCTION = "calculator"
"""Backend of functions of the user's own, of which nothing here knows how to train them further."""
FITTED_TO_ONE_SYSTEM = frozenset({"lammps", "nep"})
"""Backends whose potentials are fitted to a system: they are fitted anew rather than tuned, and teach nothing more."""
BEYOND_FAST_POTENTIALS = frozenset({"magnetism", "charges", "total-charge", "spin", "long-range"})
"""Needs that no fast family here meets."""
NOTHING_ADDED = "Trainings are of models alone, and are priced without --add."
NO_FAMILY = "No family of fast potentials may be used."
TEST_FRAMES = 20


class _Ways(NamedTuple):
    """What a strategy may stand on: rows by trainings here, and one by published figures of what was not tried."""

    here: Sequence[Row] = ()
    other: Row | None = None
    untried: Sequence[Engine] = ()
    """For the command that tries them."""


def strategy_table(
    candidates: Sequence[Candidate], task: Task, inputs: PricingInputs, card: ModelCard | None = None
) -> StrategyTable:
    """Return what every strategy costs, and which leads.

    Args:
        candidates: Every model considered, judged for the task.
        task: What is wanted.
        inputs: Hardware, families, and what was measured by training.
        card: The model that would be run or would teach, for the rules; None where there is none.
    """
    table = priced_strategies(candidates, task, inputs)
    return replace(
        table,
        break_evens=break_evens(table.prices, task.simulated_time_s),
        rules=tuple(field_rules(task, candidates, card, inputs.hardware.gpus)),
    )


def priced_strategies(candidates: Sequence[Candidate], task: Task, inputs: PricingInputs) -> StrategyTable:
    """Return the same without break-evens and rules: what every strategy costs, and which leads."""
    chosen = None if inputs.memory_bytes is None else choose(candidates, task, memory_bytes=inputs.memory_bytes)
    universal = [one for one in candidates if one.backend not in FITTED_TO_ONE_SYSTEM and is_runnable(one)]
    ways: tuple[_Ways, ...] = (
        _pretrained(candidates, chosen, task),
        _fine_tune(universal, task, inputs),
        _distil(universal, task, inputs),
        _from_scratch(task, inputs),
    )
    if task.additions:
        trained = (Strategy.FINE_TUNE, Strategy.DISTIL, Strategy.TRAIN_FROM_SCRATCH)
        ways = (ways[0], *(_Ways(other=impossible(one, NOTHING_ADDED)) for one in trained))
    prices = tuple(_best(one, task, inputs) for one in ways)
    table = StrategyTable(prices=prices, leading=leading_strategy(prices, task), break_evens=(), rules=())
    if inputs.memory_bytes is None:
        return table
    return replace(table, leading=decide(chosen, candidates, table, task))


def is_untested(candidate: Candidate) -> bool:
    """Tell whether nothing is known of a model's force error on this kind of system."""
    return candidate.accuracy.figure is not AxisFigure.FORCE_MAE


def cheapest_test(task: Task, inputs: PricingInputs) -> PlanStep:
    """Return the step that settles whether a model will do: twenty reference calculations, at their price."""
    frames = exactly(TEST_FRAMES, source="number of frames chosen")
    return PlanStep(
        action=(
            f"First, the cheapest test: {TEST_FRAMES} reference calculations of {label_atoms(task)} atoms at "
            f"{task.temperature_k:g} K, and the error of the models on them."
        ),
        command=None,
        wall_time_s=reference_labels(frames, task, inputs.hardware).price.wall_time_s,
    )


def _pretrained(candidates: Sequence[Candidate], chosen: Candidate | None, task: Task) -> _Ways:
    best = chosen or min(candidates, key=lambda one: (not is_runnable(one), order_of(one)), default=None)
    if best is None:
        return _Ways(other=impossible(Strategy.PRETRAINED, "No model was considered."))
    return _Ways(other=rows.as_it_is(best, task))


def _fine_tune(universal: Sequence[Candidate], task: Task, inputs: PricingInputs) -> _Ways:
    """Tune by a pilot that tuned one of the models here; else the best of those that none tuned, by practice."""
    able = [one for one in universal if one.backend != OWN_FUNCTION]
    bases = [one for one in able if {broken.constraint for broken in one.rejections} <= MENDED_BY_TUNING]
    if not bases:
        why = "No model that was timed knows the elements and may be used."
        return _Ways(other=impossible(Strategy.FINE_TUNE, why))
    by_id, best = {one.model: one for one in bases}, min(bases, key=order_of)
    tuned = [
        (one, by_id.get(one.kept.base_model or best.model))
        for one in inputs.tried
        if one.kept.engine is Engine.FINE_TUNE
    ]
    untried = [one for one in bases if one not in [base for _, base in tuned]]
    return _Ways(
        here=[rows.by_pilot(one, task, inputs, base=base) for one, base in tuned if base is not None],
        other=rows.by_practice(min(untried, key=order_of), task, inputs) if untried else None,
        untried=[Engine.FINE_TUNE],
    )


def _distil(universal: Sequence[Candidate], task: Task, inputs: PricingInputs) -> _Ways:
    """Distil the most accurate model which could serve: by a distillation that it taught here, else as published."""
    teachers = [one for one in universal if could_serve(one)]
    if not teachers:
        why = "No model that was timed could teach: each breaks a condition."
        return _Ways(other=impossible(Strategy.DISTIL, why))
    teacher = min(teachers, key=lambda one: (*accuracy_order(one), seconds_of(one), one.model))
    card = _suited(inputs.families, task, inputs)
    beyond = _beyond_fast(task)
    if card is None or beyond is not None:
        return _Ways(other=impossible(Strategy.DISTIL, beyond or NO_FAMILY))
    again = [one for one in inputs.distilled if one.kept.teacher == teacher.model]
    return _Ways(
        here=[
            rows.by_distillation(one, teacher, task, inputs) for one in again if inputs.allows(one.kept.engine, task)
        ],
        other=rows.by_family(card, task, inputs, teacher=teacher),
    )


def _from_scratch(task: Task, inputs: PricingInputs) -> _Ways:
    """Train the model of a pilot that comes to what is asked, else a family that no pilot tried, as was published."""
    beyond = _beyond_fast(task)
    if beyond is not None:
        return _Ways(other=impossible(Strategy.TRAIN_FROM_SCRATCH, beyond))
    tried = [one for one in inputs.tried if one.kept.engine is not Engine.FINE_TUNE]
    tried = [one for one in tried if inputs.allows(one.kept.engine, task)]
    engines = [Engine.POD, Engine.NEP] if len(task.structure.elements) <= FEW_ELEMENTS else [Engine.NEP]
    engines = [one for one in engines if one not in {model.kept.engine for model in tried}]
    untried = [one for one in engines if inputs.allows(one, task)]
    other: Row | None = None
    if untried or not tried:
        card = _suited([one for one in inputs.families if not tried or one.id in untried], task, inputs)
        other = rows.by_family(card, task, inputs) if card else impossible(Strategy.TRAIN_FROM_SCRATCH, NO_FAMILY)
    return _Ways(here=[rows.by_pilot(one, task, inputs) for one in tried], other=other, untried=untried)


def _best(ways: _Ways, task: Task, inputs: PricingInputs) -> StrategyPrice:
    """Return the price by a training here that comes to what is asked, else by what was published of another model.

    That a model failed here makes it doubtful that another one does better, and rules nothing out. Where published
    figures rule the other one out, what was measured stands.
    """
    found = [priced(row, task, inputs.hardware) for row in ways.here]
    measured = _to_go_by(found, task)
    if measured is not None:
        return measured
    shown = min(found, key=lambda one: (bool(one.rejections), _error(one), one.model or ""), default=None)
    price = None if ways.other is None else priced(ways.other, task, inputs.hardware)
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
    if ways.untried and pilot is not None and pilot.labels is not None:
        command = pilot_command(pilot.labels, pilot.folder, ways.untried, task.force_mae_ev_per_angstrom)
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

    def order(price: StrategyPrice) -> tuple[float, float, float]:
        total, run = price.total_wall_time_s, price.production_time_s
        assert total is not None
        assert run is not None
        if task.force_mae_ev_per_angstrom is None:
            return run.value > task.budget_s, _error(price), total.value
        return price.verdict.rank, total.value, _error(price)

    able = [one for one in prices if not one.rejections and one.total_wall_time_s is not None]
    return min(able, key=order, default=None)


def _suited(families: Sequence[FamilyCard], task: Task, inputs: PricingInputs) -> FamilyCard | None:
    return suited_family(families, len(task.structure.elements), inputs.hardware, commercial=task.commercial)


def _beyond_fast(task: Task) -> str | None:
    """Return that no fast potential gives what is needed; None where one may."""
    beyond = [need.value for need in task.needs if need.value in BEYOND_FAST_POTENTIALS]
    return f"No fast potential here gives {', '.join(beyond)}." if beyond else None


def _error(price: StrategyPrice) -> float:
    error = price.force_mae_ev_per_angstrom
    return float("inf") if error is None else error.value
