"""``models families``, from the command line to the page and to JSON."""

from __future__ import annotations

import pytest

from fake_models import Run
from mlipguide.catalog.families import load_families
from mlipguide.core.errors import ExitCode
from mlipguide.core.readable import number
from mlipguide.records.models.family_card import FamilyCard

FAMILIES = load_families()


@pytest.mark.parametrize("width", ["80", "120"])
def test_all_families_stand_in_a_table(run: Run, monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    monkeypatch.setenv("COLUMNS", width)
    outcome = run("models", "families")
    assert outcome.code == ExitCode.DONE
    lines = outcome.out.splitlines()
    assert all(len(line) <= int(width) for line in lines)
    rows = {line.split()[0]: line for line in lines[1 : len(FAMILIES) + 1]}
    assert set(rows) == {card.id for card in FAMILIES}
    for card in FAMILIES:
        times = [item.us_per_atom_step for item in card.speeds]
        assert not times or number(min(times)) in rows[card.id]


@pytest.mark.parametrize("card", FAMILIES, ids=lambda card: card.id)
def test_one_family_is_shown_with_all_its_sources(run: Run, card: FamilyCard) -> None:
    name = card.id
    page = run("models", "families", name.upper()).out
    words = " ".join(page.split())
    data = run("models", "families", name, "--json").document["data"]
    (family,) = data["families"]
    assert family["id"] == name
    for fact in (*family["strengths"], *family["weaknesses"], family["elements"]):
        assert fact["text"] in words
    for speed in family["speeds"]:
        assert speed["potential"] in words
    keys = {item["key"] for item in data["sources"]}
    assert set(family["sources"]) <= keys
    assert all(f"[{key}]" in page or f"{key}," in page for key in keys)
    assert all(item["link"] for item in data["sources"] if not item["key"].startswith("mlipguide_"))


def test_an_unknown_family_suggests(run: Run) -> None:
    outcome = run("models", "families", "nepp")
    assert outcome.code == ExitCode.BAD_INPUT
    assert "Did you mean 'nep'?" in outcome.err
