"""What the commands that time and predict are asked: ``bench``, ``check``, ``plan``, ``stability``, ``tune``."""

from dataclasses import dataclass
from typing import Annotated

from mlipguide.records.hardware.hardware_profile import MOST_DEVICES
from mlipguide.records.requests import shared_options as common
from mlipguide.records.requests.option import Completion, Option, Panel, Values

BENCH_BUDGET, BENCH_LARGEST = "2m", "1000"
CHECK_BUDGET, MAX_SLOWDOWN = "5m", "10%"
STABILITY_BUDGET = "3m"
TUNE_BUDGET, TUNE_PURPOSE = "2m", "md"
TIMED_STEP = "1fs"
"""The step of commands that only time models: the time of a step does not depend on it."""


@dataclass(frozen=True, kw_only=True)
class BenchChoices:
    """What ``bench`` times, and how; None is what was left out."""

    sizes: Annotated[
        str | None,
        Option(
            "Numbers of atoms, all timed; auto chooses them.",
            Panel.TASK,
            metavar="64,256",
            assumed="auto",
            values=Values.COUNTS,
        ),
    ] = None
    max_atoms: Annotated[
        str | None,
        Option(
            f"Largest size to time [{BENCH_LARGEST}]; probe finds the largest that fits in memory.",
            Panel.TASK,
            metavar="N",
            values=Values.COUNT,
        ),
    ] = None
    threads: Annotated[
        str | None, Option("Numbers of threads to compare.", Panel.MACHINE, metavar="1,2", values=Values.COUNTS)
    ] = None
    ranks: Annotated[
        str | None,
        Option(
            "Numbers of MPI ranks to compare, for models that run in LAMMPS.",
            Panel.MACHINE,
            metavar="1,2",
            values=Values.COUNTS,
        ),
    ] = None
    dtype: Annotated[
        str | None, Option("Dtypes to compare.", Panel.MACHINE, metavar="float32,float64", values=Values.NAMES)
    ] = None
    device: Annotated[
        str | None, Option("Devices to compare.", Panel.MACHINE, metavar="cpu,cuda:0", values=Values.NAMES)
    ] = None
    scenario: Annotated[
        str | None,
        Option(
            "single-stream: steps of one run; offline: many small structures.",
            Panel.TASK,
            metavar="NAME",
            assumed="single-stream",
        ),
    ] = None
    batch: Annotated[
        str | None,
        Option(
            "Time so many copies of the structure at once, by TorchSim, against one by one; auto chooses the numbers.",
            Panel.TASK,
            metavar="1,8,64",
            values=Values.COUNTS,
        ),
    ] = None
    budget: Annotated[
        str | None, common.wall_time("Wall time for loading and timing all models together.", BENCH_BUDGET)
    ] = None
    timestep: Annotated[str | None, common.timestep(TIMED_STEP)] = None
    temperature: Annotated[str | None, common.temperature("Temperature of the velocities.")] = None
    save: Annotated[
        str | None, Option("Keep the run as a baseline for 'mlipguide check'.", Panel.OUTPUT, metavar="NAME")
    ] = None
    replace: Annotated[bool, Option("Replace a baseline of that name.", Panel.OUTPUT)] = False


@dataclass(frozen=True, kw_only=True)
class BenchRequest(BenchChoices):
    """Everything that ``bench`` can be asked."""

    structure: common.Structure = None
    models: Annotated[str | None, common.models("Models to time, or 'available', or 'all'.")] = None
    add: common.Add = None
    index: common.Index = None
    preset: common.Preset = None
    charge: common.Charge = None
    spin: common.Spin = None
    each: common.Each = False
    calculator: common.Calculator = None
    weights: common.Weights = None
    yes: common.Yes = False


MaxSlowdown = Annotated[
    str | None,
    Option(
        "How much longer a step may take; smaller changes are not worth a word.",
        Panel.TASK,
        metavar=MAX_SLOWDOWN,
        assumed=MAX_SLOWDOWN,
    ),
]
Normalise = Annotated[
    bool, Option("Compare different machines: divide each run by its own times of a reference kernel.", Panel.MACHINE)
]


@dataclass(frozen=True, kw_only=True)
class CheckRequest:
    """What is to be compared, as the user wrote it."""

    baseline: Annotated[
        str,
        Option(
            "Name or .json file of a baseline; with --against-env also a structure file.",
            Panel.TASK,
            metavar="BASELINE",
            argument=True,
            values=Values.FILE,
        ),
    ]
    current: Annotated[
        str | None,
        Option(
            "Another baseline.",
            Panel.TASK,
            metavar="CURRENT",
            assumed="measured now",
            argument=True,
            values=Values.FILE,
        ),
    ] = None
    max_slowdown: MaxSlowdown = None
    normalise: Normalise = False
    against_env: Annotated[
        str | None,
        Option(
            "Interpreter of the old environment: measure it and the present one in turn.",
            Panel.MACHINE,
            metavar="OLD",
            values=Values.FILE,
        ),
    ] = None
    models: Annotated[str | None, common.models("Only these models; see 'mlipguide models list'.")] = None
    sizes: Annotated[
        str | None, Option("Only these numbers of atoms.", Panel.TASK, metavar="64,256", values=Values.COUNTS)
    ] = None
    budget: Annotated[str | None, common.wall_time("Wall time for all measurements.", CHECK_BUDGET)] = None
    calculator: common.Calculator = None
    weights: common.Weights = None
    yes: common.Yes = False


