"""What ``recommend`` is asked: the task, which a file may hold, and how to go about it."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Self

from mlipguide.core.errors import InputError
from mlipguide.records.requests import shared_options as common
from mlipguide.records.requests.label_names import LabelKeys
from mlipguide.records.requests.option import Completion, Option, Panel, Values, options_of, shared

DEFAULTS = {"time": "100ps", "temperature": "300K", "budget": "24h"}
STRUCTURES, IMAGES = "100", "7"
MEASURE_BUDGET = "60s"
LABELS_BUDGET = "5m"


Config = Annotated[
    Path | None,
    Option("Read the task from a file; options given here win.", Panel.TASK, metavar="TASK.yaml", values=Values.FILE),
]


@dataclass(frozen=True, kw_only=True)
class TaskRequest:
    """What the user wrote; None is what they left out. In a file, the same names and the same texts."""

    structure: common.Structure = None
    index: common.Index = None
    preset: common.Preset = None
    kind: Annotated[
        str | None,
        Option(
            "md, relax, screen, phonons, neb or prerelax (before DFT).",
            Panel.TASK,
            metavar="KIND",
            assumed="md",
            completes=Completion.KINDS,
            example="md",
            condition=True,
            question="What is done with it",
        ),
    ] = None
    structures: Annotated[
        str | None,
        Option(
            "Structures like this one, of --kind screen.",
            Panel.TASK,
            metavar="N",
            assumed=STRUCTURES,
            example="100",
            values=Values.COUNT,
            question="How many structures like this one",
        ),
    ] = None
    images: Annotated[
        str | None,
        Option(
            "Moving images, of --kind neb.",
            Panel.TASK,
            metavar="N",
            assumed=IMAGES,
            example="7",
            values=Values.COUNT,
            condition=True,
            question="How many moving images",
        ),
    ] = None
    atoms: Annotated[
        str | None,
        Option(
            "Atoms to simulate.",
            Panel.TASK,
            metavar="N",
            assumed="as in the structure",
            values=Values.COUNT,
            question="How many atoms",
            example="2000",
        ),
    ] = None
    time: Annotated[
        str | None,
        Option(
            "Simulated time, of --kind md.",
            Panel.TASK,
            metavar="1ns",
            assumed=DEFAULTS["time"],
            question="Simulated time",
        ),
    ] = None
    timestep: Annotated[str | None, common.timestep("by the lightest atom and the temperature")] = None
    temperature: Annotated[
        str | None,
        Option(
            "Temperature.",
            Panel.TASK,
            metavar="300K",
            assumed=DEFAULTS["temperature"],
            condition=True,
            question="Temperature",
        ),
    ] = None
    budget: Annotated[
        str | None,
        Option(
            "Wall time the run may take.",
            Panel.TASK,
            metavar="24h",
            assumed=DEFAULTS["budget"],
            condition=True,
            question="Wall time that it may take",
        ),
    ] = None
    force_mae: Annotated[
        str | None,
        Option(
            "Largest acceptable mean absolute force error.",
            Panel.ACCURACY,
            metavar="100meV/A",
            question="Largest acceptable mean force error, or none",
        ),
    ] = None
    energy_mae: Annotated[
        str | None, Option("Largest acceptable mean absolute energy error.", Panel.ACCURACY, metavar="5meV/atom")
    ] = None
    needs: Annotated[
        str | None,
        Option(
            "What the model must give: stress, nve, ...; -surfaces declines a suggestion.",
            Panel.TASK,
            metavar="A,B",
            values=Values.NAMES,
            completes=Completion.NEEDS,
            example="[stress, nve]",
            condition=True,
        ),
    ] = None
    derive: Annotated[
        bool | None,
        Option(
            "Suggest no needs from the structure (a slab, a molecule, ...).",
            Panel.TASK,
            flag="--no-derive",
            condition=True,
        ),
    ] = None
    commercial: Annotated[
        bool | None,
        Option(
            "Only models whose licences allow commercial use (yes, or with conditions: then in doubt).",
            Panel.MODELS,
            condition=True,
            question="Commercial use, yes or no",
        ),
    ] = None
    models: Annotated[
        str | None, common.models("Only these models; 'available': those that can be started here as it is.")
    ] = None
    add: common.Add = None
    measure_budget: Annotated[
        str | None,
        Option(
            "Wall time for loading and timing all models together.",
            Panel.MACHINE,
            metavar=MEASURE_BUDGET,
            assumed=MEASURE_BUDGET,
        ),
    ] = None
    hardware: common.Hardware = None
    dft_cost: Annotated[
        str | None,
        Option("Time of one reference calculation.", Panel.ACCURACY, metavar="2h", assumed="an order of magnitude"),
    ] = None
    dft_cores: Annotated[
        str | None,
        Option("Cores that it occupies.", Panel.ACCURACY, metavar="N", assumed="1", values=Values.COUNT, example="1"),
    ] = None
    dft_atoms: Annotated[
        str | None,
        Option(
            "Atoms of its cell.",
            Panel.ACCURACY,
            metavar="N",
            assumed="those of the cells to be labelled",
            example="64",
            values=Values.COUNT,
        ),
    ] = None
    labels: Annotated[
        str | None,
        Option(
            "Frames with reference energies and forces: models are compared on them.",
            Panel.ACCURACY,
            metavar="FILE",
            example="labels.extxyz",
            values=Values.FILE,
            condition=True,
        ),
    ] = None
    labels_budget: Annotated[
        str | None,
        Option(
            "Wall time for comparing all models with the labels.",
            Panel.ACCURACY,
            metavar=LABELS_BUDGET,
            assumed=LABELS_BUDGET,
        ),
    ] = None
    energy_key: common.EnergyKey = None
    forces_key: common.ForcesKey = None
    stress_key: common.StressKey = None
    charge: common.Charge = None
    spin: common.Spin = None

    def over(self, other: "TaskRequest") -> Self:
        """Return this request with what it leaves out of a task taken from ``other``."""
        if self.structure is not None or self.preset is not None:
            other = replace(other, structure=None, index=None, preset=None)
        missing = [item.name for item in fields(TaskRequest) if getattr(self, item.name) is None]
        return replace(self, **{name: getattr(other, name) for name in missing})

    def with_models(self, names: str) -> Self:
        """Return this request for other models."""
        return replace(self, models=names)

    @property
    def label_keys(self) -> LabelKeys:
        """Names of the labels that the user gave.

        Raises:
            InputError: A name without a file of labels.
        """
        for name in ("energy_key", "forces_key", "stress_key"):
            if getattr(self, name) is not None and self.labels is None:
                raise InputError(
                    f"{options_of(TaskRequest)[name].flag} {getattr(self, name)} names a label of a file that is not "
                    "given.",
                    hint="Add --labels FILE.",
                )
        return LabelKeys(energy=self.energy_key, forces=self.forces_key, stress=self.stress_key)


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """What ``recommend`` may measure and remember."""

    remeasure: Annotated[bool, Option("Measure again what was measured before.", Panel.MACHINE)] = False
    measure: Annotated[
        bool,
        Option("Predict from earlier measurements only, also of other structures.", Panel.MACHINE, flag="--no-measure"),
    ] = True
    stored_labels: Annotated[
        bool,
        Option(
            "Leave errors out that 'evaluate' found on this system before.", Panel.ACCURACY, flag="--no-stored-labels"
        ),
    ] = True


@dataclass(frozen=True, kw_only=True)
class RecommendRequest(Measuring, TaskRequest):
    """Everything that ``recommend`` can be asked."""

    config: Config = None
    each: common.Each = False
    calculator: common.Calculator = None
    weights: common.Weights = None
    yes: common.Yes = False
    write: Annotated[
        Path | None,
        Option(
            "Write a script for the production run; RUN.lammps is for LAMMPS.",
            Panel.OUTPUT,
            metavar="RUN.py",
            values=Values.FILE,
        ),
    ] = None
    model: Annotated[
        str | None,
        Option(
            "The model of that script.",
            Panel.OUTPUT,
            metavar="M",
            assumed="the chosen one",
            completes=Completion.MODELS,
        ),
    ] = None
    force: Annotated[bool, Option("Let --write replace files that exist.", Panel.OUTPUT)] = False
    smoke_test: Annotated[
        bool, Option("Hand the script over without trying ten steps of it.", Panel.OUTPUT, flag="--no-smoke-test")
    ] = True

    @property
    def task(self) -> TaskRequest:
        """The task alone."""
        return TaskRequest(**shared(self, TaskRequest))


@dataclass(frozen=True, kw_only=True)
class ExploreRequest(TaskRequest):
    """What the explorer begins with."""

    config: Config = None
    calculator: common.Calculator = None
    weights: common.Weights = None
    yes: common.Yes = False

    @property
    def question(self) -> RecommendRequest:
        """The same as it is asked of ``recommend``, which measures nothing for it."""
        return RecommendRequest(**shared(self, RecommendRequest), measure=False)
