"""One structure out of any file that ASE reads, or one clear sentence why not."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ase

from mlipguide.core.errors import InputError, concerning
from mlipguide.core.memory import at_most_memory
from mlipguide.records.notice import Notice
from mlipguide.structures.beside import keep_beside
from mlipguide.structures.checks import require_usable
from mlipguide.structures.electrons import Electrons
from mlipguide.structures.formats import own_reader
from mlipguide.structures.formats.frames import outside
from mlipguide.structures.formats.opening import COMPRESSED, open_file
from mlipguide.structures.formats.xyz_columns import require_believable_columns, xyz_notices
from mlipguide.structures.isotopes import isotope_symbols, name_hydrogen
from mlipguide.structures.species import require_full_occupancy

LAST_FRAME = -1
_LAMMPS_DATA = re.compile(rb"^\s*\d+\s+atoms\b.*?\bxlo\s+xhi\b", re.MULTILINE | re.DOTALL)
_CIF = re.compile(rb"(?:\s|#.*\n)*data_", re.IGNORECASE)
_HEAD_BYTES = 20_000

NOTHING_GIVEN = Electrons()

LARGEST_COMPRESSION = 1100
"""Atoms that one byte of a file may stand for: deflate packs at most about 1030 bytes into one."""

LEAST_READING_BYTES = 2 * 2**30
READING_BYTES_PER_BYTE = 200
"""Memory that a reader may take: Python's objects of a text need some tens of its bytes."""

SHORTEST_SUSPECT, LONGEST_COUNT = 6, 40
"""Lengths of a line: a count of fewer digits is harmless, and one of more is no count."""


@dataclass(frozen=True, kw_only=True)
class ReadStructure:
    """What a file gave: the structure, and what reading it dropped or assumed.

    Attributes:
        atoms: Positions and cell in Å; constraints, total charge and spin in ``info``, masses that are no element's.
        notices: One for each kind of thing that was dropped or assumed; empty where nothing was.
    """

    atoms: ase.Atoms
    notices: tuple[Notice, ...] = ()


def read_structure(path: Path, *, index: str | None = None) -> ase.Atoms:
    """Read one structure from a file, for those who need no notices; see :func:`read_with_notices`."""
    return read_with_notices(path, index=index).atoms


def read_with_notices(path: Path, *, index: str | None = None, given: Electrons = NOTHING_GIVEN) -> ReadStructure:
    """Read one structure from a file, and say what was dropped or assumed.

    Beside elements, positions, cell and periodicity, in the file's order, it keeps what
    :mod:`mlipguide.structures.beside` does. Unlike ``ase.io.read`` it keeps no calculator and no velocities, and an
    ``@`` in the file's name is a part of the name.

    Args:
        path: A file in a format that ASE reads; the format is told by name and contents.
        index: The frame, as typed: ``0`` is the first, ``-1`` the last. The last one when None.
        given: Total charge and spin that stand in the place of the file's.

    Raises:
        InputError: No such file, a folder, empty, cut short, damaged or of unknown format; no such frame;
            partial occupancies; atoms without an element; what ``checks.require_usable`` refuses.
    """
    frame = _parse_index(index)
    with concerning(file=str(path)):
        return _read(path, frame, given)


def _read(path: Path, frame: int, given: Electrons) -> ReadStructure:
    require_file(path)
    with reading(path):
        file_format = find_format(path)
        try:
            if file_format in {"extxyz", "xyz"}:
                _require_believable_counts(path)
            atoms, notices = _read_frame(path, frame, file_format)
            require_full_occupancy(atoms, path)
        except InputError:
            raise
        except (Exception, SystemExit) as error:
            raise _unreadable(path, file_format, error) from error
    taken = take_atoms(atoms, source=str(path), given=given)
    return ReadStructure(atoms=taken.atoms, notices=(*notices, *taken.notices))


def take_atoms(atoms: ase.Atoms, *, source: str, given: Electrons = NOTHING_GIVEN) -> ReadStructure:
    """Take a structure out of atoms as ASE holds them, and say what was dropped or assumed; they are left alone.

    Args:
        atoms: The structure, with whatever stands beside it.
        source: Where it comes from, for messages.
        given: Total charge and spin that stand in the place of its own.

    Raises:
        InputError: What ``checks.require_usable`` refuses, or a charge or a spin that makes no sense.
    """
    require_usable(atoms, source=source)
    kept, notices = keep_beside(atoms, source=source, given=given)
    return ReadStructure(atoms=kept, notices=notices)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Run readers of a file: they are silent, and take no more memory than a file of this size explains.

    A damaged count of atoms would otherwise fill the memory of the machine: readers make room before they read.
    """
    packed = LARGEST_COMPRESSION if path.suffix in COMPRESSED else 1
    memory = max(LEAST_READING_BYTES, path.stat().st_size * READING_BYTES_PER_BYTE * packed)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), at_most_memory(memory):
        warnings.simplefilter("ignore")
        yield


def _parse_index(index: str | None) -> int:
    if index is None:
        return LAST_FRAME
    text = index.strip()
    if re.fullmatch(r"[+-]?\d{1,12}", text):
        return int(text)
    what = "is a slice; only one frame can be used" if ":" in text else "is not a whole number"
    raise InputError(
        f"--index: '{index}' {what}.",
        hint="Write one number: 0 is the first frame, -1 the last.",
        kind="bad_index",
        option="--index",
    )


def require_file(path: Path) -> None:
    """Refuse what is no readable file with something in it.

    Raises:
        InputError: No such file, a folder, not readable, or empty.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder.", hint="Give the path of one structure file.", kind="not_a_file")
        if not path.exists():
            raise InputError(
                f"There is no file {path}.",
                hint="Check the path, or use --preset for a built-in structure.",
                kind="missing_file",
            )
        if not path.is_file():
            raise InputError(
                f"{path} is not a regular file.",
                hint="Save the structure to a file first.",
                kind="not_a_file",
            )
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(
            f"Cannot read {path}: {reason}.",
            hint="Check the path and its permissions.",
            kind="unreadable_file",
        ) from error
    if not head.strip():
        raise InputError(f"{path} is empty.", hint="Give a file with a structure in it.", kind="empty_file")


