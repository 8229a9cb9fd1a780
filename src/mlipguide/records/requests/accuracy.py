"""What the commands that judge models by forces are asked: ``evaluate``, ``disagree``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from mlipguide.records.requests import shared_options as common
from mlipguide.records.requests.label_names import LabelKeys
from mlipguide.records.requests.option import Option, Panel, Values

MAX_FRAMES = 1000
"""Of these the interval of an MAE is a few percent wide, and a fast model takes minutes."""
DISAGREE_BUDGET = "3m"
DISAGREE_ATOMS = 64
"""Of the supercell: large enough for surroundings to differ, small enough for some tens of frames on a few cores."""
SELECTED = 20


@dataclass(frozen=True, kw_only=True)
class EvaluateRequest:
    """Everything that ``evaluate`` can be asked."""

    labels: Annotated[
        str,
        Option(
            "Frames with energies and forces: extxyz, ASE db, OUTCAR, vasprun.xml, ...",
            Panel.ACCURACY,
            metavar="LABELLED",
            argument=True,
            values=Values.FILE,
        ),
    ]
    models: Annotated[str | None, common.models("Models to evaluate.", "those that can run here")] = None
    add: common.Add = None
    energy_key: common.EnergyKey = None
    forces_key: common.ForcesKey = None
    stress_key: common.StressKey = None
    max_frames: Annotated[
        str | None,
        Option(
            "Frames to evaluate at most, or 'all'.",
            Panel.ACCURACY,
            metavar="N",
            assumed=str(MAX_FRAMES),
            values=Values.COUNT,
        ),
    ] = None
    seed: Annotated[int, common.seed("Of the choice of frames.")] = 0
    frames: Annotated[
        str | None,
        Option(
            "Of these frames those alone that are in a slice of the file, counted from 0, the last one left out.",
            Panel.ACCURACY,
            metavar="0:100",
            assumed="the whole file",
        ),
    ] = None
    worst: Annotated[
        tuple[int, Path] | None,
        Option("Write the N worst frames of the best model, with forces.", Panel.OUTPUT, metavar="N FILE.extxyz"),
    ] = None
    reevaluate: Annotated[bool, Option("Evaluate again what was evaluated on these labels before.", Panel.MACHINE)] = (
        False
    )
    calculator: common.Calculator = None
    weights: common.Weights = None
    yes: common.Yes = False

    @property
    def keys(self) -> LabelKeys:
        """Names of the labels that the user chose."""
        return LabelKeys(energy=self.energy_key, forces=self.forces_key, stress=self.stress_key)


@dataclass(frozen=True, kw_only=True)
class DisagreeChoices:
    """How ``disagree`` compares; None is what was left out."""

    sampler: Annotated[str | None, common.one_model("Model that makes the run.", "the first of --models")] = None
    temperature: Annotated[str | None, common.temperature("Temperature of the run.")] = None
    timestep: Annotated[str | None, common.timestep("by the lightest atom", "Integration step of the run.")] = None
    atoms: Annotated[
        str | None,
        Option(
            "Atoms of the supercell.",
            Panel.TASK,
            metavar="N",
            assumed=f"{DISAGREE_ATOMS}; a larger cell stays as it is",
            values=Values.COUNT,
        ),
    ] = None
    budget: Annotated[str | None, common.wall_time("Wall time, loading included.", DISAGREE_BUDGET)] = None
    force_mae: Annotated[
        str | None, Option("Force error that you can bear: what is judged against.", Panel.ACCURACY, metavar="100meV/A")
    ] = None
    select: Annotated[int, Option("Number of frames to label.", Panel.ACCURACY, metavar="N", least=1)] = SELECTED
    output: Annotated[
        Path | None,
        Option(
            "Write the frames to label here.",
            Panel.OUTPUT,
            metavar="FILE",
            assumed="STRUCTURE-to-label.extxyz",
            values=Values.FILE,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class DisagreeRequest(DisagreeChoices):
    """Everything that ``disagree`` can be asked."""

    structure: common.Structure = None
    models: Annotated[str | None, common.models("Models to compare, two at least.")] = None
    add: common.Add = None
    index: common.Index = None
    preset: common.Preset = None
    charge: common.Charge = None
    spin: common.Spin = None
    calculator: common.Calculator = None
    weights: common.Weights = None
    yes: common.Yes = False
