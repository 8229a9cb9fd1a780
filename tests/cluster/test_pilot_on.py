"""``train pilot --on``: every fit of the schedule as a job, and the pilot that one process would have made."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from fake_models import Run, make_machine
from fake_slurm import FakeSlurm
from mlipguide.cluster.run_files import find_run
from mlipguide.commands.on_cluster.pilot import pilot_on
from mlipguide.commands.on_cluster.starting import OnCluster
from mlipguide.commands.train.one_fit import train_one
from mlipguide.commands.train.pilot import train_pilot
from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import to_plain
from mlipguide.records.cluster.jobs import ClusterRun, JobList, JobScripts, RunStatus, TaskState
from mlipguide.records.notice import Result
from mlipguide.records.requests.training import PilotRequest
from mlipguide.records.training.pilot import PilotData
from mlipguide.report.exports.envelope import render_result
from mlipguide.testing.fake_session import linear
from mlipguide.testing.fake_trainer import FakeClock, FakeCurve, FakeTrainer, labelled_frames
from mlipguide.training.fit.setup import Options
from mlipguide.training.fit.trainers import Trainers
from training_files import write_frames

CURVES = {
    "small": FakeCurve(floor=0.08, scale=0.8, time_law=linear(1e-4)),
    "large": FakeCurve(floor=0.01, scale=1.2, second_per_frame=0.6, time_law=linear(3e-4)),
}
FITS = 8


@dataclass
class Site:
    """Labels, and an engine whose curve is known; each call is another process.

    Attributes:
        tmp: Where everything is.
        cluster: The file of the cluster.
        trainers: One for each call.
    """

    tmp: Path
    cluster: Path
    trainers: list[FakeTrainer] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Write the labels."""
        self.labelled = write_frames(self.tmp / "labels.extxyz", labelled_frames(34))

    def request(self, folder: str | None, **changes: Any) -> PilotRequest:
        place = None if folder is None else self.tmp / folder
        asked = {"labelled": self.labelled, "folder": place, "models": "none", "budget": "1h"} | changes
        return PilotRequest(**asked)

    @property
    def options(self) -> Options:
        clock = FakeClock()
        trainer = FakeTrainer(curves=CURVES, clock=clock)
        self.trainers.append(trainer)
        return Options(trainers=lambda _: Trainers((trainer,)), clock=clock, probe=make_machine)

    def pilot(self, folder: str, **changes: Any) -> PilotData:
        return train_pilot(self.request(folder, **changes), self.options).data

    def submit(self, folder: str = "pilot", **changes: Any) -> RunStatus:
        data = pilot_on(self.request(folder, **changes), OnCluster(file=self.cluster), self.options).data
        assert isinstance(data, JobList)
        return data.runs[0]

    def on_node(self, run: ClusterRun, task: int) -> None:
        """Do what a task does on a node, and leave its answer."""
        folder = Path(run.folder) / "short"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLIPGUIDE_DATA_DIR", str(folder / "data"))
            own = run.tasks[task].options
            done = train_one(self.request(None, engines=own["--engines"]), own["--fit"], self.options)
        answer = render_result("train pilot fit", done)
        (folder / "results" / f"{task}.json").write_text(answer, encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path, cluster_file: Path, fake_slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch) -> Site:
    del fake_slurm
    monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("MLIPGUIDE_DATA_DIR", str(tmp_path / "data"))
    return Site(tmp_path, cluster_file)


def without_place(data: PilotData) -> Any:
    """Return the answer without its folder, in nine digits: clocks that begin at 0 round in other ways."""
    plain = to_plain(data)
    text = json.dumps(plain, sort_keys=True).replace(plain["folder"], "FOLDER")
    return json.loads(text, parse_float=lambda digits: float(f"{float(digits):.9g}"))


