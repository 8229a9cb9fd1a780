"""Templates of ``data/run_scripts``: how they are found, and what they may call.

A kind of task has a template of its own, and so has each backend: ``calculators/BACKEND.jinja`` makes its ASE
calculator, ``batches/BACKEND.jinja`` what evaluates several structures at once, where the backend can. A plug-in brings
``WORKER.run.jinja`` and ``WORKER.batches.jinja`` beside its worker file.
"""

from __future__ import annotations

import ast
import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import mlipguide
from mlipguide.core.errors import InputError
from mlipguide.environments.recipes import worker_file
from mlipguide.records.hardware.environment import Recipe
from mlipguide.worker.failures import WorkerError
from mlipguide.worker.lammps.forms import Potential
from mlipguide.worker.lammps.library_table import POTENTIALS
from mlipguide.worker.lammps.own_lines import holds_lines, read_lines

if TYPE_CHECKING:
    from jinja2 import Environment as Templates

TEMPLATES = Path(mlipguide.__file__).parent / "data" / "run_scripts"
WORKER = Path(mlipguide.__file__).parent / "worker"


def calculator_template(recipe: Recipe) -> str:
    """Return the template that makes a backend's calculator.

    Raises:
        InputError: There is none.
    """
    found = _of_backend(recipe, "calculators", ".run.jinja")
    if found is None:
        raise InputError(
            f"--write: no template makes scripts for the backend '{recipe.backend}'.",
            hint="Name a model of another backend with --model.",
        )
    return found


def batches_template(recipe: Recipe) -> str | None:
    """Return the template of what evaluates several structures at once with a backend; None where there is none."""
    return _of_backend(recipe, "batches", ".batches.jinja")


def _of_backend(recipe: Recipe, folder: str, ending: str) -> str | None:
    worker = worker_file(recipe)
    file = TEMPLATES / folder / f"{recipe.backend}.jinja" if worker is None else worker.with_suffix(ending)
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return None


def open_templates() -> Templates:
    """Return what finds and fills templates."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(  # noqa: S701  # what is written is Python and LAMMPS, not HTML
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=False
    )
    templates.filters |= {"py": repr, "sh": shlex.quote, "plain": plain}
    templates.globals["refuse"] = _refuse
    templates.globals["library_potential"] = POTENTIALS.get
    templates.globals["own_lines"] = _own_lines
    templates.globals["source_of"] = _source_of
    return templates


def _source_of(file: str, name: str) -> str:
    """Return a function, a class or a constant of a worker's file as it stands there.

    Scripts hold it, so that what was timed and tested is what runs; the file is not imported, for it imports torch.
    """
    return _sources(WORKER / file)[name]


@cache
def _sources(file: Path) -> Mapping[str, str]:
    text = file.read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for node in ast.parse(text).body:
        source = ast.get_source_segment(text, node) or ""
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = source
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = source
    return found


def _own_lines(file: str) -> Potential | None:
    """Return the potential of a file of LAMMPS's lines; None where the file names a potential in another way."""
    if not holds_lines(Path(file)):
        return None
    try:
        return read_lines(Path(file))
    except WorkerError as error:
        raise InputError(f"--write: {error}", hint="Mend the file.") from error


def plain(text: object) -> str:
    """Return a text that can stand in a docstring or a comment and does not end it."""
    harmless = str(text).replace("\\", "/").replace('"', "'")
    return "".join(letter if letter.isprintable() else " " for letter in harmless)


def _refuse(reason: str) -> NoReturn:
    raise InputError(f"--write: {reason}", hint="Name another model with --model.")
