"""The pages of ``evaluate``, ``disagree`` and ``stability``: the conclusion first, the right numbers in the charts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fake_models import make_machine
from mlipguide.records.accuracy.accuracy import ErrorGap, FindingKind, LabelFinding
from mlipguide.records.accuracy.disagreement import Agreement
from mlipguide.records.notice import Notice, Problem, Result
from mlipguide.report.pages.evaluate_page import what_next
from mlipguide.report.web.disagree_web import disagree_web
from mlipguide.report.web.evaluate_web import MOST_DRAWN, MOST_POINTS, evaluate_web
from mlipguide.report.web.stability_web import stability_web
from mlipguide.report.web.web_page import WebChart, WebPage, WebTable
from trust_records import make_accuracies, make_accuracy, make_disagreement, make_points, make_stability

MACHINE = make_machine()
FAILURE = Problem("worker_failed", "The worker died.", "Look at its log.", model="third")


def evaluated(components: int = 30, **changes: Any) -> WebPage:
    data = make_accuracies(**changes)
    result = Result(data, (Notice("kept", "It was kept."),), (FAILURE,))
    return evaluate_web(result, make_points(data, components), "labels.extxyz", seed=7, machine=MACHINE)


def chart(page: WebPage, title: str) -> WebChart:
    (found,) = (one for one in page.charts if one.title == title)
    return found


def table(page: WebPage, caption: str) -> WebTable:
    (found,) = (one for one in page.tables if one.caption == caption)
    return found


def column(page: WebPage, caption: str, title: str) -> list[tuple[str, float | str | None]]:
    found = table(page, caption)
    place = found.titles.index(title)
    return [(row[place].text, row[place].order) for row in found.rows]


def points(found: WebChart) -> Iterator[dict[str, Any]]:
    for layer in (found.spec, *found.spec.get("layer", ())):
        yield from layer.get("data", {}).get("values", ())


def test_the_most_accurate_model_comes_first_with_the_commands() -> None:
    page = evaluated()
    assert page.lead == (
        "good is the most accurate of 2: force MAE 100 (90.9 to 110) meV/Å on your labels; "
        "fair is 100 (90.9 to 110) behind."
    )
    assert page.rest == "Its forces are too small by 20 % (softening)."
    assert page.tone == "good"
    assert page.commands[0] == "mlipguide recommend STRUCTURE --labels labels.extxyz --models good,fair"
    assert page.purposes[0] == "which to run, with these errors"
    assert ("duplicates", "Frames 3 and 4 are the same.", ()) in page.cautions
    assert ("third", "The worker died. Look at its log.", ()) in page.cautions


@pytest.mark.parametrize(
    ("changes", "tone"),
    [
        ({"findings": (LabelFinding(kind=FindingKind.FORCE_SIGN, message="m", frames=()),)}, "bad"),
        ({"ranking": (replace(make_accuracies().ranking[0], significant=False),)}, "unsure"),
        ({"results": (make_accuracy(),), "ranking": ()}, "good"),
        ({"results": (make_accuracy(force_gap=ErrorGap.TOO_FEW_FRAMES),), "ranking": ()}, "unsure"),
    ],
)
def test_the_tone_is_that_of_the_answer(changes: dict[str, Any], tone: str) -> None:
    assert evaluated(**changes).tone == tone


def test_labels_that_look_wrong_are_told_at_the_top() -> None:
    page = evaluated(findings=(LabelFinding(kind=FindingKind.FORCE_SIGN, message="The signs differ.", frames=()),))
    assert page.lead.startswith("The errors below mean nothing before this is settled")
    assert page.rest == "The signs differ."
    assert [topic for topic, _, _ in page.cautions] == ["third"]


def test_the_right_labels_are_asked_for_once() -> None:
    wrong = LabelFinding(kind=FindingKind.FORCE_SIGN, message="The forces have the wrong sign.", frames=())
    (step,) = what_next(make_accuracies(findings=(wrong,)), "'my labels.xyz' --forces-key f")
    assert step.command == "mlipguide evaluate 'my labels.xyz' --energy-key NAME --forces-key NAME"


def test_without_an_error_of_the_energy_its_chart_says_nothing_of_one() -> None:
    page = evaluated(results=(make_accuracy(energy_mae_ev_per_atom=None),), ranking=())
    assert chart(page, "Energies: good").note == "Shown: all 3 frames."


def test_parity_charts_hold_reference_and_prediction_and_the_diagonal() -> None:
    page = evaluated()
    forces = chart(page, "Forces: good")
    diagonal, drawn = (layer["data"]["values"] for layer in forces.spec["layer"])
    assert len(drawn) == 30
    assert drawn[0] == {"x": -3.0, "y": -2.4}
    assert [one["x"] for one in diagonal] == [one["y"] for one in diagonal]
    assert forces.note == "MAE 0.100 eV/Å, slope 0.80. Shown: all 30 force components."
    energies = chart(page, "Energies: good")
    assert {"x": -4.1, "y": -4.09} in energies.spec["layer"][1]["data"]["values"]
    assert energies.spec["layer"][1]["encoding"]["y"]["title"] == "Predicted energy (eV/atom)"


def test_many_points_are_thinned_at_random_and_the_page_says_so() -> None:
    page = evaluated(components=9_000)
    forces = chart(page, "Forces: fair")
    drawn = forces.spec["layer"][1]["data"]["values"]
    assert len(drawn) == MOST_POINTS // 2
    assert "Shown: 3,000 of 9,000 force components, thinned at random" in forces.note
    assert np.mean([one["x"] for one in drawn]) == pytest.approx(0.0, abs=0.15)
    assert drawn == chart(evaluated(components=9_000), "Forces: fair").spec["layer"][1]["data"]["values"]


def test_points_outside_of_the_axes_are_counted() -> None:
    data = make_accuracies()
    parity = make_points(data, 3_000)
    parity._samples["good"].pairs[0] = (0.0, 500.0)
    page = evaluate_web(Result(data), parity, "labels.extxyz", seed=0, machine=MACHINE)
    (low, high) = chart(page, "Forces: good").spec["layer"][1]["encoding"]["y"]["scale"]["domain"]
    assert -4 < low < high < 4
    assert "1 of 3,000 lie outside of the axes" in chart(page, "Forces: good").note


def test_errors_of_parts_have_their_intervals() -> None:
    page = evaluated()
    found = {(one["name"], one["series"]): one for one in points(chart(page, "Force MAE by element"))}
    lithium = found["Li", "good"]
    assert lithium["value"] == pytest.approx(66.7, abs=0.1)
    assert (lithium["low"], lithium["high"]) == (pytest.approx(60.6, abs=0.1), pytest.approx(73.3, abs=0.1))
    assert found["O", "fair"]["value"] == pytest.approx(266.7, abs=0.1)
    assert [text for text, _ in column(page, "Force MAE by element, meV/Å", "fair")] == [
        "133 (121 to 147)",
        "267 (242 to 293)",
    ]
    assert not [one for one in page.charts if one.title == "Force MAE by magnitude of the reference force"]


def test_the_table_has_every_error_with_its_interval() -> None:
    page = evaluated(results=(make_accuracy(), make_accuracy("fair", 0.2, energy_mae_ev_per_atom=None)))
    assert column(page, "All models", "Force MAE (meV/Å)") == [("100 (90.9 to 110)", 0.1), ("200 (182 to 220)", 0.2)]
    assert column(page, "All models", "Slope")[0] == ("0.80 (0.76 to 0.84)", 0.8)
    assert column(page, "All models", "Softness")[0][0] == "too soft by 20 %"
    assert column(page, "All models", "Energy MAE (meV/atom)")[1] == ("–", None)
    assert column(page, "All models", "Shift of the energies (E0)")[0][0].startswith("Li -1.500, O +0.250 eV")
    assert column(page, "Ranking", "Is it chance?") == [("significant", "significant")]
    stands_on = dict(page.provenance)
    assert stands_on["Labels"] == "labels.extxyz, SHA-256 0123456789abcdef"
    assert stands_on["Choice of frames"] == "25 of 1,200, seed 7"
    assert "sevenn 0.11.2" in stands_on["good"]


def test_charts_are_of_the_best_models_and_the_table_of_all() -> None:
    results = tuple(make_accuracy(f"m{place}", 0.1 + 0.01 * place) for place in range(MOST_DRAWN + 2))
    page = evaluated(results=results, ranking=())
    assert sum(one.title.startswith("Forces: ") for one in page.charts) == MOST_DRAWN
    assert len(table(page, "All models").rows) == MOST_DRAWN + 2
    assert ("Drawn", "the best 6 of 8 models; the tables have all of them") in page.facts


def test_whether_models_agree_comes_first_with_what_to_label() -> None:
    page = disagree_web(Result(make_disagreement()), "Cu.cif", machine=MACHINE)
    assert page.lead == "The models disagree: 155 meV/Å, 25% of the forces and 25% of those on Li."
    assert page.rest.startswith("One of them is expected to have a force MAE of ~78 (39 to 160) meV/Å; you accept 50.")
    assert page.rest.endswith("Which one, only labels tell.")
    assert page.tone == "bad"
    assert page.purposes[0].startswith("first label the 3 frames in Cu-to-label.extxyz")
    assert [topic for topic, _, _ in page.cautions] == ["unstable-run", "shared-data", "extrapolation"]
    undecided = make_disagreement(agreement=Agreement.UNDECIDED)
    assert disagree_web(Result(undecided), "Cu.cif", machine=MACHINE).tone == "unsure"


def test_the_course_of_the_run_has_disagreement_band_and_the_frames_to_label() -> None:
    page = disagree_web(Result(make_disagreement()), "Cu.cif", machine=MACHINE)
    course = chart(page, "Forces along the run")
    last = {one["what"]: one for one in points(course) if one.get("frame") == 12}
    assert last["disagreement of a force component"]["value"] == pytest.approx(210.0)
    assert last["disagreement of a force component"]["x"] == pytest.approx(110.0)
    assert last["worst atom, force as a vector"]["value"] == pytest.approx(630.0)
    band = last["expected force MAE, 90 % (fitted)"]
    assert [band[end] for end in ("low", "value", "high")] == pytest.approx([52.5, 105.0, 210.0])
    assert "to label" in last
    assert {one["limit"] for one in points(course) if "limit" in one} == {50.0}
    copies = chart(page, "Forces in distorted copies")
    assert {one["frame"] for one in points(copies) if "frame" in one} == {13, 14}
    assert [one["y"] for one in points(chart(page, "Energy along the run"))] == pytest.approx([2.0] * 12)
    assert not [one for one in page.charts if one.title.startswith("Stress")]


def test_groups_pairs_and_frames_stand_in_tables() -> None:
    page = disagree_web(Result(make_disagreement()), "Cu.cif", machine=MACHINE)
    found = {
        (one["name"], one["series"]): one["value"]
        for one in points(chart(page, "Forces by kind of frame and element"))
        if "name" in one
    }
    assert found["O", "disagreement of a force component"] == pytest.approx(180.0)
    assert found["O", "expected force MAE, 90 % (fitted)"] == pytest.approx(90.0)
    assert column(page, "By kind of frame and element", "Expected MAE (meV/Å)")[0] == ("~78 (39 to 160)", 0.0775)
    assert [text for text, _ in column(page, "Between models", "Mean absolute difference (meV/Å)")] == [
        "100",
        "200",
        "300",
    ]
    labelled = [text for text, _ in column(page, "Every frame", "To label")]
    assert (labelled[12], labelled[14], labelled[3], labelled[1]) == ("1.", "2.", "3.", "")
    assert len(table(page, "Every frame").rows) == 15


def test_without_a_run_there_is_no_course_of_it() -> None:
    data = make_disagreement()
    frames = tuple(one for one in data.frames if one.time_s is None)
    page = disagree_web(Result(replace(data, run=None, frames=frames)), "Cu.cif", machine=MACHINE)
    assert [one.title for one in page.charts] == ["Forces by kind of frame and element", "Forces in distorted copies"]


def test_what_is_stable_comes_first_with_the_step_of_each_model() -> None:
    page = stability_web(Result(make_stability(), errors=(FAILURE,)), "Cu.cif", machine=MACHINE)
    assert page.lead == "Stable: good, with steps up to 2 fs."
    assert page.rest == "Do not run: bad (Drift at 1 fs 0.2 ± 0.002 meV/atom/ps, limit ≤ 0.05)."
    assert page.tone == "bad"
    assert page.commands == ("mlipguide recommend Cu.cif --models good --temperature 300K --timestep 2fs",)
    assert dict(page.facts)["GOOD"].startswith("passed. Recommended time step: 2 fs.")
    assert page.cautions[0] == (
        "bad, Drift at 1 fs",
        "Slope of the energy. Use a shorter time step. (Limit: judgement.)",
        (),
    )
    assert page.cautions[1][0] == "third"


def test_drifts_are_drawn_by_time_step() -> None:
    page = stability_web(Result(make_stability()), "Cu.cif", machine=MACHINE)
    task, double = chart(page, "Constant energy, 1 fs"), chart(page, "Constant energy, 2 fs")
    total, corrected = (layer["data"]["values"] for layer in task.spec["layer"])
    assert {one["model"] for one in total} == {"GOOD", "BAD"}
    assert {one["model"] for one in points(double)} == {"GOOD"}, "the other flew apart"
    assert len([one for one in total if one["model"] == "BAD"]) == 21
    steady = [one for one in corrected if one["model"] == "BAD"]
    assert len(steady) == 19, "ends are not known"
    assert (steady[-1]["x"], steady[-1]["y"]) == (pytest.approx(0.095), pytest.approx(0.019))
    assert "BAD: 0.2 meV/atom/ps" in task.note
    volume = [one for one in points(chart(page, "Energy over volume")) if one["model"] == "GOOD"]
    assert [(one["x"], one["y"]) for one in volume] == [(10.0, 15.625), (11.0, 0.0), (12.0, 7.8125)]


def test_every_check_of_every_model_stands_in_the_table() -> None:
    page = stability_web(Result(make_stability()), "Cu.cif", machine=MACHINE)
    assert column(page, "What was tested", "Value") == [
        ("0.01 ± 0.002", 0.01),
        ("98 ± 0.002", 98.2),
        ("0.2 ± 0.002", 0.2),
    ]
    assert [text for text, _ in column(page, "What was tested", "Verdict")] == ["passed", "passed *", "failed"]
    assert column(page, "Models", "Recommended step") == [("2 fs", 2e-15), ("–", None)]
    assert dict(page.provenance)["good"].startswith("record r")
