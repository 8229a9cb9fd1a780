"""A checkpoint of the user's own is what its card says, or nothing that is timed may be kept under that card."""

from __future__ import annotations

from mlipguide.records.model_card import ModelCard
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import ModelFacts

CUTOFF_TOLERANCE_ANGSTROM = 1e-6


def require_same_architecture(card: ModelCard, facts: ModelFacts) -> None:
    """Refuse weights of another architecture than the card's, whose times are shared.

    Cutoff and layers are compared. Parameters are not: a checkpoint that was narrowed to fewer elements has fewer, and
    one with more heads has more, at the same cost of a step.

    Raises:
        SessionError: Kind ``weights``: they differ.
    """
    expected = card.architecture
    wrong = []
    if (
        expected.cutoff_angstrom is not None
        and abs(facts.cutoff_angstrom - expected.cutoff_angstrom) > CUTOFF_TOLERANCE_ANGSTROM
    ):
        wrong.append(f"a cutoff of {facts.cutoff_angstrom:g} Å, not {expected.cutoff_angstrom:g} Å")
    if None not in (expected.layers, facts.layers) and facts.layers != expected.layers:
        wrong.append(f"{facts.layers} layers, not {expected.layers}")
    if wrong:
        raise SessionError(
            FailureKind.WEIGHTS,
            f"{card.id}: {card.weights.path} was not trained from {card.weights.derived_from}: it has "
            f"{' and '.join(wrong)}. Register it again from the right model.",
        )
