"""The scaling curve, in the terminal and as a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from factories import make_summary
from mlipguide.core.errors import InputError, StorageError
from mlipguide.records.timing.bench import BenchData
from mlipguide.records.timing.measurement import Scenario
from mlipguide.report.figures.character_plot import CURVE_DOT, TERMINAL_MARKERS
from mlipguide.report.figures.scaling_plot import save_plot, terminal_plot
from mlipguide.report.figures.style import round_values
from report_records import make_bench, make_series, make_size_result


def rows_of(text: str, marker: str) -> list[tuple[int, int]]:
    """Return line and column of every marker between the plot's borders."""
    inside = [line for line in text.splitlines() if line.rstrip().endswith("│")]
    return [(row, column) for row, line in enumerate(inside) for column, sign in enumerate(line) if sign == marker]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_plot_shows_every_size_where_it_belongs(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")  # what the terminal is does not matter: the caller says the width
    text = terminal_plot(make_bench(), width=width, height=24)
    lines = text.splitlines()
    assert all(len(line) <= width for line in lines)
    assert max(map(len, lines)) == width
    assert lines[0] == "Time per MD step"
    assert lines[-1] == f"● model-a   ▲ model-b *   {CURVE_DOT} fitted"
    first, second = rows_of(text, TERMINAL_MARKERS[0]), rows_of(text, TERMINAL_MARKERS[1])
    assert (len(first), len(second)) == (4, 3)
    columns = [column for _, column in sorted(first, key=lambda place: place[1])]
    assert max(np.diff(columns)) - min(np.diff(columns)) <= 1  # doublings are equally far apart
    by_column = {column: row for row, column in first}
    assert all(row < by_column[column] for row, column in second)  # five times as slow, at the same sizes
    assert max(column for _, column in rows_of(text, CURVE_DOT)) > max(columns)
    for label in ("Atoms", "100", "50 ms", "1 s"):
        assert label in text


def test_one_plot_leaves_nothing_in_the_next() -> None:
    alone = make_bench(make_series("alone", (32, 64)))
    before = terminal_plot(alone, width=70, height=16)
    terminal_plot(make_bench(), width=90, height=30)
    assert terminal_plot(alone, width=70, height=16) == before


@pytest.mark.parametrize("fitted", [True, False])
def test_one_size_is_a_plot_too(tmp_path: Path, *, fitted: bool) -> None:
    data = make_bench((make_size_result(64),), fitted=fitted)
    text = terminal_plot(data, width=40, height=12)
    assert len(rows_of(text, TERMINAL_MARKERS[0])) == 1
    save_plot(data, tmp_path / "one.png")
    with Image.open(tmp_path / "one.png") as image:
        assert image.width == 1200


def test_more_series_than_markers() -> None:
    series = [make_series(f"model-{number}", (32, 64)) for number in range(len(TERMINAL_MARKERS) + 2)]
    text = terminal_plot(make_bench(*series), width=80, height=20)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert f"● model-{len(TERMINAL_MARKERS)}" in text


def test_a_picture(tmp_path: Path) -> None:
    save_plot(make_bench(), tmp_path / "curve.PNG")
    with Image.open(tmp_path / "curve.PNG") as image:
        assert image.size == (1200, 780)
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for colour in ("#0072B2", "#D55E00"):  # both models are drawn, in their colours
        wanted = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
        assert (np.abs(pixels.astype(int) - wanted).max(axis=1) < 4).sum() > 100
    assert 0.5 < (pixels > 240).all(axis=1).mean() < 0.99


def svg_words(data: BenchData, path: Path) -> str:
    save_plot(data, path)
    return "\n".join("".join(element.itertext()) for element in ET.parse(path).iter() if element.tag.endswith("}text"))


def test_a_vector_picture_holds_its_words(tmp_path: Path) -> None:
    words = svg_words(make_bench(structure=make_summary(source="$a$_1.cif")), tmp_path / "curve.svg").splitlines()
    for label in ("Atoms", "Time per MD step (s)", "ns/day with steps of 2 fs", "model-a", "model-b *", "100", "0.1"):
        assert label in words
    assert "LiFePO4 ($a$_1.cif)" in words
    assert any("Test CPU" in line for line in words)
    assert any("random weights" in line for line in words)
    first = (tmp_path / "curve.svg").read_bytes()
    save_plot(make_bench(structure=make_summary(source="$a$_1.cif")), tmp_path / "curve.svg")
    assert (tmp_path / "curve.svg").read_bytes() == first  # of one run, a plot is one file


def test_the_second_axis_is_the_scenarios(tmp_path: Path) -> None:
    offline = make_series("model-a", (32, 64), scenario=Scenario.OFFLINE)
    words = svg_words(make_bench(offline), tmp_path / "offline.svg")
    assert "Time per structure (s)" in words
    assert "Structures per second" in words
    assert "ns/day" not in words
    both = svg_words(make_bench(offline, make_series("model-b", (32, 64))), tmp_path / "both.svg")
    assert "Time per MD step or structure (s)" in both
    assert "model-a, offline" in both
    assert "ns/day" not in both


@pytest.mark.parametrize("name", ["curve.pdf", "curve"])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        save_plot(make_bench(), tmp_path / name)
    assert name in caught.value.message
    assert ".png or .svg" in caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError) as missing:
        save_plot(make_bench(), tmp_path / "nowhere" / "curve.png")
    assert "nowhere" in missing.value.message
    (tmp_path / "curve.png").mkdir()
    with pytest.raises(StorageError) as caught:
        save_plot(make_bench(make_series("model-a", (32,))), tmp_path / "curve.png")
    assert "curve.png" in caught.value.message


def test_matplotlib_waits_until_a_plot_is_asked_for() -> None:
    code = "import sys, mlipguide.report.pages.bench_page; print('matplotlib' in sys.modules, 'plotext' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (20, 1100, [20, 50, 100, 200, 500, 1000]),
        (1e-4, 10, [1e-4, 1e-3, 1e-2, 0.1, 1, 10]),
        (30, 60, [30, 40, 50, 60]),
        (64, 64, [64]),
        (31, 39, [31, 39]),
    ],
)
def test_round_values(low: float, high: float, labels: list[float]) -> None:
    assert round_values(low, high) == pytest.approx(labels)


def test_nothing_is_printed_by_the_plot(capfd: pytest.CaptureFixture[str]) -> None:
    terminal_plot(make_bench(), width=80, height=20)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


@pytest.mark.parametrize("picture", ["break_even", "disagree", "parity", "pilot", "scaling", "stability"])
def test_a_picture_that_nobody_asked_for_costs_no_import_of_matplotlib(picture: str) -> None:
    code = f"import sys, mlipguide.report.figures.{picture}_plot; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
