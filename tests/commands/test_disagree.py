"""``disagree`` against models whose distance from each other is known."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import ase.io
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import write
from jsonschema import Draft202012Validator

from fake_models import FakeModels, Run, fake_card
from mlipguide.core.errors import ExitCode
from mlipguide.core.paths import unfinished_dir
from mlipguide.evidence.disagreement import frames as disagreement_frames
from mlipguide.evidence.disagreement.calibration import load_calibration
from mlipguide.evidence.disagreement.committee import Committee
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.report.exports.envelope import schema_file
from mlipguide.sessions.interface import ModelSession, SinglePoint
from mlipguide.testing.fake_session import FakeSession
from mlipguide.testing.in_process import in_process_session

BUDGET = ("--budget", "1h", "--atoms", "32")
"""The number of frames ends a run, not the time: see ``few_frames``."""


class Scaled(EMT):
    """EMT times a factor: forces of two of them are apart by a known share. It can fail or explode later on."""

    atoms: Any

    def __init__(
        self,
        factor: float,
        *,
        only: str | None = None,
        fails_after: int | None = None,
        explodes_after: int | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # untyped in ASE
        self.factor = factor
        self.only = only
        self.fails_after = fails_after
        self.explodes_after = explodes_after
        self.count = 0

    def calculate(self, *arguments: Any, **options: Any) -> None:
        super().calculate(*arguments, **options)  # type: ignore[no-untyped-call]  # untyped in ASE
        self.count += 1
        if self.fails_after is not None and self.count > self.fails_after:
            raise RuntimeError("out of ideas")
        if self.only is not None:
            self.results["forces"][self.atoms.symbols == self.only] *= self.factor
            return
        for name in ("energy", "free_energy", "forces"):
            self.results[name] = self.results[name] * self.factor
        if "stress" in self.results:
            self.results["stress"] = self.results["stress"] * self.factor
        if self.explodes_after is not None and self.count > self.explodes_after:
            positions = self.atoms.positions
            self.results["forces"] = 1e6 * (positions - positions.mean(axis=0))


@pytest.fixture(autouse=True)
def few_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run have six frames, 0.04 ps apart, and four distorted copies."""
    monkeypatch.setattr(disagreement_frames, "MOST_FRAMES", 6)
    monkeypatch.setattr(disagreement_frames, "LONGEST_SPACING_S", 4e-14)
    monkeypatch.setattr(disagreement_frames, "DISTORTED", 4)


@pytest.fixture
def copper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file of copper in the folder that the command is run in."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "Cu.extxyz"
    write(path, bulk("Cu", cubic=True).repeat(2))
    return path


def add(fakes: FakeModels, **makers: Callable[[], ModelSession]) -> str:
    for name, make in makers.items():
        fakes.add(name)
        fakes.makers[name] = make
    return ",".join(makers)


def scaled(factor: float, **changes: Any) -> Callable[[], ModelSession]:
    return lambda: in_process_session(Scaled(factor, **changes))


def ask(run: Run, copper: Path, models: str, *more: str) -> dict[str, Any]:
    outcome = run("disagree", copper, "--models", models, "--temperature", "600K", *BUDGET, *more, "--json")
    assert outcome.code == ExitCode.DONE, outcome.err
    document = outcome.document
    Draft202012Validator(json.loads(schema_file("disagree").read_text(encoding="utf-8"))).validate(document)
    return document


@contextmanager
def evaluations(*, interrupted_at: int | None = None) -> Iterator[list[int]]:
    """Give out a list that grows with each frame that all models are asked about; one of them is interrupted."""
    true = Committee.evaluate
    done: list[int] = []

    def counted(committee: Committee, atoms: Atoms) -> dict[str, SinglePoint]:
        if len(done) == interrupted_at:
            raise KeyboardInterrupt
        done.append(len(atoms))
        return true(committee, atoms)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Committee, "evaluate", counted)
        yield done


def test_ctrl_c_costs_the_frame_that_was_going_on(fake_models: FakeModels, run: Run, copper: Path) -> None:
    models = add(fake_models, first=scaled(1.0), second=scaled(1.2))
    words = ("disagree", copper, "--models", models, "--temperature", "600K", *BUDGET, "--json")
    with evaluations() as whole:
        expected = ask(run, copper, models)["data"]
    with evaluations(interrupted_at=6):
        assert run(*words).code == ExitCode.INTERRUPTED
    kept = {path.name for path in unfinished_dir().glob("disagree-*/steps/*.json")}
    assert kept == {"sampling.json", "run.json", "frames-0000.json"}
    with evaluations() as after:
        document = ask(run, copper, models)
    assert len(whole) == 2 + 11
    assert len(after) == len(whole) - 4, "the first two calls only warm the models up, and four frames were kept"
    assert "taken_up" in {notice["kind"] for notice in document["notices"]}
    del document["data"]["to_label"], expected["to_label"]  # files, of other names
    assert document["data"] == expected
    assert list(unfinished_dir().glob("disagree-*")) == []


