"""The texts of a script for the production run: templates of ``data/run_scripts`` and what is put into them.

A kind of task has a template of its own, and so has each backend (:mod:`mlipguide.production.script_templates`).
``lammps/FAMILY.jinja`` is for families whose models run in LAMMPS.
"""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlipguide.catalog.additions import OPTION, addition_values, packages_of
from mlipguide.core.errors import InputError
from mlipguide.core.readable import duration
from mlipguide.costmodel.ranks import SKIN_ANGSTROM
from mlipguide.environments.axes import options_of, variables_of
from mlipguide.production.script_batches import batch_values, dtype_of
from mlipguide.production.script_beside import (
    ase_values,
    atom_kinds,
    data_text,
    in_a_box,
    lammps_values,
    require_something_moves,
    structure_text,
)
from mlipguide.production.script_templates import TEMPLATES, batches_template, calculator_template, open_templates
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.hardware.environment import Recipe
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import Need
from mlipguide.records.task.run_script import ScriptDriver
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.axes import SKIN
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.sessions.worker_files import RETAIN_TUNABLES
from mlipguide.structures.displacements import SYMMETRY_ANGSTROM
from mlipguide.structures.supercells import repeated

if TYPE_CHECKING:
    from ase import Atoms

KINDS = {
    "md": "md.py.jinja",
    "relax": "relax.py.jinja",
    "prerelax": "relax.py.jinja",
    "screen": "screen.py.jinja",
    "phonons": "phonons.py.jinja",
    "neb": "neb.py.jinja",
}
WITH_A_BOX_OF_THEIR_OWN = frozenset({"phonons"})
"""Kinds of task whose script puts empty space around what is not periodic."""
FAR_ANGSTROM = 10.0
"""How far a model may see whose cutoff is not known."""
FRAMES = 1000
LOG_LINES_PER_FRAME = 10
LARGEST_FORCE_EV_PER_ANGSTROM = 0.05
MOST_RELAXATION_STEPS = 500
TIGHT_FORCE_EV_PER_ANGSTROM = 0.001
"""What may be left on the atoms of a cell before they are displaced for phonons."""
DISPLACEMENTS_ANGSTROM = {"float32": 0.03}
DISPLACEMENT_ANGSTROM = 0.01
"""Usual in double precision; the rounding of single precision asks for more."""
OF_PHONONS = "phonopy"
NATIVE = "lammps"
"""The backend whose potentials need nothing but LAMMPS itself, on processors."""
LAMMPS_SKIN_ANGSTROM = 2.0
"""Its default in units metal."""
OWN_VARIABLES = "MLIPGUIDE_"
TIME_MARGIN = 1.25
"""A batch job may take this much longer than the upper end of the estimate."""
HOUR_S = 3600
SPARED_S = 300
"""LAMMPS ends this long before the job's limit."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a script is about.

    Attributes:
        task: What is wanted.
        atoms: The structure as read.
        repeats: How often it is repeated along a, b and c.
        card: The model.
        candidate: The model, judged.
        settings: Threads, dtype, device, allocator.
        weights_file: The checkpoint file; None when the package brings it, or where it is still to be downloaded.
        needs_file: Whether the checkpoint is a file.
        python: Interpreter of the backend's environment, or the word that stands for it.
        devices: That the run occupies.
    """

    task: Task
    atoms: Atoms
    repeats: tuple[int, int, int]
    card: ModelCard
    candidate: Candidate
    settings: Settings
    weights_file: Path | None
    needs_file: bool
    python: str
    devices: int

    @property
    def built_atoms(self) -> int:
        """Number of atoms of the repeated structure, near the one that was asked for."""
        return len(self.atoms) * math.prod(self.repeats)


def kind_of(task: Task) -> str:
    """Return the kind of a task, which names its template."""
    return task.kind.value


def require_kind(task: Task, path: Path, driver: ScriptDriver) -> None:
    """Refuse a kind of task that a driver has no script for, before minutes are spent on measuring.

    Raises:
        InputError: Another task than MD for LAMMPS, or something is added where no script does so.
    """
    if driver is ScriptDriver.LAMMPS and kind_of(task) != "md":
        raise InputError(f"--write {path}: for LAMMPS only MD runs are written.", hint=f"--write {path.stem}.py")
    if driver is ScriptDriver.LAMMPS and task.additions:
        raise InputError(f"--write {path}: inputs for LAMMPS have no {OPTION}.", hint=f"--write {path.stem}.py")
    if task.kind is TaskKind.PHONONS and task.additions and not all(task.structure.periodic):
        raise InputError(f"--write {path}: phonons in a box have no {OPTION}.", hint="Ask without it.")


