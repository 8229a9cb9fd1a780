"""A fake machine with a GPU for ``gpu.py --fake``: the commands are real, the models and the device are not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gpu import Tools

TESTS = Path(__file__).parent.parent / "tests"
GIB = 2**30
MEMORY_BYTES = 80 * GIB
SIZES = "8,64,216,512,1000,2744"
FLAT_S, PER_ATOM_S = 0.02, 4e-5
FIXED_BYTES, PER_ATOM_BYTES = 1e9, 3e7
MODELS = ("fake-sevennet", "fake-mace")
FRAMES = 60


@contextmanager
def fake_tools(folder: Path) -> Iterator[Tools]:
    """Put fake models into the catalogue and a fake H100 into the machine, until the end.

    Args:
        folder: For everything that is written.
    """
    sys.path.insert(0, str(TESTS))
    from fake_models import FakeModels, make_machine
    from gpu import Tools
    from toy_plugin import install_toy_plugin
    from training_files import write_frames

    from mlipguide.bench.measuring.measuring import no_wait
    from mlipguide.commands import doctor
    from mlipguide.records.hardware.machine import Gpu, GpuVendor
    from mlipguide.records.training.training import Engine
    from mlipguide.testing.fake_session import linear
    from mlipguide.testing.fake_trainer import FakeClock, FakeCurve, FakeTrainer, labelled_frames
    from mlipguide.training.fit.trainers import Trainers

    gpu = Gpu(
        vendor=GpuVendor.NVIDIA,
        index=0,
        name="NVIDIA H100 80GB HBM3",
        memory_bytes=MEMORY_BYTES,
        memory_used_bytes=0,
        driver="580",
        compute_capability="9.0",
        mig=None,
        clock_hz=1.9e9,
        max_clock_hz=1.98e9,
        power_limit_w=700.0,
        other_processes=0,
        uuid=None,
    )
    with pytest.MonkeyPatch.context() as patch, install_toy_plugin(folder / "plugin", patch) as plugin:
        fakes = FakeModels(plugin, machine=make_machine(gpus=(gpu,), fingerprint="f00df00df00df00d"))
        for number, model in enumerate(MODELS):
            fakes.add(
                model,
                time_law=linear(PER_ATOM_S * (1 + number), fixed=FLAT_S),
                memory_law=linear(PER_ATOM_BYTES, fixed=FIXED_BYTES),
                memory_limit_bytes=MEMORY_BYTES,
                noise=0.02,
            )
        patch.setattr(doctor, "probe_machine", fakes.probe)
        clock = FakeClock()
        trainer = FakeTrainer(engine=Engine.FINE_TUNE, clock=clock, curves={MODELS[0]: FakeCurve(floor=0.02)})
        yield Tools(
            measuring={"opener": fakes.open, "probe": fakes.probe, "wait": no_wait},
            training={"trainers": lambda _: Trainers((trainer,)), "clock": clock},
            probe=fakes.probe,
            models=MODELS,
            sizes=SIZES,
            labels=write_frames(folder / "labels.extxyz", labelled_frames(FRAMES)),
        )
