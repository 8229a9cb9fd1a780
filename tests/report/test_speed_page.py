"""The page of a speed: the answer first, then figures, reasons and commands, within thirty lines."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from mlipguide.records.estimate import Basis, Estimate, around
from mlipguide.records.timing.run_log import LogProgram, RunLog
from mlipguide.records.timing.slowdown import Fit, LikelySlowdown, LogSign, SlowdownCheck, SlowdownKind
from mlipguide.records.timing.speed_check import SpeedCheck, SpeedVerdict
from mlipguide.report.pages.speed_page import speed_page


def estimate(value: float, reach: float = 1.5) -> Estimate:
    return around(value, reach, basis=Basis.TRANSFERRED, source="published for somewhere")


def likely(kind: SlowdownKind, value: float, fit: Fit, *, line: int | None = None) -> LikelySlowdown:
    sign = None if line is None else LogSign(kind=kind, line=line, text="It says so.")
    check = SlowdownCheck(command=f"look --for {kind.value}", tells=f"that it is {kind.value}")
    return LikelySlowdown(kind=kind, factor=estimate(value, 2.0), fit=fit, checks=(check,), sign=sign)


SLOW = SpeedCheck(
    model="model-a",
    atoms=480,
    structure="Si",
    hardware="A100-80GB",
    here=False,
    code="ase",
    code_known=False,
    seen_step_time_s=1.44,
    timestep_s=1e-15,
    expected_step_time_s=estimate(0.07),
    one_device_step_time_s=None,
    slowdown=estimate(20.6),
    verdict=SpeedVerdict.SLOWER,
    causes=(
        likely(SlowdownKind.PROCESSOR, 20, Fit.EXPLAINS),
        likely(SlowdownKind.FLOAT64, 15, Fit.EXPLAINS),
        *(likely(kind, 2, Fit.PART) for kind in (SlowdownKind.NEIGHBOURS, SlowdownKind.HOST, SlowdownKind.START)),
    ),
    gains=(likely(SlowdownKind.FEW_ATOMS, 4, Fit.EXPLAINS), likely(SlowdownKind.PLAIN_KERNELS, 2, Fit.EXPLAINS)),
    log=None,
)


def page(data: SpeedCheck, width: int = 100, *, details: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(speed_page(data, console, details=details), crop=False)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def joined(data: SpeedCheck, **how: bool) -> str:
    return " ".join(page(data, **how).split())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_answer_comes_first_and_commands_stay_whole(width: int) -> None:
    text = page(SLOW, width)
    assert text.startswith("Slower than normal by")
    assert any(line.strip().startswith("look --for processor") for line in text.splitlines())
    assert all(len(line) <= width for line in text.splitlines())


def test_the_short_page_keeps_to_thirty_lines_and_details_have_everything() -> None:
    assert len(page(SLOW).splitlines()) <= 30
    short, whole = joined(SLOW), joined(SLOW, details=True)
    assert "look --for start" not in short
    assert "look --for start" in whole
    assert "What fits: the processor in the place of the GPU or float64; the commands below tell which." in short
    assert "1.44 s a step: 0.694 steps/s, 0.06 ns/day with steps of 1 fs" in short
    assert "75 % of this step do not depend on their number" in short


def test_one_reason_alone_is_named_with_what_to_do() -> None:
    single = replace(SLOW, causes=(likely(SlowdownKind.FLOAT64, 20, Fit.EXPLAINS),))
    assert "What fits: float64. Do: float32 for dynamics" in joined(single)
    none = replace(SLOW, causes=(likely(SlowdownKind.FLOAT64, 2, Fit.PART),))
    assert "No single reason explains that" in joined(none)


def test_what_the_log_shows_comes_with_its_line() -> None:
    log = RunLog(path="x", program=LogProgram.LAMMPS, steps=1000, wall_s=1440.0, processes=2, threads=1, style="mace")
    shown = replace(SLOW, causes=(likely(SlowdownKind.FLOAT64, 2, Fit.PART, line=6),), log=log)
    text = joined(shown)
    assert "The log shows one reason: it ran in float64, which explains a part of it." in text
    assert "line 6 of the log: It says so." in text
    assert "1,000 steps in 24 min, 2 processes, 1 thread each, pair style mace" in text
    fine = replace(shown, verdict=SpeedVerdict.NORMAL, slowdown=estimate(1.0), gains=())
    assert "Normal: a step of model-a with 480 atoms" in joined(fine)
    assert "Yet the log shows that it ran in float64." in joined(fine)


def test_normal_wide_fast_and_unknown() -> None:
    normal = replace(
        SLOW, verdict=SpeedVerdict.NORMAL, slowdown=estimate(1.0), causes=(), code="lammps", code_known=True
    )
    assert "is expected by lammps." in joined(normal)
    assert "wide range" not in joined(normal)
    assert "That is a wide range" in joined(replace(normal, expected_step_time_s=estimate(1.4, 6.0)))
    fast = replace(SLOW, verdict=SpeedVerdict.FASTER, slowdown=estimate(0.1), causes=(), gains=())
    assert "Look whether the model, the number of atoms and the device are right." in joined(fast)
    unknown = replace(SLOW, verdict=SpeedVerdict.UNKNOWN, expected_step_time_s=None, slowdown=None, causes=(), gains=())
    assert joined(unknown).startswith(
        "Nothing tells how long a step of model-a with 480 atoms on A100-80GB should take"
    )
