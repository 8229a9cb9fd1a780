"""What the commands that train are asked: ``train pilot``, ``fit``, ``finetune``, ``distil``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from mlipguide.records.requests import shared_options as common
from mlipguide.records.requests.label_names import LabelKeys
from mlipguide.records.requests.option import Option, Panel, Values

PILOT_BUDGET, FIT_BUDGET, DISTIL_BUDGET = "10m", "10m", "30m"
FINE_TUNE = "fine-tune"

Labelled = Annotated[
    Path,
    Option(
        "Frames with energies and forces: extxyz, ...",
        Panel.ACCURACY,
        metavar="LABELLED",
        argument=True,
        values=Values.FILE,
    ),
]
Test = Annotated[
    Path | None,
    Option("Frames to test on; some of LABELLED by default.", Panel.ACCURACY, metavar="FILE", values=Values.FILE),
]
Base = Annotated[str | None, common.one_model("What fine-tune trains further.", "sevennet-0")]
FrozenLayers = Annotated[
    int,
    Option(
        "The embedding and the first N layers of the base model stay as they are [0, all are trained].",
        Panel.MODELS,
        metavar="N",
        least=0,
    ),
]
Replay = Annotated[
    Path | None,
    Option(
        "Structures, without labels, on which the base model is held to what it says of them now.",
        Panel.ACCURACY,
        metavar="FILE",
        values=Values.FILE,
    ),
]
FitTemperature = Annotated[
    str | None,
    common.temperature(
        "That the potential is for, at which it has to keep its energy.",
        "the highest of the frames, else 300K",
        metavar="600K",
    ),
]
Seed = Annotated[int, common.seed("Of the test frames, the subsets and the fits.")]


def training_folder(assumed: str) -> Option:
    """Return the option of the folder of a training."""
    return Option("Where everything is kept.", Panel.OUTPUT, metavar="DIR", assumed=assumed, values=Values.FILE)


def new_id(assumed: str) -> Option:
    """Return the option that names the new model."""
    return Option("Name of the new model.", Panel.OUTPUT, metavar="ID", assumed=assumed, flag="--id")


def model_size(assumed: str) -> Option:
    """Return the option of the size of a model."""
    return Option("small, medium, large.", Panel.MODELS, metavar="NAME", assumed=assumed)


Folder = Annotated[Path | None, training_folder("<name of LABELLED>-training here")]


@dataclass(frozen=True, kw_only=True)
class LabelNames:
    """Under which names a file holds its labels."""

    energy_key: common.EnergyKey = None
    forces_key: common.ForcesKey = None

    @property
    def keys(self) -> LabelKeys:
        """Names of the labels that the user chose."""
        return LabelKeys(energy=self.energy_key, forces=self.forces_key)


@dataclass(frozen=True, kw_only=True)
class PilotRequest(LabelNames):
    """What a pilot is about, as the user wrote it; None is what was left out."""

    labelled: Labelled
    engines: Annotated[
        str | None,
        Option("pod, nep, fine-tune.", Panel.MODELS, metavar="A,B", assumed="all that are ready", values=Values.NAMES),
    ] = None
    target: Annotated[
        str | None,
        Option("Error to reach on the test frames.", Panel.ACCURACY, metavar="70meV/A", flag="--target-force-mae"),
    ] = None
    budget: Annotated[str | None, common.wall_time("Wall time for everything.", PILOT_BUDGET)] = None
    test: Test = None
    models: Annotated[str | None, common.models("Pretrained models to compare with, ready or none.", "ready")] = None
    base: Base = None
    folder: Folder = None
    seed: Seed = 0
    yes: common.Yes = False


@dataclass(frozen=True, kw_only=True)
class FitRequest(LabelNames):
    """What a final fit is about, as the user wrote it; None is what was left out."""

    labelled: Labelled
    engine: Annotated[str, Option("pod, nep or fine-tune.", Panel.MODELS, metavar="NAME")]
    size: Annotated[str | None, model_size("the pilot's best")] = None
    budget: Annotated[str | None, common.wall_time("Wall time, which the fit itself may exceed.", FIT_BUDGET)] = None
    test: Test = None
    model: Annotated[str | None, new_id("after file, engine and size")] = None
    base: Base = None
    frozen_layers: FrozenLayers = 0
    replay: Replay = None
    folder: Folder = None
    temperature: FitTemperature = None
    seed: Seed = 0
    yes: common.Yes = False


@dataclass(frozen=True, kw_only=True)
class FinetuneRequest(LabelNames):
    """What a fine-tuning is about: a fit by the engine ``fine-tune`` of one model."""

    labelled: Labelled
    model: Annotated[str, common.one_model("The model that is trained further.")]
    budget: Annotated[str | None, common.wall_time("Wall time, which the fit itself may exceed.", FIT_BUDGET)] = None
    test: Test = None
    model_id: Annotated[str | None, new_id("after file and engine")] = None
    frozen_layers: FrozenLayers = 0
    replay: Replay = None
    folder: Folder = None
    temperature: FitTemperature = None
    seed: Seed = 0
    yes: common.Yes = False

    @property
    def fit(self) -> FitRequest:
        """The fit that it means."""
        return FitRequest(
            labelled=self.labelled,
            engine=FINE_TUNE,
            budget=self.budget,
            test=self.test,
            model=self.model_id,
            base=self.model,
            frozen_layers=self.frozen_layers,
            replay=self.replay,
            folder=self.folder,
            temperature=self.temperature,
            seed=self.seed,
            energy_key=self.energy_key,
            forces_key=self.forces_key,
            yes=self.yes,
        )


@dataclass(frozen=True, kw_only=True)
class DistilRequest:
    """What a distillation is about, as the user wrote it; None is what was left out."""

    structure: common.Structure = None
    teacher: Annotated[str, common.one_model("The model that labels; or what --calculator takes elsewhere.")]
    temperature: Annotated[str | None, common.temperature("That the potential is for.", metavar="600K")] = None
    timestep: Annotated[str | None, common.timestep("by the lightest atom")] = None
    budget: Annotated[str | None, common.wall_time("Wall time for everything.", DISTIL_BUDGET)] = None
    engine: Annotated[
        str | None, Option("pod or nep.", Panel.MODELS, metavar="NAME", assumed="by the number of elements")
    ] = None
    size: Annotated[str | None, model_size("small, the fastest")] = None
    frames: Annotated[
        str | None,
        Option(
            "Frames that each further round labels.", Panel.ACCURACY, metavar="N", assumed="auto", values=Values.COUNT
        ),
    ] = None
    index: common.Index = None
    preset: common.Preset = None
    model_id: Annotated[str | None, new_id("after structure, engine, teacher")] = None
    weights: common.Weights = None
    folder: Annotated[Path | None, training_folder("<structure>-distilled")] = None
    seed: Annotated[int, common.seed("Of everything random.")] = 0
    yes: common.Yes = False