def test_fits_that_came_home_are_the_pilot_that_one_process_makes(site: Site, run: Run, fake_slurm: FakeSlurm) -> None:
    whole = site.pilot("whole")
    schedule = {(one.size, one.frames, one.repeat) for one in whole.points}
    status = site.submit()
    assert len(status.tasks) == len(schedule) == FITS
    assert (status.tasks[0].model, status.tasks[0].part) == ("pod small", f"{min(one[1] for one in schedule)} frames")
    submitted = find_run(status.name)
    text = (Path(status.folder) / "short" / "job.sh").read_text(encoding="utf-8")
    assert f' -m mlipguide train pilot {site.labelled} --engines "$engine" --fit "$fit" --json >"$part"' in text
    killed = 5
    for task in range(FITS):
        if task != killed:
            site.on_node(submitted, task)
    fake_slurm.queue(f"1|{killed}|TIMEOUT|None")
    first = run("jobs", "collect", "--json").document["data"]
    assert (len(first["added"]), first["known"]) == (FITS - 1, [])
    assert [one["state"] for one in first["run"]["tasks"]].count(TaskState.ENDED.value) == 1
    run("jobs", "resume")
    assert fake_slurm.calls("sbatch")[-1].startswith(f"--parsable --array={killed}%2 ")
    site.on_node(submitted, killed)
    page = run("jobs", "collect").out.replace("\n", " ")
    assert f"1 fit of {status.name} came into the pilot's folder; {FITS - 1} had come before." in page
    again = f"mlipguide train pilot {site.labelled} --budget=1h --models=none --folder={site.tmp / 'pilot'}"
    assert again in " ".join(page.split())

    data = site.pilot("pilot", budget="1s")
    assert site.trainers[-1].fits == [], "nothing is fitted any more, whatever the budget"
    assert without_place(replace(data, budget_s=whole.budget_s)) == without_place(whole)


def test_a_dry_run_begins_no_pilot(site: Site, fake_slurm: FakeSlurm) -> None:
    asked = OnCluster(file=site.cluster, dry_run=True)
    data = pilot_on(site.request("pilot"), asked, site.options).data
    assert isinstance(data, JobScripts)
    (script,) = data.scripts
    assert f"#SBATCH --array=0-{FITS - 1}%2" in script.text
    assert not (site.tmp / "pilot").exists()
    assert not (site.tmp / "data").exists()
    assert fake_slurm.calls("sbatch") == []


def test_what_is_done_is_not_submitted(site: Site) -> None:
    some = len(site.pilot("pilot", budget="30s").points)
    assert 0 < some < FITS
    assert len(site.submit().tasks) == FITS - some
    site.pilot("pilot")
    with pytest.raises(InputError, match=f"All {FITS} fits of the schedule are in"):
        site.submit()


def test_a_fit_that_fails_on_a_node_is_kept_as_one_that_failed_here(site: Site, run: Run) -> None:
    submitted = find_run(site.submit().name)
    clock = FakeClock()
    failing = FakeTrainer(curves=CURVES, clock=clock, fails=frozenset({"small"}))
    folder = Path(submitted.folder) / "short"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLIPGUIDE_DATA_DIR", str(folder / "data"))
        options = Options(trainers=lambda _: Trainers((failing,)), clock=clock, probe=make_machine)
        done = train_one(site.request(None), submitted.tasks[0].options["--fit"], options)
    assert done.data.force_mae_ev_per_angstrom is None
    assert done.errors
    (folder / "results" / "0.json").write_text(render_result("train pilot fit", done), encoding="utf-8")
    collected = run("jobs", "collect", "--json").document["data"]
    assert len(collected["added"]) == 1
    assert collected["run"]["tasks"][0]["state"] == TaskState.DONE.value
    result: Result[PilotData] = train_pilot(site.request("pilot"), site.options)
    assert {one.size for one in result.data.points} == {"large"}


def test_a_fit_that_is_not_of_the_schedule_is_refused(site: Site) -> None:
    with pytest.raises(InputError, match="Did you mean 'pod:small:") as caught:
        train_one(site.request("pilot"), "pod:small:1:0", site.options)
    assert "pod:large:" in caught.value.hint


def test_options_that_go_with_a_cluster_or_beside_it(site: Site, run: Run) -> None:
    outcome = run("train", "pilot", site.labelled, "--on", site.cluster, "--plot", "x.png")
    assert "--plot shows a result" in outcome.err
    assert "--dry-run goes with --on." in run("train", "pilot", site.labelled, "--dry-run").err
