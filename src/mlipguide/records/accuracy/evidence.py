"""What is known of a model's accuracy for a task."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.estimate import Estimate
from mlipguide.records.strict import strict


class EvidenceKind(StrEnum):
    """Most telling first."""

    USER_LABELS = "user-labels"
    SIMILAR_SYSTEMS = "similar-systems"
    LEADERBOARD = "leaderboard"
    TEACHER = "teacher"
    NONE = "none"


@strict
@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Figures of accuracy and where they come from; None is what is not known.

    Attributes:
        kind: How close the evidence is to the user's system; ``teacher`` for a potential that was held against the
            model which taught it, on the user's system, and against nothing else.
        force_mae_ev_per_angstrom: On the user's labels or similar systems; never from a leaderboard, nor against a
            teacher.
        energy_mae_ev_per_atom: Likewise, after a shift for each element was taken off.
        cps: Combined score of the leaderboard, a rank over all chemistry and not an error of this system.
        f1: The leaderboard's F1.
        kappa_srme: The leaderboard's thermal-conductivity error.
        source: Where the figures are from.
        force_slope: Of predicted against reference forces on the same labels; below 1 the model is too soft.
        rmsd: The leaderboard's error of relaxed structures, normalised; lower is better.
    """

    kind: EvidenceKind
    force_mae_ev_per_angstrom: Estimate | None
    energy_mae_ev_per_atom: Estimate | None
    cps: float | None
    f1: float | None
    kappa_srme: float | None
    source: str | None
    force_slope: Estimate | None = None
    rmsd: float | None = None
