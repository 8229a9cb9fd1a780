"""Pages read well at any width: no line is longer, and nothing that decides is lost."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console, RenderableType

from factories import make_candidate, make_card, make_estimate, make_evidence, make_task
from fake_models import STRUCTURES, FakeModels, Run, make_machine
from mlipguide.advice.accuracy_axis import axis_of
from mlipguide.advice.model_criteria import ListRequest
from mlipguide.commands.know.model_list import list_models
from mlipguide.commands.know.models import show_model
from mlipguide.core.readable import duration, memory
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.advice.advice import Caveat, PlanStep, Recommendation, Strategy
from mlipguide.records.estimate import Basis
from mlipguide.records.hardware.environment import Environment, EnvironmentKind, EnvironmentState
from mlipguide.records.hardware.machine import Gpu, GpuVendor
from mlipguide.records.models.listings import EnvironmentList
from mlipguide.records.models.terms import Need
from mlipguide.records.timing.measurement import Weights
from mlipguide.report.pages.environments_page import environments_page
from mlipguide.report.pages.machine_page import machine_page
from mlipguide.report.pages.models_page import models_page
from mlipguide.report.pages.recommend_details import _verdict_words, recommend_details
from mlipguide.report.words.reason_words import reason_words
from mlipguide.sessions.errors import FailureKind
from mlipguide.testing.fake_session import linear

WIDTHS = (80, 100, 160)
COMMAND = "  mlipguide "
"""What lines begin with that are not broken."""
ANSI = re.compile("\x1b")
COMMAND = "  mlipguide "
"""Begins a line with a command, which is whole however long it is."""
GPU = Gpu(
    vendor=GpuVendor.NVIDIA,
    index=0,
    name="NVIDIA H100 80GB HBM3",
    memory_bytes=85520809984,
    memory_used_bytes=0,
    driver="570.86.15",
    compute_capability="9.0",
    mig="1g.10gb",
    clock_hz=None,
    max_clock_hz=None,
    power_limit_w=None,
    other_processes=None,
    uuid=None,
)


def console(width: int) -> Console:
    return Console(file=io.StringIO(), width=width, highlight=False, soft_wrap=False)


def render(page: RenderableType, on: Console) -> list[str]:
    on.print(page, crop=False)
    assert isinstance(on.file, io.StringIO)
    lines = on.file.getvalue().splitlines()
    too_long = [line for line in lines if len(line) > on.width and not line.startswith(COMMAND)]
    assert not too_long
    assert not ANSI.search("".join(lines))
    return lines


def make_answer() -> Recommendation:
    """Return an answer with every kind of candidate, long names and long intervals."""
    task = make_task(needs=(Need.STRESS,))
    strict = replace(task, commercial=True)
    provides: dict[str, Any] = {"provides": (Need.STRESS,)}
    candidates = (
        make_candidate("sevennet-0-22may2024", task, card=make_card("sevennet-0-22may2024", **provides)),
        make_candidate(
            "mace-mp-0-medium",
            task,
            card=make_card("mace-mp-0-medium", **provides),
            weights=Weights.SYNTHETIC,
            step_time_s=make_estimate(12.3, spread=4.0, basis=Basis.EXTRAPOLATED),
        ),
        make_candidate(
            "chgnet-0.3.0", strict, card=make_card("chgnet-0.3.0"), step_time_s=make_estimate(1e4, spread=1.01)
        ),
        make_candidate(
            "never-timed",
            task,
            card=make_card("never-timed", **provides),
            evidence=make_evidence(kappa_srme=None),
            step_time_s=None,
            ns_per_day=None,
            peak_memory_bytes=None,
            max_atoms=None,
            affordable_atoms=None,
            settings=None,
            weights=None,
        ),
        make_candidate(
            "too-large",
            task,
            card=make_card("too-large", **provides),
            peak_memory_bytes=make_estimate(3e11),
            step_time_s=make_estimate(3e3),
        ),
    )
    return Recommendation(
        machine=make_machine(gpus=(GPU,)),
        task=task,
        candidates=candidates,
        strategy=Strategy.PRETRAINED,
        choice="sevennet-0-22may2024",
        plan=(PlanStep(action="Run it " + "with care " * 30, command=None, wall_time_s=None),),
        reasons=("It is the most accurate " + "of many " * 30,),
        caveats=(
            Caveat(
                "softening",
                "Do not believe everything. " * 10,
                "doi:10.1016/j.cossms.2025.101214",
                ("https://doi.org/10.1016/j.cossms.2025.101214",),
            ),
        ),
        next_commands=("mlipguide recommend " + "/a/long/path" * 20 + ".cif --atoms 100",),
        accuracy_axis=axis_of(task, [one.accuracy for one in candidates]),
        can_be_done=True,
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_the_recommendation_fits_and_is_whole(width: int) -> None:
    answer = make_answer()
    on = console(width)
    lines = render(recommend_details(answer, on), on)
    text = "\n".join(lines)
    joined = re.sub(r"\s+", " ", text)
    assert "…" not in text
    for candidate in answer.candidates:
        rows = [line for line in lines if line[2:].startswith(f"{candidate.model} ") and ":" not in line[:40]]
        if candidate.step_time_s is None:
            assert not rows
            assert all(reason_words(rejection) in joined for rejection in candidate.rejections)
            assert candidate.model in joined
            continue
        (row,) = rows
        assert row.rstrip().endswith(_verdict_words(candidate, wide="In time up to" in text))
        constraints = [rejection.constraint for rejection in candidate.rejections]
        if constraints == ["time"]:
            assert candidate.model in joined.partition("Slower than the budget of 24 h allows: ")[2]
        else:
            assert all(reason_words(rejection) in joined for rejection in candidate.rejections)
        if candidate.run_time_s is None or candidate.peak_memory_bytes is None:
            continue
        assert candidate.step_time_s.told(duration) in row
        assert candidate.run_time_s.told(duration) in row
        assert candidate.peak_memory_bytes.told(memory) in row
    assert text.count("▸") == 1
    for words in (*answer.reasons, *(step.action for step in answer.plan), *(item.source for item in answer.caveats)):
        assert re.sub(r"\s+", " ", words).strip() in joined
    assert "mlipguide explain softening" in joined
    (command,) = answer.next_commands
    assert f"  {command}" in lines


def test_an_error_on_labels_stands_in_the_table_instead_of_kappa() -> None:
    answer = make_answer()
    first, *others = answer.candidates
    evidence = make_evidence(kind=EvidenceKind.USER_LABELS, force_mae_ev_per_angstrom=0.0987)
    labelled = make_candidate(first.model, evidence=evidence)
    pages = {}
    for known, candidates in ((True, (labelled, *others)), (False, answer.candidates)):
        axis = axis_of(answer.task, [one.accuracy for one in candidates])
        on = console(80)
        changed = replace(answer, candidates=candidates, accuracy_axis=axis)
        pages[known] = "\n".join(render(recommend_details(changed, on), on))
    assert " 98.7 " in pages[True]
    assert "Error: force MAE on labels" in pages[True]
    assert "98.7" not in pages[False]
    assert "κ: published" in pages[False]


def test_wide_pages_show_more() -> None:
    pages = []
    for width in WIDTHS:
        on = console(width)
        pages.append("\n".join(render(recommend_details(make_answer(), on), on)))
    assert "ns/day  " not in pages[0]
    assert all(title in pages[-1] for title in ("ns/day", "Fits up to", "In time up to", "Commercial"))


@pytest.mark.parametrize("width", WIDTHS)
def test_the_other_pages_fit(width: int) -> None:
    environment = Environment(
        backend="mace-torch",
        kind=EnvironmentKind.MANAGED,
        state=EnvironmentState.BROKEN,
        python="/a/python",
        python_version="3.12.11",
        versions={"mace-torch": "0.3.13", "torch": "2.7.1+cu128", "e3nn": "0.4.4", "ase": "3.26.0", "numpy": "1.26.4"},
        location="/a",
        problem="cannot import it: " + "why " * 40,
    )
    on = console(width)
    text = "".join(render(environments_page(EnvironmentList((environment,)), on, details=True), on))
    for words in ("mace-torch", "broken", "managed", "3.12.11", "2.7.1+cu128", "1.26.4"):
        assert words in text
    on = console(width)
    text = " ".join(render(machine_page(make_machine(gpus=(GPU,)), on), on))
    assert "NVIDIA H100 80GB HBM3" in text
    assert "1g.10gb" in text
    catalogue = list_models(ListRequest(every_life_cycle=True)).data
    on = console(width)
    lines = render(models_page(catalogue, on, details=True), on)
    for card in catalogue.models:
        (row,) = (line for line in lines if line.startswith(f"{card.id} "))
        assert row.rstrip().endswith(card.life_cycle.value)


@pytest.mark.parametrize("command", ["recommend", "bench"])
@pytest.mark.parametrize("width", ["80", "160"])
def test_the_commands_fit(
    fake_models: FakeModels, run: Run, monkeypatch: pytest.MonkeyPatch, command: str, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    fake_models.add("fake-model-with-a-name", time_law=linear(1e-3), noise=0.2)
    fake_models.add("fake-random", time_law=linear(1e-2), synthetic=True)
    fake_models.add("fake-bad", fails_at={0: FailureKind.CRASHED})
    everything = ("--details",) if command == "recommend" else ()
    outcome = run(command, STRUCTURES / "LiFePO4.cif", "--models", fake_models.names, *everything)
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert all(len(line) <= int(width) or line.startswith(COMMAND) for line in lines)
    assert "…" not in outcome.out
    assert "fake-model-with-a-name" in outcome.out
    assert "fake-random *" in outcome.out
    assert "random weights" in outcome.out
    assert "Failed: fake-bad" in outcome.err
    assert not ANSI.search(outcome.out + outcome.err)


@pytest.mark.parametrize("name", ["sevennet-0", "mace-mp-0-medium", "chgnet-0.3.0"])
def test_a_card_names_its_sources(run: Run, name: str) -> None:
    outcome = run("models", "show", name, "--details")
    sources = show_model(name).data.sources
    assert sources
    assert all(f"[{source.key}]" in outcome.out for source in sources)


class Terminal(io.StringIO):
    """A terminal for rich."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise io.UnsupportedOperation


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *, coloured: bool) -> None:
    from mlipguide.report.console import output_console

    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    on = output_console()
    on.print(recommend_details(make_answer(), on))
    assert bool(re.search("\x1b\\[[0-9;]*3[0-9]m", terminal.getvalue())) is coloured


