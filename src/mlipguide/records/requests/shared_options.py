"""Options that several commands have; each is defined here alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from mlipguide.records.requests.option import Completion, Option, Panel, Values

if TYPE_CHECKING:
    from ase import Atoms

    StructureGiven = str | Atoms
else:
    StructureGiven = str  # the command line knows files alone

Structure = Annotated[
    StructureGiven | None,
    Option(
        "Any file that ASE reads: CIF, POSCAR, extxyz, PDB, ...",
        Panel.TASK,
        metavar="STRUCTURE",
        example="LiFePO4.cif",
        argument=True,
        values=Values.STRUCTURE,
    ),
]
Index = Annotated[
    str | None,
    Option(
        "Frame of a file with several, from 0; -1, the last, by default.",
        Panel.TASK,
        metavar="I",
        values=Values.COUNT,
        example="-1",
    ),
]
Preset = Annotated[
    str | None,
    Option(
        "A built-in structure instead of a file, e.g. water.",
        Panel.TASK,
        metavar="NAME",
        completes=Completion.PRESETS,
        example="silicon",
    ),
]
Charge = Annotated[
    str | None,
    Option(
        "Total charge of the structure.",
        Panel.TASK,
        metavar="-1",
        assumed="as the file says",
        values=Values.COUNT,
        condition=True,
    ),
]
Spin = Annotated[
    str | None,
    Option(
        "Spin multiplicity 2S + 1 of the structure.",
        Panel.TASK,
        metavar="2",
        assumed="as the file says",
        values=Values.COUNT,
        condition=True,
    ),
]
Hardware = Annotated[
    str | None,
    Option(
        "Answer for hardware that is not here: A100-80GB, 4xH100-80GB or a profile file; see 'mlipguide hardware "
        "list'.",
        Panel.MACHINE,
        metavar="A,B",
        values=Values.NAMES,
        completes=Completion.HARDWARE,
        example="A100-80GB",
        condition=True,
    ),
]
Weights = Annotated[
    list[str] | None, Option("A checkpoint file for a model; may be repeated.", Panel.MODELS, metavar="MODEL=FILE")
]
Calculator = Annotated[
    list[str] | None,
    Option(
        "A model of your own: my_model.py, package.module:function, a model's file; may be repeated.",
        Panel.MODELS,
        metavar="FILE|FUNCTION",
        values=Values.FILE,
    ),
]
Add = Annotated[
    str | None,
    Option(
        "Add dispersion to every model: d3, d4, with the parameters of its functional.",
        Panel.MODELS,
        metavar="d3",
        completes=Completion.ADDITIONS,
        condition=True,
    ),
]
Each = Annotated[
    bool, Option("Time every checkpoint, also where another one of its architecture was timed.", Panel.MODELS)
]
Yes = Annotated[
    bool, Option("Build missing environments and download weights without asking.", Panel.MACHINE, short="-y")
]
EnergyKey = Annotated[
    str | None,
    Option(
        "Name of the energy in the labels.",
        Panel.ACCURACY,
        metavar="NAME",
        assumed="found",
        condition=True,
        example="energy",
    ),
]
ForcesKey = Annotated[
    str | None,
    Option(
        "Name of the forces in the labels.",
        Panel.ACCURACY,
        metavar="NAME",
        assumed="found",
        condition=True,
        example="forces",
    ),
]
StressKey = Annotated[
    str | None,
    Option(
        "Name of the stress, or of the virial, in the labels.",
        Panel.ACCURACY,
        metavar="NAME",
        assumed="found",
        condition=True,
        example="stress",
    ),
]


def models(help_: str, assumed: str | None = None) -> Option:
    """Return the option that names models."""
    return Option(
        help_,
        Panel.MODELS,
        metavar="A,B",
        assumed=assumed,
        example="[sevennet-0, chgnet-0.3.0]",
        values=Values.NAMES,
        completes=Completion.MODELS,
        condition=True,
    )


def one_model(help_: str, assumed: str | None = None, flag: str | None = None) -> Option:
    """Return the option that names one model."""
    return Option(help_, Panel.MODELS, metavar="MODEL", assumed=assumed, flag=flag, completes=Completion.MODELS)


def wall_time(help_: str, assumed: str) -> Option:
    """Return the option of a wall time."""
    return Option(help_, Panel.TASK, metavar=assumed, assumed=assumed)


def timestep(assumed: str, help_: str = "Integration step.") -> Option:
    """Return the option of the integration step."""
    return Option(help_, Panel.TASK, metavar="1fs", assumed=assumed, condition=True)


def temperature(help_: str, assumed: str = "300K", metavar: str = "300K") -> Option:
    """Return the option of a temperature."""
    return Option(help_, Panel.TASK, metavar=metavar, assumed=assumed, condition=True)


def seed(help_: str) -> Option:
    """Return the option of the seed of what is random."""
    return Option(help_, Panel.TASK, metavar="N", least=0)
