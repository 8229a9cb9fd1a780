"""The page of ``check`` says the result first, and what every verdict stands on."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from factories import SETTINGS
from mlipguide.records.timing.comparison import ChangeVerdict, Comparison, Pairing
from mlipguide.records.timing.measurement import Scenario
from mlipguide.report.pages.comparison_page import comparison_page, what_next
from mlipguide.report.words.comparison_words import change_percent, headline, how
from report_records import make_change, make_comparison, measured

WIDTHS = (60, 80, 120)


def page(data: Comparison, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(comparison_page(data, console))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert all(len(line) <= width for line in lines)
    assert "…" not in "".join(lines)
    return [line.rstrip() for line in lines]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_change_has_its_ratio_and_its_verdict(width: int) -> None:
    data = make_comparison()
    lines = page(data, width)
    joined = re.sub(r"\s+", " ", " ".join(lines))
    assert joined.startswith(headline(data))
    for change in data.changes:
        (row,) = (line for line in lines if line.startswith(f"{change.model} "))
        assert row.endswith(change.verdict.value)
        ratio = f"{change.ratio.value:.3f}"
        assert row.split().count(ratio) == (1 if change.cpu_ratio is None else 2)
        assert f"{change.ratio.low:.3f}–{change.ratio.high:.3f}" in row
    assert "torch 2.7.1 → 2.8.0" in joined
    assert "sevenn 0.11.2" not in joined
    assert "· model-gone, 64 atoms" in lines
    assert how(data) in joined


def test_the_headline_says_the_result() -> None:
    data = make_comparison()
    assert headline(data) == (
        "Regression: of 4 measurements 1 became slower by more than 10%, worst model-slow, 64 atoms: "
        "+25.0 % (+23.0 % to +27.0 %)."
    )
    passing = replace(data, changes=data.changes[1:])
    assert headline(passing) == (
        "No regression: of 3 measurements none was shown to be more than 10% slower (1 faster, 1 unclear)."
    )
    single = replace(data, changes=(make_change(),))
    assert headline(single) == "No regression: of 1 measurement none was shown to be more than 10% slower."
    assert headline(replace(data, changes=())).startswith("Nothing could be compared")
    two = (
        make_change("a", 1.2, verdict=ChangeVerdict.SLOWER),
        make_change("b", 1.6, verdict=ChangeVerdict.SLOWER, scenario=Scenario.OFFLINE),
    )
    assert "worst b, 64 atoms, offline: +60.0 %" in headline(replace(data, changes=two))


def test_it_is_measured_again_against_the_baseline_as_it_was_typed() -> None:
    data = replace(make_comparison(), pairing=Pairing.SEPARATE)
    (named,), (typed,) = what_next(data), what_next(data, "my baselines/main.json")
    assert named.command.startswith(f"mlipguide check {data.baseline.name} --models ")
    assert typed.command.startswith("mlipguide check 'my baselines/main.json' --models ")


def test_settings_and_scenario_have_columns_where_they_differ() -> None:
    changes = (
        make_change(settings=replace(SETTINGS, threads=2)),
        make_change(settings=replace(SETTINGS, dtype="float64"), scenario=Scenario.OFFLINE),
    )
    lines = page(make_comparison(changes=changes), 120)
    (header,) = (line for line in lines if "Verdict" in line)
    assert header.split()[:3] == ["Model", "Setting", "Scenario"]
    assert any(re.search("2 threads, float32 +single-stream", line) for line in lines)
    assert any(re.search("1 thread, float64 +offline", line) for line in lines)
    (header,) = (line for line in page(make_comparison(), 120) if "Verdict" in line)
    assert "Setting" not in header


def test_how_the_sides_were_taken() -> None:
    assert "in turn" in how(make_comparison())
    separate = how(make_comparison(pairing=Pairing.SEPARATE, normalised=True))
    assert "a run of its own" in separate
    assert "reference kernel" in separate
    assert "all changes together" in separate
    assert "together" not in how(make_comparison(changes=(make_change(),)))


def test_nothing_compared_is_no_success() -> None:
    lines = page(make_comparison(changes=()), 80)
    assert not any("No regression" in line or "Verdict" in line for line in lines)
    assert "· model-gone, 64 atoms" in lines


def test_a_ratio_without_an_interval() -> None:
    ratio = replace(measured(1.5), low=None, high=None)
    assert change_percent(ratio) == "+50.0 %"
    lines = page(make_comparison(changes=(replace(make_change(), ratio=ratio, cpu_ratio=None),)), 80)
    assert any(re.search(r"1\.500 +– +– +unchanged", line) for line in lines)
