"""Hardware of one kind, as far as it decides speed: what machines have in common whose timings may be shared."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from mlipguide.records.checks import MOST_BYTES, require_name, require_positive, require_within
from mlipguide.records.strict import strict

DIGITS = 16
MOST_CORES = 1e6


@strict
@dataclass(frozen=True, kw_only=True)
class MachineClass:
    """What is the same on machines of one kind; nothing in it tells one of them from another.

    Attributes:
        processor: Name of the processor, of words that processors are named with.
        architecture: ``x86_64``, ``aarch64``, ``arm64``.
        usable_cores: Hardware threads that a run may use; a quota may be a fraction.
        instruction_sets: Those that change the speed of linear algebra.
        l3_cache_bytes: Last-level cache of one socket; None where unknown.
        virtual_machine: Whether a hypervisor is seen; None where it cannot be told.
        gpu: The device that ran the model, as ``hardware list`` names it; None for the processor.
    """

    processor: str
    architecture: str
    usable_cores: float
    instruction_sets: tuple[str, ...]
    l3_cache_bytes: int | None
    virtual_machine: bool | None
    gpu: str | None

    @property
    def id(self) -> str:
        """Hexadecimal digits that are equal for equal classes alone."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]

    def check(self) -> None:
        """Refuse what is no machine.

        Raises:
            ValueError: What does not make sense.
        """
        require_name(processor=self.processor, architecture=self.architecture)
        require_positive(MOST_CORES, usable_cores=self.usable_cores)
        require_within(0, MOST_BYTES, l3_cache_bytes=self.l3_cache_bytes)


@strict
@dataclass(frozen=True, kw_only=True)
class KnownMachine:
    """Which classes a machine that something was timed on belongs to.

    Attributes:
        fingerprint: Of the machine.
        processor: Its class where the processor runs a model; None where its name is not one that is shared.
        gpu: Its class where its first GPU does; None without one, or of one that is not in the list of devices.
    """

    fingerprint: str
    processor: MachineClass | None
    gpu: MachineClass | None

    def check(self) -> None:
        """Refuse what is no machine.

        Raises:
            ValueError: What does not make sense.
        """
        require_name(fingerprint=self.fingerprint)
        for one in (self.processor, self.gpu):
            if one is not None:
                one.check()
