"""Pages of ``train``, ``check``, ``plan`` and ``compare``: the right numbers in their charts, and a browser's word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factories import make_estimate
from fake_models import STRUCTURES, FakeModels, Run
from mlipguide.commands.compare import compare
from mlipguide.core.errors import ExitCode
from mlipguide.core.serialisation import from_plain
from mlipguide.records.advice.plan import HardwarePlan
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.notice import Notice, Problem, Result
from mlipguide.records.training.fit import FitData
from mlipguide.records.training.pilot import PilotData, Reach
from mlipguide.report.exports.plain_words import without_words
from mlipguide.report.figures.learning_series import learning_series
from mlipguide.report.figures.style import COLOURS
from mlipguide.report.web.compare_web import compare_web
from mlipguide.report.web.comparison_web import comparison_web
from mlipguide.report.web.distil_web import distil_web
from mlipguide.report.web.fit_web import fit_web
from mlipguide.report.web.pilot_web import pilot_web
from mlipguide.report.web.plan_web import plan_web
from mlipguide.report.web.web_page import WebChart, WebPage, WebTable, render
from report_records import make_comparison
from training_records import fake_trainings, make_distillation
from web_browser import complaints, open_browser, open_page

ASKED = ("--atoms", "2000", "--time", "100ps", "--timestep", "2fs", "--budget", "24h")
SECOND_COLUMN = (
    "return [...document.querySelector('table').tBodies[0].rows].map((row) => row.cells[1].dataset.order ?? '')"
)
MODEL = "mace-mp-0-medium"
HARDWARE = "A100-80GB,H100-80GB,RTX4090"
KEPT: dict[str, Any] = {}
"""Answers that several tests look at."""
Trainings = tuple[Result[PilotData], Result[FitData]]


@pytest.fixture(scope="module")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    return fake_trainings(tmp_path_factory.mktemp("trainings"))


@pytest.fixture
def plan(fake_models: FakeModels, run: Run) -> HardwarePlan:
    """Return a plan for three devices, made once."""
    del fake_models
    words = ("plan", MODEL, "--structure", str(STRUCTURES / "LiFePO4.cif"), *ASKED, "--hardware", HARDWARE)
    if "plan" not in KEPT:
        KEPT["plan"] = from_plain(HardwarePlan, without_words(run(*words, "--json").document["data"]), what="a plan")
    found: HardwarePlan = KEPT["plan"]
    return found


@pytest.fixture
def answers(fake_models: FakeModels, run: Run, tmp_path: Path) -> list[Path]:
    """Return answers of this machine and of two devices, a file each, asked once."""
    fake_models.add("fake-a")
    files = []
    for name, more in (("desk", ()), ("a100", ("--hardware", "A100-80GB")), ("h100", ("--hardware", "H100-80GB"))):
        words = ("recommend", str(STRUCTURES / "LiFePO4.cif"), *ASKED, "--models", f"fake-a,{MODEL}", *more)
        files.append(tmp_path / f"{name}.json")
        if name not in KEPT:
            KEPT[name] = run(*words, *(("--no-measure",) if more else ()), "--json").document
        files[-1].write_text(json.dumps(KEPT[name]), encoding="utf-8")
    return files


def chart(page: WebPage, title: str) -> WebChart:
    return next(one for one in page.charts if one.title == title)


def table(page: WebPage, caption: str) -> WebTable:
    return next(one for one in page.tables if one.caption.startswith(caption))


def layers(one: WebChart, mark: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the data of the layers that draw a mark."""
    for layer in one.spec["layer"]:
        kind = layer["mark"] if isinstance(layer["mark"], str) else layer["mark"]["type"]
        if kind == mark:
            yield layer["data"]["values"]


def dots(one: WebChart) -> list[dict[str, Any]]:
    return next(layers(one, "point"))


