"""What a checkpoint file would import when it is loaded, read without loading it.

Python's pickle is a program: an object of any importable name may be called while it is loaded
(https://docs.python.org/3/library/pickle.html). Checkpoints of PyTorch are pickles, most within a zip archive.
"""

from __future__ import annotations

import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path

PROTOCOL = b"\x80"
"""With what a pickle of protocol 2 or newer begins."""

OLDEST = b"(lp0", b"(dp0", b"cposix", b"cos\n", b"c__builtin__", b"cbuiltins"
"""With what a pickle of protocol 0 may begin."""

LARGEST_BYTES = 64 << 20
"""Of the pickle itself; tensors of an archive stand in other members of it."""

_PLAIN_DATA = frozenset({
    "collections.OrderedDict", "_codecs.encode", "torch.Size", "torch.Tensor", "torch.device", "torch.nn.parameter.Parameter",
    "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state", "torch.storage.UntypedStorage", "torch.storage.TypedStorage",
})  # fmt: skip
_DTYPES = ("float", "double", "half", "bfloat16", "int", "long", "short", "uint", "bool", "complex", "cfloat", "cdouble")

_STRINGS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING"})


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
    """Yield the pickles in a file: its own beginning, or the members of an archive."""
    with path.open("rb") as stream:
        head = stream.read(16)
    if head.startswith(PROTOCOL) or head.startswith(OLDEST):
        with path.open("rb") as stream:
            yield stream.read(LARGEST_BYTES)
    if not zipfile.is_zipfile(path):
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


def _names(pickle: bytes) -> Iterator[str]:
    """Yield what the operations of a pickle import, as far as it can be read; several may stand one after another."""
    start = 0
    while start < len(pickle):
        strings: list[str] = []
        memo: dict[int, str] = {}
        last = ""
        try:
            for operation, argument, position in pickletools.genops(pickle[start:]):
                name = operation.name
                if name in _STRINGS:
                    last = str(argument)
                    strings.append(last)
                elif name == "MEMOIZE":
                    memo[len(memo)] = last
                elif name in {"PUT", "BINPUT", "LONG_BINPUT"}:
                    memo[int(argument)] = last
                elif name in {"GET", "BINGET", "LONG_BINGET"}:
                    strings.append(memo.get(int(argument), ""))
                elif name in {"GLOBAL", "INST"}:
                    yield str(argument).replace(" ", ".")
                elif name == "STACK_GLOBAL":
                    yield ".".join(strings[-2:])
                elif name == "STOP":
                    start += int(position or 0) + 1
                    break
        except (ValueError, UnicodeDecodeError):
            return


def _is_plain(name: str) -> bool:
    module, _, last = name.rpartition(".")
    return (
        name in _PLAIN_DATA
        or name.startswith("__torch__.")
        or (module == "torch" and (last.endswith("Storage") or last.lower().startswith(_DTYPES)))
    )
