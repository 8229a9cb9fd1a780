"""A pilot with an engine whose curve is known: what it says, and that it goes on where it was interrupted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ase.io
import pytest
from jsonschema import Draft202012Validator

from fake_models import FakeModels, make_machine
from mlipguide.advice.prices.inputs import tried_models
from mlipguide.commands.train.pilot import train_pilot
from mlipguide.core.errors import EnvironmentFailedError, InputError, TrainingFailedError
from mlipguide.core.serialisation import to_plain
from mlipguide.records.notice import Notice, Result
from mlipguide.records.requests.training import PilotRequest
from mlipguide.records.training.pilot import PilotData, Reach
from mlipguide.report.exports.envelope import render_result, schema_file
from mlipguide.store.pilots import find, read
from mlipguide.testing.fake_session import linear
from mlipguide.testing.fake_trainer import FakeClock, FakeCurve, FakeTrainer, labelled_frames
from mlipguide.training.fit.setup import Options
from mlipguide.training.fit.trainers import Trainers
from training_files import write_frames

SMALL = FakeCurve(floor=0.08, scale=0.8, time_law=linear(1e-4), parameters=100)
LARGE = FakeCurve(floor=0.01, scale=1.2, second_per_frame=0.6, time_law=linear(3e-4), parameters=400)


@dataclass
class Pilot:
    """A pilot of fakes: each call is a new start of the program on the same folder.

    Attributes:
        tmp: Where everything is.
        curves: The truth.
        changes: Of the trainer.
        trainers: One for each start.
    """

    tmp: Path
    curves: dict[str, FakeCurve] = field(default_factory=lambda: {"small": SMALL, "large": LARGE})
    changes: dict[str, Any] = field(default_factory=dict)
    trainers: list[FakeTrainer] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Write the labels."""
        self.labelled = write_frames(self.tmp / "labels.extxyz", labelled_frames(120, groups=("MD", "Surface")))

    def __call__(
        self, *, on_call: Callable[[str], None] = lambda _: None, folder: str = "pilot", **request: Any
    ) -> Result[PilotData]:
        """Run it."""
        clock = FakeClock()
        trainer = FakeTrainer(curves=self.curves, clock=clock, on_call=on_call, **self.changes)
        self.trainers.append(trainer)
        asked: dict[str, Any] = {
            "labelled": self.labelled,
            "folder": self.tmp / folder,
            "models": "none",
            "budget": "10m",
        } | request
        return train_pilot(
            PilotRequest(**asked),
            Options(trainers=lambda _: Trainers((trainer,)), clock=clock, probe=make_machine),
        )


@pytest.fixture
def pilot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pilot:
    monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("MLIPGUIDE_DATA_DIR", str(tmp_path / "data"))
    return Pilot(tmp_path)


def without_place(result: Result[PilotData]) -> Any:
    """Return the answer without the name of its folder."""
    plain = to_plain(result.data)
    text = json.dumps(plain, sort_keys=True).replace(plain["folder"], "FOLDER")
    # The fake clock of a new start begins at 0: its differences are rounded in another way.
    return json.loads(text, parse_float=lambda digits: float(f"{float(digits):.9g}"))


def test_the_curves_hold_the_truth(pilot: Pilot) -> None:
    data = pilot(budget="1h").data
    assert {(curve.size, curve.fits) for curve in data.learning_curve} == {("small", 10), ("large", 10)}
    for curve in data.learning_curve:
        truth = pilot.curves[curve.size]
        at = curve.curve[-1]
        assert at.frames == 4 * data.data.train_frames
        assert at.force_mae_ev_per_angstrom.at_least <= truth.error(at.frames) <= at.force_mae_ev_per_angstrom.at_most
    for point in data.points:
        assert point.errors.force_mae_ev_per_angstrom is not None
        assert point.errors.force_mae_ev_per_angstrom.value == pytest.approx(
            pilot.curves[point.size].error(point.frames), rel=0.1
        )
        assert point.errors.frames == data.data.test_frames


def test_which_model_is_best_depends_on_the_frames(pilot: Pilot) -> None:
    data = pilot(budget="1h").data
    best = {one.frames: one.size for one in data.best}
    crossing = 33  # 0.08 + 0.8 n^-0.5 = 0.01 + 1.2 n^-0.5
    assert all(size == ("small" if frames < crossing else "large") for frames, size in best.items())
    assert data.potential is not None
    assert data.potential.recipe.size == "large"
    assert data.potential.frames == data.data.train_frames
    assert {group.group for group in data.potential.groups} == {"MD", "Surface"}


