"""What is known of reasons for slow runs has its sources, commands that can be typed, and words on the page."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mlipguide.catalog.cpu_timings import load_cpu_timings
from mlipguide.catalog.parallel_codes import load_parallel_codes
from mlipguide.catalog.slow_causes import SLOW_CAUSES, load_slow_causes
from mlipguide.catalog.sources import read_sources
from mlipguide.core.errors import InputError
from mlipguide.records.timing.slowdown import SlowdownKind
from mlipguide.report.words.speed_words import BRIEF, NAMES, REMEDIES

SLOTS = ("{model}", "{atoms}", "{more}", "{structure}", "{log}")


def test_every_reason_has_commands_words_and_sources() -> None:
    known = read_sources()
    cards = load_slow_causes()
    assert set(cards) == set(SlowdownKind) == set(NAMES) == set(REMEDIES)
    assert set(BRIEF) == set(SlowdownKind) - {SlowdownKind.PLAIN_KERNELS, SlowdownKind.FEW_ATOMS}
    for card in cards.values():
        assert card.checks
        assert all(sign == sign.lower() for sign in card.signs)
        assert {*card.sources, *(one.source for one in card.evidence)} <= set(known), card.kind
        for one in card.evidence:
            assert 0 < one.low <= one.value <= one.high, card.kind
        for check in card.checks:
            text = check.command
            for slot in SLOTS:
                text = text.replace(slot, "x")
            assert "{" not in text.replace("{print", ""), text


def test_a_reason_twice_or_not_at_all_is_refused(tmp_path: Path) -> None:
    cards = yaml.safe_load(SLOW_CAUSES.read_text(encoding="utf-8"))
    path = tmp_path / "causes.yaml"
    for changed in (cards[1:], [*cards, cards[0]]):
        path.write_text(yaml.safe_dump(changed), encoding="utf-8")
        with pytest.raises(InputError, match="each reason is expected once"):
            load_slow_causes(path)
        load_slow_causes.cache_clear()


def test_pair_styles_are_those_of_one_code_each() -> None:
    for codes in load_parallel_codes().values():
        styles = [style for code in codes for style in code.styles]
        assert len(set(styles)) == len(styles)
    assert [code.code for code in load_parallel_codes()["MACE"] if "mliap" in code.styles] == ["lammps mliap cueq"]


def test_the_timings_of_a_processor_are_of_known_size(tmp_path: Path) -> None:
    found = {(one.model, one.system, one.atoms): one.step_time_s for one in load_cpu_timings()}
    assert found["mace-mp-0-medium", "Si", 128] == pytest.approx(0.78)
    path = tmp_path / "timings.csv"
    path.write_text("model,system,atoms,step_ms\na,Si,many,3\n", encoding="utf-8")
    with pytest.raises(InputError, match="Cannot read"):
        load_cpu_timings(path)
