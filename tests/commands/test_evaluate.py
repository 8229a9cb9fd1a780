"""``mlipguide evaluate`` and ``recommend --labels`` on models that are a known distance from the labels."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from fake_models import FakeModels, Run, fake_card
from labelled import OffEMT, rattled, write
from mlipguide.advice import early_stopping
from mlipguide.advice.early_stopping import CandidateTiming
from mlipguide.commands import evaluate as evaluate_workflow
from mlipguide.core.errors import ExitCode, InputError
from mlipguide.core.paths import evidence_dir
from mlipguide.records.accuracy.accuracy_axis import AxisFigure
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import SinglePoint
from mlipguide.store import evidence as store
from mlipguide.testing.fake_session import FakeSession, linear
from mlipguide.testing.in_process import in_process_session

NOISE_TO_MAE = float(np.sqrt(2 / np.pi))


class Labelling(FakeSession):
    """Takes as long as is said, and answers like a calculator."""

    answers: Any
    asked: list[int]

    def single_point(self, atoms: Any) -> SinglePoint:
        """Evaluate with the calculator."""
        self.asked.append(len(atoms))
        found: SinglePoint = self.answers.single_point(atoms)
        return found


def make_session(calculator: OffEMT, asked: list[int], ms_per_atom: float) -> Labelling:
    session = Labelling(time_law=linear(ms_per_atom * 1e-3))
    session.answers = in_process_session(calculator, elements=(29,))
    session.asked = asked
    return session


@pytest.fixture
def models(fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch) -> FakeModels:
    """Return three models of copper: 20, 60 and 61 meV/Å off, the better the slower."""
    monkeypatch.setattr(
        evaluate_workflow,
        "Options",
        partial(evaluate_workflow.Options, opener=fake_models.open, probe=fake_models.probe),
    )
    for name, noise, ms in (("good", 0.025, 3.0), ("fair", 0.075, 2.0), ("soft", 0.02, 1.0)):
        fake_models.add(name, fake_card(name))
        slope = 0.8 if name == "soft" else 1.0
        fake_models.makers[name] = partial(make_session, OffEMT(noise=noise, slope=slope, shift_ev=2.0), [], ms)
    return fake_models


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return write(
        tmp_path / "Cu.extxyz", [*rattled(12, group="cold"), *rattled(12, seed=40, amplitude=0.2, group="hot")]
    )


Evaluate = Callable[..., Any]


@pytest.fixture
def evaluate(models: FakeModels, labels: Path, run: Run) -> Evaluate:
    def call(*arguments: str | Path, file: Path = labels) -> Any:
        outcome = run("evaluate", file, "--models", models.names, "--json", *arguments)
        return outcome.document

    return call


def test_errors_are_the_ones_that_were_put_in(evaluate: Evaluate) -> None:
    document = evaluate()
    assert document["status"] == "success"
    results = {one["model"]: one for one in document["data"]["results"]}
    assert results["good"]["force_mae_ev_per_angstrom"]["value"] == pytest.approx(0.025 * NOISE_TO_MAE, rel=0.1)
    assert results["fair"]["force_mae_ev_per_angstrom"]["value"] == pytest.approx(0.075 * NOISE_TO_MAE, rel=0.1)
    assert results["soft"]["force_slope"]["high"] < 0.85
    assert results["good"]["force_slope"]["low"] < 1 < results["good"]["force_slope"]["high"]
    assert results["good"]["energy_shifts_ev"]["Cu"] == pytest.approx(-2.0, abs=1e-4)
    assert results["good"]["energy_mae_ev_per_atom"]["value"] < 1e-4
    assert results["good"]["energy_mae_unshifted_ev_per_atom"]["value"] == pytest.approx(2.0, abs=1e-3)
    assert [one["name"] for one in results["good"]["by_group"]] == ["cold", "hot"]
    assert results["good"]["frames"] == 24
    assert document["data"]["ranking"][0]["better"] == "good"
    assert document["data"]["ranking"][0]["significant"] is True
    assert document["data"]["findings"] == []


def test_the_page_says_it_at_80_columns(models: FakeModels, labels: Path, run: Run, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    outcome = run("evaluate", labels, "--models", models.names, "--details")
    assert outcome.code == ExitCode.DONE
    assert max(len(line) for line in outcome.out.splitlines() if not line.startswith("  mlipguide ")) <= 80
    for words in ("Ranking", "significant", "too soft", "By group", "after the shift", "Largest errors"):
        assert words in outcome.out


def test_the_most_accurate_comes_first_then_the_table_then_what_next(
    models: FakeModels, labels: Path, run: Run, monkeypatch: Any
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    lines = run("evaluate", labels, "--models", models.names).out.splitlines()
    assert len(lines) <= 30
    first = " ".join(lines[:2])
    # 25 meV/Å of normal noise are a MAE of 20
    assert re.match(r"good is the most accurate of 3: force MAE (19|20|21)\.?\d* \(\d", first)
    assert "meV/Å on your labels; fair is " in first
    table = next(place for place, line in enumerate(lines) if line.startswith("Model "))
    assert [line.split()[0] for line in lines[table + 1 : table + 4]] == ["good", "fair", "soft"]
    names = "good,fair,soft"
    assert lines.index(f"  mlipguide recommend STRUCTURE --labels {labels} --models {names}") > table
    assert f"  mlipguide train pilot {labels}" in lines
    assert not any(line.startswith("By group") for line in lines)


def test_the_same_labels_are_not_evaluated_twice(models: FakeModels, evaluate: Evaluate) -> None:
    first, opened = evaluate(), len(models.opened)
    again = evaluate()
    assert len(models.opened) == opened
    assert [one["reused"] for one in again["data"]["results"]] == [True] * 3
    assert "reused_evaluation" in {one["kind"] for one in again["notices"]}
    values = [[one["force_mae_ev_per_angstrom"] for one in document["data"]["results"]] for document in (first, again)]
    assert values[0] == values[1]
    evaluate("--reevaluate")
    assert len(models.opened) == opened + 3
    assert len(list(evidence_dir().glob("*/*.json"))) == 3


def test_other_contents_of_the_same_file_are_evaluated(models: FakeModels, evaluate: Evaluate, labels: Path) -> None:
    evaluate()
    write(labels, rattled(8, seed=9))
    opened = len(models.opened)
    evaluate()
    assert len(models.opened) == opened + 3


def test_a_sample_is_stated_and_stratified(evaluate: Evaluate) -> None:
    document = evaluate("--max-frames", "8")
    assert document["data"]["labels"]["chosen_frames"] == 8
    assert {one["name"]: one["frames"] for one in document["data"]["results"][0]["by_group"]} == {"cold": 4, "hot": 4}
    assert "subsample" in {one["kind"] for one in document["notices"]}


def test_a_frame_that_fails_is_a_notice_and_the_others_go_on(
    models: FakeModels, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Labelling.single_point

    def failing(self: Labelling, atoms: Any) -> SinglePoint:
        if len(self.asked) == 4:
            self.asked.append(0)
            raise SessionError(FailureKind.CRASHED, "the worker died")
        return whole(self, atoms)

    monkeypatch.setattr(Labelling, "single_point", failing)
    document = evaluate()
    assert document["status"] == "success"
    assert [len(one["failed_frames"]) for one in document["data"]["results"]] == [1, 1, 1]
    assert [one["frames"] for one in document["data"]["results"]] == [23] * 3
    assert sum(one["kind"] == "frame_failed" for one in document["notices"]) == 3
    assert len(models.opened) == 6, "each worker was started again once"


def test_what_was_finished_is_kept_on_ctrl_c(
    models: FakeModels, labels: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Labelling.single_point

    def interrupted(self: Labelling, atoms: Any) -> SinglePoint:
        if len(models.opened) == 2:
            raise KeyboardInterrupt
        return whole(self, atoms)

    monkeypatch.setattr(Labelling, "single_point", interrupted)
    outcome = run("evaluate", labels, "--models", models.names)
    assert outcome.code == ExitCode.INTERRUPTED
    assert len(store.find().evaluations) == 1


def test_plots_and_worst_frames_are_written(evaluate: Evaluate, tmp_path: Path) -> None:
    for name in ("parity.png", "parity.svg"):
        evaluate("--plot", tmp_path / name, "--html", tmp_path / "page.html")
        assert (tmp_path / name).stat().st_size > 5_000
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<h1>good is the most accurate of 3: force MAE " in page
    assert "Shown: 2,000 of 2,304 force components, thinned at random" in page, "24 frames of 32 atoms, three models"
    assert "Choice of frames</dt><dd>24 of 24, seed 0</dd>" in page
    document = evaluate("--worst", "3", tmp_path / "worst.extxyz")
    worst: list[Any] = list(ase.io.iread(tmp_path / "worst.extxyz"))
    assert len(worst) == 3
    errors = [np.abs(one.arrays["predicted_forces"] - one.arrays["REF_forces"]).mean() for one in worst]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] == pytest.approx(worst[0].info["force_mae"], rel=1e-4)
    assert worst[0].info["model"] == document["data"]["results"][0]["model"] == "good"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--max-frames", "none"), "--max-frames"),
        (("--forces-key", "dft"), "--forces-key"),
        (("--worst", "3", "worst.pdf"), "--worst"),
    ],
)
def test_bad_options_are_refused(evaluate: Evaluate, arguments: tuple[str, ...], words: str) -> None:
    document = evaluate(*arguments)
    assert document["status"] == "error"
    assert words in document["errors"][0]["message"]


def test_wrong_units_are_shouted_about_and_are_no_evidence(
    models: FakeModels, labels: Path, run: Run, tmp_path: Path
) -> None:
    frames = rattled(10)
    for one in frames:
        one.calc.results["forces"] = one.calc.results["forces"] / 51.422
    wrong = write(tmp_path / "wrong.extxyz", frames)
    outcome = run("evaluate", wrong, "--models", models.names)
    assert "Hartree/Bohr" in outcome.out
    assert "mean nothing" in outcome.out
    assert all(one.spoiled for one in store.find().evaluations)
    answer = run("recommend", labels, "--models", models.names, "--atoms", "32", "--json").document
    assert {one["evidence"]["kind"] for one in answer["data"]["candidates"]} == {"leaderboard"}
    refused = run("recommend", labels, "--models", models.names, "--labels", wrong)
    assert refused.code == ExitCode.BAD_INPUT
    assert "Hartree/Bohr" in refused.err


def recommended(run: Run, models: FakeModels, structure: Path, *arguments: str | Path) -> Any:
    return run(
        "recommend", structure, "--models", models.names, "--atoms", "32", "--time", "1ps", "--json", *arguments
    ).document


def test_labels_decide_the_choice_and_say_why(models: FakeModels, labels: Path, run: Run) -> None:
    without = recommended(run, models, labels, "--force-mae", "30meV/A")["data"]
    document = recommended(run, models, labels, "--force-mae", "30meV/A", "--labels", labels)["data"]
    assert without["candidates"][0]["verdict"] == "unknown"
    assert document["choice"] == "good"
    verdicts = {one["model"]: one["verdict"] for one in document["candidates"]}
    assert verdicts == {"good": "feasible", "fair": "infeasible", "soft": "infeasible"}
    chosen = next(one for one in document["candidates"] if one["model"] == "good")
    assert chosen["evidence"]["kind"] == EvidenceKind.USER_LABELS
    assert chosen["evidence"]["force_mae_ev_per_angstrom"]["basis"] == "measured"
    rejected = next(one for one in document["candidates"] if one["model"] == "fair")
    assert "force MAE is" in rejected["rejections"][0]["message"]
    assert "90 %" in rejected["rejections"][0]["message"]
    reasons = " ".join(document["reasons"])
    assert "Cu.extxyz, 24 frames" in reasons
    assert "alone meets the 30 meV/Å" in reasons
    wide = recommended(run, models, labels, "--force-mae", "500meV/A", "--labels", labels)["data"]
    assert wide["choice"] == "soft", "of those that meet the limit the fastest"


def test_published_figures_end_no_measuring_while_labels_are_still_to_be_used(
    models: FakeModels, labels: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[AxisFigure | None]] = []

    def watched(timings: Sequence[CandidateTiming], *, budget_s: float) -> frozenset[str]:
        assert budget_s > 0
        seen.append({None if one.accuracy is None else one.accuracy.figure for one in timings})
        return frozenset()

    monkeypatch.setattr(early_stopping, "can_stop", watched)
    recommended(run, models, labels, "--labels", labels, "--remeasure")
    assert seen
    assert set().union(*seen) == {None}, "better evidence is to come"
    seen.clear()
    recommended(run, models, labels, "--remeasure", "--no-stored-labels")
    assert set().union(*seen) == {AxisFigure.KAPPA_SRME}
    seen.clear()
    recommended(run, models, labels, "--remeasure")
    assert set().union(*seen) == {AxisFigure.FORCE_MAE}, "what the first run found is known from the start"


def test_a_later_run_on_the_same_system_remembers_and_another_system_does_not(
    models: FakeModels, labels: Path, run: Run, tmp_path: Path
) -> None:
    run("evaluate", labels, "--models", models.names)
    document = recommended(run, models, labels, "--force-mae", "30meV/A")
    assert document["data"]["choice"] == "good"
    assert "remembered_evidence" in {one["kind"] for one in document["notices"]}
    forgotten = recommended(run, models, labels, "--no-stored-labels")["data"]
    assert {one["evidence"]["kind"] for one in forgotten["candidates"]} == {"leaderboard"}
    molecule = write(tmp_path / "dimer.extxyz", [ase.Atoms("Cu2", [[0, 0, 0], [0, 0, 2.2]])])
    squeezed = rattled(1)[0]
    squeezed.set_cell(squeezed.cell * 1.15, scale_atoms=True)
    for other in (molecule, write(tmp_path / "swollen.extxyz", [squeezed])):
        answer = run("recommend", other, "--models", models.names, "--time", "1ps", "--json").document["data"]
        assert {one["evidence"]["kind"] for one in answer["candidates"]} == {"leaderboard"}, other.name


def test_labels_of_another_system_are_refused(models: FakeModels, labels: Path, run: Run, tmp_path: Path) -> None:
    frames = rattled(3)
    oxide = frames[0].copy()
    oxide.symbols[0] = "O"
    outcome = run("recommend", write(tmp_path / "CuO.extxyz", [oxide]), "--models", models.names, "--labels", labels)
    assert outcome.code == ExitCode.BAD_INPUT
    assert "has no O" in outcome.err


def test_isolated_atoms_are_references_and_no_frames(
    evaluate: Evaluate, models: FakeModels, run: Run, tmp_path: Path
) -> None:
    alone = ase.Atoms("Cu", cell=[12.0] * 3, pbc=True)
    alone.calc = SinglePointCalculator(alone, energy=-0.25, forces=np.zeros((1, 3)))
    without = evaluate(file=write(tmp_path / "without.extxyz", rattled(8)))
    document = evaluate(file=write(tmp_path / "with.extxyz", [alone, *rattled(8)]))
    assert document["data"]["labels"]["isolated_atoms_ev"] == {"Cu": -0.25}
    assert document["data"]["labels"]["frames"] == 8
    mae = [one["data"]["results"][0]["force_mae_ev_per_angstrom"]["value"] for one in (without, document)]
    assert mae[0] == mae[1]
    said = {one["kind"]: one["message"] for one in document["notices"]}
    assert "Frame 0 is an isolated atom" in said["isolated_atoms"]
    assert "Cu -0.2500 eV" in said["isolated_atoms"]
    only = run("evaluate", write(tmp_path / "only.extxyz", [alone]), "--models", models.names)
    assert (only.code, "isolated atoms only" in only.err) == (ExitCode.BAD_INPUT, True)


def test_an_evaluation_of_the_first_version_is_read_and_reckoned_anew(evaluate: Evaluate) -> None:
    new = evaluate()["data"]["results"][0]["force_mae_ev_per_angstrom"]
    for path in evidence_dir().glob("*/*.json"):
        old = json.loads(path.read_text(encoding="utf-8")) | {"format": 1}
        accuracy = old["evaluation"]["accuracy"]
        for name in ("independent_frames", "force_gap", "energy_gap"):
            accuracy.pop(name)
        accuracy["blocks"] = 9
        accuracy["force_mae_ev_per_angstrom"]["low"] = 0.99 * accuracy["force_mae_ev_per_angstrom"]["value"]
        path.write_text(json.dumps(old), encoding="utf-8")
    document = evaluate()
    assert "reused_evaluation" in {one["kind"] for one in document["notices"]}
    assert document["data"]["results"][0]["force_mae_ev_per_angstrom"] == new


def test_files_of_a_newer_version_are_refused_and_left_alone(evaluate: Evaluate) -> None:
    evaluate()
    path = next(iter(sorted(evidence_dir().glob("*/*.json"))))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f'"format": {store.FORMAT}', '"format": 99'), encoding="utf-8")
    with pytest.raises(InputError, match="newer mlipguide"):
        store.read(path)
    assert len(store.find().notices) == 1
    path.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="not a readable"):
        store.read(path)