def test_a_pilot_shows_its_fits_its_law_and_its_goal(trainings: Trainings) -> None:
    result, _ = trainings
    data, page = result.data, pilot_web(result, given="labels.extxyz", again="--engines pod")
    curves = chart(page, "Learning curves")
    measured = sorted((row["frames"], row["value"]) for row in dots(curves))
    known = [(one.frames, one.errors.force_mae_ev_per_angstrom) for one in data.points]
    assert measured == sorted((frames, error.value / 1e-3) for frames, error in known if error is not None)
    inside, beyond = layers(curves, "line")
    law = data.learning_curve[0]
    assert max(row["frames"] for row in inside) == law.largest_frames == min(row["frames"] for row in beyond)
    assert max(row["frames"] for row in beyond) == law.curve[-1].frames
    (goal,) = [rows for rows in layers(curves, "rule") if rows[0].get("name", "").startswith("target")]
    assert goal[0]["value"] == 200.0
    assert "reaches 200 meV/Å" in curves.words
    assert page.lead.startswith("Take pod ")
    assert page.rest == "The target of 200 meV/Å is met."
    assert page.commands[0].startswith("mlipguide train fit labels.extxyz --engine pod --size ")
    assert page.commands[1].endswith("--budget 1h")


def test_a_pilot_says_what_the_goal_takes(trainings: Trainings) -> None:
    result, _ = trainings
    data, page = result.data, pilot_web(result)
    needed = {one.size: one.frames_for_target for one in data.learning_curve}
    assert {row["name"]: row["value"] for row in dots(chart(page, "Frames for 200 meV/Å"))} == {
        f"pod {size}": frames.value for size, frames in needed.items() if frames is not None
    }
    price = table(page, "Frames for 200 meV/Å")
    assert {row[0].text: row[1].order for row in price.rows} == {
        f"pod {size}": frames and frames.value for size, frames in needed.items()
    }
    assert [row[2].order for row in price.rows] == [0.0, 0.0], "the frames at hand are enough"
    fits = table(page, "Every fit")
    assert len(fits.rows) == len(data.points)
    assert {row[1].order for row in fits.rows} == {one.frames for one in data.points}


def test_frames_that_may_not_be_enough_reach_as_far_as_the_curve_is_believed(trainings: Trainings) -> None:
    result, _ = trainings
    curve = result.data.learning_curve[0]
    open_ended = Estimate(value=70.0, low=None, high=None, basis=Basis.EXTRAPOLATED, source="test")
    curve = replace(curve, frames_for_target=open_ended, fewest_frames_for_target=40.0, reach=Reach.REACHABLE)
    page = pilot_web(replace(result, data=replace(result.data, learning_curve=(curve,))))
    (row,) = dots(chart(page, "Frames for 200 meV/Å"))
    assert (row["low"], row["value"], row["high"]) == (40.0, 70.0, curve.curve[-1].frames)
    assert row["told"] == "70 (40 at least)"
    at_hand = result.data.data.train_frames
    assert table(page, "Frames for 200 meV/Å").rows[0][2].order == 70.0 - at_hand


def test_the_picture_and_the_page_show_the_same_series(trainings: Trainings) -> None:
    result, _ = trainings
    names = [one.label for one in learning_series(result.data)]
    colours = chart(pilot_web(result), "Learning curves").spec["layer"][0]["encoding"]["color"]["scale"]
    assert colours == {"domain": names, "range": list(COLOURS[: len(names)])}


def test_a_fit_shows_its_errors_by_group_and_its_checks(trainings: Trainings) -> None:
    _, result = trainings
    data, page = result.data, fit_web(result)
    by_group = {row["name"]: row["value"] for row in dots(chart(page, "Errors"))}
    assert set(by_group) == {"MD", "Surface", "all"}
    error = data.potential.errors.force_mae_ev_per_angstrom
    assert error is not None
    assert by_group["all"] == pytest.approx(1e3 * error.value)
    assert all(row["zero"] == 0 for rows in layers(chart(page, "Errors"), "rule") for row in rows)
    assert page.lead.startswith("my-si is ready: ")
    assert page.tone == "good"
    (point,) = dots(chart(page, "Learning curves"))
    assert point["frames"] == data.potential.frames
    assert [row[0].text for row in table(page, "Every check").rows] == [one.title for one in data.checks]


def test_a_distillation_shows_errors_speed_and_how_near_the_limits_are() -> None:
    data = make_distillation()
    page = distil_web(Result(data), given="LiFePO4.cif")
    errors = {(row["name"], row["kind"]): row["value"] for row in dots(chart(page, "Errors of the rounds"))}
    assert errors == {
        ("Round 1", "Held-out run"): pytest.approx(80.0),
        ("Round 1", "Own run"): pytest.approx(120.0),
        ("Round 2 kept", "Held-out run"): pytest.approx(56.0),
        ("Round 2 kept", "Own run"): pytest.approx(60.0),
    }
    speeds = {row["name"]: row["value"] for row in dots(chart(page, "Speed"))}
    assert speeds == {"sevennet-0 (teacher)": pytest.approx(5100.0), "my-student (student)": pytest.approx(30.0)}
    shares = {row["name"]: (row["value"], row["kind"]) for row in dots(chart(page, "Checks"))}
    assert shares["Force MAE, held-out run"] == (pytest.approx(5.6 / 15), "passed")
    assert shares["Energy, 2nd half to 1st"][1] == "not resolvable"
    assert (page.lead, page.tone) == ("my-student is ready.", "good")
    assert page.commands[0] == "mlipguide recommend LiFePO4.cif --models my-student,sevennet-0"


