"""Evidence from the catalogue.

A leaderboard's figures say how a model ranks over all chemistry, not how large its errors are for one system.
"""

from __future__ import annotations

from mlipguide.records.accuracy.evidence import Evidence, EvidenceKind
from mlipguide.records.models.model_card import Metrics, ModelCard

LEADERBOARD_PREFIX = "leaderboard_"
"""Of the keys of the leaderboard's entries in the bibliography."""


def evidence_of(card: ModelCard) -> Evidence:
    """Return what the card's published figures say."""
    metrics = card.metrics
    if metrics is None:
        return Evidence(
            kind=EvidenceKind.NONE,
            force_mae_ev_per_angstrom=None,
            energy_mae_ev_per_atom=None,
            cps=None,
            f1=None,
            kappa_srme=None,
            source=None,
        )
    return Evidence(
        kind=EvidenceKind.LEADERBOARD,
        force_mae_ev_per_angstrom=None,
        energy_mae_ev_per_atom=None,
        cps=metrics.cps,
        f1=metrics.f1,
        kappa_srme=metrics.kappa_srme,
        rmsd=metrics.rmsd,
        source=f"{_publisher(metrics)}, read {metrics.read_on} [{', '.join(metrics.sources)}]",
    )


def _publisher(metrics: Metrics) -> str:
    on_leaderboard = any(key.startswith(LEADERBOARD_PREFIX) for key in metrics.sources)
    return "Matbench Discovery" if on_leaderboard else "its authors"
