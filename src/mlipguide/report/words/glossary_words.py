"""Words of the field in half a line, for the line under a table that uses them; ``explain glossary`` has the rest."""

from __future__ import annotations

GLOSSARY = "mlipguide explain glossary"
MEANINGS = {
    "CPS": "score for crystals, 1 is best",
    "F1": "sorting of stable crystals, 1 is best",
    "κ_SRME": "error of thermal conductivity, 0 exact, 2 useless",
    "frames": "arrangements of atoms",
    "labels": "their energies, forces and stress from a reference calculation",
    "held-out": "kept from the training",
    "student": "the fast potential that learns",
    "teacher": "the slow model that labels",
    "E0": "energy of a single atom",
    "head": "the part of a model that stands for one level of theory",
    "ns/day": "simulated nanoseconds in a day of computing",
    "pairs per atom": "neighbours within the cutoff",
}


def explained(*words: str) -> str:
    """Return what words of a table mean, and where more stands."""
    return f"{'; '.join(f'{word}: {MEANINGS[word]}' for word in words)}. More: {GLOSSARY}."
