"""Bring the figures of the cards up to those of the Matbench Discovery leaderboard.

    python scripts/refresh_metrics.py CHECKOUT [--check] [--cards FOLDER] [--read-on DATE]

CHECKOUT is a folder with the files of https://github.com/janosh/matbench-discovery. A card whose metrics name a source
in that repository gets F1, kappa_SRME, RMSD, the combined score, and error and run time of the molecular-dynamics test
from the entry there; the rest of its file stays as it is, byte for byte. With ``--check`` nothing is written, and the
exit code is 1 when a figure differs.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlipguide.catalog.locations import DATA
from mlipguide.catalog.plain_cards import is_number_or_none, texts, value
from mlipguide.catalog.scores import combined_performance_score
from mlipguide.catalog.sources import Source, read_sources
from mlipguide.core.yaml_files import read_yaml

ENTRY = re.compile(r"janosh/matbench-discovery@\w+:(?P<path>models/\S+\.yml)")
"""How the bibliography names an entry of the leaderboard; other files of that repository are none."""

OLDER_SCALE_BELOW = 0.03
"""Smaller RMSDs were computed without the normalisation of today and are left out (none of today's is near to it)."""

OPTIONAL = ("md_run_time_s", "md_hardware")
"""Fields that a card may leave out."""

Figures = dict[str, float | str | None]


def entry_of(card: Any, sources: Mapping[str, Source]) -> str | None:
    """Return the path of the leaderboard's entry that a card's metrics name, in the checkout; None without one."""
    for key in texts(card, "metrics.sources"):
        match = ENTRY.fullmatch(sources[key].fields.get("howpublished", "")) if key in sources else None
        if match:
            return match["path"]
    return None


def figures_of(entry: Any) -> Figures:
    """Return what an entry of the leaderboard says, in the units and under the names of a card."""
    metrics = value(entry, "metrics")
    f1 = _number(value(metrics, "discovery.unique_prototypes.F1"))
    kappa_srme = _number(value(metrics, "phonons.kappa_103.κ_SRME"))
    rmsd = _number(value(metrics, "geo_opt.symprec=1e-5.rmsd"))
    if rmsd is not None and rmsd < OLDER_SCALE_BELOW:
        rmsd = None
    force_rmse_mev = _number(value(metrics, "md.force_rmse"))
    cps = combined_performance_score(f1, kappa_srme, rmsd)
    return {
        "f1": f1,
        "kappa_srme": kappa_srme,
        "rmsd": rmsd,
        "cps": None if cps is None else round(cps, 4),
        "md_force_rmse_ev_per_angstrom": None if force_rmse_mev is None else round(force_rmse_mev / 1000, 9),
        "md_run_time_s": _number(value(metrics, "md.run_time_sec")),
        "md_hardware": value(metrics, "md.hardware"),
    }


def changes_of(card: Any, figures: Figures) -> Figures:
    """Return the figures that differ from those of the card."""
    known = value(card, "metrics")
    return {name: figure for name, figure in figures.items() if known.get(name) != figure}


def with_metrics(text: str, fields: Figures) -> str:
    """Write fields into the block ``metrics`` of a card's file, and change nothing else.

    A field that the block has not is added behind the date of reading.

    Raises:
        ValueError: There is no such block, or it has no date of reading.
    """
    block = re.search(r"^metrics:\n(?:[ #].*\n|\n)+", text, flags=re.MULTILINE)
    if block is None:
        raise ValueError("the card has no block of metrics")
    lines = block.group()
    for name, figure in fields.items():
        line = f"  {name}: {_written(figure)}"
        if re.search(rf"^  {name}:", lines, flags=re.MULTILINE):
            lines = re.sub(rf"^  {name}:.*$", line, lines, flags=re.MULTILINE)
        elif figure is not None:
            lines, found = re.subn(r"^(  read_on:.*\n(?:  md_.*\n)*)", rf"\g<1>{line}\n", lines, flags=re.MULTILINE)
            if not found:
                raise ValueError("the block of metrics has no date of reading")
    return text[: block.start()] + lines + text[block.end() :]


def _number(found: Any) -> float | None:
    return float(found) if found is not None and is_number_or_none(found) else None


def _written(figure: float | str | None) -> str:
    if figure is None:
        return "null"
    return figure if isinstance(figure, str) else repr(figure)


def refresh(checkout: Path, cards: Path, *, read_on: str, check: bool) -> Iterator[str]:
    """Compare all cards with the checkout, write what differs unless ``check``, and say what was found."""
    sources = read_sources()
    for path in sorted(cards.glob("*.yaml")):
        card = read_yaml(path)
        entry = entry_of(card, sources)
        if entry is None:
            continue
        if not (checkout / entry).is_file():
            yield f"{path.stem}: {entry} is not in the checkout any more"
            continue
        changes = changes_of(card, figures_of(read_yaml(checkout / entry)))
        old = card["metrics"]
        for name, figure in changes.items():
            yield f"{path.stem}: {name}: {_written(old.get(name))} -> {_written(figure)}"
        if not check:
            text = path.read_text(encoding="utf-8")
            path.write_text(with_metrics(text, {**changes, "read_on": f'"{read_on}"'}), encoding="utf-8")


def main() -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("checkout", type=Path, metavar="CHECKOUT", help="a checkout of janosh/matbench-discovery")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a figure differs")
    parser.add_argument("--cards", type=Path, default=DATA / "models", help="folder of cards")
    parser.add_argument(
        "--read-on", default=datetime.now(UTC).date().isoformat(), help="date of the checkout, as 2026-11-22"
    )
    options = parser.parse_args()
    if not (options.checkout / "models").is_dir():
        parser.error(f"{options.checkout} has no folder 'models': it is no checkout of janosh/matbench-discovery")
    found = list(refresh(options.checkout, options.cards, read_on=options.read_on, check=options.check))
    print(*found or ["All figures are those of the leaderboard."], sep="\n")
    return 1 if found and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
