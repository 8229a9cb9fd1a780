"""The answer of ``recommend`` in one or two sentences, and what a disturbed machine means for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from mlipguide.advice.ranking import could_serve, is_runnable, meets_limits
from mlipguide.core.readable import duration
from mlipguide.records.accuracy.accuracy_axis import AxisFigure
from mlipguide.records.advice.advice import Candidate, Recommendation, Verdict
from mlipguide.records.advice.strategy import StrategyPrice
from mlipguide.records.advice.verdict import Strategy
from mlipguide.records.estimate import Estimate
from mlipguide.records.notice import Notice
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.report.words.axis_words import named
from mlipguide.report.words.formatting import brief, interval
from mlipguide.report.words.reason_words import reason_words

SHOWN_FITTING = 4
"""Names in a sentence."""
CLEARLY_SOONER = 2.0
"""How many times sooner a trained potential has to be done to be named beside a pretrained model that does it too."""
DISTURBED = frozenset({"noisy_machine", "waiting", "set_aside"})
"""Kinds of notices that tell of a disturbed machine."""
AFTER_AN = frozenset({"ace", "allegro", "hdnnp", "mtp"})
"""Families with a vowel in front when they are said."""
NO_ACRONYMS = {"allegro": "Allegro", "deepmd": "DeePMD", "nequip": "NequIP"}
RUN_WORDS = {
    TaskKind.MD: "Run {model}",
    TaskKind.RELAX: "Relax the structure with {model}",
    TaskKind.SCREEN: "Relax the structures with {model}",
    TaskKind.PHONONS: "Compute the phonons with {model}",
    TaskKind.NEB: "Run the band with {model}",
    TaskKind.PRERELAX: "Relax the structure with {model}, then start DFT",
}
STRATEGY_WORDS = {
    Strategy.FINE_TUNE: "Fine-tune {base}",
    Strategy.DISTIL: "Distil {base} into {a} {model} potential",
    Strategy.TRAIN_FROM_SCRATCH: "Train {a} {model} potential from scratch",
}
DOING_WORDS = {
    Strategy.FINE_TUNE: "Fine-tuning {base}",
    Strategy.DISTIL: "Distilling {base} into {a} {model} potential",
    Strategy.TRAIN_FROM_SCRATCH: "Training {a} {model} potential from scratch",
}
STYLES = {Verdict.FEASIBLE: "bold green", Verdict.UNKNOWN: "bold yellow", Verdict.INFEASIBLE: "bold red"}
FIGURE_WORDS = {
    AxisFigure.FORCE_MAE: "lowest force error on your labels",
    AxisFigure.ENERGY_MAE: "lowest energy error on your labels",
    AxisFigure.F1: "highest published F1",
    AxisFigure.KAPPA_SRME: "lowest published κ_SRME",
}


@dataclass(frozen=True, kw_only=True)
class AnswerWords:
    """The answer.

    Attributes:
        lead: What to do, or that nothing can be done, with time and budget.
        rest: Why, or what beside it; empty where there is nothing to say.
        verdict: How sure that is.
    """

    lead: str
    rest: str
    verdict: Verdict


def answer_words(answer: Recommendation) -> AnswerWords:
    """Return the answer in at most three short sentences, the first one of which can be acted on."""
    if answer.choice is not None:
        return _with_choice(answer, _named(answer, answer.choice))
    if is_open(answer):
        startable = any(one.environment is not None for one in answer.candidates)
        rest = "" if startable else "None of them can be started here yet: build an environment first."
        return AnswerWords(lead="No answer yet: no model was timed.", rest=rest, verdict=Verdict.UNKNOWN)
    return _without_choice(answer)


def answer_line(answer: Recommendation) -> Text:
    """Return the same, coloured by how sure it is, as every page of ``recommend`` begins."""
    words = answer_words(answer)
    return Text.assemble((words.lead, STYLES[words.verdict]), " ", words.rest)


def is_open(answer: Recommendation) -> bool:
    """Tell whether nothing can be said yet: no model was timed, and some may do."""
    untimed = all(candidate.step_time_s is None for candidate in answer.candidates)
    return answer.choice is None and untimed and any(one.verdict is Verdict.UNKNOWN for one in answer.candidates)


def disturbance_words(answer: Recommendation, notices: Sequence[Notice]) -> str | None:
    """Return what it means for the answer that the machine was disturbed; None where nothing disturbed it."""
    if not any(notice.kind in DISTURBED for notice in notices):
        return None
    chosen = None if answer.choice is None else _named(answer, answer.choice)
    if answer.hardware:
        return "times elsewhere rest on its timings only in part"
    if chosen is not None and chosen.verdict is Verdict.FEASIBLE:
        return "the answer holds also at the slow end of the interval"
    if chosen is not None and _may_be_late(chosen.run_time_s, answer.task):
        return "--remeasure when it is quiet shows whether the run ends in time"
    if chosen is None and _all_too_slow(answer):
        return "the models are too slow also at the fast end of their intervals"
    return "--remeasure when it is quiet narrows the intervals"


def family_name(family: str) -> str:
    """Return the name of a family of potentials, or of an engine, for people."""
    return NO_ACRONYMS.get(family, family.upper())


def _with_choice(answer: Recommendation, chosen: Candidate) -> AnswerWords:
    task, takes = answer.task, chosen.run_time_s
    assert takes is not None
    where = f" on {answer.hardware[0].profile.name}" if answer.hardware else ""
    budget = duration(task.budget_s)
    head = f"{RUN_WORDS[task.kind].format(model=chosen.name)}{where}: {_in_all(takes)}"
    if _may_be_late(takes, task):
        lead = f"{head}; whether it ends within {budget} is not sure."
    else:
        lead = f"{head}, within the budget of {budget}."
    axis = answer.accuracy_axis
    if axis.fitting and axis.domain is not None:
        seen = (
            f"Of the models with a known time none is known to have seen {axis.domain.value}. These have: "
            f"{named(axis.fitting, SHOWN_FITTING)}: time them first."
        )
        return AnswerWords(lead=seen, rest=f"Of those timed: {lead}", verdict=Verdict.UNKNOWN)
    rest = _sooner(answer, takes) or _open_question(chosen, task) or _merit(chosen, answer)
    return AnswerWords(lead=lead, rest=rest, verdict=chosen.verdict)


def _open_question(chosen: Candidate, task: Task) -> str:
    """Return the first doubt that is not about time; empty without one."""
    if chosen.verdict is not Verdict.UNKNOWN or _may_be_late(chosen.run_time_s, task):
        return ""
    return f"Whether it will do is not sure: {reason_words(chosen.doubts[0])}" if chosen.doubts else ""


def _merit(chosen: Candidate, answer: Recommendation) -> str:
    """Return by what the choice stands out; empty where nothing was compared."""
    rivals = [one for one in answer.candidates if is_runnable(one) and one.verdict is not Verdict.INFEASIBLE]
    figure = chosen.accuracy.figure
    if len(rivals) <= 1:
        return ""
    if meets_limits(chosen, answer.task):
        return "Of the models known to meet the error that was asked it is the fastest."
    if figure is None or answer.accuracy_axis.domain is not None:
        return ""
    return f"Of the models that end in time it has the {FIGURE_WORDS[figure]}."


def _sooner(answer: Recommendation, takes: Estimate) -> str:
    """Return the trained potential that is done clearly sooner than the choice; empty without one."""
    able = [
        one
        for one in (() if answer.strategies is None else answer.strategies.prices)
        if one.strategy in DOING_WORDS and one.verdict is Verdict.FEASIBLE and one.total_wall_time_s is not None
    ]
    if not able:
        return ""
    price = min(able, key=lambda one: one.total_wall_time_s.value if one.total_wall_time_s else float("inf"))
    total = price.total_wall_time_s
    if total is None or CLEARLY_SOONER * total.value > takes.value:
        return ""
    return f"{_way(DOING_WORDS, price, answer)} would be done sooner: about {brief(total, duration)} in all."


def _without_choice(answer: Recommendation) -> AnswerWords:
    """Return what can be done without a pretrained model; where nothing can, the nearest thing that could."""
    table = answer.strategies
    price = None if table is None else table.price(answer.strategy)
    axis, first = answer.accuracy_axis, ""
    if axis.fitting and axis.domain is not None:
        first = f"Models that have seen {axis.domain.value}: {named(axis.fitting, SHOWN_FITTING)}. "
    if price is None or price.total_wall_time_s is None:
        nearest = None if table is None else table.would_do
        change = "No change of budget, size or hardware that was considered mends that." if nearest is None else nearest
        return AnswerWords(lead="Nothing is feasible as asked.", rest=f"{first}{change}", verdict=Verdict.INFEASIBLE)
    where = f" for {answer.hardware[0].profile.name}" if answer.hardware else ""
    way = f"{_way(STRATEGY_WORDS, price, answer)}{where}"
    takes = _in_all(price.total_wall_time_s)
    why_not = _why_no_pretrained(answer)
    if price.verdict is Verdict.FEASIBLE:
        return AnswerWords(lead=f"{way}: {takes}.", rest=f"{first}{why_not}".rstrip(), verdict=Verdict.FEASIBLE)
    if answer.can_be_done:
        doubt = "Whether it will do is not sure. "
        return AnswerWords(lead=f"{way}: {takes}.", rest=f"{doubt}{first}{why_not}".rstrip(), verdict=Verdict.UNKNOWN)
    return AnswerWords(
        lead="Nothing is likely to be feasible as asked.",
        rest=f"{first}Nearest: {way[0].lower()}{way[1:]}, {takes}; the budget is {duration(answer.task.budget_s)}.",
        verdict=Verdict.INFEASIBLE,
    )


def _why_no_pretrained(answer: Recommendation) -> str:
    """Return what stands against the pretrained models: time, with the fastest, or whatever else."""
    budget = duration(answer.task.budget_s)
    here = f"on {answer.hardware[0].profile.name}" if answer.hardware else "here"
    timed = [one for one in answer.candidates if could_serve(one) and one.run_time_s is not None]
    if timed:
        fastest = min(timed, key=lambda one: one.run_time_s.value if one.run_time_s else float("inf"))
        assert fastest.run_time_s is not None
        if fastest.run_time_s.value > answer.task.budget_s:
            is_sure = all(one.verdict is Verdict.INFEASIBLE for one in timed)
            return (
                f"No pretrained model {'ends' if is_sure else 'is likely to end'} within {budget} {here}; the fastest, "
                f"{fastest.name}, needs about {brief(fastest.run_time_s, duration)}."
            )
    against = list(dict.fromkeys(rule.constraint for one in answer.candidates for rule in one.rejections))
    listed = f" ({', '.join(against)})" if against else ""
    return f"No pretrained model does it as asked{listed}."


def _way(words: dict[Strategy, str], price: StrategyPrice, answer: Recommendation) -> str:
    model = "" if price.model is None else family_name(price.model)
    base = "" if price.base is None else next((o.name for o in answer.candidates if o.model == price.base), price.base)
    article = "an" if price.model in AFTER_AN else "a"
    return words[price.strategy].format(base=base, model=model, a=article)


def _in_all(total: Estimate) -> str:
    return f"about {interval(total, duration, 'in all')}"


def _all_too_slow(answer: Recommendation) -> bool:
    timed = [one for one in answer.candidates if could_serve(one) and one.run_time_s is not None]
    late = [one for one in timed if any(rejection.constraint == "time" for rejection in one.rejections)]
    return bool(timed) and len(late) == len(timed)


def _may_be_late(takes: Estimate | None, task: Task) -> bool:
    return takes is not None and takes.at_most > task.budget_s


def _named(answer: Recommendation, model: str) -> Candidate:
    return next(candidate for candidate in answer.candidates if candidate.model == model)
