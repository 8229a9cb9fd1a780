"""The page and the figure of a pilot."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import pytest
from rich.console import Console

from fake_models import make_machine
from mlipguide.commands.train.pilot import train_pilot
from mlipguide.core.errors import InputError
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.requests.training import PilotRequest
from mlipguide.records.training.pilot import PilotData, PretrainedErrors, Reach
from mlipguide.report.figures.pilot_plot import rendered, save_plot
from mlipguide.report.pages.pilot_page import pilot_page
from mlipguide.report.words.pilot_words import between, mev
from mlipguide.testing.fake_trainer import FakeClock, FakeCurve, FakeTrainer, labelled_frames
from mlipguide.training.fit.setup import Options
from mlipguide.training.fit.trainers import Trainers
from mlipguide.training.pilot.answer import best_at
from training_files import write_frames


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> PilotData:
    folder = tmp_path_factory.mktemp("pilot")
    labelled = write_frames(folder / "labels.extxyz", labelled_frames(120, groups=("MD", "Surface")))
    clock = FakeClock()
    trainer = FakeTrainer(curves={"small": FakeCurve(), "large": FakeCurve(floor=0.01, scale=1.2)}, clock=clock)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLIPGUIDE_CACHE_DIR", str(folder / "cache"))
        patch.setenv("MLIPGUIDE_DATA_DIR", str(folder / "data"))
        data = train_pilot(
            PilotRequest(labelled=labelled, folder=folder / "pilot", models="none", target="100meV/A", budget="1m"),
            Options(trainers=lambda _: Trainers((trainer,)), clock=clock, probe=make_machine),
        ).data
    beside = PretrainedErrors(
        model="sevennet-0",
        name="SevenNet-0",
        errors=replace(data.points[0].errors, force_mae_ev_per_angstrom=estimate(0.25)),
        call_time_per_atom_s=0.02,
    )
    return replace(data, pretrained=(beside,))


def estimate(value: float) -> Estimate:
    return Estimate(value=value, low=0.9 * value, high=1.1 * value, basis=Basis.MEASURED, source="test")


def text_of(data: PilotData, width: int, *, details: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False)
    page = pilot_page(data, console, given="labels.extxyz", again="--engines pod", details=details)
    console.print(page, crop=False)
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_the_page_fits_its_width_and_says_what_was_found(pilot: PilotData, width: int) -> None:
    text = text_of(pilot, width, details=True)
    assert all(len(line) <= width for line in text.splitlines() if not line.startswith("  mlipguide "))
    assert "…" not in text, "nothing is cut"
    for words in ("pod small", "pod large", "sevennet-0", "100 meV/Å", "Potential", "µs/atom", "Left out"):
        assert words in text


def test_whether_the_target_is_reached_is_said(pilot: PilotData) -> None:
    curve = pilot.learning_curve[0]
    words = {
        Reach.NEVER: "will not reach",
        Reach.BEYOND: "is not expected within",
    }
    for reach, said in words.items():
        changed = replace(curve, reach=reach, frames_for_target=None, fewest_frames_for_target=None)
        assert said in text_of(replace(pilot, learning_curve=(changed,)), 80)


def test_nothing_usable_is_said(pilot: PilotData) -> None:
    assert "None that is better than no forces" in text_of(replace(pilot, potential=None), 80, details=True)


@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_figure_is_drawn_the_same_twice(pilot: PilotData, form: str) -> None:
    image = rendered(pilot, form)
    assert image == rendered(pilot, form)
    if form == "png":
        pixels = matplotlib.image.imread(io.BytesIO(image))
        assert pixels.shape[1] > 1000
    else:
        text = image.decode()
        for words in ("pod small", "sevennet-0, pretrained", "target 100 meV/Å", "Frames learned from"):
            assert words in text


def test_without_curves_there_is_still_a_figure_and_a_page(pilot: PilotData) -> None:
    bare = replace(pilot, learning_curve=(), best=(), speeds=(), pretrained=(), target_ev_per_angstrom=None)
    assert rendered(bare, "png")
    assert "pod small" in text_of(bare, 80)


def test_other_endings_are_refused(pilot: PilotData, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"curve\.pdf"):
        save_plot(pilot, tmp_path / "curve.pdf")
    save_plot(pilot, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 10_000


def test_digits_that_no_label_resolves_are_not_shown(pilot: PilotData) -> None:
    point = pilot.points[0]
    still = replace(estimate(1.4e-15), low=0.0, high=2.1e-15)
    assert mev(still.value) == between(still) == "<0.01"
    assert mev(0.0) == "0"
    assert between(estimate(0.07)) == "70 (63 to 77)"
    errors = replace(point.errors, force_mae_ev_per_angstrom=still)
    text = text_of(replace(pilot, pretrained=(replace(pilot.pretrained[0], errors=errors),)), 80)
    assert "<0.01 meV/Å" in text
    assert "e-1" not in text


def test_that_the_potential_was_chosen_by_its_test_is_said(pilot: PilotData) -> None:
    assert "chosen of 2 models by these same test frames" in " ".join(text_of(pilot, 120, details=True).split())


def test_the_best_and_the_target_come_first_and_the_fit_that_follows_is_whole(pilot: PilotData) -> None:
    lines = text_of(pilot, 100).splitlines()
    assert len(lines) <= 30
    first = " ".join(" ".join(lines[:3]).split())
    assert pilot.potential is not None
    error = pilot.potential.errors.force_mae_ev_per_angstrom
    assert error is not None
    assert first.startswith(f"Take pod small, of 2 potentials: force MAE {error.value * 1e3:.0f}")
    assert "The target of 100 meV/Å is not met." in first
    assert "sevennet-0, the best pretrained model here, has" in first
    folder = pilot.folder
    assert f"  mlipguide train fit labels.extxyz --engine pod --size small --folder {folder}" in lines
    assert f"  mlipguide train pilot labels.extxyz --engines pod --folder {folder} --budget 1h" in lines


def test_a_smaller_error_of_another_model_is_told(pilot: PilotData) -> None:
    rival = replace(max(pilot.best, key=lambda one: one.frames), size="large", force_mae_ev_per_angstrom=0.1)
    for clearly, words in ((False, "within the interval"), (True, "clearly")):
        text = " ".join(text_of(replace(pilot, best=(replace(rival, clearly=clearly),)), 100).split())
        assert f"pod large has 100 meV/Å, {words}." in text.partition("Labels")[0]


def test_a_larger_error_of_another_model_with_more_frames_is_not(pilot: PilotData) -> None:
    rival = replace(max(pilot.best, key=lambda one: one.frames), size="large", force_mae_ev_per_angstrom=9.0)
    text = " ".join(text_of(replace(pilot, best=(rival,)), 100).split())
    assert "pod large has" not in text.partition("Labels")[0]


def test_no_potential_is_the_first_line(pilot: PilotData) -> None:
    assert text_of(replace(pilot, potential=None), 80).startswith("No fit was better than no forces at all")


def test_one_model_alone_is_not_clearly_the_best(pilot: PilotData) -> None:
    points = [one for one in pilot.points if one.size == "small"]
    curves = [one for one in pilot.learning_curve if one.size == "small"]
    best = best_at(points, curves)
    assert {one.size for one in best} == {"small"}
    assert not any(one.clearly for one in best)
