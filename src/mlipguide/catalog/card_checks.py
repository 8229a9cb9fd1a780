"""What must hold of a model card: its names, what it refers to, and that its facts do not contradict each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from mlipguide.catalog.elements import SYMBOLS
from mlipguide.catalog.locations import DATA
from mlipguide.catalog.plain_cards import Found, is_number_or_none, names, texts, value
from mlipguide.catalog.references import References, check_elements, check_sources, unknown
from mlipguide.catalog.scores import combined_performance_score

CPS_TOLERANCE = 5e-4
"""F1 is published with three decimals, so that half of a unit of its last place changes CPS by 2.5e-4."""

_Check = Callable[[Path, Any, References], Found]


def check_card(path: Path, plain: Any, references: References) -> Found:
    """Find everything that is wrong with a card beside its form.

    Args:
        path: Its file.
        plain: What stands in it, well formed or not.
        references: What it may refer to.
    """
    checks: tuple[_Check, ...] = (
        _check_names,
        _check_successor,
        _check_training,
        lambda _, card, known: check_sources(card, known),
        _check_score,
        _check_forces,
        _check_weights,
    )
    for check in checks:
        yield from check(path, plain, references)


def _check_names(path: Path, plain: Any, references: References) -> Found:
    name = value(plain, "id")
    if isinstance(name, str) and name != path.stem:
        yield "id", f"'{name}' must be the name of the file, '{path.stem}'"
    for position, name in enumerate(names(plain)):
        others = [owner.name for owner in references.owners[name.lower()] if owner != path]
        if name and others:
            field = "id" if position == 0 else f"aliases.{position - 1}"
            yield field, f"'{name}' is also a name of {', '.join(others)}"


def _check_successor(_: Path, plain: Any, references: References) -> Found:
    name = value(plain, "superseded_by")
    if isinstance(name, str) and name not in references.ids:
        yield "superseded_by", unknown(f"there is no card '{name}'", name, references.ids)


def _check_training(_: Path, plain: Any, references: References) -> Found:
    for name in texts(plain, "training.sets"):
        if name not in references.training_sets:
            yield "training.sets", unknown(f"there is no data set '{name}'", name, references.training_sets)
    yield from check_elements(plain, "training.elements", references)


def _check_score(_: Path, plain: Any, __: References) -> Found:
    given = [value(plain, f"metrics.{name}") for name in ("f1", "kappa_srme", "rmsd", "cps")]
    if value(plain, "metrics") is None or not all(is_number_or_none(item) for item in given):
        return
    *parts, cps = given
    expected = combined_performance_score(*parts)
    if expected is None and cps is not None:
        yield "metrics.cps", "must be null, because one of f1, kappa_srme and rmsd is"
    elif expected is not None and cps is None:
        yield "metrics.cps", f"must be {expected:.4f}, because all its parts are given"
    elif expected is not None and abs(cps - expected) > CPS_TOLERANCE:
        yield "metrics.cps", f"is {cps:g}, but f1, kappa_srme and rmsd give {expected:.4f}"


def _check_forces(_: Path, plain: Any, __: References) -> Found:
    offered = "conservative" in texts(plain, "provides")
    forces = value(plain, "architecture.forces")
    if forces == "direct" and offered:
        yield "provides", "must not offer conservative, because the forces are direct"
    elif forces == "conservative" and not offered:
        yield "provides", "must offer conservative, because the forces are"


def _check_weights(path: Path, plain: Any, _: References) -> Found:
    origin = value(plain, "weights.origin")
    if origin == "local" and path.is_relative_to(DATA):
        yield "weights.origin", "a built-in card cannot be of a file on one machine"
    if origin in ("download", "gated") and not value(plain, "weights.url") and not texts(plain, "remarks"):
        yield "weights.url", f"must be given, or a remark say how to get the weights, because the origin is {origin}"
    for position, line in enumerate(texts(plain, "weights.runs_with")):
        try:
            Requirement(line)
        except InvalidRequirement as error:
            yield f"weights.runs_with.{position}", f"'{line}' is not a requirement as pip writes them: {error}"
    symbols = texts(plain, "weights.reference.symbols")
    if len(set(symbols)) == 1 and texts(plain, "training.elements") != symbols[:1]:
        yield "weights.reference.symbols", "must be a compound: of single elements a wrong energy may look right"
    for field in ("weights.reference.symbols", "weights.published.symbols"):
        for symbol in texts(plain, field):
            if symbol not in SYMBOLS:
                yield field, f"'{symbol}' is no element"
