"""Every request has an answer, and a bad one says what is wrong with it."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from mlipguide.worker import backends
from mlipguide.worker.backends import find_loader
from mlipguide.worker.backends.interface import LoadedModel, LoadRequest
from mlipguide.worker.failures import WorkerError
from mlipguide.worker.service import Service

CUTOFF = 3.0
SILICON = {
    "numbers": [14, 14],
    "positions": [[0.0, 0.0, 0.0], [1.45, 1.33, 1.36]],
    "cell": [[0.0, 2.7, 2.7], [2.7, 0.0, 2.7], [2.7, 2.7, 0.0]],
    "pbc": [True, True, True],
}
PREPARE = {"op": "prepare", "system": "a", "structure": SILICON, "temperature_k": 300.0, "timestep_fs": 1.0}


def load_morse(request: LoadRequest) -> LoadedModel:
    """Load ASE's Morse potential as a backend file would."""
    from ase.calculators.morse import MorsePotential

    if request.name != "morse":
        raise WorkerError("weights", f"no '{request.name}'")
    return LoadedModel(
        calculator=MorsePotential(epsilon=1.0, r0=2.3, rho0=3.0, rcut1=1.1, rcut2=CUTOFF / 2.3),
        parameters=5,
        cutoff=CUTOFF,
        layers=None,
        elements=(8, 14),
        synthetic=request.synthetic,
        versions={},
        synchronise=lambda: None,
        reset_peak_memory=lambda: None,
        peak_memory_bytes=lambda: 1,
    )


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """Give a service that knows one backend."""
    module = type(sys)(f"{backends.__name__}.morse")
    module.load = load_morse  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return Service()


@pytest.fixture
def loaded(service: Service) -> Service:
    """Give a service with a model."""
    assert service.answer({"id": 0, "op": "load", "backend": "morse", "name": "morse"})["ok"]
    return service


def error_of(service: Service, request: dict[str, Any]) -> tuple[str, str]:
    answer = service.answer({"id": 7, **request})
    assert answer["id"] == 7
    assert not answer["ok"]
    return answer["error"]["kind"], answer["error"]["message"]


def test_load_describes_the_model(service: Service) -> None:
    result = service.answer({"id": 1, "op": "load", "backend": "morse", "name": "morse"})["result"]
    assert result.pop("load_s") > 0
    assert result == {
        "parameters": 5,
        "cutoff_angstrom": 3.0,
        "layers": None,
        "elements": [8, 14],
        "synthetic": False,
        "versions": {},
        "properties": ["energy", "energies", "free_energy", "forces", "stress"],
    }


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({}, "Unknown operation None."),
        ({"op": "explode"}, "Unknown operation 'explode'."),
        ({"op": "load"}, "'load': missing a required"),
        ({"op": "release_memory", "now": True}, "'release_memory': got an unexpected keyword argument 'now'."),
        ({"op": "load", "backend": "nothing", "name": "x"}, "no backend file 'nothing'"),
        ({"op": "load", "backend": "../mace", "name": "x"}, "is not the name of a backend file"),
        ({"op": "load", "backend": "interface", "name": "x"}, "is not the name of a backend file"),
        ({"op": "single_point", "structure": SILICON}, "No model was loaded."),
        (PREPARE, "'prepare': missing a required argument: 'propagate'."),
        ({**PREPARE, "propagate": True}, "No model was loaded."),
        ({"op": "run", "system": "a", "max_steps": 1, "max_s": 1}, "No system 'a' was prepared."),
    ],
)
def test_a_bad_request_is_called_one(service: Service, request_: dict[str, Any], says: str) -> None:
    kind, message = error_of(service, request_)
    assert kind == "bad_request"
    assert says in message


@pytest.mark.parametrize(
    "structure",
    [
        {},
        {**SILICON, "numbers": [14]},
        {**SILICON, "cell": [1, 2]},
        {"numbers": [], "positions": [], "cell": SILICON["cell"], "pbc": [True] * 3},
    ],
    ids=["nothing", "too few numbers", "half a cell", "no atoms"],
)
def test_a_bad_structure_is_a_bad_request(loaded: Service, structure: dict[str, Any]) -> None:
    assert error_of(loaded, {"op": "single_point", "structure": structure})[0] == "bad_request"