def test_the_fastest_that_reaches_the_target_is_handed_over(pilot: Pilot) -> None:
    data = pilot(budget="1h", target="200meV/A").data
    assert data.potential is not None
    assert data.potential.recipe.size == "small"
    assert data.potential.time_per_atom_s is not None
    assert data.potential.time_per_atom_s.value == pytest.approx(1e-4)
    assert {curve.reach for curve in data.learning_curve} == {Reach.REACHED}


def test_frames_for_the_target_or_that_it_will_not_be_reached(pilot: Pilot) -> None:
    curves = {curve.size: curve for curve in pilot(budget="1h", target="100meV/A").data.learning_curve}
    large = curves["large"]
    assert large.reach is Reach.REACHABLE
    assert large.frames_for_target is not None
    assert large.frames_for_target.at_least <= (1.2 / 0.09) ** 2 <= large.frames_for_target.at_most
    far = {curve.size: curve for curve in pilot(budget="1h", target="20meV/A").data.learning_curve}
    assert far["small"].reach in {Reach.NEVER, Reach.BEYOND}
    assert far["small"].frames_for_target is None


def test_subsets_are_nested_and_never_tested_on(pilot: Pilot) -> None:
    data = pilot(budget="1h").data
    fits = {}
    for point in data.points:
        record = json.loads((Path(data.folder) / "fits" / point.fit / "fit.json").read_text(encoding="utf-8"))["fit"]
        fits[(point.size, point.repeat, point.frames)] = set(record["frames"])
        assert len(record["errors"]) == data.data.test_frames
    for (size, repeat, frames), chosen in fits.items():
        assert len(chosen) == frames
        for (other_size, other_repeat, more), larger in fits.items():
            if (other_size, other_repeat) == (size, repeat) and more > frames:
                assert chosen < larger
    learned = set().union(*fits.values())
    assert len(learned) == data.data.train_frames
    assert data.data.train_frames + data.data.test_frames == 120


def test_the_budget_is_kept_and_what_is_left_out_is_said(pilot: Pilot) -> None:
    data = pilot(budget="2m").data
    assert data.spent_s <= 120
    assert data.left_out
    done = {(point.size, point.frames, point.repeat) for point in data.points}
    assert len(done) + sum(one.fits for one in data.left_out) == 20
    longer = pilot(budget="1h").data
    assert longer.left_out == ()
    again = {(recipe.size, frames) for recipe, frames in pilot.trainers[1].fits}
    assert len(pilot.trainers[1].fits) == 20 - len(done), "what was done is not done again"
    assert again


def test_a_fit_that_outlasts_the_budget_is_ended(pilot: Pilot) -> None:
    pilot.curves["large"] = replace(LARGE, second_per_frame=60.0)
    data = pilot(budget="3m").data
    assert {point.size for point in data.points} == {"small"}
    assert pilot.trainers[0].clock() < 3 * 60 + 60.0 * 13 / 4 + 1
    reasons = {one.reason for one in data.left_out if one.size == "large"}
    assert reasons <= {"stopped when the budget ended", "no time left"}


def calls_of(pilot: Pilot, folder: str) -> int:
    calls: list[str] = []
    pilot(on_call=calls.append, folder=folder, budget="2m", target="100meV/A")
    return len(calls)


