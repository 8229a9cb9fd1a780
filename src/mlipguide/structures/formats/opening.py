"""Files that may be compressed, told by their endings as ASE does.

ASE has the same function in ``ase.io.formats``, whose import takes as long as the rest of an answer from kept timings.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Literal, overload

_OPENERS: Mapping[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}

COMPRESSED = frozenset(_OPENERS)
"""Endings of compressed files."""


@overload
def open_file(path: Path, mode: Literal["rt"] = "rt") -> IO[str]: ...
@overload
def open_file(path: Path, mode: Literal["rb"]) -> IO[bytes]: ...
def open_file(path: Path, mode: Literal["rt", "rb"] = "rt") -> IO[Any]:
    """Open a file for reading, compressed or not.

    Raises:
        OSError: The file cannot be opened.
    """
    stream: IO[Any] = _OPENERS.get(path.suffix, open)(path.absolute(), mode)
    return stream
