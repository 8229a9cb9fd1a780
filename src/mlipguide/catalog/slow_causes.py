"""What is known of the reasons for slow runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from mlipguide.catalog.locations import DATA
from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import from_plain
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.timing.slowdown import SlowdownCard, SlowdownKind

SLOW_CAUSES = DATA / "slow_causes.yaml"


@cache
def load_slow_causes(path: Path = SLOW_CAUSES) -> Mapping[SlowdownKind, SlowdownCard]:
    """Return what is known of each reason.

    Raises:
        InputError: The file cannot be read, an entry is malformed, or a reason stands there twice or not at all.
    """
    cards = from_plain(tuple[SlowdownCard, ...], read_yaml(path), what=str(path))
    found = {card.kind: card for card in cards}
    if len(found) != len(cards) or set(found) != set(SlowdownKind):
        raise InputError(f"{path}: each reason is expected once.", hint=f"Reasons: {', '.join(SlowdownKind)}.")
    return MappingProxyType(found)
