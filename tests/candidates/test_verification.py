"""What env verify makes of models whose faults are known, and where it is seen afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ase.calculators.morse import MorsePotential

from fake_models import make_machine
from mlipguide.candidates import verification
from mlipguide.candidates.support import support_of, support_of_backend, supports_of
from mlipguide.candidates.verification import backend_support, verify_backend
from mlipguide.catalog.cards import load_catalogue
from mlipguide.environments.recipes import find_recipe
from mlipguide.records.models.model_card import ModelCard, ReferenceEnergy, WeightsFact
from mlipguide.records.models.support import BackendSupport, ModelSupport, Support
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import ModelSession
from mlipguide.sessions.reference_check import energy_per_atom
from mlipguide.sessions.worker_session import SessionRequest
from mlipguide.store import supports
from mlipguide.testing.calculators import Asymmetric
from mlipguide.testing.in_process import in_process_session
from toy_plugin import ToyPlugin, toy_card

MORSE = {"epsilon": 0.3, "r0": 2.1, "rho0": 4.0, "rcut1": 1.9, "rcut2": 2.6}
A = 2.1
MGO = ReferenceEnergy(
    symbols=("Mg", "O"),
    positions_angstrom=((0.0, 0.0, 0.0), (A, A, A)),
    cell_angstrom=((0.0, A, A), (A, 0.0, A), (A, A, 0.0)),
    energy_ev_per_atom=0.0,
    sources=("park2024sevennet",),
)


def morse() -> MorsePotential:
    return MorsePotential(**MORSE)


def the_card(reference: ReferenceEnergy | None = None, **changes: Any) -> ModelCard:
    weights = WeightsFact(origin=WeightsOrigin.PACKAGE, name="plain", reference=reference)
    card = toy_card(weights=weights, **changes)
    return replace(card, training=replace(card.training, elements=("Mg", "O")))


def verified(cards: list[ModelCard], make: Callable[[], Any] = morse, *, synthetic: bool = False) -> BackendSupport:
    def open_it(request: SessionRequest) -> ModelSession:
        session = in_process_session(make(), synthetic=request.synthetic or synthetic, cutoff_angstrom=5.5)
        session._facts = replace(session.facts, parameters=5)
        return session

    return verify_backend(find_recipe("toy"), cards, make_machine(), opener=open_it)


@pytest.fixture(autouse=True)
def _installed(toy_plugin: ToyPlugin) -> None:
    """The toy backend is there for every test."""


def right_energy() -> float:
    return energy_per_atom(in_process_session(morse()), MGO)


def test_a_published_number_that_comes_out_verifies() -> None:
    found = verified([the_card(replace(MGO, energy_ev_per_atom=right_energy()))])
    assert found.support is Support.VERIFIED
    (model,) = found.models
    assert [check.name for check in model.checks] == [
        "loads", "facts", "reference", "forces", "stress", "handedness", "steps",
    ]  # fmt: skip
    assert all(check.passed for check in model.checks)
    assert model.step_ms_per_atom is not None
    assert model.step_ms_per_atom > 0
    assert model.atoms == 64
    assert model.versions == {"in-process": "1.0"}
    assert found.checked_at is not None


def test_without_a_published_number_it_runs() -> None:
    own = replace(MGO, energy_ev_per_atom=right_energy(), sources=("mlipguide_reference_energies",))
    assert verified([the_card(own)]).support is Support.RUNS
    assert verified([the_card()]).support is Support.RUNS


def test_a_published_number_of_an_element_verifies_beside_a_compound_of_our_own() -> None:
    own = replace(MGO, energy_ev_per_atom=right_energy(), sources=("mlipguide_reference_energies",))
    theirs = replace(MGO, symbols=("Mg", "Mg"), energy_ev_per_atom=right_energy())
    card = the_card(own)
    (model,) = verified([replace(card, weights=replace(card.weights, published=theirs))]).models
    assert model.support is Support.VERIFIED
    assert [check.found[:4] for check in model.checks if check.name == "reference"] == ["MgO ", "Mg -"]
    wrong = replace(theirs, energy_ev_per_atom=right_energy() + 1)
    (model,) = verified([replace(card, weights=replace(card.weights, published=wrong))]).models
    assert model.support is Support.FAILED


def test_wrong_forces_fail() -> None:
    found = verified([the_card()], lambda: Asymmetric(morse(), 0.2))
    assert found.support is Support.FAILED
    assert str(found.models[0].problem).startswith("forces: off by")


def test_a_card_that_says_something_else_fails() -> None:
    card = the_card()
    other = replace(card, architecture=replace(card.architecture, cutoff_angstrom=6.0, parameters=7))
    found = verified([other]).models[0]
    assert found.support is Support.FAILED
    assert found.problem == "facts: 5 parameters, the card 7; a cutoff of 5.5 Å, the card 6 Å"


def test_a_wrong_energy_fails_with_both_numbers() -> None:
    found = verified([the_card(replace(MGO, energy_ev_per_atom=right_energy() + 1))]).models[0]
    assert found.support is Support.FAILED
    assert f"MgO {right_energy():.4f} eV/atom, stated {right_energy() + 1:.4f}" in str(found.problem)


def test_a_worker_that_dies_is_told_and_the_next_one_tried() -> None:
    cards = [the_card(), the_card(id="toy-second")]

    def open_it(request: SessionRequest) -> ModelSession:
        if request.card.id != "toy-second":
            raise SessionError(FailureKind.CRASHED, f"{request.card.id}: the worker ended with SIGSEGV")
        session = in_process_session(morse(), cutoff_angstrom=5.5)
        session._facts = replace(session.facts, parameters=5)
        return session

    found = verify_backend(find_recipe("toy"), cards, make_machine(), opener=open_it)
    assert [(one.model, one.support) for one in found.models] == [
        ("toy-plain", Support.FAILED),
        ("toy-second", Support.RUNS),
    ]
    assert "SIGSEGV" in str(found.models[0].problem)


def test_random_weights_are_timed_and_weights_that_are_not_here_are_adapters() -> None:
    away = WeightsFact(origin=WeightsOrigin.DOWNLOAD, name="a", url="https://a.invalid/a.pt", synthetic=True)
    gone = replace(away, synthetic=False)
    found = verified([replace(the_card(), weights=away)])
    assert (found.support, found.models[0].support) == (Support.TIMED, Support.TIMED)
    assert "reference" not in {check.name for check in found.models[0].checks}
    found = verified([replace(the_card(), weights=gone)])
    assert (found.support, found.models[0].support) == (Support.ADAPTER, Support.ADAPTER)
    assert found.models[0].problem == "Its weights are not on this machine."


def test_without_an_environment_there_is_only_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlipguide.environments.resolution import _missing

    monkeypatch.setattr(verification, "check_environment", _missing)
    found = verified([the_card()])
    assert found.support is Support.CARD_ONLY
    assert found.problem == "There is no environment of toy."


def test_a_failure_is_what_a_backend_is_known_by() -> None:
    kinds = [ModelSupport(model="a", support=kind, versions={}) for kind in (Support.RUNS, Support.VERIFIED)]
    assert backend_support(kinds) is Support.VERIFIED
    failed = ModelSupport(model="a", support=Support.FAILED, versions={})
    assert backend_support([*kinds, failed]) is Support.FAILED
    assert backend_support([]) is Support.ADAPTER


def test_what_was_found_is_kept_and_shown(toy_plugin: ToyPlugin) -> None:
    (name,) = toy_plugin.add("plain")
    card = load_catalogue().find(name)
    assert support_of(card) is None
    supports.keep(verified([the_card()]))
    found = support_of(card)
    assert found is not None
    assert found.support is Support.RUNS
    catalogue = load_catalogue()
    nowhere = next(one for one in catalogue.cards if one.backend == "alphanet")
    shown = supports_of([nowhere, card])
    assert [one.support for one in shown] == [Support.CARD_ONLY, Support.RUNS]
    assert "no recipe for alphanet" in str(shown[0].problem)


def test_a_damaged_file_counts_for_nothing_and_is_named() -> None:
    path = supports.keep(verified([the_card()]))
    path.write_text("{", encoding="utf-8")
    assert support_of_backend("toy") is None
    assert "unreadable_support" in {notice.kind for notice in supports.set_aside()}
