"""The combined performance score (CPS) of Matbench Discovery.

    CPS = 0.5 F1 + 0.4 (1 - kappa_SRME / 2) + 0.1 (1 - RMSD / 0.15)

F1 is that of stability prediction on unique prototypes, kappa_SRME the symmetric relative mean error of the
thermal conductivity, RMSD that of relaxed structures. The leaderboard is described in
doi:10.1038/s42256-025-01055-1; it publishes no CPS in its entries, and computes it with these weights in its file
site/src/lib/combined-scores.svelte.ts (source ``leaderboard_scores``).
"""

from __future__ import annotations

F1_WEIGHT = 0.5
KAPPA_WEIGHT = 0.4
RMSD_WEIGHT = 0.1

WORST_KAPPA_SRME = 2.0
"""A symmetric relative error cannot be larger."""

WORST_RMSD = 0.15
"""The (normalised) RMSD that earns nothing."""


def combined_performance_score(f1: float | None, kappa_srme: float | None, rmsd: float | None) -> float | None:
    """Return the CPS, or None when one of its parts is not known."""
    if f1 is None or kappa_srme is None or rmsd is None:
        return None
    return F1_WEIGHT * f1 + KAPPA_WEIGHT * (1 - kappa_srme / WORST_KAPPA_SRME) + RMSD_WEIGHT * (1 - rmsd / WORST_RMSD)
