"""What ``bench --compare-with`` is asked: whether a speed is normal."""

from dataclasses import dataclass
from typing import Annotated

from mlipguide.records.requests import shared_options as common
from mlipguide.records.requests.measuring import TIMED_STEP
from mlipguide.records.requests.option import Completion, Option, Panel, Values


@dataclass(frozen=True, kw_only=True)
class SpeedRequest:
    """A speed that somebody saw, and of what."""

    compare_with: Annotated[
        str,
        Option(
            "The speed that you saw (0.69steps/s, 3.2ns/day, 12ms/step), or the log of a run: of LAMMPS, or of an "
            "optimizer of ASE.",
            Panel.TASK,
            metavar="SPEED|LOG",
            values=Values.FILE,
        ),
    ]
    model: Annotated[str, common.one_model("The model that ran.")]
    structure: common.Structure = None
    atoms: Annotated[
        str | None,
        Option("Atoms of the system.", Panel.TASK, metavar="N", assumed="of the log or structure", values=Values.COUNT),
    ] = None
    timestep: Annotated[str | None, common.timestep(f"of the log, else {TIMED_STEP}")] = None
    device: Annotated[
        str | None,
        Option(
            "What it ran on: A100-80GB, 4xH100-80GB; see 'mlipguide hardware list'.",
            Panel.MACHINE,
            metavar="NAME",
            assumed="this machine",
            completes=Completion.HARDWARE,
        ),
    ] = None
    style: Annotated[
        str | None,
        Option(
            "The LAMMPS pair style that ran it, or ase.", Panel.MACHINE, metavar="STYLE", assumed="of the log, or ase"
        ),
    ] = None
    dtype: Annotated[
        str | None,
        Option("The precision that it ran in, where you know it.", Panel.MACHINE, metavar="float32"),
    ] = None
    index: common.Index = None
    preset: common.Preset = None
    charge: common.Charge = None
    spin: common.Spin = None