@pytest.mark.parametrize(("wanted", "other"), [("agree", 1.02), ("differ", 1.2), ("disagree", 2.0)])
def test_a_known_distance(fake_models: FakeModels, run: Run, copper: Path, wanted: str, other: float) -> None:
    one = 1.0
    models = add(fake_models, first=scaled(one), second=scaled(other))
    data = ask(run, copper, models)["data"]
    share = abs(other - one) / math.sqrt(2) / ((one + other) / 2)
    assert data["agreement"] == wanted
    assert data["overall"]["relative_disagreement"] == pytest.approx(share, rel=1e-6)
    assert data["overall"]["name"] == "run after settling"
    assert data["overall"]["frames"] == sum((item["time_s"] or 0) >= 5e-14 for item in data["frames"])
    moving = [item for item in data["frames"] if item["kind"] != "start"]
    assert moving
    for item in moving:
        assert item["relative_disagreement"] == pytest.approx(share, rel=1e-4)
        expected = item["expected_force_mae_ev_per_angstrom"]
        assert expected["value"] == pytest.approx(
            load_calibration().ratio * item["force_disagreement_ev_per_angstrom"], rel=1e-9
        )
        assert expected["basis"] == "extrapolated"
    assert [item["kind"] for item in data["frames"]] == ["start", *["dynamics"] * 6, *["distorted"] * 4]
    assert data["extrapolated"][0] == "fitted without first, second"
    (start,) = (item for item in data["frames"] if item["kind"] == "start")
    assert start["relative_disagreement"] is None
    assert data["shared_data"] == ["MPtrj"]


def test_the_tolerance_decides_where_it_is_given(fake_models: FakeModels, run: Run, copper: Path) -> None:
    models = add(fake_models, first=scaled(1.0), second=scaled(1.2))
    assert ask(run, copper, models, "--force-mae", "50eV/A")["data"]["agreement"] == "agree"
    assert ask(run, copper, models, "--force-mae", "0.01meV/A")["data"]["agreement"] == "disagree"


def test_what_the_interval_leaves_open_is_undecided(fake_models: FakeModels, run: Run, copper: Path) -> None:
    """The verdict is that of the calibrated interval, which holds for chemistries that were left out of it."""
    models = add(fake_models, first=scaled(1.0), second=scaled(1.2))
    expected = ask(run, copper, models)["data"]["overall"]["expected_force_mae_ev_per_angstrom"]
    for tolerance, agreement in (
        (expected["value"], "undecided"),
        (expected["high"] / 1.5, "undecided"),
        (expected["low"] * 1.5, "undecided"),
        (expected["high"] * 1.5, "agree"),
        (expected["low"] / 1.5, "disagree"),
    ):
        data = ask(run, copper, models, "--force-mae", f"{tolerance * 1e3:.9f}meV/A")["data"]
        assert data["agreement"] == agreement, tolerance
        found = data["overall"]["expected_force_mae_ev_per_angstrom"]
        calibration = load_calibration()
        assert found["high"] / found["low"] == pytest.approx(calibration.high_ratio / calibration.low_ratio)


def test_the_worst_element_decides(fake_models: FakeModels, run: Run, copper: Path) -> None:
    alloy = bulk("Cu", a=3.8, cubic=True).repeat(2)
    alloy.symbols[::2] = "Au"
    path = copper.with_name("CuAu.extxyz")
    write(path, alloy)
    models = add(fake_models, first=scaled(1.0), second=scaled(1.8, only="Au"))
    data = ask(run, path, models)["data"]
    copper_atoms, gold = data["elements"]
    assert (copper_atoms["name"], gold["name"]) == ("Cu", "Au")
    assert copper_atoms["force_disagreement_ev_per_angstrom"] == pytest.approx(0, abs=1e-9)
    assert gold["relative_disagreement"] == pytest.approx(0.8 / math.sqrt(2) / 1.4, rel=1e-4)
    assert data["overall"]["relative_disagreement"] < gold["relative_disagreement"]
    assert data["agreement"] == "disagree"
    assert {item["largest_atom_element"] for item in data["frames"] if item["kind"] != "start"} == {"Au"}


