"""Everything that a machine with a GPU can show of mlipguide, in one go and without network.

Each step calls a command of the product: ``doctor``, the environments, ``bench`` of every model over 8 to 20,000 atoms
in float32 and float64 until memory ends, the largest system, ``tune``, ``check``, ``recommend``, a fine-tuning. Beside
the answers stand three comparisons: peaks of memory with those that smaller sizes predict, the largest system found
with the predicted one, times with those that published timings predict. What fails is told, and the others go on.
The measurements are ordinary records; with ``summary.md`` they lie in the folder that is named, to be taken away.

    python benchmarks/gpu.py OUTPUT --adopt sevenn=/path/to/python --wheels /path/to/wheels
    python benchmarks/gpu.py OUTPUT --fake     # the same steps on a fake machine, in seconds
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from copper_frames import copper_frames
from gpu_tables import block, clock_rows, memory_rows, said, table, transfer_rows
from mlipguide.candidates.preparation import NO_CONSENT, prepare_candidates
from mlipguide.catalog.cards import load_catalogue
from mlipguide.commands import bench as benching
from mlipguide.commands import check as checking
from mlipguide.commands import recommend as recommending
from mlipguide.commands import tune as tuning
from mlipguide.commands.set_up.doctor import diagnose
from mlipguide.commands.set_up.environments import adopt_environment, build_environments, list_environments
from mlipguide.commands.train.fit import train_fit
from mlipguide.core.errors import ExitCode, InputError, MlipguideError
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.environments.recipes import load_recipes
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.environment import EnvironmentState
from mlipguide.records.hardware.machine import GpuVendor, Machine
from mlipguide.records.requests.measuring import CheckRequest
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.requests.training import FinetuneRequest
from mlipguide.records.timing.bench import BenchData
from mlipguide.records.timing.measurement import Measurement
from mlipguide.report.pages.bench_page import bench_page
from mlipguide.report.pages.comparison_page import comparison_page
from mlipguide.report.pages.doctor_page import doctor_page
from mlipguide.report.pages.fit_page import fit_page
from mlipguide.report.pages.machine_page import machine_page
from mlipguide.report.pages.recommend_page import recommend_page
from mlipguide.report.pages.tune_page import tune_page
from mlipguide.store import measurements as store
from mlipguide.training.fit.setup import Options as TrainingOptions

MODELS = ("sevennet-0", "sevennet-l3i5", "chgnet-0.3.0", "mace-mp-0-medium")
"""Timed where their packages are; of every other backend that is there, the first model that can be started."""
SIZES = "8,64,216,512,1000,2744,5832,10648,20000"
DTYPES = "float32,float64"
BASELINE = "gpu"
MOST_WORDS = 4000
"""Characters of an unexpected error that are kept."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What the commands are given; a fake machine gives its own.

    Attributes:
        measuring: Fields of the options of commands that measure.
        training: Of those that train.
        probe: Describes the machine.
        models: To time; empty for those that are there.
        sizes: Numbers of atoms.
        labels: Labelled frames for the fine-tuning; None for copper by the potential that ASE brings.
    """

    measuring: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    probe: Callable[[], Machine] = probe_machine
    models: tuple[str, ...] = ()
    sizes: str = SIZES
    labels: Path | None = None


@dataclass
class Trip:
    """One go over all steps.

    Attributes:
        folder: For records and the summary.
        tools: Of the commands.
        budget: Wall time of each command.
        adopted: Interpreters by backend.
        wheels: Folder of wheels; None without one.
        models: That are timed.
        benches: What ``bench`` said, by model.
    """

    folder: Path
    tools: Tools
    budget: str
    adopted: Mapping[str, Path]
    wheels: Path | None
    models: list[str] = field(default_factory=list)
    benches: dict[str, BenchData] = field(default_factory=dict)

    @property
    def machine(self) -> Machine:
        """The machine."""
        return self.tools.probe()

    def records(self) -> list[Measurement]:
        """Return the stored measurements of the models that were timed."""
        found = store.find(self.machine.fingerprint).measurements
        return [one for one in found if one.model in self.benches]

    def options(self, kind: Callable[..., Any], **choices: Any) -> Any:
        """Return the options of a command that measures."""
        return kind(**{"budget": self.budget, **self.tools.measuring, **choices})


Lines = list[str]
Step = Callable[[Trip], Lines]


def look_around(trip: Trip) -> Lines:
    """Describe the machine and its environments, as ``hardware show`` and ``doctor`` do."""
    machine = trip.machine
    if not any(gpu.vendor is GpuVendor.NVIDIA for gpu in machine.gpus):
        raise InputError("There is no GPU of NVIDIA here.", hint="--fake tries the steps without one.")
    diagnosis = diagnose()
    return [
        *block(machine_page, machine),
        *block(doctor_page, diagnosis.data),
        *said(diagnosis),
    ]


def get_environments(trip: Trip) -> Lines:
    """Adopt the interpreters that were named, and build from the wheels."""
    lines: Lines = []
    for backend, python in trip.adopted.items():
        try:
            adopt_environment(backend, python)
        except MlipguideError as error:
            lines.append(f"- {backend}: not adopted. {error.message}")
    if trip.wheels is not None:
        os.environ["UV_FIND_LINKS"] = str(trip.wheels)
        os.environ["UV_OFFLINE"] = "1"
        try:
            built = build_environments((), python=None, torch_build="auto", force=False, on_progress=quiet)
            lines += said(built)
        except MlipguideError as error:
            lines.append(f"- nothing was built. {error.message}")
    rows = [
        (one.backend, one.state.value, one.versions.get("torch", "–")) for one in list_environments().data.environments
    ]
    return [*lines, *table(("Backend", "State", "torch"), rows)]


def choose_models(trip: Trip) -> Lines:
    """Take the usual models, and one of every other backend whose package is there."""
    if trip.tools.models:
        trip.models = list(trip.tools.models)
        return [f"Timed: {', '.join(trip.models)}."]
    ready = {one.backend for one in list_environments().data.environments if one.state is EnvironmentState.READY}
    cards = [card for card in load_catalogue().cards if card.backend in ready and card.backend in load_recipes()]
    found = prepare_candidates(cards, trip.machine, given_weights={}, consent=NO_CONSENT, on_progress=quiet)
    startable = [item.card for item in found.candidates if item.obstacle is None]
    first = {card.backend: card.id for card in reversed(startable)}
    usual = [card for card in startable if card.id in MODELS]
    others = [model for backend, model in sorted(first.items()) if backend not in {card.backend for card in usual}]
    trip.models = [card.id for card in usual] + others
    if not trip.models:
        raise InputError("No model can be started here.", hint="Give --adopt or --wheels.")
    reasons = [f"- left out: {notice.message}" for notice in found.notices]
    return [f"Timed: {', '.join(trip.models)}.", *reasons]


def time_models(trip: Trip) -> Lines:
    """Time every model in both precisions until memory ends, and find the largest system that fits."""
    lines: Lines = []
    failed: list[str] = []
    for model in trip.models:
        choices = {"sizes": trip.tools.sizes, "dtype": DTYPES, "max_atoms": "probe"}
        saving = {} if trip.benches else {"save": BASELINE, "replace": True}
        try:
            result = benching.bench(
                TaskRequest(preset="silicon", models=model), trip.options(benching.Options, **choices, **saving)
            )
        except MlipguideError as error:
            failed.append(f"- {model}: {error.message} {error.hint}")
            continue
        trip.benches[model] = result.data
        lines += [f"### {model}", *block(bench_page, result.data), *said(result)]
    if not trip.benches:
        raise InputError("\n".join(failed) or "There is no model to time.", hint="")
    return [*lines, *failed]


def compare_memory(trip: Trip) -> Lines:
    """Compare the peak of the largest size with what the smaller ones predict, and the largest system with its own."""
    return memory_rows(trip.records(), [one for data in trip.benches.values() for one in data.capacity])


def compare_times(trip: Trip) -> Lines:
    """Compare times with those that published timings alone predict for this device."""
    return transfer_rows(trip.records(), trip.machine)


def read_clocks(trip: Trip) -> Lines:
    """Show clocks, throttling, temperature and power while samples were taken."""
    return clock_rows(trip.records())


def tune_settings(trip: Trip) -> Lines:
    """Search settings of every model that was timed."""
    lines: Lines = []
    for model in trip.benches:
        try:
            result = tuning.tune(TaskRequest(preset="silicon", models=model), trip.options(tuning.Options, atoms="512"))
        except MlipguideError as error:
            lines.append(f"- {model}: {error.message} {error.hint}")
            continue
        lines += [*block(tune_page, result.data), *said(result)]
    return lines


def check_again(trip: Trip) -> Lines:
    """Measure what was saved once more: nothing may have become slower."""
    sizes = ",".join(trip.tools.sizes.split(",")[1:3])
    result = checking.check(CheckRequest(baseline=BASELINE, sizes=sizes), trip.options(checking.Options))
    return [*block(comparison_page, result.data), *said(result)]


def recommend_one(trip: Trip) -> Lines:
    """Ask for one recommendation, from the measurements on."""
    request = TaskRequest(
        preset="silicon", atoms="1000", time="100ps", models=",".join(trip.models), measure_budget=trip.budget
    )
    options = recommending.Options(**trip.tools.measuring)
    result = recommending.recommend(request, options)
    return [*block(recommend_page, result.data, result.notices), *said(result)]


def fine_tune(trip: Trip) -> Lines:
    """Train one model further on labelled frames: whether training works here, not what it is good for."""
    base = next((model for model in trip.benches if model.startswith(("mace", "chgnet", "sevennet", "fake"))), None)
    if base is None:
        raise InputError("None of the models that were timed can be trained further.", hint="")
    request = FinetuneRequest(
        labelled=trip.tools.labels or copper_frames(trip.folder),
        model=base,
        folder=trip.folder / "fine-tuning",
        budget=trip.budget,
    )
    result = train_fit(request.fit, TrainingOptions(**{"probe": trip.tools.probe, **trip.tools.training}))
    return [*block(fit_page, result.data), *said(result)]


STEPS: tuple[tuple[str, Step], ...] = (
    ("Machine and doctor", look_around),
    ("Environments", get_environments),
    ("Models", choose_models),
    ("Step times, float32 and float64", time_models),
    ("Memory against prediction", compare_memory),
    ("Times against published timings", compare_times),
    ("Clocks and throttling", read_clocks),
    ("Settings", tune_settings),
    ("Check", check_again),
    ("Recommendation", recommend_one),
    ("Fine-tuning", fine_tune),
)


def travel(trip: Trip) -> tuple[str, int]:
    """Go through all steps; return the summary and how many failed."""
    rows: list[tuple[str, str, str]] = []
    sections: Lines = []
    for title, step in STEPS:
        begin = time.monotonic()
        try:
            lines, ended = step(trip), "done"
        except MlipguideError as error:
            lines, ended = [f"**Failed**: {error.message} {error.hint}".rstrip()], "failed"
        except Exception:  # noqa: BLE001  # the others go on, and this is told
            lines, ended = ["**Failed**, a bug:", "```", traceback.format_exc()[-MOST_WORDS:], "```"], "failed"
        took = f"{time.monotonic() - begin:.0f} s"
        print(f"{title}: {ended}, {took}", flush=True)
        rows.append((title, ended, took))
        sections += ["", f"## {title}", "", *lines]
    failed = sum(ended == "failed" for _, ended, _ in rows)
    head = ["# mlipguide on a GPU", "", *table(("Step", "Ended", "Took"), rows)]
    return "\n".join([*head, *sections]) + "\n", failed


def quiet(*_: object) -> None:
    """Say nothing."""


def main(words: Sequence[str] | None = None) -> int:
    """Read the command line, go, and write the summary."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("output", type=Path, help="folder for records and summary.md")
    parser.add_argument("--adopt", action="append", default=[], metavar="BACKEND=PYTHON", help="may be repeated")
    parser.add_argument("--wheels", type=Path, help="folder of wheels to build environments from")
    parser.add_argument("--labels", type=Path, help="labelled frames for the fine-tuning [copper by ASE's EMT]")
    parser.add_argument("--budget", default="5m", help="wall time of each command [5m]")
    parser.add_argument("--fake", action="store_true", help="a fake machine with a GPU, and fake models")
    asked = parser.parse_args(words)
    asked.output.mkdir(parents=True, exist_ok=True)
    if asked.fake:
        from gpu_fakes import fake_tools

        with fake_tools(asked.output) as tools:
            return _go(asked, tools)
    os.environ[DATA_VARIABLE] = str(asked.output / "data")
    return _go(asked, Tools(measuring={"consent": NO_CONSENT}, labels=asked.labels))


def _go(asked: argparse.Namespace, tools: Tools) -> int:
    adopted = {name: Path(path) for name, _, path in (text.partition("=") for text in asked.adopt)}
    trip = Trip(folder=asked.output, tools=tools, budget=asked.budget, adopted=adopted, wheels=asked.wheels)
    summary, failed = travel(trip)
    path = asked.output / "summary.md"
    path.write_text(summary, encoding="utf-8")
    print(f"{path}: {len(STEPS) - failed} of {len(STEPS)} steps done")
    return int(ExitCode.MEASUREMENT_FAILED if failed else ExitCode.DONE)


if __name__ == "__main__":
    sys.exit(main())