def ase_files(subject: Subject, recipe: Recipe, path: Path) -> dict[Path, str]:
    """Return the structure file and the script for ASE, by path, in the order in which they are written.

    Raises:
        InputError: No template for this backend, the backend cannot be run with these settings, or nothing in the
            structure can move.
    """
    require_something_moves(subject.atoms, path, subject.task.kind)
    structure_file = path.with_name(f"{path.stem}.structure.extxyz")
    atoms = subject.atoms
    if recipe.slabs_need_space and atoms.pbc.any() and kind_of(subject.task) not in WITH_A_BOX_OF_THEIR_OWN:
        margin = 2 * (subject.card.architecture.cutoff_angstrom or FAR_ANGSTROM)
        atoms = in_a_box(atoms, margin=margin, noted=bool(subject.settings.additions))
    templates = open_templates()
    values = _values(subject, path) | {
        **ase_values(atoms),
        "structure_file": structure_file.name,
        "additions": [addition_values(one) for one in subject.settings.additions],
        "chosen": options_of(recipe, subject.settings),
        "variables": _of_any_program(variables_of(recipe, subject.settings)),
        "command": shlex.join([subject.python, path.name]),
    }
    calculator = templates.from_string(calculator_template(recipe)).render(values)
    values |= batch_values(subject, recipe) | {"calculator": calculator}
    batches = batches_template(recipe) if values["batch"] else None
    values["batches"] = "" if batches is None else templates.from_string(batches).render(values)
    script = templates.get_template(KINDS[kind_of(subject.task)]).render(values)
    return {structure_file: structure_text(atoms), path: script}


def lammps_files(subject: Subject, path: Path) -> dict[Path, str]:
    """Return data file, batch script and input for LAMMPS, by path, in the order in which they are written.

    Raises:
        InputError: The model has no known interface to LAMMPS, the task is another than MD, the structure is not
            periodic, or there is no NVIDIA GPU in the plan.
    """
    family = subject.card.architecture.family
    template = TEMPLATES / "lammps" / f"{family}.jinja"
    if not template.is_file():
        known = sorted(item.stem for item in template.parent.glob("[A-Z]*.jinja"))
        raise InputError(
            f"--write {path}: no interface of {subject.card.name} to LAMMPS is known.",
            hint=f"Families with one: {', '.join(known)}. --write {path.stem}.py writes a script for ASE.",
        )
    require_kind(subject.task, path, ScriptDriver.LAMMPS)
    if not subject.atoms.pbc.all():
        raise InputError(
            f"--write {path}: the structure is not periodic in all directions.",
            hint=f"Give it in a periodic box with enough vacuum, or use --write {path.stem}.py.",
        )
    native = subject.card.backend == NATIVE
    if not native and not subject.settings.device.startswith("cuda"):
        raise InputError(
            f"--write {path}: the interface to LAMMPS is for NVIDIA GPUs, the answer for {subject.settings.device}.",
            hint="Ask for such hardware with --hardware A100-80GB, or use --write run.py.",
        )
    require_something_moves(subject.atoms, path, subject.task.kind)
    atoms = repeated(subject.atoms, subject.repeats)
    elements = [symbol for symbol, _ in atom_kinds(atoms)]
    limit_s = _time_limit_s(subject.candidate)
    values = _values(subject, path) | {
        **lammps_values(atoms, path),
        "family": family,
        "elements": elements,
        "layers": subject.card.architecture.layers,
        "devices": subject.devices,
        "native": native,
        "ranks": subject.settings.ranks,
        "skin": (subject.settings.chosen(SKIN) or SKIN_ANGSTROM) if native else LAMMPS_SKIN_ANGSTROM,
        **(_potential(subject) if native else {}),
        "job_name": path.stem,
        "time_limit": _clock(limit_s),
        "timeout": _clock(limit_s - SPARED_S),
        "resources": f"{_expectation(subject.candidate)} The limit leaves a margin.",
    }
    templates = open_templates()
    return {
        path.with_suffix(".data"): data_text(atoms),
        path.with_suffix(".sbatch"): templates.get_template("lammps/batch.jinja").render(values),
        path: templates.get_template("lammps/input.jinja").render(values),
    }


