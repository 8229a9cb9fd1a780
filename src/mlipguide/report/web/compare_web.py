"""The answer of ``compare`` as an HTML page: the machines side by side, model by model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlipguide.core.readable import duration
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.compared_answers import AnswersCompared, AnswerThere
from mlipguide.records.advice.verdict import Verdict
from mlipguide.records.estimate import Estimate
from mlipguide.records.notice import Result
from mlipguide.report.pages.compare_page import facts, quantities, sentences
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.web.dots import Dot, dots_spec
from mlipguide.report.web.parts import HOUR_S, cell, logarithmic, noticed, palette, what_failed
from mlipguide.report.web.web_page import Cell, WebChart, WebPage, WebTable
from mlipguide.report.words.formatting import VERDICT_WORDS, interval, marks_legend
from mlipguide.report.words.glossary_words import MEANINGS
from mlipguide.report.words.reason_words import reason_words

AXES = {"In all": ("time of the run, hours", HOUR_S), "Fits up to": ("atoms that fit in memory", 1.0)}
"""Title and unit of the axis where the name of the quantity does not say them."""


def compare_web(result: Result[AnswersCompared]) -> WebPage:
    """Return the page."""
    data = result.data
    lead, *rest = sentences(data)
    return WebPage(
        title="mlipguide compare: " + ", ".join(one.name for one in data.answers),
        lead=lead,
        rest=" ".join(rest),
        tone="unsure" if data.differing else "good" if any(one.choice for one in data.answers) else "bad",
        commands=(),
        facts=tuple(facts(data)),
        charts=tuple(_charts(data)),
        tables=(_models(data),),
        cautions=tuple(what_failed(result)),
        provenance=tuple(_provenance(result)),
    )


def _charts(data: AnswersCompared) -> Iterator[WebChart]:
    colours = palette([one.name for one in data.answers])
    for title, told, words in quantities(data, data.models, details=True):
        dots = [
            Dot(name=model, kind=answer.name, estimate=found, told=interval(found, words))
            for model in data.models
            for answer, found in _known(data, model, told)
        ]
        most = max(dots, key=lambda one: one.estimate.value)
        spoken = (
            f"{title} of {len(data.models)} models on {len(data.answers)} machines; most: {most.name} on {most.kind}, "
            f"{most.told}."
        )
        axis, unit = AXES.get(title, (title, 1.0))
        spec = dots_spec(dots, logarithmic("value", axis), colours, unit=unit)
        missing = [one.name for one in data.answers if one.name not in {dot.kind for dot in dots}]
        notes = [f"{title}: {MEANINGS[title]}."] if title in MEANINGS else []
        notes += [f"Not known of {', '.join(missing)}."] if missing else []
        yield WebChart(title=title, words=spoken, spec=spec, note=" ".join([*notes, "Intervals of 90 %."]))


def _known(
    data: AnswersCompared, model: str, told: Callable[[Candidate], Estimate | None]
) -> Iterator[tuple[AnswerThere, Estimate]]:
    for answer in data.answers:
        one = answer.candidate(model)
        found = None if one is None else told(one)
        if found is not None:
            yield answer, found


def _models(data: AnswersCompared) -> WebTable:
    known = quantities(data, data.models, details=True)
    run_too = all(title != "In all" for title, *_ in known)
    titles = ("Model", "Machine", *(title for title, *_ in known), *(("Run",) if run_too else ()), "Verdict", "Why")
    rows, shown = [], []
    for place, model in enumerate(data.models):
        for answer in data.answers:
            one = answer.candidate(model)
            if one is None:
                continue
            figures = [(told(one), words) for _, told, words in known]
            figures += [(one.run_time_s, duration)] if run_too else []
            shown += [found for found, _ in figures]
            why = "; ".join(map(reason_words, (*one.rejections, *one.doubts)))
            rows.append(
                (
                    Cell(text=("▸ " if answer.choice == model else "") + model, order=place),
                    Cell(text=answer.name, order=answer.name),
                    *(cell(found, words, ends=True) for found, words in figures),
                    Cell(text=VERDICT_WORDS[one.verdict], order=list(Verdict).index(one.verdict)),
                    Cell(text=why, order=why or None),
                )
            )
    legend = " ".join(filter(None, ("▸ the model to run there.", marks_legend(shown))))
    return WebTable(caption="Every model on every machine", titles=titles, rows=tuple(rows), legend=legend)


def _provenance(result: Result[AnswersCompared]) -> Iterator[tuple[str, str]]:
    for one in result.data.answers:
        times = {one.step_time_s.basis.value for one in one.candidates if one.step_time_s is not None}
        there = f"times {', '.join(sorted(times)) or 'not known'}; answered on {machine_line(one.machine)}"
        yield one.name, there
    yield from noticed(result)
