"""What is trained, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.checks import MOST_FRAMES, require, require_elements, require_within
from mlipguide.records.strict import strict


class Engine(StrEnum):
    """How a potential is trained."""

    POD = "pod"
    NEP = "nep"
    FINE_TUNE = "fine-tune"


@strict
@dataclass(frozen=True, kw_only=True)
class FitRecipe:
    """Everything beside the data that decides a fit: equal recipes on equal frames give equal potentials.

    Attributes:
        engine: What trains.
        size: The engine's name for the size of the model: ``small``, ``medium``, ``large``.
        elements: Chemical symbols, in the order in which the engine numbers them.
        seed: Of everything random.
        options: The engine's own settings, as its input file takes them.
        base_model: Id of the model that is trained further; None from scratch.
    """

    engine: Engine
    size: str
    elements: tuple[str, ...]
    seed: int
    options: dict[str, float | int | str | bool]
    base_model: str | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class ReplayDrift:
    """How far a model that was trained further is from what it said before, on structures that it did not learn from.

    Attributes:
        structures: That were replayed.
        held_out: That the differences are of.
        force_mae_ev_per_angstrom: Mean absolute difference of force components.
        energy_mae_ev_per_atom: Mean absolute difference of energies, after the reference energies were moved.
        mean_force_ev_per_angstrom: Mean absolute force component before, to compare with.
    """

    structures: int
    held_out: int
    force_mae_ev_per_angstrom: float
    energy_mae_ev_per_atom: float
    mean_force_ev_per_angstrom: float


@strict
@dataclass(frozen=True, kw_only=True)
class FittedPotential:
    """A finished fit.

    Attributes:
        recipe: What was asked.
        folder: Absolute path of the fit's folder.
        files: Names within the folder that make up the potential; the first is the one that a card names.
        frames: Number of frames that it was fitted on.
        train_s: Wall time of the training.
        parameters: Number of fitted parameters.
        cutoff_angstrom: Its longest.
        versions: Of the packages that trained it.
        replay: What was forgotten; None where nothing was replayed.
    """

    recipe: FitRecipe
    folder: str
    files: tuple[str, ...]
    frames: int
    train_s: float
    parameters: int
    cutoff_angstrom: float
    versions: dict[str, str]
    replay: ReplayDrift | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class FrameDeviation:
    """How a potential differs from the labels of one frame; None is what the frame has no label for.

    Attributes:
        group: Of the frame.
        run: Number of its trajectory among the frames that were compared; see ``structures.trajectories``.
        atoms: Number of atoms.
        force_mae_ev_per_angstrom: Mean absolute difference of force components.
        force_mse_ev2_per_angstrom2: Mean squared difference of force components.
        energy_error_ev_per_atom: Energy less the label's, with its sign.
        force_largest_ev_per_angstrom: Largest absolute difference of a force component; None where it was not kept.
    """

    group: str | None
    run: int
    atoms: int
    force_mae_ev_per_angstrom: float | None
    force_mse_ev2_per_angstrom2: float | None
    energy_error_ev_per_atom: float | None
    force_largest_ev_per_angstrom: float | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class Span:
    """Lowest and highest of what was seen."""

    low: float
    high: float


@strict
@dataclass(frozen=True, kw_only=True)
class DomainOfValidity:
    """What the frames cover that a potential learned from; None is what the file does not tell.

    Attributes:
        elements: Chemical symbols.
        frames: Number of frames.
        groups: Frames of each group; the name is empty where the file has none.
        density_g_per_cm3: Of periodic frames; of a slab with its vacuum.
        pressure_gpa: Positive under compression.
        temperature_k: Of the runs that the frames come from.
        largest_force_ev_per_angstrom: Largest component.
        nearest_angstrom: Shortest distance of each pair of elements.
    """

    elements: tuple[str, ...]
    frames: int
    groups: dict[str, int]
    density_g_per_cm3: Span | None
    pressure_gpa: Span | None
    temperature_k: Span | None
    largest_force_ev_per_angstrom: float | None
    nearest_angstrom: dict[str, float]

    def check(self) -> None:
        """Refuse what no frames cover.

        Raises:
            ValueError: What does not make sense.
        """
        require_elements(self.elements)
        require_within(1, MOST_FRAMES, frames=self.frames)
        for name, span in (("density_g_per_cm3", self.density_g_per_cm3), ("temperature_k", self.temperature_k)):
            require(span is None or 0 <= span.low <= span.high, f"{name} is no range")
        require(all(nearest > 0 for nearest in self.nearest_angstrom.values()), "a shortest distance is none")
