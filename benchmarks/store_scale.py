"""How long the store takes with 200,000 records, 500 models and 1,000 machines: to append, to find and to rank.

Usage: store_scale.py [--records N] [--here N] [--only own|shared] [--folder DIR]

Records of one's own: the machine that is asked about has 4,000, twenty times as many as the others. Records of others:
every kind of hardware has as many as any other, of five contributors each. The first answer after records came reads
all that are new and writes the index; the second is what a user waits for. Of each answer the wall time is told and,
for machines that do other things too, the time of the processor.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from mlipguide.advice.assessment import assess
from mlipguide.advice.facts import Facts
from mlipguide.bench.measuring.costs_here import costs_here, fitted_costs, own_timings_of
from mlipguide.bench.measuring.shared_times import with_shared_times
from mlipguide.bench.measuring.stored_measurements import MeasuredModels, recall
from mlipguide.candidates.preparation import Prepared, default_settings, settings_for
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.core.paths import CACHE_VARIABLE, DATA_VARIABLE, measurements_dir
from mlipguide.core.serialisation import to_json, to_plain
from mlipguide.environments.recipes import find_recipe
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.hardware.machine_classes import class_of
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.environment import Environment, EnvironmentKind, EnvironmentState
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.hardware.machine_class import MachineClass
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.task.task import Task
from mlipguide.records.timing.measurement import Disturbance, Measurement, Scenario, StepSamples, Weights
from mlipguide.records.timing.shared import SharedRecord, signed
from mlipguide.store import file_index
from mlipguide.store import measurements as own_store
from mlipguide.store import shared as shared_store
from mlipguide.structures.signs import find_signs
from mlipguide.tasks.requests import build_task, load_structure

MODELS, MACHINES, ASKED = 500, 1000, 20
HERE = 4000
SIZES = (32, 64, 128, 256, 512)
CONTRIBUTORS = 5
STEPS = 20
PAIRS = 28.0
BASE = "sevennet-0"
LIMIT_S = 1.0


def main() -> None:
    """Print a line for each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--here", type=int, default=HERE, help="Of them on the machine that is asked about.")
    parser.add_argument("--only", choices=("own", "shared"), help="Records of one's own, or those of others.")
    parser.add_argument("--folder", type=Path, default=None, help="Where there are some 2 GB.")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mlipguide-scale-", dir=options.folder))
    os.environ[DATA_VARIABLE], os.environ[CACHE_VARIABLE] = str(folder / "data"), str(folder / "cache")
    try:
        world = World()
        print(f"{options.records:,} records, {MODELS} models, {MACHINES:,} machines; {ASKED} models asked for")
        if options.only != "shared":
            own_records(world, options.records, options.here)
            shutil.rmtree(folder / "data")
        if options.only != "own":
            shared_records(world, options.records)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class World:
    """The models, this machine, and a task."""

    def __init__(self) -> None:
        machine = probe_machine()
        cpu = replace(machine.cpu, model="AMD EPYC 7763 64-Core Processor")
        self.machine: Machine = replace(machine, cpu=cpu, gpus=())
        catalogue = load_catalogue()
        base = catalogue.find(BASE)
        self.cards = tuple(_card(base, number) for number in range(MODELS))
        self.catalogue = Catalogue(tuple(sorted((*catalogue.cards, *self.cards), key=lambda card: card.id)))
        request = TaskRequest(preset="silicon", atoms="500")
        self.atoms, structure, _ = load_structure(request)
        self.task: Task = build_task(request, structure, find_signs(self.atoms))
        self.settings = settings_for(find_recipe(base.backend), default_settings(self.machine), base)
        self.candidates = tuple(map(self.prepared, self.cards))

    def prepared(self, card: ModelCard) -> Prepared:
        """Return a model as if its environment were there."""
        environment = Environment(
            backend=card.backend,
            kind=EnvironmentKind.HOST,
            state=EnvironmentState.READY,
            python="/usr/bin/python3",
            python_version="3.12.3",
            versions={card.backend: "0.13.0"},
            location=None,
            problem=None,
        )
        return Prepared(
            card=card,
            recipe=find_recipe(card.backend),
            environment=environment,
            settings=self.settings,
            weights_file=None,
            synthetic=False,
            obstacle=None,
        )

    def measurement(self, number: int, fingerprint: str) -> Measurement:
        """Return a measurement of some model at some size."""
        card = self.cards[number % MODELS]
        atoms = SIZES[(number // MODELS) % len(SIZES)]
        step_s = 1e-3 * atoms * (1 + (number % MODELS) / MODELS)
        steps = tuple(step_s * (1 + 0.01 * ((step * 7) % 5 - 2)) for step in range(STEPS))
        samples = StepSamples(wall_s=steps, energy_forces_s=steps, cpu_s=steps)
        nothing = StepSamples(wall_s=(), energy_forces_s=(), cpu_s=())
        return Measurement(
            record=f"20260101T000000-{card.id}-{atoms}-{uuid4().hex[:8]}",
            taken_at="2026-01-01T00:00:00+00:00",
            model=card.id,
            time_law=card.architecture.time_law,
            backend=card.backend,
            scenario=Scenario.SINGLE_STREAM,
            weights=Weights.PRETRAINED,
            settings=self.settings,
            versions={card.backend: "0.13.0"},
            fingerprint=fingerprint,
            structure=self.task.structure,
            atoms=atoms,
            pairs_per_atom=PAIRS,
            temperature_k=300.0,
            timestep_s=2e-15,
            propagated=True,
            load_s=1.0,
            first_call_s=1.0,
            warm_up=nothing,
            steady=samples,
            steady_bursts=(STEPS // 2, STEPS // 2),
            set_aside=nothing,
            reference_s=(0.01,),
            peak_memory_bytes=2**29 + atoms * 2**20,
            disturbance=Disturbance(other_load_share=0.0),
        )


def _card(base: ModelCard, number: int) -> ModelCard:
    shape = replace(base.architecture, time_law=f"law-{number:03}")
    return replace(base, id=f"model-{number:03}", name=f"Model {number}", aliases=(), architecture=shape)


def own_records(world: World, count: int, here: int) -> None:
    """Fill the store with measurements of many machines, and ask about one of them."""
    machines = [f"{number:016x}" for number in range(1, MACHINES)]
    with timed(f"writing {count:,} measurements ({here:,} of this machine), without fsync"):
        texts: dict[int, str] = {}  # of each model and size one, in which names are put
        for number in range(count):
            fingerprint = world.machine.fingerprint if number < here else machines[number % len(machines)]
            kind, name = number % (MODELS * len(SIZES)), f"20260101T000000-{number}"
            if kind not in texts:
                record = replace(world.measurement(number, "FINGERPRINT"), record="RECORD")
                texts[kind] = to_json({"format": own_store.FORMAT, "measurement": to_plain(record)})
            text = texts[kind].replace("RECORD", name).replace("FINGERPRINT", fingerprint)
            write(measurements_dir() / fingerprint / f"{name}.json", text)
    appended = [world.measurement(number, world.machine.fingerprint) for number in range(100)]
    begin = time.perf_counter()
    for record in appended:
        own_store.append(record)
    print(f"appending a measurement: {(time.perf_counter() - begin) / len(appended) * 1e3:.1f} ms each, with fsync")
    limit, file_index.FEW = file_index.FEW, 10**9
    answer_here(world, "answer from the files alone, all of this machine read")
    file_index.FEW = limit
    answer_here(world, "first answer with an index, which is written")
    judge(answer_here(world, f"answer for {ASKED} models"))
    own_store.append(world.measurement(0, world.machine.fingerprint))
    judge(answer_here(world, "answer after one more measurement"))
    begin = time.perf_counter()
    records = own_store.find(machines[0]).measurements
    print(f"all {len(records)} records of a machine with few: {time.perf_counter() - begin:.2f} s")


def answer_here(world: World, what: str) -> float:
    """Recall, fit and rank, and return how long that took."""
    watch = Watch()
    candidates = world.candidates[:ASKED]
    measured = recall(candidates, world.machine.fingerprint, world.task.structure, each=False)
    recalled = watch.read()
    return told(what, watch, recalled, rank(world, candidates, measured))


def rank(world: World, candidates: tuple[Prepared, ...], measured: MeasuredModels) -> str | None:
    """Return the choice among candidates."""
    laws = fitted_costs(candidates, measured, world.task, world.atoms)
    costs, _ = with_shared_times(
        costs_here(candidates, measured, laws, atoms=world.task.atoms),
        candidates,
        own_timings_of(candidates, measured, laws),
        machine=world.machine,
        catalogue=world.catalogue,
        task=world.task,
        atoms=world.atoms,
    )
    cards = [item.card for item in candidates]
    facts = Facts(
        cards={card.id: card for card in cards},
        costs=costs,
        evidence={card.id: evidence_of(card) for card in cards},
        stability={},
        memory_bytes=16 * 2**30,
        atoms=world.atoms,
    )
    found = assess(cards, world.task, facts)
    assert all(one.step_time_s is not None for one in found.candidates)
    return None if found.choice is None else found.choice.model


def shared_records(world: World, count: int) -> None:
    """Fill the store with records of many kinds of hardware, and ask about one of them."""
    kind = class_of(world.machine, "cpu")
    assert kind is not None
    each = count // MACHINES
    records = [shared_record(world, number, kind) for number in range(each)]
    with timed(f"writing {MACHINES * each:,} shared records of {MACHINES:,} kinds of hardware, without fsync"):
        for place in range(MACHINES):
            machine = kind if place == 0 else replace(kind, l3_cache_bytes=place * 2**20 + 1)
            for record in records:
                own = replace(record, machine=machine)
                write(shared_store.file_of(own), json.dumps(signed(own)))
    watch = Watch()
    found = shared_store.find(kind, {item.card.architecture.time_law for item in world.candidates[:ASKED]})
    recalled = watch.read()
    chosen = rank(world, world.candidates[: len({one.time_law for one in found.records})], MeasuredModels())
    judge(told(f"answer from {len(found.records)} shared records of this hardware", watch, recalled, chosen))


def shared_record(world: World, number: int, machine: MachineClass) -> SharedRecord:
    """Return a shared record of some model at some size by some contributor."""
    which, rest = divmod(number, CONTRIBUTORS * 2)
    by, size = divmod(rest, 2)
    own = world.measurement(which % ASKED, "")
    atoms = (64, 256)[size]
    factor = atoms / own.atoms * (1 + 0.02 * by)
    return SharedRecord(
        contributor=f"{by:016x}",
        taken_on="2026-01-01",
        machine=machine,
        model=own.model,
        time_law=own.time_law,
        backend=own.backend,
        weights=own.weights,
        settings=own.settings,
        versions={own.backend: "0.13.0"},
        formula="Si",
        periodic_directions=3,
        number_density_per_angstrom3=world.task.structure.number_density_per_angstrom3,
        atoms=atoms,
        pairs_per_atom=PAIRS,
        propagated=True,
        steady_s=tuple(factor * step for step in own.steady.wall_s),
        bursts=own.steady_bursts,
        peak_memory_bytes=2**29 + atoms * 2**20,
        other_load_share=0.0,
    )


def write(path: Path, text: str) -> None:
    """Write a file as the store does, without waiting for the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n", encoding="utf-8")


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long something took."""
    begin = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - begin:.1f} s")


class Watch:
    """Wall and processor time since it was made."""

    def __init__(self) -> None:
        self._wall_s, self._processor_s = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Return both, in seconds."""
        return time.perf_counter() - self._wall_s, time.process_time() - self._processor_s


def told(what: str, watch: Watch, recalled: tuple[float, float], chosen: str | None) -> float:
    """Print how long an answer took, and return the wall time."""
    wall_s, processor_s = watch.read()
    print(
        f"{what}: {wall_s:.2f} s ({processor_s:.2f} s of the processor), {recalled[0]:.2f} s ({recalled[1]:.2f} s) of "
        f"it to find the records; choice {chosen}"
    )
    return wall_s


def judge(seconds: float) -> None:
    """Say when an answer took longer than it may."""
    if seconds > LIMIT_S:
        print(f"  more than {LIMIT_S:g} s")


if __name__ == "__main__":
    main()
