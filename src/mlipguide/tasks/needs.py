"""Needs as they are written: ``stress,-surfaces`` asks for one and declines the suggestion of another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.records.models.terms import Need

NONE = "none"
DECLINE = "-"


@dataclass(frozen=True, kw_only=True)
class NeedsRequest:
    """What was asked for, what of the structure's suggestions was declined, and whether any are wanted."""

    asked: tuple[Need, ...]
    declined: tuple[Need, ...]
    derive: bool


def read_needs(text: str | None, *, derive: bool = True) -> NeedsRequest:
    """Return the needs in a comma-separated list; ``none`` asks for none and declines all suggestions.

    Raises:
        InputError: An unknown need, or ``none`` among others.
    """
    names = names_in(text)
    if NONE in names:
        if len(names) > 1:
            raise InputError(f"--needs: '{text}' asks for none and for others.", hint="Write --needs none alone.")
        return NeedsRequest(asked=(), declined=(), derive=False)
    return NeedsRequest(
        asked=_known(name for name in names if not name.startswith(DECLINE)),
        declined=_known(name.removeprefix(DECLINE) for name in names if name.startswith(DECLINE)),
        derive=derive,
    )


def parse_needs(text: str | None) -> tuple[Need, ...]:
    """Return the needs in a comma-separated list.

    Raises:
        InputError: An unknown need.
    """
    return _known(names_in(text))


def names_in(text: str | None) -> tuple[str, ...]:
    """Return the names in a comma-separated list, in order, each once."""
    return tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))


def _known(names: Iterable[str]) -> tuple[Need, ...]:
    known = [need.value for need in Need]
    found: list[Need] = []
    for name in names:
        if name not in known:
            raise InputError(
                f"--needs: unknown need '{name}'.{did_you_mean(name, known)}",
                hint=f"Known needs: {', '.join(known)}.",
            )
        found.append(Need(name))
    return tuple(dict.fromkeys(found))
