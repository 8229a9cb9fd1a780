"""Whether a script evaluates several structures at once, and with which values.

It does where batches of the task's structures were timed and are clearly faster, with as many at once as was best. The
limits within which results in a batch have to be those one by one are those of ``tune``; forces of phonons, which are
small, have to agree as closely as the cell is relaxed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlipguide.bench.agreement import TOLERANCE
from mlipguide.production.script_templates import batches_template
from mlipguide.records.hardware.environment import Recipe
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.measurement import Settings

if TYPE_CHECKING:
    from mlipguide.production.script_texts import Subject

CHECKED = 4
"""Structures that a script evaluates both ways before it goes on in batches."""
FEW = 2
"""So few supercells are evaluated one by one: another one would be evaluated to compare."""
IN_FLOAT64 = frozenset({"chgnet", "mace-torch"})
"""Backends whose calculator of a script computes in float64 where it is asked to. SevenNet's own does not."""
WITHOUT_FLOAT64 = "mps"


def dtype_of(task: Task, backend: str, settings: Settings) -> str:
    """Return what a script computes in: for phonons float64 where it can, which small displacements ask for."""
    can = backend in IN_FLOAT64 and not settings.device.startswith(WITHOUT_FLOAT64)
    return "float64" if task.kind is TaskKind.PHONONS and can else settings.dtype


def can_batch(task: Task, recipe: Recipe, settings: Settings) -> bool:
    """Tell whether the script of a task can evaluate batches as they are timed: in the dtype, of the model alone."""
    return (
        batches_template(recipe) is not None
        and not settings.additions
        and dtype_of(task, recipe.backend, settings) == settings.dtype
    )


def batch_values(subject: Subject, recipe: Recipe) -> dict[str, Any]:
    """Return what templates are told of batches; ``batch`` is None where there are none."""
    task = subject.task
    counted = subject.candidate.structures_at_once
    return {
        "batch": counted if can_batch(task, recipe, subject.settings) else None,
        "batch_of_atoms": task.atoms,
        "batch_checked": FEW if task.kind is TaskKind.PHONONS else CHECKED,
        "batch_energy": TOLERANCE.energy_ev_per_atom,
        "batch_force": TOLERANCE.force_max_ev_per_angstrom,
        "cutoff": subject.card.architecture.cutoff_angstrom,
        "moves": task.kind is not TaskKind.PHONONS,
    }
