"""Measurements of others in the answers: below this machine's, above published ones, and never by one alone."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fake_models import STRUCTURES, FakeModels, Run, fake_card
from mlipguide.candidates.preparation import default_settings, settings_for
from mlipguide.catalog.cards import load_catalogue
from mlipguide.commands.set_up import share as workflow
from mlipguide.core.errors import ExitCode
from mlipguide.environments.recipes import find_recipe
from mlipguide.hardware.machine_classes import class_name, class_of
from mlipguide.records.estimate import Basis
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.timing.shared import SharedRecord
from mlipguide.store import measurements as own_store
from mlipguide.store import shared as store
from mlipguide.testing.fake_session import linear
from shared_records import MODEL, cpu_settings, epyc, measured, shared, with_a100, write_lines

SILICON = str(STRUCTURES / "Si.POSCAR")
PER_ATOM_S = 5e-4
SIZES = (64, 256)


@pytest.fixture
def fakes(fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch) -> FakeModels:
    """Let fake models run on a machine whose kind can be shared."""
    fake_models.machine = epyc()
    monkeypatch.setattr(workflow, "Options", partial(workflow.Options, probe=fake_models.probe))
    fake_models.add("fake-a", time_law=linear(PER_ATOM_S), noise=0.02)
    return fake_models


def fake_records(by: str, *, factor: float = 1.0, machine: Machine | None = None) -> list[SharedRecord]:
    """Return records of the fake model, as it is run on the fake machine, by one contributor."""
    here = machine or epyc()
    settings = settings_for(find_recipe("toy"), default_settings(here), fake_card("fake-a"))
    kind = class_of(here, settings.device)
    assert kind is not None
    return [
        shared(
            atoms,
            by=by,
            step_s=PER_ATOM_S * atoms * factor,
            model="fake-a",
            time_law="fake-a",
            backend="toy",
            settings=settings,
            machine=kind,
            versions={},
        )
        for atoms in SIZES
    ]


def give(*contributors: tuple[str, float], machine: Machine | None = None) -> None:
    for by, factor in contributors:
        for record in fake_records(by, factor=factor, machine=machine):
            assert store.add(record)


def asked(run: Run, *words: str, atoms: int = 128) -> dict[str, Any]:
    document = run("recommend", SILICON, "--models", "fake-a", "--atoms", str(atoms), *words, "--json").document
    assert document["status"] != "error", document["errors"]
    return document


def step(document: dict[str, Any]) -> dict[str, Any]:
    (candidate,) = document["data"]["candidates"]
    found: dict[str, Any] = candidate["step_time_s"]
    return found


def kinds(document: dict[str, Any]) -> set[str]:
    return {notice["kind"] for notice in document["notices"]}


def test_the_order_of_trust() -> None:
    order = list(Basis)
    assert order.index(Basis.EXTRAPOLATED) < order.index(Basis.SHARED) < order.index(Basis.PUBLISHED)


def test_what_others_shared_answers_where_nothing_was_timed(fakes: FakeModels, run: Run) -> None:
    assert step(asked(run, "--no-measure")) is None
    give(("a", 1.0), ("b", 1.1), ("c", 0.95))
    document = asked(run, "--no-measure")
    found = step(document)
    assert found["basis"] == "shared"
    assert found["low"] <= PER_ATOM_S * 128 <= found["high"]
    assert found["high"] / found["low"] < 2.0
    assert "3 contributors" in found["source"]
    assert "shared" in kinds(document)
    (candidate,) = document["data"]["candidates"]
    assert candidate["peak_memory_bytes"]["basis"] == "shared"
    assert not fakes.opened


def test_a_measurement_here_stands_above_it(fakes: FakeModels, run: Run) -> None:
    give(("a", 2.0), ("b", 2.1), ("c", 1.9))
    found = step(asked(run, atoms=64))
    assert found["basis"] in {"measured", "fitted"}
    assert found["value"] == pytest.approx(PER_ATOM_S * 64, rel=0.05)
    assert step(asked(run, "--no-measure", atoms=64)) == found
    assert len(fakes.opened) == 1


def test_the_first_ranking_stands_on_it(fakes: FakeModels, run: Run) -> None:
    fakes.add("fake-b", time_law=linear(PER_ATOM_S), noise=0.02)
    give(("a", 1.0), ("b", 1.0), ("c", 1.0))
    outcome = run("recommend", SILICON, "--models", "fake-a,fake-b", "--atoms", "128")
    line = next(line for line in outcome.err.splitlines() if "fake-a" in line)
    minutes = 50_000 * PER_ATOM_S * 128 / 60
    assert float(line.split("fake-a")[1].split()[0]) == pytest.approx(minutes, rel=0.1)
    assert line.endswith("expected")


@pytest.mark.parametrize(("good", "factor"), [(1, 100.0), (3, 0.01)])
@pytest.mark.usefixtures("fakes")
def test_one_wild_contributor_moves_no_answer_by_more_than_its_interval(run: Run, good: int, factor: float) -> None:
    give(*((f"good-{number}", 1.0 + 0.03 * number) for number in range(good)))
    before = step(asked(run, "--no-measure"))
    give(("wild", factor))
    document = asked(run, "--no-measure")
    after = step(document)
    assert before["low"] <= after["value"] <= before["high"]
    assert after["value"] == pytest.approx(before["value"], rel=0.02)
    assert after["high"] / after["low"] == pytest.approx(before["high"] / before["low"], rel=0.1)
    assert "shared_set_aside" in kinds(document)
    assert "1 set aside" in after["source"]


@pytest.mark.usefixtures("fakes")
def test_a_wild_contributor_alone_is_not_used(run: Run) -> None:
    before = asked(run, "--no-measure")
    give(("wild", 0.001))
    document = asked(run, "--no-measure")
    assert step(document) == step(before)
    assert "shared_set_aside" in kinds(document)


def test_other_settings_and_other_hardware_do_not_count(fakes: FakeModels, run: Run) -> None:
    give(("a", 1.0), ("b", 1.0))
    fakes.machine = replace(epyc(), cpu=replace(epyc().cpu, usable_cores=2.0))
    assert step(asked(run, "--no-measure")) is None
    fakes.machine = replace(epyc(), cpu=replace(epyc().cpu, model="AMD EPYC 7543 32-Core Processor"))
    assert step(asked(run, "--no-measure")) is None
    fakes.machine = epyc()
    assert step(asked(run, "--no-measure"))["basis"] == "shared"


@pytest.mark.usefixtures("fakes")
def test_hardware_that_somebody_shared_can_be_asked_for(run: Run) -> None:
    slow = replace(epyc(), cpu=replace(epyc().cpu, model="AMD EPYC 7543 32-Core Processor", usable_cores=2.0))
    kind = class_of(slow, "cpu")
    assert kind is not None
    unknown = run("recommend", SILICON, "--models", "fake-a", "--hardware", class_name(kind), "--no-measure", "--json")
    assert unknown.code == ExitCode.BAD_INPUT
    give(("a", 3.0), ("b", 3.1), machine=slow)
    document = asked(run, "--hardware", class_name(kind), "--no-measure")
    (answer,) = document["data"]["hardware"]
    (candidate,) = answer["candidates"]
    assert answer["profile"]["name"] == class_name(kind)
    assert candidate["step_time_s"]["basis"] == "shared"
    assert candidate["step_time_s"]["value"] == pytest.approx(3.05 * PER_ATOM_S * 128, rel=0.15)
    asked_for = ("--atoms", "128", "--time", "100ps", "--hardware", class_name(kind), "--json")
    plan = run("plan", "fake-a", "--structure", SILICON, *asked_for).document
    assert plan["data"]["options"][0]["candidate"]["step_time_s"] == candidate["step_time_s"]


@pytest.mark.usefixtures("fakes")
def test_shared_times_of_a_gpu_stand_above_published_ones(run: Run) -> None:
    kind = class_of(with_a100(), "cuda:0")
    assert kind is not None
    model = "orb-v2"
    card = load_catalogue().find(model)
    words = ("recommend", SILICON, "--models", model, "--atoms", "500", "--hardware", "A100-80GB", "--no-measure")

    def step_there() -> dict[str, Any]:
        (answer,) = run(*words, "--json").document["data"]["hardware"]
        found: dict[str, Any] = answer["candidates"][0]["step_time_s"]
        return found

    before = step_there()
    assert before["basis"] in {"published", "transferred"}
    recipe = find_recipe(card.backend)
    for by in ("a", "b", "c"):
        record = shared(
            500,
            by=by,
            step_s=before["value"] * 0.8,
            model=model,
            time_law=card.architecture.time_law,
            backend=card.backend,
            settings=replace(default_settings(with_a100()), dtype=recipe.dtype),
            machine=kind,
            versions={},
        )
        assert store.add(record)
    after = step_there()
    assert after["basis"] == "shared"
    assert after["value"] == pytest.approx(0.8 * before["value"], rel=0.1)
    assert after["high"] / after["low"] < before["high"] / before["low"]


@pytest.mark.usefixtures("fakes")
def test_is_it_normal_stands_on_it(run: Run) -> None:
    give(("a", 1.0), ("b", 1.05), ("c", 0.95))
    seen = f"{1e3 * 10 * PER_ATOM_S * 128:.0f}ms/step"
    words = ("bench", SILICON, "--compare-with", seen, "--model", "fake-a", "--atoms", "128", "--json")
    data = run(*words).document["data"]
    assert data["expected_step_time_s"]["basis"] == "shared"
    assert data["verdict"] == "slower"
    assert data["slowdown"]["value"] == pytest.approx(10.0, rel=0.1)


def test_export_check_and_import(fakes: FakeModels, run: Run, tmp_path: Path) -> None:
    assert run("share", "export", "-o", tmp_path / "nothing.jsonl").code == ExitCode.BAD_INPUT
    own_store.append(measured(64))
    own_store.append(measured(128))
    file = tmp_path / "records.jsonl"
    outcome = run("share", "export", "-o", file)
    assert outcome.code == ExitCode.DONE
    assert " ".join(outcome.out.split()).startswith(f"2 measurements written to {file}")
    assert "(like this machine)" in outcome.out
    assert run("share", "export", "-o", file).code == ExitCode.BAD_INPUT
    assert run("share", "export", "-o", file, "--replace", "--json").checked["data"]["records"] == 2
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["shared"]["model"] for line in lines] == [MODEL, MODEL]
    checked = run("share", "check", file, "--json")
    assert checked.code == ExitCode.DONE
    assert checked.checked["schema"] == "mlipguide.share.check/1"
    assert (checked.document["data"]["records"], checked.document["data"]["stored"]) == (2, False)
    own = run("share", "import", file, "--json").document["data"]
    assert (own["records"], own["duplicates"]) == (0, 2)
    theirs = write_lines(tmp_path / "theirs.jsonl", [shared(64), shared(128)])
    with theirs.open("a", encoding="utf-8") as stream:
        stream.write("{\n")
    imported = run("share", "import", theirs)
    assert imported.code == ExitCode.BAD_INPUT
    assert " ".join(imported.out.split()).startswith(
        "2 records of 1 contributor are kept. 1 of 3 lines cannot be taken."
    )
    assert "line 3: it is no JSON" in " ".join(imported.out.split())
    again = run("share", "import", theirs, "--json").document
    assert (again["data"]["records"], again["data"]["duplicates"], len(again["data"]["refused"])) == (0, 2, 1)
    assert again["status"] == "partial"
    assert again["errors"][0]["kind"] == "refused_lines"
    assert len(store.find(shared(64).machine).records) == 2
    del fakes


def test_a_timed_machine_is_kept_beside_its_measurements(fakes: FakeModels, run: Run) -> None:
    asked(run)
    kept = next((fakes.plugin.site.parent / "data" / "machines").glob("*.json"))
    assert json.loads(kept.read_text(encoding="utf-8"))["machine"]["processor"]["processor"] == epyc().cpu.model


def test_cpu_settings_are_those_of_the_machine() -> None:
    recipe, card = find_recipe("sevenn"), load_catalogue().find(MODEL)
    assert cpu_settings() == settings_for(recipe, default_settings(epyc()), card)
