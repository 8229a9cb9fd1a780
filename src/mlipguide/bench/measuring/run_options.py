"""What the commands that measure have in common: how far they may go, and whom they tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlipguide.bench.measuring.measuring import Opener, Wait, wait_here
from mlipguide.candidates.preparation import NO_CONSENT, Consent
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.timing.model_timing import ModelTiming
from mlipguide.sessions.worker_session import open_session


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a command that measures goes about its work.

    Attributes:
        consent: How far it may go in getting what is missing.
        weights: Checkpoint files that the user gave, by model name.
        on_progress: Told what is being done and the share that is done.
        on_timing: Told how far each model has come while models are timed.
        opener: Starts a model.
        probe: Describes the machine.
        wait: Waits for quiet moments.
        each: Whether every checkpoint is measured, also where another one shares its time law.
    """

    consent: Consent = NO_CONSENT
    weights: Mapping[str, Path] = field(default_factory=dict)
    on_progress: Callable[[str, float], None] = lambda _message, _share: None
    on_timing: Callable[[Sequence[ModelTiming]], None] = lambda _timings: None
    opener: Opener = open_session
    probe: Callable[[], Machine] = probe_machine
    wait: Wait = wait_here
    each: bool = False
