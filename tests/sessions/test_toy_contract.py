"""The contract of backends holds for the toy backend, and tells where a backend breaks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import pytest

from mlipguide.catalog.cards import load_catalogue
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import Need
from mlipguide.sessions.worker_session import WorkerSession, open_session
from mlipguide.testing.contract import BackendContract
from toy_plugin import ToyPlugin, toy_card


class _ToyContract(BackendContract):
    """The contract on a checkpoint that fills its memory with 500 atoms."""

    checkpoint: ClassVar[str] = "hogs@500"
    synthetic: ClassVar[bool] = False
    plugin: ClassVar[ToyPlugin]
    card: ClassVar[ModelCard]
    memory_limit_bytes = 2**30
    exhausting_atoms = 500

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def toy(cls, shared_toy_plugin: ToyPlugin) -> None:
        """Install the plug-in for the whole class."""
        cls.plugin = shared_toy_plugin
        (name,) = shared_toy_plugin.add(cls.checkpoint)
        cls.card = load_catalogue().find(name)

    @classmethod
    def open(cls, *, memory_limit_bytes: int | None = None) -> WorkerSession:
        """Start a worker with the toy."""
        return open_session(
            cls.plugin.request(cls.checkpoint, memory_limit_bytes=memory_limit_bytes, synthetic=cls.synthetic)
        )


class TestToy(_ToyContract):
    """Real weights."""


class TestSyntheticToy(_ToyContract):
    """Weights that are said to be random."""

    synthetic = True


@pytest.mark.parametrize(
    ("checkpoint", "test"),
    [
        ("curled", BackendContract.test_forces_are_the_gradient_of_the_energy),
        ("flies-apart", BackendContract.test_energy_and_forces_have_their_shapes_and_units),
        ("no-stress", BackendContract.test_stress_is_the_derivative_by_strain_or_missing),
        ("remembers", BackendContract.test_the_input_is_not_changed),
        ("sees-the-corner", BackendContract.test_a_translation_changes_nothing),
        ("counts-from-one", BackendContract.test_the_order_of_atoms_changes_nothing),
        ("ignores-images", BackendContract.test_periodic_images_are_counted),
        ("mirrors", BackendContract.test_a_left_handed_cell_is_its_right_handed_twin),
        ("electrons", BackendContract.test_charge_and_spin_reach_a_model_that_takes_them),
        ("forgets-held", BackendContract.test_held_atoms_stay_and_keep_their_forces),
    ],
)
def test_a_backend_that_breaks_the_contract_fails(
    toy_plugin: ToyPlugin, checkpoint: str, test: Callable[..., None]
) -> None:
    contract = BackendContract()
    contract.card = toy_card(checkpoint)  # type: ignore[misc]  # one card a class elsewhere
    with toy_plugin.opened(checkpoint) as session, pytest.raises(AssertionError):
        test(contract, session, contract.structure())


def test_charge_and_spin_reach_a_model_whose_card_says_that_it_takes_them(toy_plugin: ToyPlugin) -> None:
    contract = BackendContract()
    contract.card = toy_card("electrons", provides=(Need.TOTAL_CHARGE, Need.SPIN))  # type: ignore[misc]  # as above
    with toy_plugin.opened("electrons") as session:
        contract.test_charge_and_spin_reach_a_model_that_takes_them(session, contract.structure())
    with toy_plugin.opened() as session, pytest.raises(AssertionError):
        contract.test_charge_and_spin_reach_a_model_that_takes_them(session, contract.structure())


def test_a_card_with_the_wrong_cutoff_fails(toy_plugin: ToyPlugin) -> None:
    card = toy_card()
    contract = BackendContract()
    contract.card = replace(  # type: ignore[misc]  # one card a class elsewhere
        card, architecture=replace(card.architecture, cutoff_angstrom=5.0), training=replace(card.training, elements=())
    )
    with toy_plugin.opened() as session, pytest.raises(AssertionError):
        contract.test_the_card_says_what_the_weights_say(session)
