"""A checkpoint of another architecture is not timed under the card of the user's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from factories import make_card
from mlipguide.records.model_card import ModelCard, WeightsFact, WeightsOrigin
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.own_checkpoint import require_same_architecture
from mlipguide.testing.fake_session import FakeSession
from toy_plugin import ToyPlugin, toy_card

LOCAL = WeightsFact(origin=WeightsOrigin.LOCAL, name="plain", path="/a/b.pth", sha256="0", derived_from="base")
FACTS = FakeSession().facts


def own(cutoff: float | None = 5.0, layers: int | None = 2) -> ModelCard:
    card = make_card("mine", weights=LOCAL)
    return replace(card, architecture=replace(card.architecture, cutoff_angstrom=cutoff, layers=layers))


@pytest.mark.parametrize("card", [own(), own(cutoff=None), own(layers=None)])
def test_the_same_architecture_passes(card: ModelCard) -> None:
    require_same_architecture(card, replace(FACTS, parameters=7))
    require_same_architecture(card, replace(FACTS, layers=None))


@pytest.mark.parametrize(
    ("card", "says"),
    [
        (own(cutoff=6.0), "a cutoff of 5 Å, not 6 Å"),
        (own(layers=3), "2 layers, not 3"),
        (own(6.0, 3), "a cutoff of 5 Å, not 6 Å and 2 layers, not 3"),
    ],
)
def test_another_architecture_is_refused(card: ModelCard, says: str) -> None:
    with pytest.raises(SessionError) as caught:
        require_same_architecture(card, FACTS)
    assert caught.value.failure is FailureKind.WEIGHTS
    assert says in caught.value.message
    assert "/a/b.pth was not trained from base" in caught.value.message


def test_a_real_worker_is_asked(toy_plugin: ToyPlugin, tmp_path: Path) -> None:
    weights = replace(LOCAL, path=str(tmp_path / "b.pth"))
    right = toy_card(weights=weights)
    with toy_plugin.opened(card=right) as session:
        assert session.facts.layers == 1
    wrong = replace(right, architecture=replace(right.architecture, layers=4))
    with pytest.raises(SessionError, match="1 layers, not 4"), toy_plugin.opened(card=wrong):
        pass
