"""What every page is made of: commands are never broken, and digits follow the interval."""

from __future__ import annotations

import pytest
from rich.console import Group

from factories import make_estimate
from mlipguide.core.readable import number
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.report.console import output_console
from mlipguide.report.pages.page_parts import Step, next_steps
from mlipguide.report.words.command_words import STRUCTURE, structure_words, typed
from mlipguide.report.words.formatting import told_error, with_interval

LONG = "mlipguide recommend " + "/a/long/path" * 20 + ".cif --atoms 100"


def lines_of(*steps: Step, width: int = 80, details: bool = False) -> list[str]:
    console = output_console()
    console.width = width
    with console.capture() as captured:
        console.print(Group(*next_steps(steps, console, hidden="the curve", details=details)), crop=False)
    return captured.get().splitlines()


def test_a_command_is_one_line_however_long() -> None:
    lines = lines_of(Step(LONG, "which to run"), Step("mlipguide doctor", "what is here"))
    assert lines == [
        "",
        "Next",
        "  # which to run",
        f"  {LONG}",
        "  # what is here",
        "  mlipguide doctor",
        "More: --details (the curve), --json.",
    ]


def test_purposes_stand_beside_commands_where_all_fit_and_details_are_not_offered_twice() -> None:
    lines = lines_of(Step("mlipguide doctor", "what is here"), Step("mlipguide env list", "backends"), details=True)
    assert lines == ["", "Next", "  mlipguide doctor    # what is here", "  mlipguide env list  # backends"]


def test_what_was_given_is_typed_again_with_its_options() -> None:
    assert structure_words("my run.extxyz", index="-3", charge="1") == "'my run.extxyz' --index -3 --charge 1"
    assert structure_words(None, preset="silicon") == "--preset silicon"
    assert structure_words(None) == STRUCTURE
    assert typed("a.extxyz", {"--engines": "pod,nep", "--seed": None}) == "a.extxyz --engines pod,nep"


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (123.4, 117.0, 130.0, "123 (117 to 130)"),
        (123.4, 50.0, 304.0, "120 (50 to 300)"),
        (123.4, 20.0, 760.0, "100 (20 to 800)"),
        (60.0, -61.2, 204.0, "60 (-60 to 200)"),
        (123.4, None, None, "123"),
    ],
)
def test_digits_follow_the_interval(value: float, low: float | None, high: float | None, words: str) -> None:
    estimate = Estimate(value=value, low=low, high=high, basis=Basis.MEASURED, source="test")
    assert with_interval(estimate, number) == words


def test_an_error_from_too_few_frames_has_two_digits() -> None:
    assert told_error(make_estimate(53.4, spread=None), number) == "53"
    assert told_error(make_estimate(53.4), number) == "53.4"