def test_a_student_that_is_not_handed_over_is_told_first() -> None:
    page = distil_web(Result(make_distillation(handed_over=False)), given="LiFePO4.cif", again="--size large")
    assert (page.lead, page.tone) == ("No student of sevennet-0 is handed over yet.", "bad")
    assert page.commands == (
        "mlipguide train distil LiFePO4.cif --teacher sevennet-0 --size large --folder /home/me/distilled --budget 2h",
    )
    (row,) = [row for row in dots(chart(page, "Checks")) if row["name"] == "Force MAE, held-out run"]
    assert row["value"] == pytest.approx(20 / 15)
    assert row["kind"] == "failed"


def test_a_check_shows_each_ratio_beside_what_is_allowed() -> None:
    data = make_comparison()
    page = comparison_web(Result(data), "check")
    assert (page.lead, page.tone) == ("Regression.", "bad")
    shown = chart(page, "Now beside before")
    ratios = {row["name"]: (row["low"], row["value"], row["high"], row["kind"]) for row in dots(shown)}
    assert ratios == {
        f"{one.model}, 64 atoms": (one.ratio.low, one.ratio.value, one.ratio.high, one.verdict.value)
        for one in data.changes
    }
    assert dots(shown)[0]["name"] == "model-slow, 64 atoms", "what fails stands first"
    assert [rows[0]["limit"] for rows in layers(shown, "rule") if "limit" in rows[0]] == [1.1, 1.0]
    rows = table(page, "Every measurement").rows
    assert {row[5].order for row in rows} == {1.1}
    assert table(page, "Not compared").rows[0][0].text == "model-gone, 64 atoms"


def test_a_check_that_passed_or_compared_nothing() -> None:
    data = make_comparison(changes=make_comparison().changes[1:])
    page = comparison_web(Result(data), "check")
    assert (page.lead, page.tone) == ("No regression.", "good")
    assert page.rest == "Of 3 measurements none was shown to be more than 10% slower (1 faster, 1 unclear)."
    empty = comparison_web(Result(make_comparison(changes=())), "check")
    assert (empty.tone, empty.charts) == ("unsure", ())
    assert empty.lead == "Nothing could be compared."


def test_what_failed_and_was_noticed_stands_on_the_page() -> None:
    problem = Problem(kind="out_of_memory", message="model-b ran out of memory.", hint="Take fewer atoms.", model="b")
    notice = Notice("noisy_machine", "Other processes were running.")
    page = comparison_web(Result(make_comparison(), notices=(notice,), errors=(problem,)), "check")
    assert page.cautions == (("b", "model-b ran out of memory. Take fewer atoms.", ()),)
    assert ("Note", "Other processes were running.") in page.provenance


def test_a_plan_shows_times_costs_and_memory_and_has_a_slider(plan: HardwarePlan) -> None:
    page = plan_web(Result(plan), given="LiFePO4.cif")
    times = {row["name"]: row["value"] for row in dots(chart(page, "Run time"))}
    runs = {one.profile.name: one.candidate.run_time_s for one in plan.options}
    assert times == {name: pytest.approx(run.value / 3600) for name, run in runs.items() if run is not None}
    assert set(times) == {"A100-80GB", "H100-80GB", "RTX4090"}
    assert [rows[0]["limit"] for rows in layers(chart(page, "Run time"), "rule") if "limit" in rows[0]] == [24.0]
    hours = {row["name"]: row["value"] for row in dots(chart(page, "Machine time"))}
    assert hours == pytest.approx(times), "one device each"
    shares = {row["name"]: row["value"] for row in dots(chart(page, "Memory of one device"))}
    for option in plan.options:
        peak, usable = option.candidate.peak_memory_bytes, option.profile.usable_memory_bytes
        assert peak is not None
        assert usable is not None
        assert shares[option.profile.name] == pytest.approx(peak.value / usable.value)
    slider = chart(page, "And for a longer or shorter run?").slider
    assert slider is not None
    assert slider.stops[slider.start]["label"] == "100 ps"
    fastest = min(times, key=lambda name: times[name])
    assert {stop["totals"][0]["name"] for stop in slider.stops} == {fastest}
    rows = table(page, "All hardware").rows
    assert [row[0].text for row in rows] == [one.profile.name for one in plan.options]
    assert page.commands[0].startswith("mlipguide recommend LiFePO4.cif --atoms 2000 --time 100ps --budget 24h")


