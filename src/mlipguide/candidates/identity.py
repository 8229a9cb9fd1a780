"""What tells a model as it is run here from another one: its weights, its packages, its settings."""

from __future__ import annotations

from typing import Any

from mlipguide.candidates.preparation import Prepared
from mlipguide.catalog.checkpoints import sha256_of
from mlipguide.core.serialisation import to_plain
from mlipguide.records.models.terms import WeightsOrigin

DIGITS = 16
PACKAGED = "package"
"""What stands for weights that a package brings: its version tells them apart."""


def weights_digest(item: Prepared) -> str:
    """Return what tells one set of weights of a model from another."""
    if item.weights_file is None:
        return PACKAGED
    if item.card.weights.origin is WeightsOrigin.CALCULATOR:
        return str(item.card.weights.sha256)[:DIGITS]  # of all that it is made of
    return sha256_of(item.weights_file)[:DIGITS]


def identity_of(item: Prepared) -> dict[str, Any]:
    """Return as plain data what decides the energies and forces of a model; the threads do not."""
    return {
        "model": item.card.id,
        "weights": weights_digest(item),
        "synthetic": item.synthetic,
        "versions": dict(item.environment.versions),
        "settings": [item.settings.driver, *map(to_plain, item.settings.numerics)],
    }
