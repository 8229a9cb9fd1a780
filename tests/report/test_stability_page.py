"""The page of ``stability``: which models pass first, then one table of all of them, then what to do."""

from __future__ import annotations

from dataclasses import replace

from factories import make_summary
from mlipguide.records.accuracy.stability import StabilityData
from mlipguide.report.console import output_console
from mlipguide.report.pages.stability_page import stability_page
from trust_records import FAILED, PASSED, UNCLEAR, make_check, make_model

GOOD = make_model(
    "good",
    PASSED,
    make_check(0.01, PASSED),
    make_check(98.2, PASSED, test="bulk", title="Bulk modulus", unit="GPa", threshold=None, decisive=False),
    step_s=2e-15,
)
BAD = make_model("bad", FAILED, make_check(0.2, FAILED), step_s=None)
DATA = StabilityData(
    structure=make_summary(), temperature_k=300.0, timestep_s=1e-15, budget_s=180.0, results=(GOOD, BAD)
)


def page(data: StabilityData, width: int = 100, *, details: bool = False) -> list[str]:
    console = output_console()
    console.width = width
    with console.capture() as captured:
        console.print(stability_page(data, console, given="Si.cif", details=details), crop=False)
    return [line.rstrip() for line in captured.get().splitlines()]


def test_what_passes_and_what_does_not_comes_first_with_its_numbers() -> None:
    lines = page(DATA)
    assert " ".join(lines[:2]).startswith(
        "Stable: good, with steps up to 2 fs. Do not run: bad (Drift at 1 fs 0.2 ± 0.002 meV/atom/ps, limit ≤ 0.05)."
    )
    assert len(lines) <= 30


def test_several_models_share_one_table() -> None:
    rows = {line.split("  ")[0]: line.split() for line in page(DATA)}
    assert rows["Check"] == ["Check", "Limit", "Unit", "good", "bad"]
    assert rows["Drift at 1 fs"][-7:] == ["0.01", "±", "0.002", "0.2", "±", "0.002", "✗"]
    assert rows["Bulk modulus *"][-4:] == ["98", "±", "0.002", "–"], "what a model was not asked is a dash"
    assert "bad, Drift at 1 fs: Slope of the energy. Use a shorter time step." in page(DATA)


def test_each_model_has_a_table_of_its_own_with_details_and_where_one_for_all_is_too_wide() -> None:
    for lines in (page(DATA, details=True), page(DATA, width=60)):
        assert sum(line.startswith("Check ") for line in lines) == 2
        assert any(line.startswith("GOOD: passed") for line in lines)
    assert any(line.endswith("(Limit: judgement.)") for line in page(DATA, details=True))


def test_the_next_commands_are_for_what_passed_else_for_half_the_step() -> None:
    assert "  mlipguide recommend Si.cif --models good --temperature 300K --timestep 2fs" in "\n".join(page(DATA))
    lines = page(replace(DATA, results=(BAD,)))
    assert "  mlipguide stability Si.cif --models bad --timestep 0.5fs" in lines
    unclear = replace(BAD, verdict=UNCLEAR, tests=(make_check(0.05, UNCLEAR),))
    assert page(replace(DATA, results=(unclear,)))[0].startswith("Not shown to be stable: bad (Drift at 1 fs 0.05")
