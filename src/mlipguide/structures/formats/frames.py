"""Which of a file's structures is meant, and what to say where there is no such one."""

from __future__ import annotations

from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.structures.formats.opening import open_file


def outside(path: Path, frame: int, count: int) -> InputError:
    """Return what to say of a frame that the file does not have."""
    frames = "1 frame" if count == 1 else f"{count} frames"
    return InputError(
        f"--index: {path} has {frames}, so there is no frame {frame}.",
        hint=f"Use 0 to {count - 1}, or -1 for the last one." if count > 1 else "Leave --index out.",
        kind="bad_index",
    )


def place(path: Path, frame: int, count: int) -> int:
    """Return the place of a frame from 0, of a file that has ``count`` of them, at least one.

    Raises:
        InputError: There is no such frame.
    """
    if not -count <= frame < count:
        raise outside(path, frame, count)
    return frame % count


def read_text(path: Path) -> str:
    """Return the text of a file, compressed or not.

    Raises:
        UnicodeError: Bytes that are no text.
    """
    with open_file(path, "rb") as stream:
        contents: bytes = stream.read()
    if b"\0" in contents:
        raise UnicodeError("binary data")
    try:
        return contents.decode("utf-8-sig")
    except UnicodeDecodeError:
        return contents.decode("latin-1")
