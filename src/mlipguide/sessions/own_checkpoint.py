"""A checkpoint of the user's own is what its card says, or nothing that is timed may be kept under that card."""

from __future__ import annotations

from collections.abc import Iterator

from mlipguide.catalog.elements import SYMBOLS
from mlipguide.records.models.model_card import ModelCard
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import ModelFacts

CUTOFF_TOLERANCE_ANGSTROM = 1e-6
PARAMETER_TOLERANCE = 0.05
"""Training further may add a head, which is small; another size of a family differs by more."""


def require_same_architecture(card: ModelCard, facts: ModelFacts) -> None:
    """Refuse weights of another architecture than the card's, whose times are shared, or without its elements.

    Raises:
        SessionError: Kind ``weights``: they differ.
    """
    wrong = list(_differences(card, facts))
    if wrong:
        raise SessionError(
            FailureKind.WEIGHTS,
            f"{card.id}: {card.weights.path} is not what was registered as trained further from "
            f"{card.weights.derived_from}: it has {' and '.join(wrong)}. Register it anew: mlipguide models remove "
            f"{card.id}, then mlipguide models add with the right --from or --elements.",
        )


def _differences(card: ModelCard, facts: ModelFacts) -> Iterator[str]:
    expected = card.architecture
    cutoff, layers, parameters = expected.cutoff_angstrom, expected.layers, expected.parameters
    reach, count = facts.cutoff_angstrom, facts.parameters
    if cutoff is not None and reach is not None and abs(reach - cutoff) > CUTOFF_TOLERANCE_ANGSTROM:
        yield f"a cutoff of {reach:g} Å, not {cutoff:g} Å"
    if None not in (layers, facts.layers) and facts.layers != layers:
        yield f"{facts.layers} layers, not {layers}"
    known = None if facts.elements is None else {SYMBOLS[number - 1] for number in facts.elements}
    missing = [] if known is None else [element for element in card.known_elements if element not in known]
    if missing:
        yield f"no weights for {len(missing)} of its elements ({', '.join(missing[:5])}{', …' if missing[5:] else ''})"
    elif parameters is not None and count is not None and abs(count - parameters) > PARAMETER_TOLERANCE * parameters:
        yield f"{count:,} parameters, not {parameters:,}"
