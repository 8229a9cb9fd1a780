"""What ASE leaves aside in an XYZ file without saying it, and what it takes for an element."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.records.notice import Notice
from mlipguide.structures.formats.opening import open_file

PLAIN_COLUMNS = 4
VOIGT_NUMBERS = 6
LONGEST_COMMENT = 20_000
ROWS_LOOKED_AT = 200
NAMED_LIKE_ELEMENTS = frozenset(["CA", "CD", "CE", "CO", "HE", "HG", "HO", "NE"])
"""Names of atoms in biomolecules that ASE takes for calcium, cadmium, cerium, cobalt, helium and so on."""

HOW_TO_LABEL = (
    "to keep them, name the columns in the second line, as extended XYZ does: Properties=species:S:1:pos:R:3:forces:R:3"
)


def xyz_notices(path: Path) -> tuple[Notice, ...]:
    """Return what reading an XYZ file drops or assumes, told by the first frame.

    Raises:
        InputError: Kind ``unknown_element``: a name in capitals may be two elements, and nothing decides.
    """
    with open_file(path) as stream:
        lines = list(itertools.islice(stream, ROWS_LOOKED_AT + 2))
    if len(lines) <= 2 or not lines[0].strip().isdecimal():  # noqa: PLR2004  # count and comment
        return ()
    count = min(int(lines[0].strip()[:12]), len(lines) - 2)
    rows = [line.split() for line in lines[2 : count + 2]]
    found = []
    if "Properties=" not in lines[1]:
        found += [*_dropped(rows, path.name)]
        _require_one_meaning({row[0] for row in rows if row}, str(path))
    return tuple(found)


def require_believable_columns(comment: str, source: str) -> None:
    """Refuse a comment line that announces more columns than a row has: readers make an array of them first.

    Raises:
        InputError: Kind ``unreadable_structure``.
    """
    if re.search(r"Properties=.*:[RSIL]:\d{5,}", comment[:LONGEST_COMMENT]):
        raise InputError(
            f"{source}: its Properties announce 10,000 columns or more.",
            hint="The line is damaged: write it as in Properties=species:S:1:pos:R:3.",
            kind="unreadable_structure",
        )


def _dropped(rows: list[list[str]], name: str) -> Iterable[Notice]:
    widths = {len(row) for row in rows}
    most = max(widths, default=0)
    if most <= PLAIN_COLUMNS or len(widths) != 1:
        return
    extra = most - PLAIN_COLUMNS
    what = f"{extra} further column{'s' if extra > 1 else ''} (forces?)" if extra >= 3 else f"{extra} further columns"  # noqa: PLR2004
    yield Notice(
        "columns_dropped",
        f"{name}: plain XYZ with {what if extra != 1 else 'one further column'} behind the positions, without names; "
        f"not used; {HOW_TO_LABEL}.",
    )


def _require_one_meaning(names: set[str], source: str) -> None:
    """Refuse names in capitals that are an element or an atom of a biomolecule, such as CA, beside C, H, N or O."""
    biomolecule = sorted(NAMED_LIKE_ELEMENTS & names)
    if biomolecule and {"C", "H", "N", "O"} & names:
        name = biomolecule[0]
        raise InputError(
            f"{source}: '{name}' may be {name.capitalize()} or an atom of {name[0]} with a name.",
            hint=f"Write {name.capitalize()} for the element, or {name[0]}.",
            kind="unknown_element",
        )


def voigt_notices(path: Path, key: str | None) -> tuple[Notice, ...]:
    """Say which order is assumed of a stress that an XYZ file writes as six numbers; programs write three orders."""
    if key is None or not {".xyz", ".extxyz"} & set(path.suffixes):
        return ()
    with open_file(path) as stream:
        lines = list(itertools.islice(stream, 2))
    match = re.search(rf"""(?:^|\s){re.escape(key)}=["'{{\[]([^"'}}\]]*)""", lines[-1]) if lines else None
    if match is None or len(re.split(r"[\s,]+", match[1].strip())) != VOIGT_NUMBERS:
        return ()
    words = (
        f"{path.name}: {key} has six numbers and does not say which; xx, yy, zz, yz, xz, xy is assumed (Voigt's "
        "order). VASP prints xx, yy, zz, xy, yz, zx, others xx, xy, xz, yy, yz, zz: write all nine where that is wrong."
    )
    return (Notice("voigt_order_assumed", words),)
