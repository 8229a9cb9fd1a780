"""A GPU that the torch of an environment cannot use is said, with the command that mends it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fake_models import FakeModels, fake_card, make_machine
from mlipguide.candidates import preparation as candidates
from mlipguide.candidates.preparation import NO_CONSENT, prepare_candidates
from mlipguide.commands.set_up import doctor
from mlipguide.environments.gpu_support import gpu_notices, gpu_obstacle, has_code_for, targets_of
from mlipguide.records.hardware.environment import Environment, EnvironmentKind, EnvironmentState, Recipe, TorchTargets
from mlipguide.records.hardware.machine import Gpu, GpuVendor, Machine

CUDA_12 = TorchTargets(cuda="12.8", rocm=None, architectures=("sm_75", "sm_80", "sm_90", "compute_90"))


def gpu(name: str = "NVIDIA H200", capability: str | None = "9.0", vendor: GpuVendor = GpuVendor.NVIDIA) -> Gpu:
    return Gpu(
        vendor=vendor,
        index=0,
        name=name,
        memory_bytes=2**37,
        memory_used_bytes=0,
        driver="580",
        compute_capability=capability,
        mig=None,
        clock_hz=None,
        max_clock_hz=None,
        power_limit_w=None,
        other_processes=0,
        uuid=None,
    )


def machine(*gpus: Gpu) -> Machine:
    return make_machine(gpus=gpus)


def environment(torch: str | None = "2.13.0+cpu", **changes: Any) -> Environment:
    made = Environment(
        backend="sevenn",
        kind=EnvironmentKind.MANAGED,
        state=EnvironmentState.READY,
        python="/environments/sevenn/bin/python",
        python_version="3.11.7",
        versions={} if torch is None else {"torch": torch},
        location=None,
        problem=None,
    )
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("architectures", "capability", "runs"),
    [
        ("sm_80", "8.0", True),
        ("sm_80", "8.9", True),
        ("sm_86", "8.0", False),
        ("sm_80", "9.0", False),
        ("compute_80", "9.0", True),
        ("compute_90", "8.9", False),
        ("sm_90a", "9.0", True),
        ("sm_90a", "10.0", False),
        ("compute_90a", "12.0", False),
        ("sm_75 sm_120", "12.0", True),
        ("sm_75 sm_80", "7.0", False),
        ("gfx90a gfx942", "gfx942", True),
        ("gfx90a:xnack+", "gfx90a", True),
        ("gfx90a", "gfx942", False),
        ("", "9.0", False),
    ],
)
def test_code_runs_on_the_devices_that_it_is_for(architectures: str, capability: str, runs: bool) -> None:
    assert has_code_for(architectures.split(), capability) is runs


def test_a_build_for_processors_is_told_by_its_version_alone() -> None:
    found = gpu_obstacle(environment(), machine(gpu()))
    assert found is not None
    assert (found.gpu, found.torch, found.architectures) == ("NVIDIA H200", "2.13.0+cpu", ())
    assert found.mend == "mlipguide env build sevenn --torch auto --force"
    adopted = environment(kind=EnvironmentKind.ADOPTED)
    obstacle = gpu_obstacle(adopted, machine(gpu()))
    assert obstacle is not None
    assert "--python /environments/sevenn/bin/python" in obstacle.mend


@pytest.mark.parametrize(
    ("name", "capability", "build"),
    [("Tesla V100", "7.0", "cu126"), ("B200", "10.0", "cu128"), ("RTX 5090", "12.0", "cu128")],
)
def test_a_build_without_code_for_the_device_is_told(name: str, capability: str, build: str) -> None:
    targets = TorchTargets(cuda="12.6", rocm=None, architectures=("sm_75", "sm_80", "sm_90"))
    (notice,) = gpu_notices([environment("2.13.0", torch_targets=targets)], machine(gpu(name, capability)))
    assert notice.kind == "gpu_unused"
    for word in (name, capability, "sm_75, sm_80, sm_90", f"--torch {build}"):
        assert word in notice.message


def test_what_works_or_is_not_known_is_passed_over() -> None:
    there = machine(gpu())
    assert gpu_obstacle(environment("2.13.0", torch_targets=CUDA_12), there) is None
    assert gpu_obstacle(environment("2.13.0+cu128"), there) is None
    assert gpu_obstacle(environment("2.13.0"), there) is None
    assert gpu_obstacle(environment(None), there) is None
    assert gpu_obstacle(environment(), machine()) is None
    assert gpu_obstacle(environment(state=EnvironmentState.MISSING), there) is None
    assert gpu_obstacle(environment(), machine(gpu(vendor=GpuVendor.APPLE, capability=None))) is None


def test_one_device_that_works_is_enough() -> None:
    both = machine(gpu("Tesla V100", "7.0"), gpu())
    assert gpu_obstacle(environment("2.13.0", torch_targets=CUDA_12), both) is None


def test_a_cuda_build_beside_a_device_of_amd() -> None:
    there = machine(gpu("MI300X", "gfx942", GpuVendor.AMD))
    assert gpu_obstacle(environment("2.13.0", torch_targets=CUDA_12), there) is not None
    rocm = TorchTargets(cuda=None, rocm="6.4", architectures=("gfx90a", "gfx942"))
    assert gpu_obstacle(environment("2.13.0", torch_targets=rocm), there) is None


def test_the_release_of_cuda_is_read_from_the_version() -> None:
    found = targets_of(environment("2.13.0+cu128"))
    assert found == TorchTargets(cuda="12.8", rocm=None, architectures=())


def test_models_are_not_timed_on_a_gpu_that_torch_cannot_use(
    fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = fake_card(fake_models.add("fake-a"))

    def find(recipe: Recipe) -> Environment:
        return environment(backend=recipe.backend)

    monkeypatch.setattr(candidates, "find_environment", find)
    found = prepare_candidates(
        [card], machine(gpu()), given_weights={}, consent=NO_CONSENT, on_progress=lambda _message: None
    )
    (item,) = found.candidates
    assert item.obstacle is not None
    assert "2.13.0+cpu" in item.obstacle.message
    assert [notice.kind for notice in found.notices] == ["gpu_unused"]


def test_the_doctor_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "probe_machine", lambda: machine(gpu()))
    monkeypatch.setattr(doctor, "find_environment", lambda recipe: environment(backend=recipe.backend))
    kinds = {notice.kind for notice in doctor.diagnose().notices}
    assert "gpu_unused" in kinds
