"""What a checkpoint file would import when it is loaded, read without loading it.

Python's pickle is a program: an object of any importable name may be called while it is loaded
(https://docs.python.org/3/library/pickle.html). Checkpoints of PyTorch are pickles, most within a zip archive.
"""

from __future__ import annotations

import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROTOCOL = b"\x80"
"""With what a pickle of protocol 2 or newer begins; an older one has no signature."""

LARGEST_BYTES = 64 << 20
"""Of the pickle itself; tensors of an archive stand in other members of it."""

_PLAIN_DATA = frozenset({
    "_codecs.encode", "collections.OrderedDict",
    "numpy.core.multiarray._reconstruct", "numpy.core.multiarray.scalar", "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar", "numpy.dtype", "numpy.ndarray",
    "torch.Size", "torch.Tensor", "torch.device", "torch.nn.parameter.Parameter",
    "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state", "torch.storage.UntypedStorage", "torch.storage.TypedStorage",
})  # fmt: skip
_DTYPES = (
    "float",
    "double",
    "half",
    "bfloat16",
    "int",
    "long",
    "short",
    "uint",
    "bool",
    "complex",
    "cfloat",
    "cdouble",
)

_STRINGS = frozenset(
    {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING"}
)


def imported_names(path: Path) -> tuple[str, ...]:
    """Return the names that loading a checkpoint would import, beyond tensors and plain containers.

    Nothing is imported or called. An archive of TorchScript has a language of its own, which Python does not run.

    Args:
        path: A file of any kind.

    Returns:
        Names with their modules, sorted; none where the file is no pickle or holds plain data.

    Raises:
        OSError: The file cannot be read.
    """
    names = {name for pickle in _pickles(path) for name in _names(pickle)}
    return tuple(sorted(name for name in names if not _is_plain(name)))


def _pickles(path: Path) -> Iterator[bytes]:
    """Yield what may be a pickle: the file itself, or the members of an archive."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            yield stream.read(LARGEST_BYTES)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if any(member.filename.endswith("/constants.pkl") for member in members):
                return
            for member in members:
                if member.filename.endswith(".pkl"):
                    with archive.open(member) as stream:
                        yield stream.read(LARGEST_BYTES)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        return  # whoever loads it will say so


def _names(data: bytes) -> Iterator[str]:
    """Yield what pickles that stand one after another import, also where the last is cut short."""
    start = 0
    while start < len(data):
        found: list[str] = []
        length = _read(data[start:], found)
        if length == 0 and not data.startswith(PROTOCOL, start):
            return  # no pickle: one without a signature has to be whole
        yield from found
        if length == 0:
            return
        start += length


def _read(data: bytes, found: list[str]) -> int:
    """Collect what one pickle imports, and return its length; 0 where it does not end."""
    strings = _Strings()
    try:
        for operation, argument, position in pickletools.genops(data):
            if operation.name in {"GLOBAL", "INST"}:
                found.append(str(argument).replace(" ", "."))
            elif operation.name == "STACK_GLOBAL":
                found.append(".".join(strings.pushed[-2:]))
            elif operation.name == "STOP":
                return int(position or 0) + 1
            else:
                strings.follow(operation.name, argument)
    except ValueError:
        return 0
    return 0


class _Strings:
    """The strings that a pickle has put on its stack, also those that it remembers and puts there again."""

    def __init__(self) -> None:
        self.pushed: list[str] = []
        self._memo: dict[int, str] = {}

    def follow(self, operation: str, argument: Any) -> None:
        """Carry out one operation, as far as it is about strings."""
        if operation in _STRINGS:
            self.pushed.append(str(argument))
        elif operation == "MEMOIZE":
            self._memo[len(self._memo)] = self.pushed[-1] if self.pushed else ""
        elif operation in {"PUT", "BINPUT", "LONG_BINPUT"}:
            self._memo[int(argument)] = self.pushed[-1] if self.pushed else ""
        elif operation in {"GET", "BINGET", "LONG_BINGET"}:
            self.pushed.append(self._memo.get(int(argument), ""))


def _is_plain(name: str) -> bool:
    module, _, last = name.rpartition(".")
    return (
        name in _PLAIN_DATA
        or name.startswith("__torch__.")
        or (module == "torch" and (last.endswith("Storage") or last.lower().startswith(_DTYPES)))
    )
