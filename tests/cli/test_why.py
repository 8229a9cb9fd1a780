"""``recommend --why MODEL`` leads each number to its source."""

from __future__ import annotations

from fake_models import STRUCTURES, FakeModels, Run
from mlipguide.core.errors import ExitCode
from mlipguide.testing.fake_session import linear

LIFEPO4 = STRUCTURES / "LiFePO4.cif"


def test_every_number_is_shown_with_its_interval_basis_and_source(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", time_law=linear(5e-3), noise=0.02)
    outcome = run("recommend", LIFEPO4, "--atoms", "2000", "--models", "fake-a", "--why", "fake-a")
    for title in ("Step", "Run", "ns/day", "Memory", "Fits up to", "In time up to", "Accuracy", "Licence"):
        (line,) = (line for line in outcome.out.splitlines() if line.startswith(title + " "))
        if title not in ("Accuracy", "Licence"):
            assert " to " in line
            assert "extrapolated" in outcome.out
    assert "this machine" in outcome.out
    assert ".json" in outcome.out
    assert "times the budget" in outcome.out


def test_elsewhere_the_published_timings_are_named_with_their_links(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", time_law=linear(5e-3), noise=0.02)
    asked = ("--atoms", "2000", "--hardware", "A100-80GB,H100-80GB", "--no-measure")
    outcome = run("recommend", LIFEPO4, *asked, "--why", "mace-mpa-0")
    assert outcome.out.count("MACE-MPA-0 (mace-mpa-0) on ") == 2
    assert "[wood2025uma]" in outcome.out
    assert "https://arxiv.org/abs/2506.23971" in outcome.out.replace("\n", "")


def test_a_model_that_was_not_considered_is_refused(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", time_law=linear(5e-3), noise=0.02)
    outcome = run("recommend", LIFEPO4, "--models", "fake-a", "--why", "mace-mpa-0")
    assert outcome.code == ExitCode.BAD_INPUT
    assert "mace-mpa-0 is not among the models that were considered" in outcome.err
