"""The prices of strategies in the terminal, and time to solution as a picture."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from factories import make_candidate, make_estimate, make_task
from fake_models import make_machine
from mlipguide.advice.accuracy_axis import axis_of
from mlipguide.advice.prices.changes import with_sensitivities
from mlipguide.advice.prices.inputs import PricingInputs
from mlipguide.advice.prices.strategies import strategy_table
from mlipguide.catalog.families import load_families
from mlipguide.core.errors import InputError
from mlipguide.records.advice.advice import Recommendation
from mlipguide.records.advice.strategy import StrategyHardware, StrategyTable
from mlipguide.records.advice.verdict import Strategy
from mlipguide.report.figures.break_even_plot import drawable, rendered, save_break_even
from mlipguide.report.tables.strategies_table import strategies_table

TASK = make_task()


@pytest.fixture(scope="module")
def table() -> StrategyTable:
    candidate = make_candidate("sevennet-0", TASK, step_time_s=make_estimate(40.0))
    known = PricingInputs(hardware=StrategyHardware(cores=2.0), families=load_families())
    found = strategy_table([candidate], TASK, known)
    return with_sensitivities([candidate], TASK, known, found)


def text_of(table: StrategyTable, width: int) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(strategies_table(table, console))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_every_strategy_has_its_costs_and_the_leading_one_is_marked(table: StrategyTable) -> None:
    lines = text_of(table, 200).splitlines()
    distil = next(line for line in lines if line.startswith("▸ distil"))
    for part in ("nep", "‡140 ×÷2.5", "none", "‡4.7 min", "?4.2 h", "feasible"):
        assert part in distil
    assert next(line for line in lines if line.startswith("  pretrained")).count("none") == 4
    assert "What would change it" in lines


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_and_says_what_it_leaves_out(table: StrategyTable, width: int) -> None:
    lines = text_of(table, width).splitlines()
    assert all(len(line) <= width for line in lines)
    assert any(line.startswith("Left out for want of width: ") for line in lines)


def test_a_picture_has_a_line_for_every_strategy(table: StrategyTable) -> None:
    with Image.open(io.BytesIO(rendered(table, TASK, "png"))) as image:
        assert image.size == (1200, 780)
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for colour in ("#0072B2", "#E69F00", "#009E73", "#D55E00"):
        wanted = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
        assert (np.abs(pixels.astype(int) - wanted).max(axis=1) < 4).sum() > 100


def test_an_answer_without_prices_has_no_picture(table: StrategyTable, tmp_path: Path) -> None:
    answer = Recommendation(
        machine=make_machine(),
        task=TASK,
        candidates=(),
        strategy=Strategy.NONE,
        choice=None,
        plan=(),
        reasons=(),
        caveats=(),
        next_commands=(),
        accuracy_axis=axis_of(TASK, []),
        can_be_done=False,
    )
    with pytest.raises(InputError, match="nothing to draw"):
        save_break_even(answer, tmp_path / "plot.png")
    save_break_even(replace(answer, strategies=table), tmp_path / "plot.svg")
    assert b"train from scratch: nep" in (tmp_path / "plot.svg").read_bytes()
    assert not drawable(replace(table, prices=()))
