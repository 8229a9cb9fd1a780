"""A fake machine with a GPU for ``gpu.py --fake``: the commands are real, the models and the device are not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pynvml
import pytest

from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.checkpoints import sha256_of
from mlipguide.catalog.own_models import derive_card
from mlipguide.hardware.gpu_state import watch_gpu
from mlipguide.records.hardware.machine import Gpu, GpuVendor
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.timing.measurement import Settings
from mlipguide.records.training.training import Engine, FittedPotential
from mlipguide.testing.fake_session import linear
from mlipguide.testing.fake_trainer import FakeClock, FakeCurve, FakeTrainer, labelled_frames

if TYPE_CHECKING:
    from gpu import Tools

TESTS = Path(__file__).parent.parent / "tests"
MEMORY_BYTES = 80 * 2**30
SIZES = "8,64,216,1000,2744"
FIXED_S, PER_ATOM_S = 0.02, 4e-5
FIXED_BYTES, PER_ATOM_BYTES = 1e9, 2e7
SLOWER_IN_FLOAT64 = 2.0
"""Time and memory of what grows with the atoms."""
MODELS = ("fake-sevennet", "fake-mace")
FRAMES = 60
CLOCK_HZ, HIGHEST_HZ, WATT, CELSIUS = 1.2e9, 1.98e9, 640.0, 71


class FakeNvml:
    """NVIDIA's library for one device that runs hot below its highest clock."""

    def __getattr__(self, name: str) -> Any:
        """Return what the module pynvml has, and the answers of the device in the place of its queries."""
        answers: dict[str, Any] = {
            "nvmlInit": None,
            "nvmlShutdown": None,
            "nvmlDeviceGetHandleByIndex": "device",
            "nvmlDeviceGetClockInfo": CLOCK_HZ / 1e6,
            "nvmlDeviceGetMaxClockInfo": HIGHEST_HZ / 1e6,
            "nvmlDeviceGetPowerUsage": WATT * 1e3,
            "nvmlDeviceGetTemperature": CELSIUS,
            "nvmlDeviceGetCurrentClocksEventReasons": pynvml.nvmlClocksThrottleReasonSwThermalSlowdown,
            "nvmlDeviceGetComputeRunningProcesses": [SimpleNamespace(pid=1, usedGpuMemory=None)],
        }
        if name in answers:
            return lambda *_: answers[name]
        if name.startswith("nvmlDeviceGet"):
            raise AttributeError(name)
        return getattr(pynvml, name)


@dataclass(kw_only=True)
class FakeTuner(FakeTrainer):
    """An engine that trains a model of the fake machine further.

    Attributes:
        base: Its card.
    """

    base: ModelCard

    def card(self, potential: FittedPotential, *, model_id: str) -> ModelCard:
        """Return the card of what was trained."""
        path = Path(potential.folder) / potential.files[0]
        return derive_card(
            self.base,
            path,
            sha256_of(path),
            model_id=model_id,
            elements=potential.recipe.elements,
            level_of_theory="that of the labels",
            today="the day of the fit",
        )


@contextmanager
def fake_tools(folder: Path) -> Iterator[Tools]:
    """Put fake models into the catalogue and a fake H100 into the machine, until the end.

    Args:
        folder: For everything that is written.
    """
    sys.path.insert(0, str(TESTS))
    from fake_models import FakeModels, make_machine
    from gpu import Tools
    from mlipguide.bench.measuring import measuring
    from mlipguide.commands.set_up import doctor
    from mlipguide.training.fit.trainers import Trainers
    from toy_plugin import install_toy_plugin
    from training_files import write_frames

    with pytest.MonkeyPatch.context() as patch, install_toy_plugin(folder / "plugin", patch) as plugin:
        machine = make_machine(gpus=(_gpu(),), fingerprint="f00df00df00df00d")
        fakes = FakeModels(plugin, machine=machine)
        for number, model in enumerate(MODELS):
            fakes.add(model, memory_limit_bytes=MEMORY_BYTES, noise=0.02)
            fakes.by_settings[model] = partial(_laws, heavier=1 + number)
        patch.setattr(doctor, "probe_machine", fakes.probe)
        patch.setattr(measuring, "watch_gpu", partial(watch_gpu, nvml=FakeNvml()))
        clock = FakeClock()
        curves = {MODELS[0]: FakeCurve(floor=0.02)}
        trainer = FakeTuner(engine=Engine.FINE_TUNE, clock=clock, curves=curves, base=load_catalogue().find(MODELS[0]))
        yield Tools(
            measuring={"opener": fakes.open, "probe": fakes.probe, "wait": measuring.no_wait},
            training={"trainers": lambda _: Trainers((trainer,)), "clock": clock},
            probe=fakes.probe,
            models=MODELS,
            sizes=SIZES,
            labels=write_frames(folder / "labels.extxyz", labelled_frames(FRAMES)),
        )


def _laws(settings: Settings, *, heavier: int) -> dict[str, Any]:
    """Return time and memory of a model with some settings."""
    factor = SLOWER_IN_FLOAT64 if settings.dtype == "float64" else 1.0
    return {
        "time_law": linear(PER_ATOM_S * heavier * factor, fixed=FIXED_S),
        "memory_law": linear(PER_ATOM_BYTES * factor, fixed=FIXED_BYTES),
    }


def _gpu() -> Gpu:
    return Gpu(
        vendor=GpuVendor.NVIDIA,
        index=0,
        name="NVIDIA H100 80GB HBM3",
        memory_bytes=MEMORY_BYTES,
        memory_used_bytes=0,
        driver="580",
        compute_capability="9.0",
        mig=None,
        clock_hz=CLOCK_HZ,
        max_clock_hz=HIGHEST_HZ,
        power_limit_w=700.0,
        other_processes=0,
        uuid=None,
    )
