"""A checkpoint of another architecture is not timed under the card of the user's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ase.data import atomic_numbers

from factories import make_card
from mlipguide.records.models.model_card import ModelCard, WeightsFact
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import ModelFacts
from mlipguide.sessions.own_checkpoint import require_same_architecture
from mlipguide.testing.fake_session import FakeSession
from toy_plugin import ToyPlugin, toy_card

LOCAL = WeightsFact(origin=WeightsOrigin.LOCAL, name="plain", path="/a/b.pth", sha256="0", derived_from="base")
FACTS = FakeSession().facts


def own(cutoff: float | None = 5.0, layers: int | None = 2, parameters: int | None = 1000) -> ModelCard:
    card = make_card("mine", weights=LOCAL)
    architecture = replace(card.architecture, cutoff_angstrom=cutoff, layers=layers, parameters=parameters)
    return replace(card, architecture=architecture)


@pytest.mark.parametrize("card", [own(), own(cutoff=None), own(layers=None), own(parameters=990)])
def test_the_same_architecture_passes(card: ModelCard) -> None:
    require_same_architecture(card, FACTS)
    require_same_architecture(card, replace(FACTS, layers=None))


def test_fewer_parameters_pass_where_their_number_is_not_known() -> None:
    card = own(parameters=None)
    numbers = tuple(atomic_numbers[symbol] for symbol in card.known_elements)
    require_same_architecture(card, replace(FACTS, parameters=7, elements=numbers))


@pytest.mark.parametrize(
    ("card", "facts", "says"),
    [
        (own(cutoff=6.0), FACTS, "a cutoff of 5 Å, not 6 Å"),
        (own(layers=3), FACTS, "2 layers, not 3"),
        (own(6.0, 3), FACTS, "a cutoff of 5 Å, not 6 Å and 2 layers, not 3"),
        (own(parameters=1100), FACTS, "1,000 parameters, not 1,100"),
        (own(), replace(FACTS, elements=(3, 8)), "no weights for 3 of its elements (P, Fe, Cu)"),
    ],
)
def test_another_checkpoint_is_refused(card: ModelCard, facts: ModelFacts, says: str) -> None:
    with pytest.raises(SessionError) as caught:
        require_same_architecture(card, facts)
    assert caught.value.failure is FailureKind.WEIGHTS
    assert f"it has {says}." in caught.value.message
    assert "/a/b.pth is not what was registered as trained further from base" in caught.value.message
    assert "mlipguide models remove mine" in caught.value.message


def test_a_real_worker_is_asked(toy_plugin: ToyPlugin, tmp_path: Path) -> None:
    weights = replace(LOCAL, path=str(tmp_path / "b.pth"))
    right = toy_card(weights=weights)
    right = replace(right, training=replace(right.training, elements=("Li", "O")))
    with toy_plugin.opened(card=right) as session:
        assert session.facts.layers == 1
    wrong = replace(right, architecture=replace(right.architecture, layers=4))
    with pytest.raises(SessionError, match="1 layers, not 4"), toy_plugin.opened(card=wrong):
        pass
