"""A task as it is asked for, on the command line or in a file, and the task that it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlipguide.core.errors import InputError, concerning, did_you_mean
from mlipguide.core.serialisation import read_yaml
from mlipguide.core.units import (
    ENERGY_PER_ATOM,
    FORCE,
    TEMPERATURE,
    WALL_TIME,
    parse_atoms,
)
from mlipguide.records.notice import Notice
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.task.task import StatedReference, Task, TaskKind
from mlipguide.structures.label_keys import OPTIONS, LabelKeys
from mlipguide.tasks.building import (
    IMAGES,
    STRUCTURES,
    atoms_for,
    parse_count,
    parse_kind,
    parse_run,
    suggested_needs,
    workload_of,
)
from mlipguide.tasks.needs import read_needs
from mlipguide.tasks.prerelaxation import dft_saving

if TYPE_CHECKING:
    from ase import Atoms

    from mlipguide.structures.signs import Signs

DEFAULTS = {"time": "100ps", "temperature": "300K", "budget": "24h"}
MEASURE_BUDGET = "75s"
TIMED_STEP = "1fs"
"""The step of commands that only time models: the time of a step does not depend on it."""
FLAGS = ("commercial", "derive")


@dataclass(frozen=True, kw_only=True)
class TaskRequest:
    """What the user wrote; None is what they left out. In a file, the same names and the same texts."""

    structure: str | None = None
    index: str | None = None
    preset: str | None = None
    kind: str | None = None
    structures: str | None = None
    images: str | None = None
    atoms: str | None = None
    time: str | None = None
    timestep: str | None = None
    temperature: str | None = None
    budget: str | None = None
    force_mae: str | None = None
    energy_mae: str | None = None
    needs: str | None = None
    derive: bool | None = None
    commercial: bool | None = None
    models: str | None = None
    measure_budget: str | None = None
    hardware: str | None = None
    dft_cost: str | None = None
    dft_cores: str | None = None
    dft_atoms: str | None = None
    labels: str | None = None
    labels_budget: str | None = None
    energy_key: str | None = None
    forces_key: str | None = None
    stress_key: str | None = None
    charge: str | None = None
    spin: str | None = None

    def over(self, other: TaskRequest) -> TaskRequest:
        """Return this request with what it leaves out taken from ``other``."""
        own = {item.name: getattr(self, item.name) for item in fields(self)}
        if self.structure is not None or self.preset is not None:
            other = replace(other, structure=None, index=None, preset=None)
        return replace(other, **{name: value for name, value in own.items() if value is not None})

    def with_models(self, names: str) -> TaskRequest:
        """Return this request for other models."""
        return replace(self, models=names)

    @property
    def label_keys(self) -> LabelKeys:
        """Names of the labels that the user gave.

        Raises:
            InputError: A name without a file of labels.
        """
        keys = LabelKeys(energy=self.energy_key, forces=self.forces_key, stress=self.stress_key)
        for quantity, option in OPTIONS.items():
            if getattr(keys, quantity) is not None and self.labels is None:
                raise InputError(
                    f"{option} {getattr(keys, quantity)} names a label of a file that is not given.",
                    hint="Add --labels FILE.",
                    option=option,
                )
        return keys


def read_request(path: Path) -> TaskRequest:
    """Read a task file.

    Raises:
        InputError: The file cannot be read, is no mapping, or holds an unknown key or a value of the wrong kind.
    """
    with concerning(file=str(path)):
        return _request_of(path, read_yaml(path))


def _request_of(path: Path, data: Any) -> TaskRequest:
    if not isinstance(data, Mapping):
        raise InputError(f"{path}: a task file holds 'name: value' lines.", hint="See configs/ for examples.")
    known = [item.name for item in fields(TaskRequest)]
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            raise InputError(
                f"{path}: unknown key '{key}'.{did_you_mean(str(key), known)}",
                hint=f"Known keys: {', '.join(known)}.",
            )
        values[key] = _as_option(path, key, value)
    for key in ("structure", "labels"):
        if values.get(key) is not None:
            values[key] = str(path.parent / values[key])
    return TaskRequest(**values)


def _as_option(path: Path, key: str, value: Any) -> str | bool | None:
    if value is None:
        return None
    if key in FLAGS:
        if not isinstance(value, bool):
            raise InputError(f"{path}: '{key}' is true or false, not '{value}'.", hint=f"Write {key}: true.")
        return value
    if isinstance(value, list) and key in ("needs", "models", "hardware"):
        return ",".join(map(str, value))
    if isinstance(value, (dict, list, bool)):
        raise InputError(f"{path}: '{key}' is a single text, not '{value}'.", hint="Write for example time: 1ns.")
    return str(value)


def load_structure(request: TaskRequest) -> tuple[Atoms, StructureSummary, tuple[Notice, ...]]:
    """Read or build the structure that a request names.

    Raises:
        InputError: No structure or two of them, or one that cannot be used.
    """
    from mlipguide.structures.checks import check_structure
    from mlipguide.structures.electrons import parse_electrons, set_electrons
    from mlipguide.structures.files import ReadStructure, read_with_notices
    from mlipguide.structures.presets import build_preset
    from mlipguide.structures.summaries import summarise

    if (request.structure is None) == (request.preset is None):
        given = "neither" if request.structure is None else "both"
        raise InputError(
            f"Give a structure file or --preset NAME ({given} was given).",
            hint="mlipguide recommend LiFePO4.cif, or mlipguide recommend --preset water",
        )
    electrons = parse_electrons(request.charge, request.spin)
    if request.preset is not None:
        read, source = ReadStructure(atoms=build_preset(request.preset)), f"preset:{request.preset}"
        set_electrons(read.atoms, electrons, source=source)
    else:
        assert request.structure is not None
        path = Path(request.structure).expanduser()
        read = read_with_notices(path, index=request.index, given=electrons)
        source = path.name if request.index is None else f"{path.name}@{request.index}"
    notices = (*read.notices, *check_structure(read.atoms, source=source))
    return read.atoms, summarise(read.atoms, source=source), notices


def build_task(request: TaskRequest, structure: StructureSummary, signs: Signs | None = None) -> Task:
    """Turn a request into the task that it means, with the defaults that it leaves to mlipguide.

    Args:
        request: What the user wrote.
        structure: The structure.
        signs: What was seen in it; without them nothing is suggested.

    Raises:
        InputError: A quantity without its unit, out of range or for another kind of task, or an unknown need.
    """
    kind = TaskKind.MD if request.kind is None else parse_kind(request.kind)
    texts = {name: getattr(request, name) or default for name, default in DEFAULTS.items()}
    temperature_k = TEMPERATURE.parse(texts["temperature"], option="--temperature")
    run = parse_run(
        texts["time"],
        request.timestep,
        time_given=request.time is not None,
        kind=kind,
        elements=structure.elements,
        temperature_k=temperature_k,
        masses=() if signs is None else signs.masses,
    )
    atoms = atoms_for(request.atoms, structure, kind)
    structures = parse_count(
        request.structures, option="--structures", kind=kind, wanted=TaskKind.SCREEN, default=STRUCTURES
    )
    images = parse_count(request.images, option="--images", kind=kind, wanted=TaskKind.NEB, default=IMAGES)
    needs = read_needs(request.needs, derive=request.derive is not False)
    return Task(
        structure=structure,
        atoms=atoms,
        simulated_time_s=run.simulated_time_s,
        timestep_s=run.timestep_s,
        temperature_k=temperature_k,
        budget_s=WALL_TIME.parse(texts["budget"], option="--budget"),
        force_mae_ev_per_angstrom=_optional(FORCE, request.force_mae, "--force-mae"),
        energy_mae_ev_per_atom=_optional(ENERGY_PER_ATOM, request.energy_mae, "--energy-mae"),
        needs=needs.asked,
        commercial=bool(request.commercial),
        workload=workload_of(kind, structure, run, atoms=atoms, structures=structures, images=images),
        assumed=_assumed(request, kind),
        kind=kind,
        structures=structures,
        images=images,
        derived_needs=suggested_needs(needs, signs, kind, structure),
        dft_saving=dft_saving() if kind is TaskKind.PRERELAX else None,
        reference=stated_reference(request),
        gaps=() if signs is None else signs.gaps,
        **_carried(signs),
    )


def _carried(signs: Signs | None) -> dict[str, Any]:
    """Return the fields of a task that the file says beside atoms and cell."""
    if signs is None:
        return {}
    return {
        "total_charge": signs.total_charge,
        "spin_multiplicity": signs.spin_multiplicity,
        "held_atoms": signs.held.wholly,
        "partly_held_atoms": signs.held.partly,
        "masses": signs.masses,
    }


def _assumed(request: TaskRequest, kind: TaskKind) -> tuple[str, ...]:
    """Return what was left out of what this kind of task needs; who names a time means molecular dynamics."""
    used = {
        TaskKind.MD: ("atoms", "time", "timestep", "temperature", "budget"),
        TaskKind.SCREEN: ("structures", "atoms", "budget"),
        TaskKind.NEB: ("images", "atoms", "budget"),
    }
    names = used.get(kind, ("atoms", "budget"))
    if request.time is None and request.timestep is None:
        names = ("kind", *names)
    return tuple(name for name in names if getattr(request, name) is None)


def stated_reference(request: TaskRequest) -> StatedReference | None:
    """Return what the user says that a reference calculation takes; None where nothing.

    Raises:
        InputError: The cores or atoms without the time, or a number that is none.
    """
    if request.dft_cost is None:
        for option, text in (("--dft-cores", request.dft_cores), ("--dft-atoms", request.dft_atoms)):
            if text is not None:
                raise InputError(
                    f"{option} {text} is of a calculation whose time is not given.",
                    hint="Add --dft-cost 2h.",
                    option=option,
                )
        return None
    return StatedReference(
        wall_time_s=WALL_TIME.parse(request.dft_cost, option="--dft-cost"),
        cores=1 if request.dft_cores is None else _cores(request.dft_cores),
        atoms=None if request.dft_atoms is None else parse_atoms(request.dft_atoms, option="--dft-atoms"),
    )


def _cores(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise InputError(
            f"--dft-cores: '{text}' is not a number of cores.",
            hint="Write for example --dft-cores 64.",
            option="--dft-cores",
        )
    return int(text)


def _optional(dimension: Any, text: str | None, option: str) -> float | None:
    return None if text is None else dimension.parse(text, option=option)
