"""``tune`` with real workers: a slow default, a fast setting that is right, and one that is not."""

from __future__ import annotations

from pathlib import Path

from fake_models import STRUCTURES, Run
from mlipguide.core.errors import ExitCode
from mlipguide.store.measurements import read
from toy_plugin import ToyPlugin

SILICON = str(STRUCTURES / "Si.POSCAR")


def test_the_fast_and_right_setting_is_found_and_the_wrong_one_refused(toy_plugin: ToyPlugin, run: Run) -> None:
    toy_plugin.take_axes("threads")
    toy_plugin.add("slow")  # it sleeps in each call unless its kernels are others than the plain ones
    words = ["--models", "toy-slow", "--atoms", "8", "--budget", "4m", "--json"]
    outcome = run("tune", SILICON, *words)
    assert outcome.code == ExitCode.DONE, outcome.err
    (found,) = outcome.document["data"]["results"]
    assert {"axis": "kernels", "value": "careful"} in found["changed"]
    assert found["speed_up"]["low"] > 1.5
    wrong = next(one for one in found["tried"] if one["changed"] == [{"axis": "kernels", "value": "careless"}])
    assert wrong["outcome"] == "wrong"
    assert "forces by" in wrong["reason"]
    assert wrong["differences"]["force_max_ev_per_angstrom"] > 0.01
    folder = toy_plugin.site.parent / "data" / "measurements"
    kept = [read(path) for path in folder.glob("*/*.json")]
    assert {record.settings.chosen("kernels") for record in kept} == {None, "careful"}

    script = Path(toy_plugin.site.parent / "run.py")
    again = run("recommend", SILICON, "--models", "toy-slow", "--atoms", "8", "--write", str(script), "--json")
    settings = again.document["data"]["candidates"][0]["settings"]
    assert {"axis": "kernels", "value": "careful"} in settings["choices"]
    assert script.is_file()
