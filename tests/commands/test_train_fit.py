"""A final fit with an engine whose curve is known: what it hands over, and what it does not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from fake_models import make_machine
from mlipguide.catalog.cards import load_catalogue
from mlipguide.commands.train.fit import train_fit
from mlipguide.commands.train.pilot import train_pilot
from mlipguide.core.errors import InputError, TrainingFailedError
from mlipguide.records.accuracy.stability import CheckVerdict
from mlipguide.records.notice import Result
from mlipguide.records.requests.training import FitRequest, PilotRequest
from mlipguide.records.training.fit import FitData
from mlipguide.records.training.training import ReplayDrift
from mlipguide.report.console import output_console
from mlipguide.report.exports.envelope import render_result, schema_file
from mlipguide.report.pages.fit_page import fit_page
from mlipguide.testing.fake_trainer import FakeClock, FakeCurve, FakeTrainer, labelled_frames
from mlipguide.training.fit.setup import Options
from mlipguide.training.fit.trainers import Trainers
from training_files import write_frames


@dataclass
class Fits:
    """Final fits of fakes, and pilots before them, in one folder."""

    tmp: Path
    changes: dict[str, Any] = field(default_factory=dict)
    trainers: list[FakeTrainer] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Write the labels."""
        self.labelled = write_frames(self.tmp / "labels.extxyz", labelled_frames(120, groups=("MD", "Surface")))

    def options(self) -> Options:
        """Return the options of a new start of the program."""
        clock = FakeClock()
        curves = {"small": FakeCurve(floor=0.08), "large": FakeCurve(floor=0.01, scale=1.2)}
        trainer = FakeTrainer(clock=clock, **{"curves": curves, **self.changes})
        self.trainers.append(trainer)
        return Options(trainers=lambda _: Trainers((trainer,)), clock=clock, probe=make_machine)

    def __call__(self, **request: Any) -> Result[FitData]:
        """Do a final fit."""
        asked: dict[str, Any] = {"labelled": self.labelled, "folder": self.tmp / "run", "engine": "pod"}
        return train_fit(FitRequest(**(asked | request)), self.options())

    def pilot(self) -> None:
        """Do a pilot before it."""
        request = PilotRequest(labelled=self.labelled, folder=self.tmp / "run", models="none", budget="1h")
        train_pilot(request, self.options())


@pytest.fixture
def fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fits:
    monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("MLIPGUIDE_DATA_DIR", str(tmp_path / "data"))
    return Fits(tmp_path)


def test_it_learns_from_everything_but_the_test_frames(fits: Fits) -> None:
    data = fits(size="small").data
    assert data.potential.frames == data.data.train_frames == 120 - data.data.test_frames
    assert data.potential.errors.frames == data.data.test_frames
    assert data.domain.frames == data.data.train_frames
    assert data.domain.elements == ("Si",)
    assert data.domain.density_g_per_cm3 is not None
    assert 2 < data.domain.density_g_per_cm3.low <= data.domain.density_g_per_cm3.high < 3


def test_the_folder_holds_what_is_needed_and_every_command_knows_the_model(fits: Fits) -> None:
    data = fits(size="small", model="my-si").data
    folder = Path(data.potential.folder)
    names = {path.name for path in folder.iterdir()}
    assert {"fake.json", "card.yaml", "manifest.json", "run_ase.py", "in.lammps", "structure.data"} <= names
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] == 0
    assert manifest["versions"] == {"fake": "1.0"}
    assert manifest["potential"]["groups"]
    card = load_catalogue().find("my-si")
    assert card.weights.path == str(folder / "fake.json")
    assert yaml.safe_load((folder / "card.yaml").read_text(encoding="utf-8"))["id"] == "my-si"
    assert card.training.elements == ("Si",)
    compile((folder / "run_ase.py").read_text(encoding="utf-8"), "run_ase.py", "exec")


def test_a_pilots_fit_is_taken_and_its_best_size(fits: Fits) -> None:
    fits.pilot()
    result = fits()
    data = result.data
    assert data.potential.recipe.size == "large"
    assert "chosen_by_test" in {notice.kind for notice in result.notices}
    assert data.learning_curve is not None
    members = data.committee.members if data.committee is not None else 0
    assert len(fits.trainers[1].fits) == members, "the fit itself was there"


def test_a_size_that_was_asked_for_was_not_chosen_by_the_test_frames(fits: Fits) -> None:
    fits.pilot()
    assert "chosen_by_test" not in {notice.kind for notice in fits(size="large").notices}