def test_machines_stand_side_by_side(answers: list[Path], run: Run) -> None:
    target = answers[0].with_name("three.html")
    outcome = run("compare", *map(str, answers), "--html", str(target))
    assert outcome.code == ExitCode.DONE, outcome.err
    assert "Every model on every machine" in target.read_text(encoding="utf-8")
    result = compare(answers)
    page = compare_web(result)
    rates = {(row["name"], row["kind"]): row["value"] for row in dots(chart(page, "ns/day"))}
    known = {
        (one.model, answer.name): one.ns_per_day.value
        for answer in result.data.answers
        for one in answer.candidates
        if one.ns_per_day is not None
    }
    assert rates == pytest.approx(known)
    assert {machine for _, machine in rates} == {"desk", "a100", "h100"}
    assert "Not known of desk." in chart(page, "Device-hours").note
    assert {row[1].text for row in table(page, "Every model").rows} == {"desk", "a100", "h100"}
    assert "ends first" in page.lead
    assert {label for label, _ in page.facts} == {"Task", "desk", "a100", "h100"}


def test_an_interval_without_ends_is_the_number_itself() -> None:
    change = replace(make_comparison().changes[0], ratio=make_estimate(1.25, spread=None))
    page = comparison_web(Result(make_comparison(changes=(change,))), "check")
    (row,) = dots(page.charts[0])
    assert (row["low"], row["value"], row["high"]) == (1.25, 1.25, 1.25)


@pytest.mark.parametrize("ending", ["pdf", "txt"])
def test_each_command_refuses_another_ending_before_it_begins(run: Run, ending: str) -> None:
    for words in (
        ("train", "pilot", "nowhere.xyz"),
        ("train", "fit", "nowhere.xyz", "--engine", "pod"),
        ("train", "distil", "nowhere.xyz", "--teacher", "x"),
        ("plan", "x", "--atoms", "1"),
        ("check", "nowhere"),
        ("compare", "nowhere.json"),
        ("bench", "compare", "a", "b"),
    ):
        outcome = run(*words, "--html", f"page.{ending}")
        assert outcome.code == ExitCode.BAD_INPUT
        assert f"A page cannot be written as 'page.{ending}'." in outcome.err, words


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from open_browser()


def test_a_browser_opens_sorts_and_moves_each_page(
    browser: Any, trainings: Trainings, plan: HardwarePlan, answers: list[Path], tmp_path: Path
) -> None:
    pilot, fit = trainings
    pages = {
        "pilot": pilot_web(pilot),
        "fit": fit_web(fit),
        "distil": distil_web(Result(make_distillation())),
        "check": comparison_web(Result(make_comparison()), "check"),
        "plan": plan_web(Result(plan)),
        "compare": compare_web(compare(answers)),
    }
    sliders = []
    for name, page in pages.items():
        target = tmp_path / f"{name}.html"
        target.write_text(render(page), encoding="utf-8")
        for width in (1280, 390):
            open_page(browser, target, width)
        for figure in browser.find_elements("css selector", "figure"):
            assert len(figure.get_attribute("aria-label")) > 20, name
        head = browser.find_elements("css selector", "th button")[1]
        for direction in ("up", "down"):
            head.click()
            shown = browser.execute_script(SECOND_COLUMN)
            assert shown == sorted(shown, reverse=direction == "down", key=number), (name, direction)
        for slider in browser.find_elements("css selector", "input[type=range]"):
            slider.send_keys("\ue014")  # the arrow to the right
            sliders.append(browser.find_element("css selector", ".slider output").text)
        assert complaints(browser) == [], name
    assert sliders == ["126 ps"], "that of plan"


def number(order: str) -> tuple[float, str]:
    """Return what the browser sorts by: a number where the text is one."""
    try:
        return float(order), ""
    except ValueError:
        return 0.0, order