def test_interrupted_after_any_call_it_ends_with_the_same_result(pilot: Pilot) -> None:
    asked: dict[str, Any] = {"budget": "2m", "target": "100meV/A"}
    whole = without_place(pilot(folder="whole", **asked))
    total = calls_of(pilot, "counted")
    assert total > 300
    for stop in range(1, total, 41):  # a step that is no divisor of a fit's calls visits all of them
        left = stop

        def interrupt(_operation: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt

        folder = f"stopped-{stop}"
        with pytest.raises(KeyboardInterrupt):
            pilot(on_call=interrupt, folder=folder, **asked)
        assert without_place(pilot(folder=folder, **asked)) == whole, stop
        shutil.rmtree(pilot.tmp / folder)


def test_interrupted_every_few_calls_it_still_ends(pilot: Pilot) -> None:
    asked: dict[str, Any] = {"budget": "2m"}
    whole = without_place(pilot(folder="whole", **asked))
    for _ in range(200):
        left = 60  # more than a fit has, so that each start gets one further

        def interrupt(_operation: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt

        try:
            result = pilot(on_call=interrupt, **asked)
        except KeyboardInterrupt:
            continue
        break
    else:
        pytest.fail("it never ended")
    assert len(pilot.trainers) > 5
    assert without_place(result) == whole


def test_a_finished_pilot_is_told_again_without_a_fit(pilot: Pilot) -> None:
    first = pilot()
    second = pilot()
    assert to_plain(second.data) == to_plain(first.data)
    assert pilot.trainers[1].fits == []


def test_a_folder_can_be_moved(pilot: Pilot) -> None:
    pilot(budget="2m")
    shutil.move(pilot.tmp / "pilot", pilot.tmp / "moved")
    data = pilot(folder="moved", budget="2m").data
    assert pilot.trainers[1].fits == []
    assert data.potential is not None
    assert Path(data.potential.folder).is_dir()


def test_a_model_that_diverges_is_told_and_not_handed_over(pilot: Pilot) -> None:
    pilot.changes = {"diverges": frozenset({"large"})}
    result = pilot(budget="1h")
    assert {point.size for point in result.data.points} == {"small"}
    assert result.data.potential is not None
    assert result.data.potential.recipe.size == "small"
    (problem,) = result.errors
    assert problem.kind == "diverged"
    assert "large" in problem.message


def test_a_model_worse_than_no_forces_is_not_handed_over(pilot: Pilot) -> None:
    pilot.curves = {"small": replace(SMALL, floor=50.0)}
    result = pilot(budget="1h")
    assert result.data.potential is None
    assert [problem.kind for problem in result.errors] == ["useless"]


def test_nothing_but_failed_fits_is_an_error(pilot: Pilot) -> None:
    pilot.changes = {"fails": frozenset({"small", "large"})}
    with pytest.raises(TrainingFailedError, match="No fit gave a potential") as caught:
        pilot()
    assert caught.value.hint


def test_without_an_engine_it_is_said_how_to_get_one(pilot: Pilot) -> None:
    nothing = Trainers((), (Notice("environment_missing", "pod was left out: mlipguide env build lammps."),))
    with pytest.raises(EnvironmentFailedError, match="mlipguide env build lammps"):
        train_pilot(
            PilotRequest(labelled=pilot.labelled, folder=pilot.tmp / "pilot"),
            Options(trainers=lambda _: nothing, probe=make_machine),
        )
    assert not (pilot.tmp / "pilot").exists()


def test_a_test_file_is_never_learned_from(pilot: Pilot) -> None:
    test = write_frames(pilot.tmp / "test.extxyz", labelled_frames(9, seed=5))
    data = pilot(test=test).data
    assert (data.data.train_frames, data.data.test_frames) == (120, 9)
    assert data.data.test_source == str(test)


def test_a_folder_of_something_else_is_refused(pilot: Pilot) -> None:
    pilot(budget="1m")
    with pytest.raises(InputError, match="on other frames"):
        pilot(budget="1m", seed=1)
    (pilot.tmp / "mine").mkdir()
    (pilot.tmp / "mine" / "thesis.tex").write_text("...", encoding="utf-8")
    with pytest.raises(InputError, match="no training"):
        pilot(folder="mine")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"engines": "podd"}, "Did you mean 'pod'"),
        ({"budget": "10"}, "no unit"),
        ({"target": "70meV"}, "not a unit of force"),
        ({"labelled": Path("nowhere.xyz")}, "nowhere.xyz"),
    ],
)
def test_what_cannot_be_used_is_said(pilot: Pilot, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        pilot(**change)
    assert caught.value.hint


def test_too_few_frames_are_said(pilot: Pilot) -> None:
    few = write_frames(pilot.tmp / "few.extxyz", labelled_frames(12))
    with pytest.raises(InputError, match="too few for a learning curve") as caught:
        pilot(labelled=few)
    assert "25" in caught.value.hint


def test_frames_without_forces_are_said(pilot: Pilot) -> None:
    frames = labelled_frames(40)
    images = [frame.atoms for frame in frames]
    ase.io.write(pilot.tmp / "bare.extxyz", images)
    with pytest.raises(InputError, match=r"bare\.extxyz"):
        pilot(labelled=pilot.tmp / "bare.extxyz")


def test_progress_tells_the_remaining_time(pilot: Pilot) -> None:
    told: list[tuple[str, float]] = []
    clock = FakeClock()
    trainer = FakeTrainer(curves=pilot.curves, clock=clock)
    train_pilot(
        PilotRequest(labelled=pilot.labelled, folder=pilot.tmp / "pilot", models="none", budget="1h"),
        Options(
            trainers=lambda _: Trainers((trainer,)),
            clock=clock,
            probe=make_machine,
            on_progress=lambda message, share: told.append((message, share)),
        ),
    )
    assert any("left" in message for message, _ in told)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)


