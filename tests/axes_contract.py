"""Each value that a recipe offers and this machine allows can be loaded, and computes what the backend does without it.

What compiles takes minutes: it is tried where its backend is named, as in ``MLIPGUIDE_TEST_BACKENDS=mace-torch``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from backend_rotation import VARIABLE
from mlipguide.bench.agreement import compare_settings, is_within, rattled_copies
from mlipguide.candidates.axes_here import axes_here
from mlipguide.candidates.preparation import Prepared
from mlipguide.environments.recipes import find_recipe
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.environment import Environment
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.timing.axes import Purpose
from mlipguide.records.timing.measurement import Settings
from mlipguide.sessions.interface import ModelSession
from mlipguide.sessions.worker_session import WorkerSession

if TYPE_CHECKING:
    from ase import Atoms

COMPILE = "compile"


def require_each_value(
    card: ModelCard,
    environment: Environment,
    plain: ModelSession,
    *,
    settings: Settings,
    opened: Callable[[Settings], WorkerSession],
    structure: Atoms,
    weights_file: Path | None = None,
    synthetic: bool = False,
) -> None:
    """Load a checkpoint with each value, one at a time, and compare its results with those of the default.

    Args:
        card: The checkpoint.
        environment: Of its backend.
        plain: The checkpoint with the default.
        settings: The default.
        opened: Starts it with settings.
        structure: What is evaluated, rattled.
        weights_file: Its file.
        synthetic: Whether its weights are random.
    """
    item = Prepared(
        card=card,
        recipe=find_recipe(card.backend),
        environment=environment,
        settings=settings,
        weights_file=weights_file,
        synthetic=synthetic,
        obstacle=None,
    )
    named = card.backend in os.environ.get(VARIABLE, "").split(",")
    available = [one for one in axes_here(item, probe_machine(), Purpose.MD).available if named or one.axis != COMPILE]
    assert available
    structures = rattled_copies(structure, 1)
    for one in available:
        with closing(opened(settings.with_choice(one.axis, one.value))) as other:
            found = compare_settings(plain, other, structures)
        assert is_within(found), (one, found)
