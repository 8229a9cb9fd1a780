"""Files of shared records: one JSON object a line. A line that is wrong is told with its number; the others count."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlipguide.bench.sharing.plausibility import Plausibility
from mlipguide.bench.sharing.vocabulary import Vocabulary
from mlipguide.core.errors import InputError
from mlipguide.core.kept_files import LONGEST_REASON, UnusableFileError
from mlipguide.records.timing.shared import SharedRecord
from mlipguide.records.timing.sharing import RefusedLine
from mlipguide.store import shared as store

LONGEST_LINE_BYTES = 2**20
MOST_FILE_BYTES = 2**31


class RefusedLineError(Exception):
    """A line is not taken; the message says why."""


@dataclass
class FoundLines:
    """What files held.

    Attributes:
        lines: How many lines are not empty.
        records: Those that are right and new, each with its document.
        duplicates: How many are right and were there already.
        refused: What was not taken.
        contributors: Of all that is right.
    """

    lines: int = 0
    records: list[tuple[SharedRecord, dict[str, Any]]] = field(default_factory=list)
    duplicates: int = 0
    refused: list[RefusedLine] = field(default_factory=list)
    contributors: set[str] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)

    def read(self, path: Path, words: Vocabulary, plausible: Plausibility, *, own: str | None) -> None:
        """Read one file.

        Args:
            path: The file.
            words: That records may hold.
            plausible: Tells what cannot be believed.
            own: The word that stands for this data folder: what carries it is here already.

        Raises:
            InputError: It cannot be read.
        """
        first: str | None = None
        for number, line in _lines(path):
            self.lines += 1
            try:
                document = _document(line)
                record = self._record(document, path, words, plausible)
                if first not in (None, record.contributor):
                    raise RefusedLineError("it is of another contributor than the first: a file is of one")  # noqa: TRY301
            except RefusedLineError as error:
                self.refused.append(RefusedLine(file=str(path), line=number, reason=shown(str(error))))
                continue
            first = record.contributor
            self._take(record, document, own)

    def _record(self, document: dict[str, Any], path: Path, words: Vocabulary, plausible: Plausibility) -> SharedRecord:
        try:
            record = store.read_shared(document, path)
        except UnusableFileError as error:
            raise RefusedLineError(f"it {error.reason}") from error
        unknown = words.unknown_in(record)
        card = words.card(record.model)
        if unknown is not None or card is None:
            raise RefusedLineError(f"{unknown}")
        doubt = plausible.doubt(record, card)
        if doubt is not None:
            raise RefusedLineError(doubt)
        return record

    def _take(self, record: SharedRecord, document: dict[str, Any], own: str | None) -> None:
        signature = record.samples_signature
        self.contributors.add(record.contributor)
        if signature in self._seen or record.contributor == own or store.file_of(record).exists():
            self.duplicates += 1
        else:
            self._seen.add(signature)
            self.records.append((record, document))

    def keep(self) -> None:
        """Keep what is right and new; what another process kept meanwhile counts as a duplicate.

        Raises:
            StorageError: The data folder cannot be written.
        """
        new = [(record, document) for record, document in self.records if store.add(record, document)]
        self.duplicates += len(self.records) - len(new)
        self.records = new


def shown(text: str) -> str:
    """Return a text that was made of a foreign file, without what could steer a terminal, and not too long."""
    safe = "".join(char if char.isprintable() else "?" for char in text[: LONGEST_REASON + 1])
    return safe if len(safe) <= LONGEST_REASON else f"{safe[:LONGEST_REASON]} …"


def read_files(
    paths: list[Path],
    words: Vocabulary,
    plausible: Plausibility,
    *,
    own: str | None,
    on_progress: Callable[[str, float], None],
) -> FoundLines:
    """Read files of shared records.

    Raises:
        InputError: One of them cannot be read.
    """
    found = FoundLines()
    for place, path in enumerate(paths):
        on_progress(f"checking {path.name}", place / len(paths))
        found.read(path, words, plausible, own=own)
    return found


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    hint = "Give a file that mlipguide share export wrote."
    try:
        if path.stat().st_size > MOST_FILE_BYTES:
            raise InputError(f"{path} is larger than 2 GiB.", hint=hint, file=str(path))
        with path.open("rb") as stream:
            for number, line in enumerate(_cut(stream), start=1):
                if line.strip():
                    yield number, line
    except OSError as error:
        reason = "it is a folder" if path.is_dir() else (error.strerror or str(error)).lower()
        raise InputError(f"Cannot read {path}: {reason}.", hint=hint, file=str(path)) from error
    except ValueError as error:  # a path that no file can have
        raise InputError(f"Cannot read a file of this name: {error}.", hint=hint) from error


def _cut(stream: Any) -> Iterator[bytes]:
    """Yield lines; of one that is too long only as much as tells that it is."""
    while line := stream.readline(LONGEST_LINE_BYTES + 1):
        yield line
        while len(line) > LONGEST_LINE_BYTES and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE_BYTES + 1)


def _document(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE_BYTES:
        raise RefusedLineError("it is longer than 1 MiB")
    try:
        document = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise RefusedLineError("it is no text") from error
    except (ValueError, RecursionError) as error:
        raise RefusedLineError("it is no JSON, or only a part of it") from error
    if not isinstance(document, dict):
        raise RefusedLineError("it is no shared record of mlipguide")
    return document


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
