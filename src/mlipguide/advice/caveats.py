"""Limitations that bear on a task, each with a source a reader can open."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.records.advice import Candidate, Caveat
from mlipguide.records.measurement import Weights
from mlipguide.records.model_card import ModelCard, Need
from mlipguide.records.task import Task

MAGNETIC = frozenset({"Cr", "Mn", "Fe", "Co", "Ni"})
"""3d elements whose compounds commonly order magnetically."""

LIGHT_STEP_LIMIT_S = 0.501e-15
WIDE_INTERVAL = 1.5
REVIEW = "doi:10.1016/j.cossms.2025.101214"


def caveats_for(task: Task, leading: ModelCard | None, candidates: Sequence[Candidate]) -> tuple[Caveat, ...]:
    """Return what a user of the leading model should know for this task.

    Args:
        task: What is wanted.
        leading: Card of the chosen or the nearest model; None when there is none.
        candidates: All candidates, as judged.
    """
    caveats = [*_about_numbers(candidates)]
    elements = set(task.structure.elements)
    if leading is not None:
        caveats.append(
            Caveat(
                "accuracy",
                "The domain of applicability of universal potentials is uncertain: the error on this system is not "
                "known until it is compared with reference calculations.",
                REVIEW,
            )
        )
        caveats.append(
            Caveat(
                "level of theory",
                f"{leading.name} reproduces {leading.training.level_of_theory}; do not compare its "
                "energies with another functional's.",
                ", ".join(leading.training.sources),
            )
        )
        if "MPtrj" in leading.training.sets:
            caveats.append(
                Caveat(
                    "softening",
                    "Universal potentials of this kind are too soft away from equilibrium: they underestimate forces, "
                    "phonons and barriers.",
                    "doi:10.1038/s41524-024-01500-6",
                )
            )
        magnetic = sorted(elements & MAGNETIC)
        if magnetic and Need.MAGNETISM not in leading.provides:
            caveats.append(
                Caveat(
                    "magnetism",
                    f"Magnetism is a known limitation of MLIPs, and {leading.name} gives no magnetic moments "
                    f"({', '.join(magnetic)} in this structure).",
                    REVIEW,
                )
            )
        caveats.append(
            Caveat(
                "long range",
                "Long-range interactions are a known limitation of MLIPs: here atoms further apart than "
                f"{_reach(leading.architecture.cutoff_angstrom)} interact only through chains of neighbours.",
                REVIEW,
            )
        )
    if "H" in elements and task.timestep_s > LIGHT_STEP_LIMIT_S:
        caveats.append(Caveat("time step", "With hydrogen, 0.5 fs is common practice.", "practice, without a source"))
    return tuple(caveats)


def _reach(cutoff_angstrom: float | None) -> str:
    return "the cutoff" if cutoff_angstrom is None else f"{cutoff_angstrom:g} Å"


def _about_numbers(candidates: Sequence[Candidate]) -> list[Caveat]:
    found: list[Caveat] = []
    wide = [
        candidate.model
        for candidate in candidates
        if candidate.step_time_s is not None
        and candidate.step_time_s.low is not None
        and candidate.step_time_s.high is not None
        and candidate.step_time_s.high > WIDE_INTERVAL * candidate.step_time_s.low
    ]
    if wide:
        found.append(
            Caveat(
                "uncertain times",
                f"The times of {', '.join(wide)} are uncertain; --remeasure with a larger --measure-budget, on a quiet "
                "machine, narrows them.",
                "this run",
            )
        )
    synthetic = [candidate.model for candidate in candidates if candidate.weights is Weights.SYNTHETIC]
    if synthetic:
        found.append(
            Caveat(
                "synthetic weights",
                f"{', '.join(synthetic)}: timed with random weights in the published architecture; time "
                "and memory hold, and nothing is said of accuracy.",
                "this run",
            )
        )
    return found