def test_frames_to_label_are_written_without_labels(fake_models: FakeModels, run: Run, copper: Path) -> None:
    models = add(fake_models, first=scaled(1.0), second=scaled(1.5))
    data = ask(run, copper, models, "--select", "3")["data"]
    chosen = data["to_label"]
    assert chosen["file"] == "Cu-to-label.extxyz"
    frames = list(ase.io.iread(copper.parent / chosen["file"]))
    assert len(frames) == len(set(chosen["frames"])) == 3
    assert all(frame.calc is None for frame in frames)
    kinds = {item["frame"]: item["kind"] for item in data["frames"]}
    assert [frame.info["config_type"] for frame in frames] == [kinds[number] for number in chosen["frames"]]
    largest = max(data["frames"], key=lambda item: item["force_disagreement_ev_per_angstrom"])
    assert chosen["frames"][0] == largest["frame"]
    assert ask(run, copper, models)["data"]["to_label"]["file"] == "Cu-to-label-2.extxyz"


def test_models_that_agree_leave_no_file_unless_it_is_asked_for(
    fake_models: FakeModels, run: Run, copper: Path
) -> None:
    models = add(fake_models, first=scaled(1.0), second=scaled(1.0))
    assert ask(run, copper, models)["data"]["to_label"] is None
    assert list(copper.parent.glob("*to-label*")) == []
    assert ask(run, copper, models, "--output", "mine.extxyz")["data"]["to_label"]["file"] == "mine.extxyz"
    assert (copper.parent / "mine.extxyz").exists()


def test_the_end_of_the_time_leaves_frames_of_every_kind(
    fake_models: FakeModels, run: Run, copper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disagreement_frames, "DISTORTED", 8)
    models = add(fake_models, first=scaled(1.0), second=scaled(1.2))
    outcome = run("disagree", copper, "--models", models, "--budget", "0.001s", "--atoms", "32", "--json")
    assert outcome.code == ExitCode.DONE
    frames = outcome.document["data"]["frames"]
    assert len(frames) == disagreement_frames.FEWEST_EVALUATED
    assert {item["kind"] for item in frames} >= {"start", "distorted"}
    assert {"budget", "short_run"} <= {notice["kind"] for notice in outcome.document["notices"]}
    assert outcome.document["data"]["overall"]["name"] == "run and distorted copies"
    assert outcome.document["data"]["overall"]["frames"] == len(frames) - 1


def test_an_explosion_is_a_finding(fake_models: FakeModels, run: Run, copper: Path) -> None:
    models = add(fake_models, wild=scaled(1.0, explodes_after=12), calm=scaled(1.1), also=scaled(1.2))
    document = ask(run, copper, models)
    assert document["data"]["run"]["unstable"]
    assert "unstable_run" in {notice["kind"] for notice in document["notices"]}
    calm = ask(run, copper, models, "--sampler", "calm")
    assert calm["data"]["run"]["model"] == "calm"
    assert not calm["data"]["run"]["unstable"]


def test_a_model_that_fails_leaves_the_others(fake_models: FakeModels, run: Run, copper: Path) -> None:
    models = add(fake_models, first=scaled(1.0), second=scaled(1.1), broken=scaled(1.0, fails_after=3))
    document = ask(run, copper, models)
    assert document["status"] == "partial"
    assert document["data"]["models"] == ["first", "second"]
    assert document["data"]["overall"]["relative_disagreement"] == pytest.approx(0.1 / math.sqrt(2) / 1.05, rel=1e-4)
    assert any("out of ideas" in error["message"] for error in document["errors"])
    assert len(document["data"]["pairs"]) == 1


def test_one_that_is_left_is_not_enough(fake_models: FakeModels, run: Run, copper: Path) -> None:
    models = add(fake_models, first=scaled(1.0), broken=scaled(1.0, fails_after=0))
    outcome = run("disagree", copper, "--models", models, *BUDGET)
    assert outcome.code == ExitCode.MEASUREMENT_FAILED
    assert "Fewer than two models are left" in outcome.err
    assert all(session.closed for session in _workers(fake_models))


def _workers(fakes: FakeModels) -> list[Any]:
    return [session._process if hasattr(session, "_process") else session for session in fakes.sessions]


def test_ctrl_c_ends_every_model_and_writes_nothing(fake_models: FakeModels, run: Run, copper: Path) -> None:
    asked = 0

    def interrupt(operation: str) -> None:
        nonlocal asked
        asked += operation == "single_point"
        if asked > 2:
            raise KeyboardInterrupt

    models = add(fake_models, first=scaled(1.0), second=lambda: in_process_session(Scaled(1.5), on_request=interrupt))
    outcome = run("disagree", copper, "--models", models, *BUDGET, "--output", "mine.extxyz")
    assert outcome.code == ExitCode.INTERRUPTED
    assert len(fake_models.sessions) == 2
    assert all(worker.closed for worker in _workers(fake_models))
    assert sorted(path.name for path in copper.parent.iterdir() if path.is_file()) == ["Cu.extxyz"]


