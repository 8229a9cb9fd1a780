"""The page of ``recommend``: the answer in the first lines, unbroken commands, never more than 30 lines."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from rich.console import Console

from factories import make_estimate, make_task
from fake_models import STRUCTURES, FakeModels, Run, make_machine
from mlipguide.advice.accuracy_axis import axis_of
from mlipguide.advice.caveats import caveats_for
from mlipguide.advice.decision import can_be_done, leading_candidate
from mlipguide.catalog.topics import load_knowledge
from mlipguide.core.readable import duration
from mlipguide.records.advice.advice import Recommendation
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.advice.verdict_reasons import Doubt, ReasonKind
from mlipguide.records.estimate import Basis
from mlipguide.records.models.terms import Need
from mlipguide.records.notice import Notice
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.report.pages.recommend_page import MOST_LINES, commands_now, recommend_page, told_beside
from mlipguide.report.words.answer_words import answer_words, disturbance_words, is_open
from mlipguide.report.words.caution_lines import CAUTIONS
from mlipguide.report.words.formatting import brief, ends_words, interval, marks_legend
from mlipguide.testing.fake_session import linear
from world import ETHANOL, LIFEPO4, OF_MOLECULES, PLATINUM_SLAB, SILICON, WATER, World, card_of, decision

HOUR, DAY = 3_600.0, 86_400.0
ASSUMED = ("kind", "atoms", "time", "timestep", "temperature", "budget")
COMMAND = "  mlipguide "
REPRESENTATION = re.compile(r"\b[A-Z]\w+\(\w+=|<\w+\.\w+:")
LONG = "mlipguide recommend " + "/a/long/path" * 20 + ".cif --write run.py"
NOISY = Notice("noisy_machine", "Other processes used the processors (3 of 3 timings). Worst: all.")


def answered(task: Task, world: World | None = None, **changes: Any) -> Recommendation:
    """Return the answer to a task in a small world, with a command for the last step of the plan."""
    found = decision(task, world)
    chosen = None if found.choice is None else found.candidate(found.choice)
    leading = leading_candidate(chosen, found.candidates)
    price = found.table.price(found.strategy)
    plan = (*found.plan[:-1], *(replace(step, command=LONG) for step in found.plan[-1:]))
    answer = Recommendation(
        machine=make_machine(),
        task=task,
        candidates=found.candidates,
        strategy=found.strategy,
        choice=found.choice,
        plan=plan,
        reasons=("Because.",),
        caveats=caveats_for(
            task, None if leading is None else card_of(leading.model), found.candidates, load_knowledge()
        ),
        next_commands=("mlipguide env build mace-torch", "mlipguide models show sevennet-0"),
        accuracy_axis=axis_of(task, [one.accuracy for one in found.candidates]),
        can_be_done=can_be_done(chosen, price, task),
        strategies=replace(found.table, leading=found.strategy),
    )
    return replace(answer, **changes)


def page(answer: Recommendation, *notices: Notice, width: int = 100) -> list[str]:
    """Return the lines of the page."""
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(recommend_page(answer, console, notices), crop=False)
    assert isinstance(console.file, io.StringIO)
    assert not REPRESENTATION.search(console.file.getvalue()), "a record is worded before it is printed"
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def first(lines: list[str], beginning: str) -> int:
    return next(number for number, line in enumerate(lines) if line.startswith(beginning))


def test_what_to_do_comes_first_then_commands_task_table_cautions_and_where_more_is() -> None:
    lines = page(answered(make_task(budget_s=1000 * HOUR, assumed=ASSUMED)), NOISY)
    order = [
        "Run ",
        COMMAND,
        "Task ",
        "Machine ",
        "Assumed ",
        "Timing ",
        "Model ",
        "▸ ",
        "κ_SRME: ",
        "Caution ",
        "More: ",
    ]
    places = [first(lines, beginning) for beginning in order]
    assert places == sorted(places)
    assert places[0] == 0
    assert lines[places[1]] == f"  {LONG}"
    assert "--kind md --atoms 2000 --time 100ps" in lines[places[4]]
    assert all(option in lines[-1] for option in ("--details", "--why MODEL"))


KINDS: Mapping[TaskKind, dict[str, Any]] = {
    TaskKind.MD: {},
    TaskKind.RELAX: {},
    TaskKind.SCREEN: {"structures": 1000},
    TaskKind.PHONONS: {},
    TaskKind.NEB: {"images": 7},
    TaskKind.PRERELAX: {},
}
MANY = {f"mace-{letter}": 3.0 + rank for rank, letter in enumerate("abc")}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=some.sampled_from(list(TaskKind)),
    structure=some.sampled_from([LIFEPO4, SILICON, WATER, ETHANOL, PLATINUM_SLAB]),
    budget_s=some.sampled_from([1.0, 600.0, 4 * HOUR, DAY, 30 * DAY]),
    atoms=some.sampled_from([8, 200, 2_000, 100_000]),
    temperature_k=some.sampled_from([300.0, 2_000.0]),
    asked=some.sampled_from([{}, {"commercial": True}, {"needs": (Need.STRESS,)}, {"force_mae_ev_per_angstrom": 0.1}]),
    world=some.sampled_from(
        [
            World(),
            World(labels={"sevennet-0": 0.1, "chgnet-0.3.0": 0.2}),
            World(memory_bytes=2**31),
            World(models=dict.fromkeys(("sevennet-0", "mace-mp-0-medium"), 0.0)),
            World(models=dict.fromkeys(("sevennet-0", "mace-mp-0-medium"))),
        ]
    ),
    width=some.sampled_from([100, 120, 200]),
    derived=some.booleans(),
)
def test_no_task_needs_more_than_a_screen(  # noqa: PLR0917  # hypothesis passes by name
    kind: TaskKind,
    structure: Any,
    budget_s: float,
    atoms: int,
    temperature_k: float,
    asked: dict[str, Any],
    world: World,
    width: int,
    *,
    derived: bool,
) -> None:
    task = make_task(
        kind=kind,
        structure=structure,
        budget_s=budget_s,
        atoms=atoms,
        temperature_k=temperature_k,
        assumed=ASSUMED,
        derived_needs=OF_MOLECULES if derived else (),
        **asked,
        **KINDS[kind],
    )
    answer = answered(task, world)
    lines = page(answer, NOISY, width=width)
    assert len(lines) <= MOST_LINES
    assert all(len(line) <= width for line in lines if not line.startswith(COMMAND))
    assert {f"  {command}" for command in commands_now(answer)} == {one for one in lines if one.startswith(COMMAND)}
    head = " ".join(lines[:2])
    if is_open(answer):
        assert head.startswith("No answer yet")
    elif answer.can_be_done:
        assert re.search(r"about .* in all", " ".join(lines[:3]))
    else:
        assert head.startswith("Nothing")
    cautions = [line for line in lines if line.removeprefix("Caution").strip().partition(":")[0] in CAUTIONS]
    assert len(cautions) == min(3, len({caveat.topic for caveat in answer.caveats}))
    assert ("ns/day" in " ".join(lines)) <= (kind is TaskKind.MD)


@pytest.mark.parametrize(
    ("task", "begins", "then"),
    [
        (make_task(budget_s=1000 * HOUR), "Run MACE-MP-0 medium: about 22 days in all (20 to 24 days), within the", ""),
        (
            make_task(),
            "Distil SevenNet-l3i5 into a NEP potential: about ",
            "No pretrained model ends within 24 h here; the fastest, CHGNet 0.3.0, needs about 11 days",
        ),
        (make_task(budget_s=1.0), "Nothing is feasible as asked.", "No change of budget, size or hardware"),
        (make_task(kind=TaskKind.SCREEN, structures=10, atoms=28), "Relax the structures with ", ""),
        (
            make_task(kind=TaskKind.PHONONS, atoms=64),
            "Compute the phonons with SevenNet-l3i5",
            "lowest published κ_SRME",
        ),
    ],
    ids=["feasible", "distil", "nothing", "screen", "phonons"],
)
def test_the_answer_in_words(task: Task, begins: str, then: str) -> None:
    words = answer_words(answered(task))
    assert f"{words.lead} {words.rest}".startswith(begins)
    assert then in words.rest
    if words.verdict is Verdict.FEASIBLE and "Distil" not in begins:
        assert f"within the budget of {duration(task.budget_s)}" in words.lead


def test_a_run_that_may_be_late_says_so() -> None:
    answer = answered(make_task(), World(models={"sevennet-0": 0.42}))
    (candidate,) = answer.candidates
    assert candidate.verdict is Verdict.UNKNOWN
    assert "whether it ends within 24 h is not sure" in answer_words(answer).lead
    assert "--remeasure when it is quiet shows" in (disturbance_words(answer, [NOISY]) or "")


def test_a_doubt_that_is_not_about_time_is_worded() -> None:
    answer = answered(make_task(budget_s=1000 * HOUR))
    doubt = Doubt(kind=ReasonKind.NOTHING_COMPARABLE)
    candidates = tuple(
        replace(one, verdict=Verdict.UNKNOWN, doubts=(doubt,)) if one.model == answer.choice else one
        for one in answer.candidates
    )
    doubtful = replace(answer, candidates=candidates, strategies=None)
    assert "not sure: No comparable figure of its accuracy was published." in " ".join(page(doubtful)[:3])


def test_a_trained_potential_that_is_done_clearly_sooner_is_named_beside_the_choice() -> None:
    answer = answered(make_task(budget_s=1000 * HOUR))
    assert answer.strategies is not None
    assert answer.strategy is Strategy.PRETRAINED
    assert "would be done sooner: about " in answer_words(answer).rest


@pytest.mark.parametrize(
    ("task", "says"),
    [
        (make_task(atoms=100, budget_s=1000 * HOUR), "the answer holds also at the slow end of the interval"),
        (make_task(), "the models are too slow also at the fast end of their intervals"),
    ],
)
def test_a_disturbed_machine_is_one_line_with_what_it_means(task: Task, says: str) -> None:
    answer = answered(task)
    waiting = Notice("waiting", "Steps waited.")
    other = Notice("reused", "Measured earlier.")
    told = told_beside(answer, [Notice("assumed", "Assumed."), NOISY, other, waiting])
    assert [notice.kind for notice in told] == ["reused", "noisy_machine"]
    assert says in told[-1].message
    (line,) = (line for line in page(answer, NOISY, waiting) if line.startswith("Timing "))
    assert line.endswith(f"on a disturbed machine; {says}")
    assert told_beside(answer, [other]) == (other,)


def test_every_caution_is_a_line_and_every_caveat_has_one() -> None:
    topics = {topic.id for topic in load_knowledge().topics if topic.caveat is not None}
    assert set(CAUTIONS) == topics
    assert all(len(f"Caution  {topic}: {words}") <= 100 for topic, words in CAUTIONS.items())


@pytest.mark.parametrize(
    ("value", "spread", "told"),
    [
        (7_200.0, 2.0, "2 h (60 min to 4 h)"),
        (54_000.0, 1.02, "15 h (14.7 to 15.3 h)"),
        (6.9 * HOUR, 1.3, "6.9 h (5.3 to 9.0 h)"),
        (DAY * 3.21, 10.0, "3 days (8 h to 30 days)"),
        (12.3, None, "12 s"),
        (12.0, 1.0, "12 s"),
    ],
)
def test_digits_are_those_that_the_interval_supports(value: float, spread: float | None, told: str) -> None:
    assert interval(make_estimate(value, spread=spread), duration) == told


def test_an_end_at_zero_is_told() -> None:
    estimate = replace(make_estimate(10.0), low=0.0, high=30.0)
    assert brief(estimate, duration) == "10 s"
    assert ends_words(estimate, duration) == "0 to 30 s"


def test_only_marks_that_occur_are_explained() -> None:
    shown = [make_estimate(1.0, basis=basis) for basis in (Basis.MEASURED, Basis.ASSUMED, Basis.FITTED)]
    assert marks_legend([*shown, None]) == "~ fitted, ? partly assumed"
    assert marks_legend(shown[:1]) == ""


def test_the_command_prints_the_page_and_details_print_everything(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-good", kappa=0.2, time_law=linear(2e-4))
    fake_models.add("fake-fast", kappa=0.8, time_law=linear(1e-4))
    asked = ("recommend", STRUCTURES / "LiFePO4.cif", "--atoms", "2000", "--models", fake_models.names)
    short, full = run(*asked), run(*asked, "--details")
    lines = short.out.splitlines()
    assert len(lines) <= MOST_LINES
    assert lines[0].startswith("Run FAKE-GOOD: about ")
    assert f"  mlipguide {' '.join(map(str, asked))} --write run.py" in lines
    assert "Assumed, for want of an answer" not in short.err
    assert "Assumed, for want of an answer" in full.err
    for title in ("Why", "Plan", "Strategies", "When training pays", "Ruled out or in doubt", "Keep in mind", "Next"):
        assert title in full.out.splitlines() or title == "Ruled out or in doubt"
    document = run(*asked, "--json").document
    assert document["data"]["plan"][-1]["command"].endswith("--write run.py")
    assert {notice["kind"] for notice in document["notices"]} >= {"assumed"}


def test_an_error_on_labels_stands_with_its_unit_and_the_digits_it_has() -> None:
    answer = answered(make_task(atoms=100), World(labels={"sevennet-0": 0.1234}))
    (row,) = (line for line in page(answer) if line.startswith(("▸ sevennet-0 ", "  sevennet-0 ")))
    assert " 120 meV/Å " in row
    assert "Force MAE: on labels of this system" in " ".join(page(answer))
