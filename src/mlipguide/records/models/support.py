"""How far a backend and its models are known to work, as a command found it on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.strict import strict


class Support(StrEnum):
    """What was seen to work; nothing is said of what was not tried.

    ``verified``: real weights ran, and a number that their authors published came out. ``runs``: real weights ran,
    their forces are the slope of the energy, and no published number was at hand. ``timed``: the published architecture
    ran with random weights. ``adapter``: the package installs and imports, and the weights are not at hand. ``card
    only``: nothing here runs it. ``failed``: it was tried, and something was wrong.
    """

    VERIFIED = "verified"
    RUNS = "runs"
    TIMED = "timed"
    ADAPTER = "adapter"
    CARD_ONLY = "card only"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        """Place in the order from the best known to the least."""
        return list(Support).index(self)


@strict
@dataclass(frozen=True, kw_only=True)
class SupportCheck:
    """One thing that was looked at.

    Attributes:
        name: ``loads``, ``facts``, ``reference``, ``forces``, ``stress``, ``handedness``, ``steps``.
        passed: Whether it was as it should be.
        found: What was found, in words with numbers.
    """

    name: str
    passed: bool
    found: str


@strict
@dataclass(frozen=True, kw_only=True)
class ModelSupport:
    """What was found of one model.

    Attributes:
        model: Its id.
        support: What follows.
        checked_at: ISO 8601 time, UTC; None where nobody looked.
        versions: Of the packages that ran it.
        checks: What was looked at, in that order.
        dtype: Precision; None where it was not run.
        atoms: Of the structure that was timed; None where it was not.
        step_ms_per_atom: Processor time of a step on one thread, for one atom, ms; None where it was not timed.
        problem: What was wrong, or why it was not run; None otherwise.
    """

    model: str
    support: Support
    checked_at: str | None = None
    versions: dict[str, str]
    checks: tuple[SupportCheck, ...] = ()
    dtype: str | None = None
    atoms: int | None = None
    step_ms_per_atom: float | None = None
    problem: str | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class BackendSupport:
    """What was found of one backend.

    Attributes:
        backend: Its name.
        support: The best of its models, or ``failed`` where one that was tried failed.
        checked_at: ISO 8601 time, UTC; None where nobody looked.
        python_version: Of its environment; None without one.
        versions: Installed in its environment.
        disk_bytes: What its environment takes; None without a managed one.
        models: What was found of each of its models that was looked at.
        problem: Why nothing could be tried; None otherwise.
    """

    backend: str
    support: Support
    checked_at: str | None
    python_version: str | None
    versions: dict[str, str]
    disk_bytes: int | None = None
    models: tuple[ModelSupport, ...] = ()
    problem: str | None = None


@strict
@dataclass(frozen=True)
class SupportTable:
    """What ``env verify`` found, by backend."""

    backends: tuple[BackendSupport, ...]
