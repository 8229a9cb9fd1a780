"""A task as it is asked for, on the command line or in a file, and the task that it means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlipguide.catalog.additions import parse_additions
from mlipguide.core.errors import InputError, concerning, did_you_mean
from mlipguide.core.look import once_a_look
from mlipguide.core.units import (
    ENERGY_PER_ATOM,
    FORCE,
    TEMPERATURE,
    WALL_TIME,
    parse_atoms,
)
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.notice import Notice
from mlipguide.records.requests.option import options_of
from mlipguide.records.requests.recommend import DEFAULTS, IMAGES, STRUCTURES, TaskRequest
from mlipguide.records.requests.values import value_of
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.task.task import StatedReference, Task, TaskKind
from mlipguide.tasks.building import (
    atoms_for,
    parse_count,
    parse_kind,
    parse_run,
    suggested_needs,
    workload_of,
)
from mlipguide.tasks.needs import read_needs
from mlipguide.tasks.prerelaxation import dft_saving
from mlipguide.tasks.request_words import structure_file

if TYPE_CHECKING:
    from ase import Atoms

    from mlipguide.structures.signs import Signs


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
    known = options_of(TaskRequest)
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            raise InputError(
                f"{path}: unknown key '{key}'.{did_you_mean(str(key), list(known))}",
                hint=f"Known keys: {', '.join(known)}.",
            )
        values[key] = value_of(known[key], value, f"{path}: '{key}'")
    for key in ("structure", "labels"):
        if values.get(key) is not None:
            values[key] = str(path.parent / values[key])
    return TaskRequest(**values)


def load_structure(request: TaskRequest) -> tuple[Atoms, StructureSummary, tuple[Notice, ...]]:
    """Read or build the structure that a request names; in a look the atoms are the same each time.

    Raises:
        InputError: No structure or two of them, or one that cannot be used.
    """
    return _loaded(request.structure, request.preset, index=request.index, charge=request.charge, spin=request.spin)


@once_a_look
def _loaded(
    structure: str | Atoms | None, preset: str | None, *, index: str | None, charge: str | None, spin: str | None
) -> tuple[Atoms, StructureSummary, tuple[Notice, ...]]:
    request = TaskRequest(structure=structure, preset=preset, index=index, charge=charge, spin=spin)
    from mlipguide.structures.checks import check_structure
    from mlipguide.structures.electrons import parse_electrons, set_electrons
    from mlipguide.structures.files import ReadStructure, read_with_notices, take_atoms
    from mlipguide.structures.summaries import summarise

    if (request.structure is None) == (request.preset is None):
        given = "neither" if request.structure is None else "both"
        raise InputError(
            f"Give a structure file or --preset NAME ({given} was given).",
            hint="mlipguide recommend LiFePO4.cif, or mlipguide recommend --preset water",
        )
    electrons = parse_electrons(request.charge, request.spin)
    if request.preset is not None:
        from mlipguide.structures.presets import build_preset

        read, source = ReadStructure(atoms=build_preset(request.preset)), f"preset:{request.preset}"
        set_electrons(read.atoms, electrons, source=source)
    elif not isinstance(request.structure, str):
        assert request.structure is not None
        source = f"atoms:{request.structure.get_chemical_formula()}"
        if request.index is not None:
            raise InputError(
                f"--index {request.index} chooses a frame of a file, and {source} are in none.",
                hint="Choose the frame before: atoms = frames[0].",
            )
        taken = take_atoms(request.structure, source=source, given=electrons)
        name = structure_file(request)
        told = Notice("in_no_file", f"Commands to type name {name}: write it first, atoms.write('{name}').")
        read = ReadStructure(atoms=taken.atoms, notices=(*taken.notices, told))
    else:
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
        workload=workload_of(kind, structure, run, atoms=atoms, structures=structures, images=images, signs=signs),
        assumed=_assumed(request, kind),
        kind=kind,
        structures=structures,
        images=images,
        derived_needs=suggested_needs(needs, signs, kind, structure),
        dft_saving=dft_saving() if kind is TaskKind.PRERELAX else None,
        reference=stated_reference(request),
        gaps=() if signs is None else signs.gaps,
        additions=parse_additions(request.add),
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
