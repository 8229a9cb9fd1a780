"""Sets of elements, the bibliography and the combined score."""

from __future__ import annotations

from pathlib import Path

import pytest
from ase.data import chemical_symbols

from mlipguide.catalog.elements import SYMBOLS, expand_elements, read_element_sets
from mlipguide.catalog.locations import DATA, ELEMENT_SETS
from mlipguide.catalog.scores import combined_performance_score
from mlipguide.catalog.sources import parse_sources, read_sources
from mlipguide.core.errors import InputError


def test_symbols_are_in_order_of_atomic_number() -> None:
    assert list(SYMBOLS) == chemical_symbols[1:]


def test_mptrj_has_all_elements_up_to_plutonium_but_five() -> None:
    sets = read_element_sets(DATA / ELEMENT_SETS)
    mptrj = sets["mptrj-89"].elements
    assert len(mptrj) == len(set(mptrj)) == 89
    assert list(mptrj) == [symbol for symbol in SYMBOLS[:94] if symbol not in {"Po", "At", "Rn", "Fr", "Ra"}]
    assert sets["mpf-2021-89"].elements == mptrj
    assert set(mptrj) - set(sets["mp-r2scan-88"].elements) == {"Yb"}


def test_sets_of_elements_name_known_sources() -> None:
    for name, members in read_element_sets(DATA / ELEMENT_SETS).items():
        assert members.sources, name
        assert set(members.sources) <= set(read_sources()), name


def test_elements_are_expanded_in_order_and_once() -> None:
    sets = read_element_sets(DATA / ELEMENT_SETS)
    assert expand_elements(["O", "H", "O"], sets) == ("H", "O")
    assert expand_elements(["Am", "set:mptrj-89"], sets) == (*sets["mptrj-89"].elements, "Am")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[H, O]", "sets of elements are expected"),
        ("a: {elements: [H]}", "sources: field required"),
        ("a: {elements: [H, Xx], sources: [s]}", "unknown elements Xx"),
        ("a: {elements: [H, NO], sources: [s]}", "elements.1"),
    ],
)
def test_malformed_sets_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "sets.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_element_sets(path)


def test_the_bibliography_is_read() -> None:
    sources = read_sources()
    review = sources["jacobs2025guide"]
    assert review.kind == "article"
    assert review.link == "https://doi.org/10.1016/j.cossms.2025.101214"
    assert review.title.endswith("interatomic potentials \u2013 Status and future")
    entry = sources["leaderboard_mace_mp_0"]
    assert entry.fields["howpublished"].startswith(
        "janosh/matbench-discovery@2c7f9fc42d018711dc2f5df573d225ea6d2d17b2:"
    )
    assert sources["batatia2023foundation"].link == "https://arxiv.org/abs/2401.00096"


def test_values_may_be_nested_quoted_or_numbers() -> None:
    text = """
    % @misc{commented, title = {No}}
    A remark between entries.
    @Misc{ a1, Title = {The {MACE}
        model}, note = "so", year = 2024}
    @book{b2,}
    """
    sources = parse_sources(text, what="test.bib")
    assert {key: (source.kind, dict(source.fields)) for key, source in sources.items()} == {
        "a1": ("misc", {"title": "The {MACE} model", "note": "so", "year": "2024"}),
        "b2": ("book", {}),
    }
    assert sources["a1"].title == "The MACE model"
    assert sources["b2"].title == "b2"
    assert sources["b2"].link is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@misc{a, title = {open", "entry 'a': a value"),
        ("@misc{a, title = }", "entry 'a': a value"),
        ("@misc{a, title = {x} ", "the end of the file"),
        ("@misc{a, year = 1} @misc{a, year = 2}", "the key 'a' is used twice"),
    ],
)
def test_malformed_entries_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_sources(text, what="test.bib")


def test_a_missing_bibliography_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Cannot read"):
        read_sources(tmp_path / "none.bib")


def test_the_score_of_perfect_and_worst_predictions() -> None:
    assert combined_performance_score(1.0, 0.0, 0.0) == pytest.approx(1.0)
    assert combined_performance_score(0.0, 2.0, 0.15) == pytest.approx(0.0)


@pytest.mark.parametrize("parts", [(None, 0.5, 0.1), (0.8, None, 0.1), (0.8, 0.5, None)])
def test_the_score_is_unknown_when_a_part_is(parts: tuple[float | None, float | None, float | None]) -> None:
    assert combined_performance_score(*parts) is None