def test_a_committee_is_made_when_there_is_time(fits: Fits) -> None:
    data = fits(size="small").data
    assert data.committee is not None
    assert data.committee.members == 4
    assert all(Path(folder).is_dir() for folder in data.committee.folders)
    short = fits(size="large", budget="30s")
    assert short.data.committee is None
    assert [notice.kind for notice in short.notices] == ["no_committee"]


def test_it_can_be_made_again_in_its_place(fits: Fits) -> None:
    first = fits(size="small")
    second = fits(size="small")
    assert second.data.potential == first.data.potential
    assert len([card for card in load_catalogue().cards if card.id == first.data.model]) == 1


def test_the_id_of_another_model_is_refused_before_anything_is_fitted(fits: Fits) -> None:
    with pytest.raises(InputError, match="in use"):
        fits(size="small", model="sevennet-0")
    assert fits.trainers[0].fits == []


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"diverges": frozenset({"small"})}, "diverged"),
        ({"fails": frozenset({"small"})}, "training"),
        ({"curves": {"small": FakeCurve(floor=50.0)}}, "useless"),
        ({"unstable": frozenset({"small"})}, "unstable"),
    ],
)
def test_what_is_no_potential_is_told_and_not_handed_over(fits: Fits, changes: dict[str, Any], kind: str) -> None:
    fits.changes = changes
    with pytest.raises(TrainingFailedError) as caught:
        fits(size="small", model="my-si")
    assert caught.value.kind == kind
    assert caught.value.hint
    assert not list((fits.tmp / "run").glob("potential-*"))
    assert "my-si" not in {card.id for card in load_catalogue().cards}


def test_an_unknown_size_is_said(fits: Fits) -> None:
    with pytest.raises(InputError, match="Did you mean 'small'"):
        fits(size="smal")


def test_page_and_document(fits: Fits) -> None:
    result = fits(size="small")
    console = output_console()
    with console.capture() as captured:
        console.print(fit_page(result.data, console, details=True))
    text = captured.get()
    for words in ("pod small", "force MAE", "Surface", "g/cm³", "committee of 4", result.data.model):
        assert words in text
    with console.capture() as captured:
        console.print(fit_page(result.data, console, given="Si.cif"), crop=False)
    lines = captured.get().splitlines()
    assert lines[0].startswith(f"{result.data.model} is ready: force MAE ")
    assert len(lines) <= 30
    assert f"  mlipguide recommend Si.cif --models {result.data.model}" in "\n".join(lines)
    failed = replace(result.data.checks[0], verdict=CheckVerdict.FAILED)
    with console.capture() as captured:
        console.print(fit_page(replace(result.data, checks=(failed,)), console))
    assert captured.get().startswith(f"{result.data.model} failed {failed.title}: do not use it.")
    document = json.loads(render_result("train fit", result))
    Draft202012Validator(json.loads(schema_file("train fit").read_text(encoding="utf-8"))).validate(document)


def test_what_was_frozen_and_what_is_remembered_is_said(fits: Fits) -> None:
    data = fits(size="small").data
    recipe = replace(data.potential.recipe, base_model="sevennet-0", options={"frozen_layers": 2})
    drift = ReplayDrift(
        structures=20,
        held_out=3,
        force_mae_ev_per_angstrom=0.0123,
        energy_mae_ev_per_atom=0.0045,
        mean_force_ev_per_angstrom=0.5,
    )
    data = replace(data, potential=replace(data.potential, recipe=recipe), replay=drift)
    console = output_console()
    with console.capture() as captured:
        console.print(fit_page(data, console, details=True))
    text = " ".join(captured.get().split())
    assert "From sevennet-0, embedding and first 2 of its layers frozen" in text
    assert "On 3 of the 20 structures of --replay" in text
    assert "by 12.3 meV/Å and 4.5 meV/atom" in text


def test_the_run_that_checks_a_fit_is_told_of_step_by_step(fits: Fits) -> None:
    told: list[tuple[str, float]] = []
    request = FitRequest(labelled=fits.labelled, folder=fits.tmp / "run", engine="pod", size="small")
    options = replace(fits.options(), on_progress=lambda message, share: told.append((message, share)))
    train_fit(request, options)
    steps = [share for message, share in told if message.startswith("checking it in molecular dynamics, step")]
    assert len(steps) > 10
    assert steps == sorted(steps)
    assert any(message.startswith("committee, fit 2 of 4, training") for message, _ in told)
