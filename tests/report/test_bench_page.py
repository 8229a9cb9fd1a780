"""The page of ``bench`` says where time goes, at any width."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from factories import SETTINGS, make_estimate
from mlipguide.records.estimate import Basis
from mlipguide.records.models.additions import Addition, AdditionKind
from mlipguide.records.timing.bench import AdditionPrice, Agreement, BenchData, Capacity, FastestSettings
from mlipguide.records.timing.measurement import Scenario
from mlipguide.report.pages.bench_page import bench_page
from report_records import make_bench, make_series, make_size_result

WIDTHS = (80, 120, 160)
DOUBLE = replace(SETTINGS, dtype="float64")


def page(data: BenchData, width: int, *, details: bool = False) -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(bench_page(data, console, given="Si.cif", details=details), crop=False)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert all(len(line) <= width for line in lines if not line.startswith("  mlipguide "))
    assert "…" not in "".join(lines)
    return [line.rstrip() for line in lines]


def swept() -> BenchData:
    """Return a model in two dtypes, with everything that can be asked for."""
    name = "sevennet-0-22may2024"
    return make_bench(
        make_series(name, (32, 64, 128), settings=DOUBLE),
        make_series(name, (32, 64, 128), per_atom_s=5e-4),
        capacity=(
            Capacity(
                model=name,
                settings=SETTINGS,
                largest_fitting_atoms=3456,
                smallest_failing_atoms=None,
                with_headroom_atoms=3100,
                headroom=0.1,
                memory_bytes=16 * 2**30,
            ),
        ),
        agreements=(
            Agreement(
                model=name,
                settings=SETTINGS,
                reference=DOUBLE,
                energy_difference_ev_per_atom=-2.3e-6,
                force_mae_ev_per_angstrom=1.2e-5,
                force_max_ev_per_angstrom=0.5,
                within_tolerance=False,
            ),
        ),
        fastest=(
            FastestSettings(model=name, settings=DOUBLE, speed_up=make_estimate(1.0), reason="float32 is too far."),
        ),
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_a_step_is_divided(width: int) -> None:
    lines = page(make_bench(make_series("model-a", (64, 128))), width)
    (header,) = (line for line in lines if "Network" in line)
    (row,) = (line for line in lines if " 64 ms " in line)
    assert header.split()[-6:] == ["ns/day", "Graph", "Network", "Rest", "Peak", "Steps"]
    # 2 fs in 64 ms are 2e-6 ns in 64e-3 s: 2.7 ns a day
    assert row.split()[-7:] == ["2.7", "20%", "70%", "10%", "1", "GiB", "40"]
    assert "Setting" not in header.split()


def test_a_backend_that_does_not_divide_its_step() -> None:
    alone = page(make_bench((make_size_result(64, model_time_s=None),)), 100)
    (header,) = (line for line in alone if "Peak" in line)
    assert "Forces" in header
    assert "Network" not in header
    assert any("90%" in line and "10%" in line for line in alone)
    both = make_bench((make_size_result(64, model="a", model_time_s=None),), (make_size_result(64, model="b"),))
    (row,) = (line for line in page(both, 140) if line.startswith("a  "))
    assert row.split()[-6:] == ["–", "–", "10%", "1", "GiB", "40"]


@pytest.mark.parametrize("width", WIDTHS)
def test_offline_is_structures_a_second(width: int) -> None:
    lines = page(make_bench(make_series("model-a", (64, 128), scenario=Scenario.OFFLINE)), width, details=True)
    (header,) = (line for line in lines if "struct./s" in line)
    assert "ns/day" not in header
    assert any(" 15.6 " in line for line in lines)  # one in 64 ms
    assert "Time per structure" in lines


@pytest.mark.parametrize("width", WIDTHS)
def test_steps_set_aside_are_counted_and_explained(width: int) -> None:
    lines = page(make_bench((make_size_result(64, set_aside=7),)), width)
    assert any(line.endswith("40 +7") for line in lines)
    assert any("set aside" in line for line in lines)
    assert not any("set aside" in line for line in page(make_bench(), width))


def test_settings_stand_beside_the_model_where_they_differ() -> None:
    wide = page(swept(), 160, details=True)
    assert any(line.split()[:3] == ["Model", "Setting", "Atoms"] for line in wide)
    assert sum("float64" in line and "64 ms" in line for line in wide) == 1
    assert "Settings cpu, 1 thread, driver ase, freed memory kept" in wide
    narrow = page(swept(), 80, details=True)
    assert "sevennet-0-22may2024, float64  50.0 pairs per atom" in narrow
    assert "● sevennet-0-22may2024, float64   ▲ sevennet-0-22may2024, float32   · fitted" in narrow


@pytest.mark.parametrize("width", WIDTHS)
def test_findings_follow_the_laws(width: int) -> None:
    lines = page(swept(), width, details=True)
    titles = ["Laws", "Largest systems that fit", "Agreement with the plain setting", "Fastest settings"]
    places = [lines.index(title) for title in titles]
    assert places == sorted(places)
    fits = lines[places[1] + 2].split()
    assert fits == ["sevennet-0-22may2024", "float32", "3,456", "–", "3,100", "16", "GiB"]
    assert "10% denser" in lines[places[1] + 3]
    agreement = lines[places[2] + 2].split()
    assert agreement == ["sevennet-0-22may2024", "float32", "float64", "-0.0023", "0.012", "5e+02", "too", "far"]
    assert "float32 is too far." in " ".join(lines[places[3] :])
    assert not set(titles[1:]) & set(page(make_bench(), width, details=True))


def test_the_fastest_comes_first_and_how_much_longer_the_others_take() -> None:
    lines = page(make_bench(), 100)
    first = " ".join(lines[:2])
    # 128 atoms are the largest size of both; 2 fs in 128 ms are 1.35 ns a day
    assert first.startswith("model-a is the fastest of 2: 128 ms ±5 % for a step of 128 atoms, 1.35 ns/day")
    assert "model-b (random weights) takes 5 (4.67 to 5.36) times as long." in first
    assert len(lines) <= 30
    assert not any("Laws" in line or "fitted" in line for line in lines)
    assert any(line.startswith("Laws") for line in page(make_bench(), 100, details=True))


def test_a_setting_whose_results_are_too_far_off_is_not_the_fastest() -> None:
    lines = page(swept(), 100)
    first = " ".join(lines[:3])
    assert first.startswith("sevennet-0-22may2024, float64 takes 128 ms")
    assert "Do not use sevennet-0-22may2024 with float32: its results are too far off." in first


def test_the_commands_that_follow_are_whole_and_leave_out_random_weights() -> None:
    lines = page(make_bench(), 80)
    assert "  mlipguide recommend Si.cif --models model-a --atoms 256 --time 1ns --budget 24h" in lines
    assert "  mlipguide stability Si.cif --models model-a" in lines
    assert lines[-1].startswith("More: --details")


def test_a_long_sweep_is_cut_to_its_ends_and_says_so() -> None:
    series = [make_series(f"model-{name}", (16, 32, 64, 128, 256, 512, 1024, 2048)) for name in "abc"]
    lines = page(make_bench(*series), 120)
    assert len(lines) <= 30
    assert "12 more sizes: --details." in lines
    for name in "abc":
        sizes = [line.split()[1] for line in lines if line.startswith(f"model-{name}  ")]
        assert sizes == ["16", "512", "1,024", "2,048"]


def test_an_interval_so_wide_that_it_decides_nothing_is_told() -> None:
    wide = make_size_result(64, step_time_s=make_estimate(0.064, spread=8.0, basis=Basis.MEASURED))
    other = make_size_result(64, model="model-b", step_time_s=make_estimate(0.1, spread=8.0, basis=Basis.MEASURED))
    first = " ".join(page(make_bench((wide,), (other,)), 100)[:3])
    assert "60 ms ×÷8" in first
    assert "model-b is not told from it" in first
    assert "needs a longer --budget" in first


def test_the_price_of_an_addition_is_told_with_its_interval_or_not_at_all() -> None:
    settings = replace(SETTINGS, additions=(Addition(kind=AdditionKind.D3, method="pbe", damping="d3bj"),))
    known = AdditionPrice(model="model-a", settings=settings, atoms=64, times_as_long=make_estimate(1.2, spread=1.1))
    data = make_bench(make_series("model-a", (64,), settings=settings), additions=(known,))
    assert "makes a step of model-a with 64 atoms 1.2 (1.09 to 1.32) times as long." in " ".join(page(data, 120))
    short = replace(make_estimate(0.86, spread=None), source="2 rounds in turn")
    unknown = replace(data, additions=(replace(known, times_as_long=short),))
    words = " ".join(page(unknown, 120))
    assert "0.86" not in words
    assert "to a step of model-a with 64 atoms is not known: only 2 rounds in turn found room in the budget" in words