def test_pretrained_models_stand_beside(pilot: Pilot, fake_models: FakeModels) -> None:
    fake_models.add("fake-a", force_error=0.0)
    clock = FakeClock()
    trainer = FakeTrainer(curves=pilot.curves, clock=clock)

    def run() -> PilotData:
        return train_pilot(
            PilotRequest(labelled=pilot.labelled, folder=pilot.tmp / "pilot", models="fake-a", budget="1m"),
            Options(
                trainers=lambda _: Trainers((trainer,)), clock=clock, probe=fake_models.probe, opener=fake_models.open
            ),
        ).data

    (beside,) = run().pretrained
    assert beside.errors.force_mae_ev_per_angstrom is not None
    assert beside.errors.energy_mae_ev_per_atom is not None
    data = run()
    assert data.pretrained == (beside,)
    assert len(fake_models.opened) == 1, "it was remembered"
    # A fake without forces errs as much as no forces at all.
    assert beside.errors.force_mae_ev_per_angstrom.value == pytest.approx(data.data.mean_force_ev_per_angstrom)


def test_the_document_follows_its_schema(pilot: Pilot) -> None:
    result = pilot(target="100meV/A")
    document = json.loads(render_result("train pilot", result))
    Draft202012Validator(json.loads(schema_file("train pilot").read_text(encoding="utf-8"))).validate(document)
    assert document["schema"] == "mlipguide.train.pilot/1"
    assert {"points", "learning_curve", "potential"} <= set(document["data"])


def test_what_it_found_is_known_to_recommend(pilot: Pilot) -> None:
    data = pilot(budget="1h").data
    models, notices = tried_models(("Si",), data.machine.fingerprint)
    assert notices == ()
    assert {one.name for one in models} == {"pod small", "pod large"}
    large = next(one for one in models if one.kept.size == "large")
    assert large.here
    assert large.at_hand == data.data.train_frames
    assert large.kept.timed_atoms == next(one.atoms for one in data.speeds if one.size == "large")
    assert large.curve is not None
    most = large.kept.most_frames
    assert large.curve.mean_at(most).value == pytest.approx(LARGE.error(most), rel=0.1)
    assert large.pilot.labels is not None
    assert Path(large.pilot.labels.file) == pilot.labelled
    pilot(budget="1h")
    assert len(list((pilot.tmp / "data" / "pilots").iterdir())) == 1, "the same folder is one pilot"
    assert tried_models(("Si", "O"), data.machine.fingerprint) == ((), ())


def test_a_pilot_of_another_machine_tells_no_times(pilot: Pilot) -> None:
    pilot(budget="1h")
    models, _ = tried_models(("Si",), "another machine")
    assert models
    assert not any(one.here for one in models)


def test_labels_that_are_gone_are_not_at_hand(pilot: Pilot) -> None:
    data = pilot(budget="1h").data
    pilot.labelled.unlink()
    models, _ = tried_models(("Si",), data.machine.fingerprint)
    assert {one.at_hand for one in models} == {0}


def test_a_stored_pilot_of_a_newer_version_is_left_alone(pilot: Pilot) -> None:
    pilot(budget="1m")
    (path,) = (pilot.tmp / "data" / "pilots").iterdir()
    document = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(document | {"format": 99}), encoding="utf-8")
    with pytest.raises(InputError, match="newer mlipguide"):
        read(path)
    assert find(("Si",)).pilots == ()
    assert [notice.kind for notice in find(("Si",)).notices] == ["unreadable_pilot"]
