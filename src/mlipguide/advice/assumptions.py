"""What was assumed for want of an answer, and how to change each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlipguide.records.notice import Notice
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.tasks.derived_needs import DOUBTFUL
from mlipguide.tasks.time_step import propose_timestep

OTHER_KINDS = ", ".join(kind.value for kind in TaskKind if kind is not TaskKind.MD)


def assumption_notices(task: Task, *, asked_of_models: bool = False) -> tuple[Notice, ...]:
    """Return what mlipguide filled in, and what the structure suggests.

    Args:
        task: What is wanted.
        asked_of_models: Whether the user chose the models.
    """
    return (*_assumed(task, asked_of_models=asked_of_models), *_repeated(task), *_derived(task))


def _assumed(task: Task, *, asked_of_models: bool) -> Iterator[Notice]:
    if not task.assumed:
        return
    words = ", ".join(_option_with_reason(name, task) for name in task.assumed)
    unasked = [
        *(
            ["no limit on the error (--force-mae 100meV/A)"]
            if task.force_mae_ev_per_angstrom is None and task.energy_mae_ev_per_atom is None
            else []
        ),
        *([] if task.commercial else ["any licence (--commercial)"]),
        *([] if asked_of_models else ["any model (--models A,B)"]),
    ]
    also = f"; {', '.join(unasked)}" if unasked else ""
    yield Notice("assumed", f"Assumed, for want of an answer: {words}{also}. Give an option to change it.")


def _repeated(task: Task) -> Iterator[Notice]:
    """Say what becomes of a charge, or of unpaired electrons, in a cell that is repeated."""
    cells = round(task.atoms / task.structure.atoms)
    if cells <= 1:
        return
    words = []
    if task.total_charge:
        words.append(f"a charge of {task.total_charge:+d} in each cell makes {cells * task.total_charge:+d}")
    if task.spin_multiplicity is not None and task.spin_multiplicity > 1:
        multiplicity = cells * (task.spin_multiplicity - 1) + 1
        words.append(
            f"a spin multiplicity of {task.spin_multiplicity} in each, all spins one way, makes {multiplicity}"
        )
    if words:
        yield Notice(
            "repeated_electrons",
            f"The cell is repeated about {cells} times, and every one is like the one given: {'; '.join(words)}. "
            "Is it one charge in a large cell that you mean, give the large cell.",
        )


def _derived(task: Task) -> Iterator[Notice]:
    if not task.derived_needs:
        return
    listed = ", ".join(f"{one.need.value} ({one.reason})" for one in task.derived_needs)
    doubted = [one.need.value for one in task.derived_needs if one.need in DOUBTFUL]
    others = [one.need.value for one in task.derived_needs if one.need not in DOUBTFUL]
    effects = (
        [f"A model of which nothing says that it gives or covers {', '.join(doubted)} is in doubt."] if doubted else []
    ) + ([f"Nothing more than a caveat comes of {', '.join(others)}."] if others else [])
    switch = f"--needs=-{(doubted or others)[0]} leaves one out, --no-derive all; none rules a model out."
    yield Notice("derived_needs", " ".join((f"The structure suggests: {listed}.", *effects, switch)))


def assumed_options(task: Task) -> tuple[str, ...]:
    """Return what was assumed for want of an answer, each as the option that changes it."""
    return tuple(_OPTIONS[name](task) for name in task.assumed)


def _option_with_reason(name: str, task: Task) -> str:
    reason = _REASONS.get(name)
    return _OPTIONS[name](task) + ("" if reason is None else f" ({reason(task)})")


def _why_atoms(task: Task) -> str:
    return "a supercell with edges of at least 10 Å" if task.atoms != task.structure.atoms else "as in the structure"


def _why_timestep(task: Task) -> str:
    return propose_timestep(task.structure.elements, task.temperature_k, task.masses).reason


_OPTIONS: dict[str, Callable[[Task], str]] = {
    "kind": lambda _: "--kind md",
    "structures": lambda task: f"--structures {task.structures}",
    "images": lambda task: f"--images {task.images}",
    "atoms": lambda task: f"--atoms {task.atoms}",
    "time": lambda task: f"--time {(task.simulated_time_s or 0.0) * 1e12:g}ps",
    "timestep": lambda task: f"--timestep {task.timestep_s * 1e15:g}fs",
    "temperature": lambda task: f"--temperature {task.temperature_k:g}K",
    "budget": lambda task: f"--budget {task.budget_s / 3600:g}h",
}
_REASONS: dict[str, Callable[[Task], str]] = {
    "kind": lambda _: f"one run of molecular dynamics; others: {OTHER_KINDS}",
    "atoms": _why_atoms,
    "timestep": _why_timestep,
}
