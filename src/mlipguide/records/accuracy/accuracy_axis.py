"""The axis of accuracy: which figure tells models apart for a task, and where a model stands on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.models.terms import Domain
from mlipguide.records.strict import strict


class AxisFigure(StrEnum):
    """A figure that models are compared by; two figures are never compared with each other."""

    FORCE_MAE = "force-mae"
    ENERGY_MAE = "energy-mae"
    F1 = "f1"
    KAPPA_SRME = "kappa-srme"


class DomainFit(StrEnum):
    """How training data fit the kind of system that a task is about, the best first."""

    COVERED = "covered"
    WITHOUT_DISPERSION = "covered-without-dispersion"
    NOT_COVERED = "not-covered"


@strict
@dataclass(frozen=True, kw_only=True)
class AxisPlace:
    """Where a model stands on the axis of accuracy of a task.

    Attributes:
        evidence: What the figure is from.
        figure: Which figure; None where the model has none of those that tell for the task.
        value: The figure: eV/Å, eV/atom, or without a unit; None without a figure.
        relaxation_rmsd: The published error of relaxed structures, which tells models of the same F1 apart; None where
            it is not the figure's business or not known.
        domain: How the training data fit; None where the figure alone decides.
    """

    evidence: EvidenceKind
    figure: AxisFigure | None
    value: float | None
    relaxation_rmsd: float | None = None
    domain: DomainFit | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class AccuracyAxis:
    """By what models were compared in an answer, and why.

    Attributes:
        figure: The figure that tells.
        domain: What training data had to hold before the figure counted; None where they need not.
        reason: Why this figure, in a sentence.
        fitting: Ids of models of the catalogue whose training data hold ``domain``, the best first, where none of those
            considered that has a known time does; empty otherwise.
    """

    figure: AxisFigure
    domain: Domain | None
    reason: str
    fitting: tuple[str, ...] = ()
