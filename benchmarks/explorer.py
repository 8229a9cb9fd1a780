"""How long the explorer takes from a change to its answer, and to the screen, with 120 models.

Usage: explorer.py [--timed N,N] [--changes N]

Cards are those of the catalogue; their environments and weights are taken to be there, and a store is filled with two
sizes of each architecture that counts as timed on this machine, of which the numbers are given. Then the same on
hardware that is not here, where every model has a time. Wall time, and the time of the processor where other work runs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from mlipguide.candidates.preparation import NO_CONSENT, Prepared, prepare_candidates
from mlipguide.catalog.cards import load_catalogue
from mlipguide.commands.explore import Exploration
from mlipguide.core.paths import CACHE_VARIABLE, DATA_VARIABLE
from mlipguide.environments.recipes import load_recipes
from mlipguide.explorer.app import ExplorerApp
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.environment import Environment, EnvironmentKind, EnvironmentState, Recipe
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import LifeCycle
from mlipguide.records.requests.recommend import ExploreRequest, RecommendRequest
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.measurement import Disturbance, Measurement, Scenario, StepSamples, Weights
from mlipguide.store import measurements as store
from mlipguide.tasks.requests import load_structure

MODELS = 120
LIMIT_S = 0.1
SIZES, STEPS, PAIRS = (28, 112), 20, 40.0
PRESET = "lifepo4"
SIZE = (80, 24)


def ready(recipe: Recipe) -> Environment:
    """Return an environment of a backend as if it were there."""
    return Environment(
        backend=recipe.backend,
        kind=EnvironmentKind.MANAGED,
        state=EnvironmentState.READY,
        python="/usr/bin/python3",
        python_version="3.12.3",
        versions={},
        location=None,
        problem=None,
    )


def main() -> None:
    """Print a line for each way of asking."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--timed", default="8,20,40", help="Architectures that were timed here.")
    parser.add_argument("--changes", type=int, default=40)
    options = parser.parse_args()
    by_backend = {name: ready(recipe) for name, recipe in load_recipes().items()}
    with ExitStack() as stack:
        for place in ("candidates.preparation", "advice.offers"):
            found = partial(_found, by_backend)
            stack.enter_context(patch(f"mlipguide.{place}.find_environment", found))
        stack.enter_context(patch("mlipguide.candidates.preparation.needs_file", return_value=False))
        measure(options, by_backend)


def _found(by_backend: Mapping[str, Environment], recipe: Recipe) -> Environment:
    return by_backend[recipe.backend]


def measure(options: argparse.Namespace, by_backend: Mapping[str, Environment]) -> None:
    """Print a line for each way of asking."""
    catalogue = load_catalogue()
    cards = [one for one in catalogue.cards if one.backend in by_backend and one.life_cycle is LifeCycle.ACTIVE]
    names = ",".join(one.id for one in cards[:MODELS])
    for count in map(int, options.timed.split(",")):
        with tempfile.TemporaryDirectory(prefix="mlipguide-explorer-") as folder:
            os.environ[DATA_VARIABLE], os.environ[CACHE_VARIABLE] = f"{folder}/data", f"{folder}/cache"
            timed = fill_store(cards[:MODELS], count)
            show(f"{MODELS} models, {timed} of them timed here ({count} architectures)", names, options.changes)
            if count == int(options.timed.split(",")[-1]):
                show(f"{MODELS} models on A100-80GB", names, options.changes, hardware="A100-80GB")


def fill_store(cards: Sequence[ModelCard], count: int) -> int:
    """Store measurements of the first architectures, and return how many models they are of."""
    machine = probe_machine()
    _, structure, _ = load_structure(RecommendRequest(preset=PRESET))
    found = prepare_candidates(
        cards, machine, given_weights={}, consent=NO_CONSENT, on_progress=lambda _: None
    ).candidates
    laws = list(dict.fromkeys((one.card.architecture.time_law, one.settings) for one in found))[:count]
    first = {law: next(one for one in found if (one.card.architecture.time_law, one.settings) == law) for law in laws}
    for number, item in enumerate(first.values()):
        for atoms in SIZES:
            store.append(measurement(item, structure, machine.fingerprint, atoms, 2e-3 * (1 + number / 10)))
    return sum((one.card.architecture.time_law, one.settings) in first for one in found)


