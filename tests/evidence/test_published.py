"""A leaderboard's figures are handed on, and never as an error of the user's system."""

from __future__ import annotations

from factories import make_card
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.models.model_card import Metrics


def test_published_figures_are_a_leaderboard() -> None:
    metrics = Metrics(
        f1=0.8,
        kappa_srme=0.5,
        rmsd=None,
        cps=0.7,
        md_force_rmse_ev_per_angstrom=0.1,
        sources=("board", "paper"),
        read_on="2025-01-02",
    )
    evidence = evidence_of(make_card(metrics=metrics))
    assert evidence.kind is EvidenceKind.LEADERBOARD
    assert (evidence.cps, evidence.f1, evidence.kappa_srme) == (0.7, 0.8, 0.5)
    assert evidence.force_mae_ev_per_angstrom is None
    assert evidence.source is not None
    assert all(part in evidence.source for part in ("board", "paper", "2025-01-02"))


def test_no_figures_are_no_evidence() -> None:
    evidence = evidence_of(make_card(metrics=None))
    assert evidence.kind is EvidenceKind.NONE
    assert evidence.source is None