def test_progress_is_plain_lines_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    from mlipguide.report.progress import progress

    with progress() as report:
        report("loading a (1 of 2)", 0.0)
        report("measuring a, 10 atoms", 0.5)
        report("measuring a, 20 atoms", 0.6)
        report("measuring b, 10 atoms", 0.7)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "mlipguide: loading a (1 of 2)",
        "mlipguide:  50% measuring a, 10 atoms",
        "mlipguide:  70% measuring b, 10 atoms",
    ]


def test_messages_are_not_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    from mlipguide.core.errors import InputError
    from mlipguide.records.notice import Notice
    from mlipguide.report.words.messages import show_error, show_notices

    show_error(InputError("a[bold] is [/] no markup", hint="Write [red]."))
    show_notices((Notice("a", "[a] note"),))
    assert capsys.readouterr().err.splitlines() == [
        "Error: a[bold] is [/] no markup",
        "  Write [red].",
        "Note: [a] note",
    ]


@pytest.mark.parametrize(("every_s", "told"), [(0.0, ["1", "2", "3"]), (3600.0, ["1"])])
def test_a_stage_that_goes_on_is_told_of_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, every_s: float, told: list[str]
) -> None:
    from mlipguide.report import progress as module

    monkeypatch.setattr(module, "EVERY_S", every_s)
    with module.progress() as report:
        for step in (1, 2, 3):
            report(f"training, step {step}", 0.1 * step)
    lines = capsys.readouterr().err.splitlines()
    assert [line.rpartition(" ")[2] for line in lines] == told
