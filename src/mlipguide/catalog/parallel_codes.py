"""Which codes run one system on several devices, by family of models."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from mlipguide.catalog.locations import DATA
from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import from_plain
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.timing.published import ParallelCode

PARALLEL_CODES = DATA / "parallel_codes.yaml"


@cache
def load_parallel_codes(path: Path = PARALLEL_CODES) -> Mapping[str, tuple[ParallelCode, ...]]:
    """Return the codes by family; of several, which is fastest depends on the size and on the number of devices.

    Raises:
        InputError: The file cannot be read, or an entry is malformed.
    """
    plain = read_yaml(path)
    if not isinstance(plain, dict):
        raise InputError(f"{path}: families are expected, one name each.", hint="See the built-in file.")
    return MappingProxyType(
        {
            str(family): from_plain(tuple[ParallelCode, ...], data, what=f"{path}, '{family}'")
            for family, data in plain.items()
        }
    )
