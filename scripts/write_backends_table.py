"""Write the table of ``docs/backends.md`` from what ``mlipguide env verify --all`` found and kept on this machine.

``python scripts/write_backends_table.py`` rewrites the table; with ``--print`` it goes to stdout. Nothing is written of
a backend that nobody tried.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.readable import duration
from mlipguide.environments.recipes import load_recipes
from mlipguide.records.models.support import BackendSupport, ModelSupport, Support
from mlipguide.store import supports

PAGE = Path(__file__).parents[1] / "docs" / "backends.md"
HEAD = "| backend | cards | seen | models | ms an atom | environment | versions |"
MOST_NAMED = 4


def main() -> None:
    """Write or print."""
    if "--print" in sys.argv[1:]:
        sys.stdout.write(table())
        return
    before, _, rest = PAGE.read_text(encoding="utf-8").partition("| backend ")
    after = rest.partition("\n\n")[2]
    PAGE.write_text(f"{before}{table()}\n{after}", encoding="utf-8")


def table() -> str:
    """Return the table in Markdown."""
    cards = Counter(card.backend for card in load_catalogue().cards)
    found = [supports.find(name) for name in load_recipes()]
    rows = [row(one, cards[one.backend]) for one in found if one is not None and cards[one.backend]]
    return "\n".join([HEAD, "|---|---|---|---|---|---|---|", *rows, ""])


def row(one: BackendSupport, cards: int) -> str:
    """Return the line of one backend."""
    ran = [model for model in one.models if model.step_ms_per_atom is not None]
    best = min((model.support for model in ran), key=lambda kind: kind.rank, default=one.support)
    shown = [model for model in ran if model.support is best]
    names = ", ".join(model.model for model in shown[:MOST_NAMED])
    more = f" and {len(shown) - MOST_NAMED} more" if len(shown) > MOST_NAMED else ""
    kind = f"**{best.value}**" if best in (Support.VERIFIED, Support.RUNS) else best.value
    when = (one.checked_at or "").partition("T")[0]
    package = ", ".join(f"{name} {version}" for name, version in list(one.versions.items())[:2])
    cells = (one.backend, str(cards), f"{kind}, {when}", names + more, times(shown), environment(one), package)
    return f"| {' | '.join(cells)} |"


def times(models: Sequence[ModelSupport]) -> str:
    """Return the range of the times of a step for one atom."""
    found = sorted(model.step_ms_per_atom for model in models if model.step_ms_per_atom is not None)
    if not found:
        return ""
    ends = [f"{value:.2g}" for value in (found[0], found[-1])]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def environment(one: BackendSupport) -> str:
    """Return what the environment takes and how long its build took where its packages were at hand."""
    recipe = load_recipes()[one.backend]
    size = "" if one.disk_bytes is None else f"{one.disk_bytes / 1e9:.1f} GB"
    took = "" if recipe.build_s is None else duration(recipe.build_s)
    return ", ".join(part for part in (size, took) if part)


if __name__ == "__main__":
    main()
