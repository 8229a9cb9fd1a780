"""How candidates are timed: the numbers that a protocol file holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlipguide.catalog.locations import DATA
from mlipguide.core.serialisation import from_plain
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A measurement protocol; the fields are described in ``data/protocols/default.yaml``."""

    name: str
    smallest_atoms: int
    growth: float
    largest_atoms: int
    fewest_steps: int
    most_steps: int
    burst_s: float
    target_half_width: float
    memory_share: float


def load_protocol(path: Path | None = None) -> Protocol:
    """Read a protocol file; without a path the default one.

    Raises:
        InputError: The file cannot be read, or a field is wrong.
    """
    path = path or DATA / "protocols" / "default.yaml"
    return from_plain(Protocol, read_yaml(path), what=str(path))
