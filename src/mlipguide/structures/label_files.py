"""Frames out of any file that ASE reads, one after another: never more than one is held.

Extended XYZ and OUTCAR are cut into frames here, since ASE's own readers go through the whole file before they give
the first frame, and name no frame where they fail.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import ase

from mlipguide.core.errors import InputError
from mlipguide.structures.files import find_format, reading, require_file
from mlipguide.structures.formats import Reader, own_reader
from mlipguide.structures.formats.lammps_dump import iterate_lammps_dump
from mlipguide.structures.formats.opening import COMPRESSED, open_file
from mlipguide.structures.formats.xyz_columns import require_believable_columns

MOST_ATOMS = 10**9
"""More than any frame has: a count beyond is damage, not a structure."""


def iterate_frames(path: Path) -> Iterator[ase.Atoms]:
    """Read the frames of a file.

    Yields:
        Each frame as ASE makes it: calculator, info and arrays hold what the file says.

    Raises:
        InputError: No such file, empty, of unknown format, or damaged: the message names the frame.
    """
    require_file(path)
    with reading(path):
        file_format = find_format(path)
    frames = _frames(path, file_format)
    for index in itertools.count():
        try:
            with reading(path):
                atoms = next(frames, None)
        except InputError:
            raise
        except (Exception, SystemExit) as error:
            raise _damaged(path, index, file_format, error) from error
        if atoms is None:
            return
        yield atoms


def _frames(path: Path, file_format: str) -> Iterator[ase.Atoms]:
    import ase.io
    from ase.db import connect
    from ase.io.formats import get_ioformat
    from ase.io.vasp_parsers.vasp_outcar_parsers import outcarchunks

    name = str(path.absolute())
    if file_format in ("extxyz", "xyz"):
        with open_file(path) as stream:
            yield from _xyz_frames(stream, path)
    elif file_format == "vasp-out" and path.suffix not in COMPRESSED:
        with path.open(encoding="utf-8", errors="replace") as stream:
            for chunk in outcarchunks(stream):
                yield chunk.build()
    elif file_format == "lammps-dump-text":
        yield from iterate_lammps_dump(path)
    elif file_format == "db":
        with connect(name) as database:
            for row in database.select():  # ASE's reader of frames drops what is stored beside the structure
                yield row.toatoms(add_additional_information=True)
    elif (reader := own_reader(file_format)) is not None:
        yield from _each(reader, path)
    elif get_ioformat(file_format).single:
        found = ase.io.read(name, format=file_format, do_not_split_by_at_sign=True)
        yield found[-1] if isinstance(found, list) else found
    else:
        yield from ase.io.iread(name, index=":", format=file_format, do_not_split_by_at_sign=True)


def _each(reader: Reader, path: Path) -> Iterator[ase.Atoms]:
    """Yield the frames of a reader that gives one at a time."""
    for index in itertools.count():
        try:
            atoms, _ = reader(path, index)
        except InputError as error:
            if index and error.kind == "bad_index":
                return
            raise
        yield atoms


def _xyz_frames(stream: IO[str], path: Path) -> Iterator[ase.Atoms]:
    from ase.io.extxyz import read_xyz

    index = 0
    for line in stream:
        if not line.strip():
            continue
        count = line.strip()
        if not re.fullmatch(r"\d{1,10}", count) or not 0 < int(count) < MOST_ATOMS:
            raise InputError(
                f"{path}, frame {index}: a number of atoms is expected, not '{count[:40]}'.",
                hint="The frame before has more or fewer rows than it announces, or the file is damaged there.",
                kind="damaged_labels",
            )
        lines = list(itertools.islice(stream, int(count) + 1))
        if len(lines) < int(count) + 1:
            raise InputError(
                f"{path}, frame {index}: it announces {int(count):,} atoms, and the file ends after "
                f"{max(0, len(lines) - 1):,}.",
                hint=f"The file is cut short: remove the last frame, or write it again; frames 0 to {index - 1} are "
                "whole."
                if index
                else "The file is cut short: write it again.",
                kind="damaged_labels",
            )
        require_believable_columns(lines[0], f"{path}, frame {index}")
        yield from read_xyz(io.StringIO("".join([line, *lines])), index=0)
        index += 1


def _damaged(path: Path, index: int, file_format: str, error: BaseException) -> InputError:
    words = str(error).strip().splitlines()
    reason = (words[0][:160].rstrip(" .:") if words else "") or "its contents make no sense"
    if isinstance(error, StopIteration | IndexError | EOFError | AssertionError):
        reason = "it ends before the frame is complete"
    elif isinstance(error, MemoryError):
        reason = "it needs more memory than a file of its size can"
    return InputError(
        f"{path}, frame {index}: cannot be read as {file_format}: {reason}.",
        hint="A row has too few columns or words where numbers are expected, or the file is of another format.",
        kind="damaged_labels",
    )
