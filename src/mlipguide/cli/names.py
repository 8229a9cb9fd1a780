"""Names of the commands, each with its line in ``mlipguide --help``, so that no file of a command is loaded for it."""

COMMANDS = {
    "recommend": "Say which model to run for a simulation, and how.",
    "init": "Write a commented task file for recommend.",
    "bench": "Time models over several sizes; judge a speed.",
    "tune": "Find the settings with which models are fastest here.",
    "evaluate": "Compare models with reference calculations of yours.",
    "disagree": "Compare models with each other, without labels.",
    "stability": "Test whether models make a stable run.",
    "explore": "Change a question with keys or mouse, and see the answer follow.",
    "plan": "Say what hardware a run needs.",
    "compare": "Answers of several machines, side by side.",
    "train": "Train a potential on labels, or distil one.",
    "check": "Compare with a baseline, in tests that repeat.",
    "models": "The catalogue of models.",
    "hardware": "This machine, and known devices elsewhere.",
    "env": "The Python environments of the backends.",
    "jobs": "Runs on a cluster: list, watch, collect, resume.",
    "share": "Give measurements away, and use those of others.",
    "explain": "Explain a topic in plain words, with sources.",
    "cite": "BibTeX of models, of their data and of their codes.",
    "doctor": "Print a diagnosis to paste into a bug report.",
}
"""Every command has a file of its own in this folder, with its function or, for a group, the typer app."""
GROUPS = frozenset({"models", "hardware", "env", "jobs", "share", "train"})
"""Commands that have commands of their own."""
PAIRS = frozenset({("bench", "compare"), ("bench", "speed")})
"""Commands of a group whose own name is a command too."""
SPEED_OPTION = "--compare-with"
"""An option of ``bench`` that stands for its command ``speed``."""


def asks_speed(words: list[str]) -> bool:
    """Tell whether what stands behind ``bench`` asks about a speed."""
    return any(word.partition("=")[0] == SPEED_OPTION for word in words)