def test_a_backend_keeps_its_own_kind_of_failure(service: Service) -> None:
    assert error_of(service, {"op": "load", "backend": "morse", "name": "lennard"}) == (
        "weights",
        "no 'lennard'",
    )


def test_a_backend_whose_package_is_missing_is_not_a_bad_request(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        raise ModuleNotFoundError(f"No module named 'torch' ({name})", name="torch")

    monkeypatch.setattr(backends, "import_module", fail)
    kind, message = error_of(service, {"op": "load", "backend": "morse", "name": "morse"})
    assert kind == "backend"
    assert "No module named 'torch'" in message


def test_a_backend_file_without_load_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, f"{backends.__name__}.empty", type(sys)("empty"))
    with pytest.raises(WorkerError, match="no function 'load'"):
        find_loader("empty")


def test_unknown_elements_are_named(loaded: Service) -> None:
    structure = {**SILICON, "numbers": [26, 14]}
    assert error_of(loaded, {"op": "single_point", "structure": structure}) == (
        "unsupported_element",
        "The model does not know Fe.",
    )
    structure = {**SILICON, "numbers": [0, 400]}
    assert error_of(loaded, {"op": "single_point", "structure": structure})[1].endswith("number 0, number 400.")


def test_a_molecule_has_no_stress(loaded: Service) -> None:
    crystal = loaded.answer({"id": 1, "op": "single_point", "structure": SILICON})["result"]
    assert len(crystal["stress_ev_per_angstrom3"]) == 6
    molecule = {**SILICON, "pbc": [False] * 3}
    assert (
        loaded.answer({"id": 2, "op": "single_point", "structure": molecule})["result"]["stress_ev_per_angstrom3"]
        is None
    )


def test_a_loaded_model_replaces_the_one_before(loaded: Service) -> None:
    assert loaded.answer({"id": 1, **PREPARE, "propagate": True})["ok"]
    assert loaded.answer({"id": 2, "op": "load", "backend": "morse", "name": "morse"})["ok"]
    assert error_of(loaded, {"op": "run", "system": "a", "max_steps": 1, "max_s": 1})[0] == "bad_request"


def test_a_forgotten_system_cannot_be_run(loaded: Service) -> None:
    assert loaded.answer({"id": 1, **PREPARE, "propagate": True})["ok"]
    run = {"op": "run", "system": "a", "max_steps": 2, "max_s": 10}
    assert len(loaded.answer({"id": 2, **run})["result"]["wall_s"]) == 2
    assert loaded.answer({"id": 3, "op": "forget", "system": "a"})["ok"]
    assert error_of(loaded, run)[0] == "bad_request"


@pytest.fixture
def _two_systems(loaded: Service) -> None:
    for system in ("a", "b"):
        assert loaded.answer({"id": 1, **PREPARE, "system": system, "propagate": True})["ok"]


@pytest.mark.usefixtures("_two_systems")
def test_systems_do_not_disturb_each_other(loaded: Service) -> None:
    for system in ("a", "b", "a", "b"):
        result = loaded.answer({"id": 2, "op": "run", "system": system, "max_steps": 3, "max_s": 10})["result"]
        assert len(result["energy_forces_s"]) == 3
        assert all(0 < call <= step for call, step in zip(result["energy_forces_s"], result["wall_s"], strict=True))


def test_random_weights_evaluate_rattled_copies_and_never_propagate(service: Service) -> None:
    load = {"op": "load", "backend": "morse", "name": "morse", "synthetic": True}
    assert service.answer({"id": 1, **load})["ok"]
    kind, message = error_of(service, {**PREPARE, "propagate": True})
    assert (kind, message) == ("bad_request", "Random weights never propagate atoms.")
    assert service.answer({"id": 2, **PREPARE, "propagate": False})["ok"]
    run = {"id": 3, "op": "run", "system": "a", "max_steps": 6, "max_s": 10}
    assert len(service.answer(run)["result"]["wall_s"]) == 6


def test_a_run_takes_one_step_at_least(loaded: Service) -> None:
    assert loaded.answer({"id": 1, **PREPARE, "propagate": True})["ok"]
    run = {"id": 2, "op": "run", "system": "a", "max_steps": 0, "max_s": 0.0}
    assert len(loaded.answer(run)["result"]["wall_s"]) == 1