@dataclass(frozen=True, kw_only=True)
class CompareRequest:
    """Two saved runs to compare."""

    baseline: Annotated[
        str, Option("A baseline: its name or file.", Panel.TASK, metavar="A", argument=True, values=Values.FILE)
    ]
    current: Annotated[str, Option("Another one.", Panel.TASK, metavar="B", argument=True, values=Values.FILE)]
    max_slowdown: MaxSlowdown = None
    normalise: Normalise = False


@dataclass(frozen=True, kw_only=True)
class StabilityChoices:
    """How ``stability`` tests; None is what was left out."""

    budget: Annotated[
        str | None,
        common.wall_time(
            "Wall time for testing all models together; the shortest tests may take longer.", STABILITY_BUDGET
        ),
    ] = None
    threads: Annotated[
        int | None, Option("Threads of each model.", Panel.MACHINE, metavar="N", assumed="all usable cores", least=1)
    ] = None


@dataclass(frozen=True, kw_only=True)
class StabilityRequest(StabilityChoices):
    """Everything that ``stability`` can be asked."""

    structure: common.Structure = None
    models: Annotated[str | None, common.models("Models to test.")] = None
    add: common.Add = None
    timestep: Annotated[str | None, common.timestep("from the lightest atom")] = None
    temperature: Annotated[str | None, common.temperature("Temperature of the runs.")] = None
    index: common.Index = None
    preset: common.Preset = None
    charge: common.Charge = None
    spin: common.Spin = None
    calculator: common.Calculator = None
    weights: common.Weights = None
    yes: common.Yes = False


@dataclass(frozen=True, kw_only=True)
class TuneChoices:
    """What ``tune`` looks for; None is what was left out."""

    purpose: Annotated[
        str | None,
        Option(
            "What settings are to be fast for: md, screen (many small structures), evaluate (each of them once).",
            Panel.TASK,
            metavar="PURPOSE",
            assumed=TUNE_PURPOSE,
            flag="--for",
            completes=Completion.PURPOSES,
        ),
    ] = None
    atoms: Annotated[
        str | None,
        Option(
            "Atoms of the system that is timed.",
            Panel.TASK,
            metavar="N",
            assumed="the structure's, at least about 64",
            values=Values.COUNT,
        ),
    ] = None
    budget: Annotated[
        str | None, common.wall_time("Wall time for loading, comparing and timing all models together.", TUNE_BUDGET)
    ] = None


@dataclass(frozen=True, kw_only=True)
class TuneRequest(TuneChoices):
    """Everything that ``tune`` can be asked."""

    structure: common.Structure = None
    models: Annotated[str | None, common.models("Models to tune, or 'available'.")] = None
    temperature: Annotated[str | None, common.temperature("Temperature of the velocities.")] = None
    index: common.Index = None
    preset: common.Preset = None
    charge: common.Charge = None
    spin: common.Spin = None
    calculator: common.Calculator = None
    weights: common.Weights = None
    yes: common.Yes = False


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """Everything that ``plan`` can be asked."""

    model: Annotated[
        str,
        Option("Id or alias of a model.", Panel.MODELS, metavar="MODEL", argument=True, completes=Completion.MODELS),
    ]
    structure: Annotated[
        common.StructureGiven | None,
        Option(
            "Your structure.", Panel.TASK, metavar="FILE", assumed="a bulk of medium density", values=Values.STRUCTURE
        ),
    ] = None
    atoms: Annotated[
        str | None,
        Option("Atoms to simulate.", Panel.TASK, metavar="N", assumed="as in the structure", values=Values.COUNT),
    ] = None
    time: Annotated[str | None, Option("Simulated time.", Panel.TASK, metavar="1ns", assumed="100ps")] = None
    timestep: Annotated[str | None, common.timestep("by the lightest atom")] = None
    budget: Annotated[str | None, common.wall_time("Wall time the run may take.", "24h")] = None
    hardware: common.Hardware = None
    max_devices: Annotated[
        int, Option("Largest number of devices to consider.", Panel.MACHINE, metavar="N", least=1, most=64)
    ] = MOST_DEVICES
    index: common.Index = None
    preset: common.Preset = None
    charge: common.Charge = None
    spin: common.Spin = None
