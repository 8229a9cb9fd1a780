"""Which symmetry operations a CIF means, by each of the ways in which it may say so.

A file's list of operations is taken as it stands. Without one, the Hall symbol, the Hermann–Mauguin symbol or the
number name a space group, and often leave its setting open: the origin of groups that have two (International Tables
for Crystallography A, section 1.4.2), rhombohedral or hexagonal axes. Each setting that the cell allows is a reading;
what decides between them is in ``cif``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlipguide.core.errors import InputError
from mlipguide.structures.formats.orbits import Operations, fits_cell

if TYPE_CHECKING:
    import gemmi

LISTED = (
    "_space_group_symop_operation_xyz",
    "_space_group_symop.operation_xyz",
    "_symmetry_equiv_pos_as_xyz",
    "_symmetry_equiv.pos_as_xyz",
)
MAGNETIC = ("_space_group_symop_magn_operation.xyz", "_space_group_symop_magn_operation_xyz")
MAGNETIC_CENTRING = ("_space_group_symop_magn_centering.xyz", "_space_group_symop_magn_centering_xyz")
MODULATED = ("_space_group_symop_ssg_operation_algebraic", "_space_group_symop_ssg_operation.algebraic")
NUMBER = (
    "_space_group_it_number",
    "_space_group.it_number",
    "_symmetry_int_tables_number",
    "_symmetry.int_tables_number",
)
NAME = (
    "_space_group_name_h-m_alt",
    "_space_group.name_h-m_alt",
    "_symmetry_space_group_name_h-m",
    "_symmetry.space_group_name_h-m",
    "_space_group_name_h-m_full",
)
HALL = ("_space_group_name_hall", "_space_group.name_hall", "_symmetry_space_group_name_hall")
CODE = ("_space_group_it_coordinate_system_code", "_space_group.it_coordinate_system_code")
MOST_OPERATIONS = 5000
_EXTENSION = re.compile(
    r"^(?P<name>.+?)(?:[\s:(]*origin\s*(?:choice|at)?\s*(?P<origin>[12])\)?|\s*:\s*(?P<code>[12HRSZ])|(?:\s|(?<=^R.{2})"
    r"|(?<=^R.{3}))(?P<letter>[HRSZ]))$",
    re.IGNORECASE,
)
"""What follows a symbol: the origin (1, 2; S, Z in the Inorganic Crystal Structure Database) or the axes (H, R)."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One way to read the symmetry of a file.

    Attributes:
        words: What it is, for messages.
        operations: Of the cell.
        listed: Whether the file lists the operations themselves.
    """

    words: str
    operations: Operations
    listed: bool = False


def find_settings(block: gemmi.cif.Block, cell: NDArray[np.float64], *, source: str) -> tuple[Setting, ...]:
    """Return the settings that the file may mean, at least one.

    Args:
        block: Of the CIF.
        cell: Vectors in rows, in Å.
        source: What to call it in messages.

    Raises:
        InputError: Operations or a space group that cannot be read, or that the cell contradicts.
    """
    if values(block, MODULATED):
        raise InputError(
            f"{source}: a modulated structure (superspace operations); its average structure alone is no structure.",
            hint="Give a commensurate approximant with ordinary symmetry operations.",
            kind="modulated_structure",
        )
    listed = _listed(block, source)
    if listed is not None:
        return (Setting(words=f"the {len(listed)} operations that it lists", operations=listed, listed=True),)
    named = _named(block, source)
    if not named:
        return (Setting(words="no symmetry", operations=_operations(["x,y,z"], source)),)
    fitting = tuple(one for one in named if fits_cell(one.operations, cell))
    if not fitting:
        lengths = np.linalg.norm(cell, axis=1)
        raise InputError(
            f"{source}: the space group {' or '.join(one.words for one in named)} does not fit the cell of edges "
            f"{lengths[0]:g}, {lengths[1]:g} and {lengths[2]:g} Å.",
            hint="Its setting is another than the standard one: add the symmetry operations to the file "
            "(_space_group_symop_operation_xyz), or write all atoms in P 1.",
            kind="unknown_setting",
        )
    return fitting


def values(block: gemmi.cif.Block, tags: tuple[str, ...]) -> list[str]:
    """Return the values of the first tag that the block has, without quotes and without ``?`` and ``.``."""
    import gemmi

    for tag in tags:
        found = [gemmi.cif.as_string(text).strip() for text in block.find_values(tag) if text not in {"?", "."}]
        if any(found):
            return [text for text in found if text]
    return []


def _listed(block: gemmi.cif.Block, source: str) -> Operations | None:
    magnetic = [",".join(text.split(",")[:3]) for text in values(block, MAGNETIC)]
    if magnetic:
        centring = [",".join(text.split(",")[:3]) for text in values(block, MAGNETIC_CENTRING)] or ["x,y,z"]
        return _product(_operations(centring, source), _operations(magnetic, source))
    texts = values(block, LISTED)
    return _operations(texts, source) if texts else None


def _operations(texts: list[str], source: str) -> Operations:
    import gemmi

    found: dict[str, gemmi.Op] = {}
    for text in texts[:MOST_OPERATIONS]:
        try:
            operation = gemmi.Op(text.replace(" ", "").lower().lstrip("+")).wrap()
        except (RuntimeError, ValueError) as error:
            raise InputError(
                f"{source}: '{text[:60]}' is not a symmetry operation.",
                hint="Write it as in 'x, y+1/2, -z'.",
                kind="unreadable_structure",
            ) from error
        found.setdefault(operation.triplet(), operation)
    found = {"x,y,z": gemmi.Op("x,y,z"), **found} if "x,y,z" not in found else found
    rotations = np.array([operation.rot for operation in found.values()], dtype=float) / gemmi.Op.DEN
    translations = np.array([operation.tran for operation in found.values()], dtype=float) / gemmi.Op.DEN
    change = np.abs(np.abs(np.linalg.det(rotations)) - 1.0)
    if change.max() > 1e-6:  # noqa: PLR2004  # exact but for rounding
        raise InputError(
            f"{source}: a symmetry operation, {list(found)[int(np.argmax(change))]}, changes volumes.",
            hint="Correct the list of operations.",
            kind="unreadable_structure",
        )
    return Operations(rotations=rotations, translations=translations)


def _product(centring: Operations, magnetic: Operations) -> Operations:
    count = len(centring)
    return Operations(
        rotations=np.tile(magnetic.rotations, (count, 1, 1)),
        translations=np.concatenate([(magnetic.translations + shift) % 1.0 for shift in centring.translations]),
    )


def _named(block: gemmi.cif.Block, source: str) -> list[Setting]:
    """Return the settings of the space group that is named by Hall symbol, Hermann–Mauguin symbol or number."""
    import gemmi

    number, name, hall = (next(iter(values(block, tags)), None) for tags in (NUMBER, NAME, HALL))
    code = next(iter(values(block, CODE)), None)
    whole = int(number) if number is not None and number.isdecimal() else None
    if hall is not None:
        group = next((one for one in gemmi.spacegroup_table() if _squeezed(one.hall) == _squeezed(hall)), None)
        if group is not None and whole in {None, group.number}:
            return [_setting(group)]
        if group is None and name is None and whole is None:
            return [_from_hall(hall, source)]
    if name is not None:
        found = _by_name(name, code)
        if found and whole in {None, found[0].number}:
            return [_setting(one) for one in found]
        wrong = f"contradicts its number, {number}" if found else "is not known here, or its setting is not"
        raise InputError(
            f"{source}: the space group '{name}' {wrong}.",
            hint="Add the symmetry operations to the file (_space_group_symop_operation_xyz), or write all atoms in "
            "P 1.",
            kind="unknown_setting",
        )
    if whole is None:
        return []
    return [_setting(one) for one in _by_number(whole, code, source)]


def _squeezed(text: str) -> str:
    """Return a Hall symbol with single spaces; these tell ``P 3 2`` from ``P 32``."""
    return " ".join(text.replace("_", " ").lower().split())


def _by_name(name: str, code: str | None) -> list[gemmi.SpaceGroup]:
    """Return the groups that a Hermann–Mauguin symbol may mean: both origins, both axes where nothing is said."""
    import gemmi

    text = name.replace("_", " ").strip()
    match = _EXTENSION.match(text)
    extension = None
    if match is not None and match["name"].strip():
        bare = match["name"].strip(" :")
        wanted = (match["origin"] or match["code"] or match["letter"]).upper().replace("S", "1").replace("Z", "2")
        if _find(bare) is not None:
            text, extension = bare, wanted
    group = _find(text)
    if group is None:
        return []
    if extension is None and code is not None and code.upper() in {"1", "2", "H", "R"}:
        extension = code.upper()
    if extension is None and re.search(r":[12HR]$", text, re.IGNORECASE):
        return [group]
    same = [one for one in gemmi.spacegroup_table() if one.hm == group.hm and one.number == group.number]
    if extension is not None:
        same = [one for one in same if one.ext == extension] or same
    return same


def _find(symbol: str) -> gemmi.SpaceGroup | None:
    import gemmi

    return gemmi.find_spacegroup_by_name(symbol)


def _by_number(number: int, code: str | None, source: str) -> list[gemmi.SpaceGroup]:
    """Return the standard setting of a number, with both origins and both axes where nothing is said."""
    import gemmi

    same = [one for one in gemmi.spacegroup_table() if one.number == number]
    if not same:
        raise InputError(
            f"{source}: there is no space group {number}.", hint="Correct the number.", kind="unknown_setting"
        )
    standard = next(one for one in same if one.is_reference_setting())
    usual = [one for one in same if one.hm == standard.hm]
    if code is None:
        return usual
    coded = [one for one in usual if one.ext.strip("\0").lower() == code.lower()]
    named = [one for one in same if (one.ext.strip("\0") + one.qualifier).lower() == code.lower()]
    return coded or named or [one for one in same if one.qualifier == code.lower()] or usual


def _from_hall(hall: str, source: str) -> Setting:
    import gemmi

    try:
        return Setting(words=hall, operations=_of_group(gemmi.symops_from_hall(hall)))
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"{source}: the Hall symbol '{hall[:40]}' is not known.",
            hint="Add the symmetry operations to the file (_space_group_symop_operation_xyz).",
            kind="unknown_setting",
        ) from error


def _of_group(group: gemmi.GroupOps) -> Operations:
    import gemmi

    operations = list(group)
    return Operations(
        rotations=np.array([one.rot for one in operations], dtype=float) / gemmi.Op.DEN,
        translations=np.array([one.tran for one in operations], dtype=float) / gemmi.Op.DEN,
    )


def _setting(group: gemmi.SpaceGroup) -> Setting:
    words = group.xhm()
    words = re.sub(r":([12])$", r", origin choice \1", words)
    words = re.sub(r":H$", ", hexagonal axes", re.sub(r":R$", ", rhombohedral axes", words))
    return Setting(words=words, operations=_of_group(group.operations()))
