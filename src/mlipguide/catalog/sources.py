"""Reading the bibliography: the BibTeX that ``sources.bib`` uses, which is less than all of BibTeX.

An entry is ``@kind{key, field = {value}, ...}``; a value stands in balanced braces, in quotes, or is a
number. Macros, string concatenation and TeX commands are not interpreted. Text between entries is a comment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from mlipguide.catalog.locations import DATA, SOURCES
from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import once_per_state

_START = re.compile(r"@(\w+)\s*\{\s*([^\s,{}]+)\s*,", re.ASCII)
_BRACE = re.compile(r"[{}]")
_FIELD = re.compile(r"\s*(\w+)\s*=\s*", re.ASCII)
_HINT = "Write entries as @kind{key, field = {value}, ...}."


@dataclass(frozen=True)
class Source:
    """One entry of the bibliography.

    Attributes:
        key: What facts name it by.
        kind: ``article``, ``misc``, …, in lower case.
        fields: Names in lower case, values as written, without the outermost braces.
    """

    key: str
    kind: str
    fields: Mapping[str, str]

    @property
    def title(self) -> str:
        """The title without braces, or the key where there is none."""
        return re.sub(r"[{}]", "", self.fields.get("title", self.key)).replace("--", "\u2013")

    @property
    def link(self) -> str | None:
        """Where a reader can open it: by DOI, else by address, else at arXiv; None when none is given."""
        if "doi" in self.fields:
            return f"https://doi.org/{self.fields['doi']}"
        if "url" in self.fields:
            return self.fields["url"]
        return f"https://arxiv.org/abs/{self.fields['eprint']}" if "eprint" in self.fields else None

    @property
    def is_publication(self) -> bool:
        """Whether it is a paper, a preprint, a book or a deposited data set, not a file or a page of the web."""
        return self.kind != "misc" or not self.fields.keys().isdisjoint({"doi", "eprint"})

    @property
    def identity(self) -> str:
        """What tells that two entries are the same work: its DOI, else its number at arXiv, else its key."""
        return self.fields.get("doi", self.fields.get("eprint", self.key)).lower()

    @property
    def reference(self) -> str:
        """The shortest text that finds it: ``doi:…``, ``arXiv:…``, or the key where it has only an address."""
        if "doi" in self.fields:
            return f"doi:{self.fields['doi']}"
        if "eprint" in self.fields and "url" not in self.fields:
            return f"arXiv:{self.fields['eprint']}"
        return self.key


def read_sources(path: Path = DATA / SOURCES) -> Mapping[str, Source]:
    """Read a bibliography, by default the built-in one.

    Returns:
        The entries by key.

    Raises:
        InputError: The file cannot be read or an entry is malformed or repeated.
    """
    return _read_sources(path)


@once_per_state
def _read_sources(path: Path) -> Mapping[str, Source]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read {path}: {error}.", hint="Give the path of a BibTeX file.") from error
    return parse_sources(text, what=str(path))


def parse_sources(text: str, *, what: str) -> dict[str, Source]:
    """Parse BibTeX.

    Args:
        text: The bibliography.
        what: What is being read, for the message: a file name.

    Raises:
        InputError: An entry is malformed or its key is repeated.
    """
    text = re.sub(r"^\s*%.*$", "", text, flags=re.MULTILINE)
    sources: dict[str, Source] = {}
    position = 0
    while match := _START.search(text, position):
        kind, key = match.group(1).lower(), match.group(2)
        fields, position = _parse_fields(text, match.end(), f"{what}, entry '{key}'")
        if key in sources:
            raise InputError(f"{what}: the key '{key}' is used twice.", hint="Give each entry its own key.")
        sources[key] = Source(key, kind, MappingProxyType(fields))
    return sources


def _parse_fields(text: str, position: int, what: str) -> tuple[dict[str, str], int]:
    fields: dict[str, str] = {}
    while match := _FIELD.match(text, position):
        value, position = _parse_value(text, match.end(), what)
        fields[match.group(1).lower()] = " ".join(value.split())
        separator = re.compile(r"\s*,?").match(text, position)
        position = separator.end() if separator else position
    end = re.compile(r"\s*\}").match(text, position)
    if end is None:
        found = text[position : position + 20].strip() or "the end of the file"
        raise InputError(f"{what}: a field or '}}' is expected before '{found}'.", hint=_HINT)
    return fields, end.end()


def _parse_value(text: str, position: int, what: str) -> tuple[str, int]:
    if text[position : position + 1] == "{":
        depth = 0
        for brace in _BRACE.finditer(text, position):
            depth += 1 if brace.group() == "{" else -1
            if depth == 0:
                return text[position + 1 : brace.start()], brace.end()
    elif match := re.compile(r'"([^"]*)"|(\d+)').match(text, position):
        return match.group(1) or match.group(2) or "", match.end()
    raise InputError(f"{what}: a value in braces, in quotes or a number is expected.", hint=_HINT)
