"""The script that brings figures up to the leaderboard, on a small checkout in the tests' data."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlipguide.catalog.locations import DATA
from mlipguide.catalog.validation import validate_folder

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "refresh_metrics.py"
CHECKOUT = ROOT / "tests" / "data" / "leaderboard"
DATE = "2027-01-02"


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    """Give a folder with two cards of the sample, one that is not in it, and one without figures."""
    for name in ("sevennet-0", "sevennet-l3i5", "chgnet-0.3.0", "sevennet-mf-0"):
        shutil.copy(DATA / "models" / f"{name}.yaml", tmp_path)
    return tmp_path


def run(cards: Path, *options: str, checkout: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(checkout), "--cards", str(cards), "--read-on", DATE, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


EXPECTED = """\
chgnet-0.3.0: models/chgnet/chgnet-0.3.0.yml is not in the checkout any more
sevennet-0: md_force_rmse_ev_per_angstrom: null -> 0.1505
sevennet-0: md_run_time_s: null -> 50000.0
sevennet-0: md_hardware: null -> NVIDIA H200
sevennet-l3i5: f1: 0.76 -> 0.77
sevennet-l3i5: cps: 0.7136 -> 0.7186
sevennet-l3i5: md_run_time_s: 54360.02 -> 40000.5
sevennet-l3i5: md_hardware: NVIDIA H200 -> NVIDIA B200
"""


def test_a_check_says_what_differs_and_writes_nothing(cards: Path) -> None:
    before = {path: path.read_bytes() for path in cards.iterdir()}
    done = run(cards, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (1, EXPECTED, "")
    assert {path: path.read_bytes() for path in cards.iterdir()} == before


def test_only_figures_and_dates_of_the_metrics_are_written(cards: Path) -> None:
    before = (cards / "sevennet-l3i5.yaml").read_text(encoding="utf-8")
    untouched = {name: (cards / name).read_bytes() for name in ("chgnet-0.3.0.yaml", "sevennet-mf-0.yaml")}
    done = run(cards)
    assert (done.returncode, done.stdout) == (0, EXPECTED)
    head, metrics = before.split("metrics:\n")
    changed = {
        "f1: 0.76\n": "f1: 0.77\n",
        "cps: 0.7136": "cps: 0.7186",
        "md_run_time_s: 54360.02": "md_run_time_s: 40000.5",
        "NVIDIA H200": "NVIDIA B200",
        "2026-11-22": DATE,
    }
    for old, new in changed.items():
        metrics = metrics.replace(old, new)
    assert (cards / "sevennet-l3i5.yaml").read_text(encoding="utf-8") == head + "metrics:\n" + metrics
    assert {name: (cards / name).read_bytes() for name in untouched} == untouched


def test_an_rmsd_on_the_older_scale_stays_out_and_new_fields_are_added(cards: Path) -> None:
    run(cards)
    text = (cards / "sevennet-0.yaml").read_text(encoding="utf-8")
    assert "  rmsd: null\n  cps: null\n  md_force_rmse_ev_per_angstrom: 0.1505\n" in text
    assert f'  read_on: "{DATE}"\n  md_run_time_s: 50000.0\n  md_hardware: NVIDIA H200\nremarks:\n' in text


def test_refreshed_cards_are_valid_and_a_second_run_finds_nothing_more(cards: Path) -> None:
    run(cards)
    names = {"id", "aliases.0", "aliases.1", "aliases.2"}  # those of the built-in cards
    assert {violation.field for violation in validate_folder(cards)} <= names
    (cards / "chgnet-0.3.0.yaml").unlink()
    done = run(cards, "--check")
    assert (done.returncode, done.stdout) == (0, "All figures are those of the leaderboard.\n")


def test_a_file_of_the_leaderboard_that_is_no_entry_is_not_taken_for_one(cards: Path) -> None:
    text = (DATA / "models" / "sevennet-omni.yaml").read_text(encoding="utf-8")
    text, found = re.subn(r"(metrics:\n(?:  .*\n)*?  sources: )\[.*\]", r"\1[leaderboard_scores]", text)
    assert found == 1
    (cards / "sevennet-omni.yaml").write_text(text, encoding="utf-8")
    done = run(cards, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (1, EXPECTED, "")


def test_another_folder_is_refused(cards: Path) -> None:
    done = run(cards, checkout=cards)
    assert done.returncode == 2
    assert "no checkout of janosh/matbench-discovery" in done.stderr
