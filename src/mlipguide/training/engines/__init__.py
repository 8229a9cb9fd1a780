"""The engines by name: what trains, and in whose environments."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.records.training.training import Engine

TRAINERS = {
    Engine.POD: "mlipguide.training.engines.pod:PodTrainer",
    Engine.NEP: "mlipguide.training.engines.nep:NepTrainer",
    Engine.FINE_TUNE: "mlipguide.training.engines.fine_tune:FineTuneTrainer",
}
BACKENDS = {Engine.POD: "lammps", Engine.NEP: "nep", Engine.FINE_TUNE: "sevenn"}
"""Whose environment an engine trains and runs in."""


def find_engine(name: str) -> Engine:
    """Return the engine of that name.

    Raises:
        InputError: There is none.
    """
    known = [engine.value for engine in Engine]
    if name not in known:
        raise InputError(
            f"--engines: unknown '{name}'.{did_you_mean(name, known)}", hint=f"Known here: {', '.join(known)}."
        )
    return Engine(name)


def trainer_class(engine: Engine) -> Any | None:
    """Return what trains with an engine; None where it is not part of this installation."""
    module, _, name = TRAINERS[engine].partition(":")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return None
