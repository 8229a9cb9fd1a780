"""One self-contained HTML file: words, commands with buttons, charts of Vega-Lite, tables that sort and filter.

The charts' program comes from the Python package ``vl-convert-python`` and stands in the file, which opens without
network. Without JavaScript everything but charts and buttons is there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import mlipguide
from mlipguide.core.errors import InputError
from mlipguide.report.figures.picture_files import require_form, write_file

TEMPLATES = Path(__file__).parents[2] / "data" / "web"
FORMATS = (".html", ".htm")
PACKAGE, EXTRA = "vl-convert-python", "html"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: What is read.
        order: What it is sorted by; None for what is not known, which stays at the end.
    """

    text: str
    order: float | str | None = None


@dataclass(frozen=True, kw_only=True)
class WebTable:
    """A table.

    Attributes:
        caption: What it shows.
        titles: Of its columns.
        rows: A cell for each column.
        legend: What its marks mean.
    """

    caption: str
    titles: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    legend: str = ""


@dataclass(frozen=True, kw_only=True)
class WebChart:
    """A chart.

    Attributes:
        title: What it shows.
        words: The same for who does not see it.
        spec: Vega-Lite, with its data.
        slider: A number that the reader moves; None without one.
        note: Small print below it.
        beside: A name that narrow charts share which stand beside each other, on a screen that is wide enough; empty
            for one with a line of its own.
    """

    title: str
    words: str
    spec: dict[str, Any]
    slider: Slider | None = None
    note: str = ""
    beside: str = ""


@dataclass(frozen=True, kw_only=True)
class Slider:
    """A number of a chart that the reader moves, with what each curve comes to there.

    Attributes:
        label: What the number is.
        signal: Its name in the chart.
        stops: The numbers, in their order, as ``value`` with ``label`` and ``totals``: name and words of each curve,
            the least first.
        start: Position of the first one shown.
    """

    label: str
    signal: str
    stops: tuple[dict[str, Any], ...]
    start: int


@dataclass(frozen=True, kw_only=True)
class WebPage:
    """A page.

    Attributes:
        title: Of the window.
        lead: The answer.
        rest: What stands beside it.
        tone: ``good``, ``unsure`` or ``bad``.
        commands: To type now, in order.
        facts: Labels and words.
        charts: Pictures.
        tables: Tables.
        cautions: Each with its topic, words and addresses.
        provenance: Labels and words: what the numbers stand on.
        purposes: What each of the commands is for; empty where nothing is said of any.
    """

    title: str
    lead: str
    rest: str
    tone: str
    commands: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    charts: tuple[WebChart, ...]
    tables: tuple[WebTable, ...]
    cautions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    provenance: tuple[tuple[str, str], ...] = ()
    purposes: tuple[str, ...] = ()


def require_writable(path: Path) -> None:
    """Refuse a page before anything is measured for it.

    Raises:
        InputError: Another ending than ``.html``, no folder, or a package is missing.
    """
    require_form(path, FORMATS, "A page")
    program()


def save(page: WebPage, path: Path) -> None:
    """Write a page.

    Raises:
        InputError: As :func:`require_writable`.
        StorageError: The file cannot be written.
    """
    require_writable(path)
    write_file(path, render(page).encode())


def render(page: WebPage) -> str:
    """Return the text of the file."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True)
    templates.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
    return templates.get_template("page.html.jinja").render(
        page=page,
        program=program(),
        style=_part("page.css"),
        behaviour=_part("page.js"),
        charts=[_embedded(chart) for chart in page.charts],
        version=mlipguide.__version__,
        today=f"{datetime.now(UTC):%d %B %Y}",
    )


@cache
def program() -> str:
    """Return the JavaScript that draws charts.

    Raises:
        InputError: The package that brings it is not installed.
    """
    try:
        import vl_convert
    except ImportError as error:
        raise InputError(
            f"--html needs the package {PACKAGE}, which is not installed.",
            hint=f"python -m pip install {PACKAGE}, or 'mlipguide[{EXTRA}]'",
            option="--html",
            kind="missing_package",
        ) from error
    text: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return text.replace("</script", r"<\/script")


def values(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return data as Vega-Lite takes them, which must be numbers that JSON has."""
    json.dumps(rows, allow_nan=False)
    return {"values": list(rows)}


def _part(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _embedded(chart: WebChart) -> dict[str, Any]:
    slider = chart.slider
    return {
        "spec": {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}, **chart.spec},
        "slider": None if slider is None else {"signal": slider.signal, "stops": slider.stops},
    }