def _of_any_program(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that say something to others than mlipguide's worker."""
    return {name: value for name, value in variables.items() if not name.startswith(OWN_VARIABLES)}


def _potential(subject: Subject) -> dict[str, Any]:
    """Return the files of a potential that LAMMPS runs by itself, and the programs of its environment.

    Raises:
        InputError: It is one of LAMMPS's own distribution.
    """
    if subject.weights_file is None:
        raise InputError(
            f"--write: {subject.card.name} is a potential of LAMMPS's distribution; an input for LAMMPS is written for "
            "potentials that were fitted here.",
            hint="--write run.py writes a script for ASE that runs it in LAMMPS's library.",
        )
    try:
        named = json.loads(subject.weights_file.read_text(encoding="utf-8"))["files"]
    except ValueError:
        raise InputError(
            f"--write: {subject.card.name} is a file of LAMMPS's own lines; write the input around them by hand.",
            hint="--write run.py writes a script for ASE that runs it in LAMMPS's library.",
        ) from None
    programs = Path(subject.python).parent
    return {
        "potential_files": [str(subject.weights_file.parent / name) for name in named],
        "program": str(programs / "lmp"),
        "launcher": str(programs / "mpiexec"),
    }


def _values(subject: Subject, path: Path) -> dict[str, Any]:
    task, card, settings = subject.task, subject.card, subject.settings
    dtype = dtype_of(task, card.backend, settings)
    url = card.weights.url
    file: str | None = None
    if subject.weights_file is not None:
        file = str(subject.weights_file)
    elif subject.needs_file and url is not None:
        file = url.rpartition("/")[2]
    steps = task.steps if kind_of(task) == "md" else MOST_RELAXATION_STEPS
    frame_every = max(1, steps // FRAMES)
    return {
        "stem": path.stem,
        "model_name": card.name,
        "backend": card.backend,
        "formula": task.structure.reduced_formula,
        "source": task.structure.source,
        "repeats": subject.repeats,
        "cell_atoms": len(subject.atoms),
        "atoms": subject.built_atoms,
        "device": settings.device,
        "dtype": dtype,
        "threads": settings.threads,
        "tunables": RETAIN_TUNABLES if settings.allocator is Allocator.RETAIN else None,
        "weights_name": card.weights.name,
        "weights_file": file,
        "weights_given": subject.weights_file is not None,
        "weights_url": url,
        "steps": steps,
        "timestep_fs": float(f"{task.timestep_s * 1e15:g}"),
        "temperature_k": float(f"{task.temperature_k:g}"),
        "ensemble": "nve" if "nve" in {need.value for need in task.needs} else "nvt",
        "frame_every": frame_every,
        "log_every": max(1, frame_every // LOG_LINES_PER_FRAME),
        "fmax": LARGEST_FORCE_EV_PER_ANGSTROM,
        "tight_fmax": TIGHT_FORCE_EV_PER_ANGSTROM,
        "displacement": DISPLACEMENTS_ANGSTROM.get(dtype, DISPLACEMENT_ANGSTROM),
        "symmetry": SYMMETRY_ANGSTROM,
        "for_scripts": needed_by(task),
        "images": task.images,
        "relax_cell": _relaxes_cell(subject),
        "expectation": _expectation(subject.candidate) + _precision_words(settings.dtype, dtype),
    }


def needed_by(task: Task) -> tuple[str, ...]:
    """Return the packages that a script for ASE needs beside ASE and the backend."""
    of_kind = (OF_PHONONS,) if kind_of(task) == TaskKind.PHONONS.value else ()
    return (*of_kind, *packages_of(task.additions))


def _precision_words(timed: str, dtype: str) -> str:
    if timed == dtype:
        return ""
    return f" It was timed in {timed}; the script computes in {dtype}, which takes longer."


def _relaxes_cell(subject: Subject) -> bool:
    """Tell whether edges are relaxed with the atoms: where stress was asked for, and for phonons wherever it is given.

    At a lattice constant that is not the model's own, phonons are those of a crystal under pressure; held atoms hold
    the edges with them. Both ends of a band have one cell.
    """
    if not subject.atoms.pbc.all():
        return False
    relaxing = {"phonons": Need.STRESS in subject.card.provides and not subject.atoms.constraints, "neb": False}
    return relaxing.get(kind_of(subject.task), Need.STRESS in subject.task.needs)


def _expectation(candidate: Candidate) -> str:
    run = candidate.run_time_s
    if run is None:
        return "How long it takes is not known: it was not timed."
    return f"It should take {run.told(duration)} ({run.basis.value})."


def _time_limit_s(candidate: Candidate) -> int:
    run = candidate.run_time_s
    if run is None:
        return 24 * HOUR_S
    return max(1, math.ceil(TIME_MARGIN * (run.high or run.value) / HOUR_S)) * HOUR_S


def _clock(seconds: int) -> str:
    return f"{seconds // HOUR_S:02d}:{seconds % HOUR_S // 60:02d}:{seconds % 60:02d}"


def texts_by_name(files: Mapping[Path, str]) -> dict[str, str]:
    """Return the texts by the names of their files."""
    return {path.name: text for path, text in files.items()}