def measurement(
    item: Prepared, structure: StructureSummary, fingerprint: str, atoms: int, seconds_per_atom: float
) -> Measurement:
    """Return a measurement of one size."""
    steps = tuple(seconds_per_atom * atoms * (1 + 0.01 * ((step * 7) % 5 - 2)) for step in range(STEPS))
    samples = StepSamples(wall_s=steps, energy_forces_s=steps, cpu_s=steps)
    nothing = StepSamples(wall_s=(), energy_forces_s=(), cpu_s=())
    return Measurement(
        record=f"20260101T000000-{item.card.id}-{atoms}-{uuid4().hex[:8]}",
        taken_at="2026-01-01T00:00:00+00:00",
        model=item.card.id,
        time_law=item.card.architecture.time_law,
        backend=item.card.backend,
        scenario=Scenario.SINGLE_STREAM,
        weights=Weights.PRETRAINED,
        settings=item.settings,
        versions={},
        fingerprint=fingerprint,
        structure=structure,
        atoms=atoms,
        pairs_per_atom=PAIRS,
        temperature_k=300.0,
        timestep_s=1e-15,
        propagated=True,
        load_s=1.0,
        first_call_s=1.0,
        warm_up=nothing,
        steady=samples,
        steady_bursts=(STEPS // 2, STEPS // 2),
        set_aside=nothing,
        reference_s=(0.01,),
        peak_memory_bytes=2**29 + atoms * 2**21,
        disturbance=Disturbance(other_load_share=0.0),
    )


def changes(asked: RecommendRequest) -> Iterator[RecommendRequest]:
    """Yield the question with one thing changed each time, as somebody would who plays with it."""
    while True:
        for name, values in (
            ("atoms", ("56", "112", "500", "1000", "2000", "5000")),
            ("time", ("200ps", "500ps", "1ns", "50ps")),
            ("temperature", ("350K", "500K", "1000K")),
            ("budget", ("48h", "12h", "4d")),
            ("force_mae", ("100meV/A", "50meV/A", None)),
            ("commercial", (True, None)),
            ("needs", ("stress", "stress,conservative", None)),
        ):
            for value in values:
                change: dict[str, Any] = {name: value}
                asked = replace(asked, **change)
                yield asked
        # Not the same numbers once more: what was asked before is known.
        asked = replace(asked, budget=f"{20 + len(str(time.monotonic_ns()))}h", timestep="0.9fs")


def show(what: str, names: str, count: int, hardware: str | None = None) -> None:
    """Print how long changes take."""
    exploration = Exploration(ExploreRequest(preset=PRESET, models=names, hardware=hardware))
    begin = time.perf_counter()
    error = exploration.ask(exploration.asked)
    assert error is None, error
    first_s = time.perf_counter() - begin
    wall, processor = [], []
    for question, _ in zip(changes(exploration.asked), range(count), strict=False):
        wall_s, processor_s = time.perf_counter(), time.process_time()
        error = exploration.ask(question)
        assert error is None, error
        wall.append(time.perf_counter() - wall_s)
        processor.append(time.process_time() - processor_s)
    print(f"{what}: first answer {first_s:.1f} s")
    tell("  an answer", wall, processor)
    tell("  and its screen", *asyncio.run(on_screen(exploration, count)))


async def on_screen(exploration: Exploration, count: int) -> tuple[list[float], list[float]]:
    """Return how long it takes from a change to the screen that shows its answer."""
    wall: list[float] = []
    processor: list[float] = []
    app = ExplorerApp(exploration)
    async with app.run_test(size=SIZE) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        for question, _ in zip(changes(exploration.asked), range(count), strict=False):
            asked = replace(question, budget=f"{30 + len(wall)}h")  # not what was asked before
            wall_s, processor_s = time.perf_counter(), time.process_time()
            exploration.ask(asked)
            app.show_answer()
            await pilot.pause()
            wall.append(time.perf_counter() - wall_s)
            processor.append(time.process_time() - processor_s)
    return wall, processor


def tell(what: str, wall: list[float], processor: list[float]) -> None:
    """Print median and worst."""
    over = "" if max(processor) <= LIMIT_S else f"; more than {LIMIT_S * 1e3:.0f} ms of the processor at times"
    print(
        f"{what}: median {statistics.median(wall) * 1e3:.0f} ms, worst {max(wall) * 1e3:.0f} ms; of the processor "
        f"{statistics.median(processor) * 1e3:.0f} and {max(processor) * 1e3:.0f} ms ({len(wall)} changes{over})"
    )


if __name__ == "__main__":
    main()