def find_format(path: Path) -> str:
    """Return ASE's name of the format.

    LAMMPS data files are told by their contents: they have no fixed ending, and ASE takes ``.data`` for
    RuNNer's. CIF files whose first line is as it should be are told without ASE, whose import takes long.

    Raises:
        InputError: The format is not known, or the file cannot be read.
    """
    try:
        with open_file(path, "rb") as stream:
            head = stream.read(_HEAD_BYTES)
        if _LAMMPS_DATA.search(head):
            return "lammps-data"
        if path.suffix == ".cif" and _CIF.match(head):
            return "cif"
        return _told_by_ase(path)
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        raise _unreadable(path, None, error) from error


def _told_by_ase(path: Path) -> str:
    from ase.io.formats import UnknownFileTypeError, filetype, get_ioformat

    try:
        found: str = filetype(str(path.absolute()))
        get_ioformat(found)
    except UnknownFileTypeError as error:
        raise InputError(
            f"{path}: the format is not known.",
            hint="Use a CIF, POSCAR, extended XYZ, PDB or another format that ASE reads, with its usual file ending.",
            kind="unknown_format",
        ) from error
    return found


def _require_believable_counts(path: Path) -> None:
    """Refuse an XYZ file that announces more atoms than it has bytes: readers count through them all."""
    most = path.stat().st_size * LARGEST_COMPRESSION
    with open_file(path, "rb") as stream:
        for line in stream:
            if b"Properties=" in line:
                require_believable_columns(line.decode("latin-1"), str(path))
            if len(line) > SHORTEST_SUSPECT and line.strip().isdigit() and int(line[:LONGEST_COUNT]) > most:
                raise InputError(
                    f"{path} announces {line[:LONGEST_COUNT].decode().strip()} atoms, more than it can hold.",
                    hint="The file is damaged or cut short.",
                    kind="unreadable_structure",
                )


def _read_frame(path: Path, frame: int, file_format: str) -> tuple[ase.Atoms, tuple[Notice, ...]]:
    """Read with the reader of this format here where there is one, and with ASE's otherwise."""
    reader = own_reader(file_format)
    if reader is not None:
        return reader(path, frame)
    with isotope_symbols() as isotopes:
        atoms = _read_by_ase(path, frame, file_format)
    name_hydrogen(atoms, isotopes)
    return atoms, xyz_notices(path) if file_format in {"extxyz", "xyz"} else ()


def _read_by_ase(path: Path, frame: int, file_format: str) -> ase.Atoms:
    import ase.io
    from ase.io.formats import get_ioformat

    name = str(path.absolute())
    if get_ioformat(file_format).single:
        if frame not in {0, LAST_FRAME}:
            raise outside(path, frame, 1)
        return _one(ase.io.read(name, format=file_format, do_not_split_by_at_sign=True))
    if frame < LAST_FRAME:
        # Asked for too far back, readers return the first frame in silence: count what comes from there on.
        frames = ase.io.iread(name, index=slice(frame, None), format=file_format, do_not_split_by_at_sign=True)
        atoms, count = None, 0
        for count, image in enumerate(frames, start=1):  # noqa: B007  # the count is used after the loop
            atoms = image if atoms is None else atoms
        if count < -frame or atoms is None:
            raise outside(path, frame, count)
        return atoms
    try:
        return _one(ase.io.read(name, index=frame, format=file_format, do_not_split_by_at_sign=True))
    except (Exception, SystemExit):
        if frame > 0:
            every = ase.io.iread(name, index=":", format=file_format, do_not_split_by_at_sign=True)
            count = sum(1 for _ in every)
            if frame >= count > 0:
                raise outside(path, frame, count) from None
        raise


def _one(images: ase.Atoms | list[ase.Atoms]) -> ase.Atoms:
    """Return the one structure that was asked for."""
    return images[-1] if isinstance(images, list) else images


def _unreadable(path: Path, file_format: str | None, error: BaseException) -> InputError:
    if isinstance(error, KeyError) and re.fullmatch(r"'[\w+*-]{1,12}'", str(error)):
        return InputError(
            f"{path}: {error} is not a chemical element.",
            hint="Write chemical symbols in the file.",
            kind="unknown_element",
        )
    from ase.io.formats import get_ioformat

    several = file_format is not None and not get_ioformat(file_format).single
    return InputError(
        f"Cannot read {path}{f' as {file_format}' if file_format else ''}: {_reason(error)}.",
        hint="The file is cut short, damaged, or of another format than its name says."
        + (" If only its end is damaged, choose an earlier frame with --index." if several else ""),
        kind="unreadable_structure",
    )


def _reason(error: BaseException) -> str:
    if isinstance(error, UnicodeError):
        return "it holds binary data where text is expected"
    if isinstance(error, MemoryError):
        return "it needs more memory than a file of its size can"
    cut_short = isinstance(error, StopIteration | IndexError | EOFError | AssertionError)
    if cut_short or "could not broadcast" in str(error):
        return "it ends before the structure is complete"
    lines = str(error).strip().splitlines()
    return (lines[0][:160].rstrip(" .:") if lines else "") or "its contents make no sense"