def test_models_that_cannot_move_atoms_are_compared_all_the_same(
    fake_models: FakeModels, run: Run, copper: Path
) -> None:
    models = add(fake_models, still=lambda: FakeSession(name="still", force_error=0.1), calm=scaled(1.0))
    data = ask(run, copper, models)["data"]
    assert data["overall"]["frames"] > 0
    assert len(data["elements"]) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--models", "first"), "Two models at least"),
        ((), "Two models at least"),
        (("--models", "first,first"), "Two models at least"),
        (("--models", "first,second", "--sampler", "third"), "--sampler: third is not among"),
        (("--models", "first,second", "--temperature", "300"), "has no unit"),
        (("--models", "first,second", "--output", "there.extxyz"), "there already"),
        (("--models", "first,second", "--output", "frames.cif"), ".extxyz"),
        (("--models", "first,second", "--output", "no/such/frames.extxyz"), "no folder"),
        (("--models", "first,second", "--plot", "plot.pdf"), ".png"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    fake_models: FakeModels, run: Run, copper: Path, options: tuple[str, ...], words: str
) -> None:
    add(fake_models, first=scaled(1.0), second=scaled(1.0), third=scaled(1.0))
    (copper.parent / "there.extxyz").write_text("mine\n", encoding="utf-8")
    outcome = run("disagree", copper, *options)
    assert outcome.code == ExitCode.BAD_INPUT
    assert words in outcome.err
    assert fake_models.opened == []
    assert (copper.parent / "there.extxyz").read_text(encoding="utf-8") == "mine\n"


def test_random_weights_are_refused(run: Run, copper: Path) -> None:
    outcome = run("disagree", copper, "--models", "mace-mp-0-small,mace-mp-0-medium")
    assert outcome.code in (ExitCode.BAD_INPUT, ExitCode.ENVIRONMENT_FAILED)
    assert "Two models at least" in outcome.err


def test_a_model_of_random_weights_is_named_with_the_reason(fake_models: FakeModels, run: Run, copper: Path) -> None:
    models = add(fake_models, first=scaled(1.0))
    card = fake_card("random")
    missing = replace(card.weights, origin=WeightsOrigin.DOWNLOAD, synthetic=True)
    fake_models.add("random", replace(card, weights=missing))
    outcome = run("disagree", copper, "--models", f"{models},random", *BUDGET)
    assert outcome.code == ExitCode.BAD_INPUT
    assert "only first can be run here" in outcome.err
    assert "random was left out" in outcome.err
    assert fake_models.opened == []


def test_a_model_that_nothing_here_runs_is_named(fake_models: FakeModels, run: Run, copper: Path) -> None:
    models = add(fake_models, first=scaled(1.0))
    outcome = run("disagree", copper, "--models", f"{models},alphanet-v1-oam", *BUDGET)
    assert outcome.code == ExitCode.BAD_INPUT
    assert "nothing here runs" in outcome.err


@pytest.mark.parametrize("width", [80, 120])
def test_the_page_and_the_picture(
    fake_models: FakeModels, run: Run, copper: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    models = add(fake_models, first=scaled(1.0), second=scaled(1.3), third=scaled(0.9))
    for name in ("time.png", "time.svg"):
        outcome = run("disagree", copper, "--models", models, *BUDGET, "--plot", name, "--details", "--html", "a.html")
        assert outcome.code == ExitCode.DONE
        lines = outcome.out.splitlines()
        assert all(len(line) <= width for line in lines if not line.startswith(("  mlipguide ", "  # ")))
        assert (copper.parent / name).stat().st_size > 5000
    for words in ("The models differ", "Over time", "Between models", "mlipguide evaluate", "is extrapolated"):
        assert words in outcome.out
    page = (copper.parent / "a.html").read_text(encoding="utf-8")
    for words in ("<h1>The models differ: ", "Forces along the run", "Every frame", "Between models"):
        assert words in page
    drawn = (copper.parent / "time.svg").read_text(encoding="utf-8")
    assert "disagreement of a force component" in drawn
    assert "to label" in drawn


def test_whether_they_agree_comes_first_and_the_commands_last(
    fake_models: FakeModels, run: Run, copper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    models = add(fake_models, first=scaled(1.0), second=scaled(1.3), third=scaled(0.9))
    lines = run("disagree", copper, "--models", models, *BUDGET).out.splitlines()
    assert lines[0].startswith("The models differ: ")
    assert "is expected to have a force MAE of" in " ".join(lines[:3])
    assert len(lines) <= 30
    assert not any(line.startswith(("Over time", "Between models")) for line in lines)
    assert f"  mlipguide evaluate LABELLED --models {models}" in lines
    assert f"  mlipguide recommend {copper} --labels LABELLED" in "\n".join(lines)
