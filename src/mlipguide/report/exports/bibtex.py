"""Citations as a BibTeX file: an entry a work, before it what it is cited for, last what has no publication.

What stands between entries is a comment; it holds no ``@``, at which an entry would begin.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlipguide.records.models.citations import Citation, Citations, CitedFor, Unpublished

ADDRESSES = frozenset({"doi", "eprint", "url", "archiveprefix"})
"""Fields that bibliography styles take literally."""
SPECIAL = re.compile(r"(?<!\\)([&%#_])")
"""What TeX would take for a command."""


def render_bibtex(data: Citations) -> str:
    """Return the text of the file."""
    parts = [_entry(work) for work in data.works]
    parts += [f"% {_comment(line)}\n" for line in map(_instead, data.unpublished)]
    return "\n".join(parts)


def _entry(work: Citation) -> str:
    fields = dict(work.fields)
    if "eprint" in fields:
        fields.setdefault("archiveprefix", "arXiv")
    width = max(map(len, fields), default=0)
    lines = [f"  {name:{width}} = {{{_value(name, text)}}}," for name, text in fields.items()]
    head = f"% {_comment('; '.join(_things(work.cited_for)))}"
    return "\n".join([head, f"@{work.kind}{{{work.key},", *lines, "}"]) + "\n"


def _value(name: str, text: str) -> str:
    return text if name in ADDRESSES else SPECIAL.sub(r"\\\1", text)


def _things(cited_for: tuple[CitedFor, ...]) -> Iterator[str]:
    """Yield ``model: A, B`` for each role."""
    for role in dict.fromkeys(one.role for one in cited_for):
        yield f"{role.value}: {', '.join(one.name for one in cited_for if one.role is role)}"


def _instead(one: Unpublished) -> str:
    told = f"{one.what.role.value}: {one.what.name}: no publication is known"
    return f"{told}; give its address instead: {one.link}" if one.link else f"{told}."


def _comment(text: str) -> str:
    return text.replace("@", " at ")
