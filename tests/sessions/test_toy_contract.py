"""The contract of backends holds for the toy backend, and tells where a backend breaks it."""

from __future__ import annotations

from typing import ClassVar

import pytest

from mlipguide.catalog.cards import load_catalogue
from mlipguide.records.model_card import ModelCard
from mlipguide.sessions.worker_session import WorkerSession, open_session
from mlipguide.testing.contract import BackendContract
from toy_plugin import ToyPlugin


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
