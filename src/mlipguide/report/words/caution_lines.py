"""Caveats in one line each; the guide's topics say the rest."""

from __future__ import annotations

from mlipguide.records.advice.advice import Caveat

CAUTIONS = {
    "direct-forces": "its forces do not conserve energy; phonons and barriers are wrong",
    "dispersion": "trained without dispersion, which holds molecules and layers: --add d3",
    "extrapolation": "its error here is not known; some 20 reference calculations would tell",
    "intervals": "some times are uncertain; --remeasure with a larger --measure-budget",
    "level-of-theory": "its energies hold at its own level of theory; never mix two",
    "lone-atoms": "some atoms have no neighbour within its cutoff and feel no force",
    "long-range": "atoms beyond its reach do not feel each other",
    "magnetism": "it knows no magnetic moments, and elements here may be magnetic",
    "short-range": "so hot, atoms come closer than in its training data; watch distances",
    "softening": "trained near equilibrium; forces and barriers tend to come out too small",
    "synthetic-weights": "times marked * are of random weights and tell nothing of accuracy",
    "time-step": "with hydrogen 0.5 fs is common, and this step is longer",
}
"""By topic: with topic and label at most 100 characters."""


def caution_line(caveat: Caveat) -> str:
    """Return the topic and what to keep in mind, in a line; of a topic without a short form the message itself."""
    return f"{caveat.topic}: {CAUTIONS.get(caveat.topic, caveat.message)}"
