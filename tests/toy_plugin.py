"""The toy backend as an installed plug-in, for this process and for those that it starts.

A fixture gives :class:`ToyPlugin`; ``toy_plugin.add("plain", "dies@100")`` puts cards into the catalogue.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlipguide.core.paths import CACHE_VARIABLE, DATA_VARIABLE
from mlipguide.core.serialisation import to_plain
from mlipguide.environments import recipes
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.records.models.model_card import (
    Architecture,
    LicenceFact,
    Licences,
    ModelCard,
    TrainingData,
    WeightsFact,
)
from mlipguide.records.models.terms import CommercialUse, Forces, LifeCycle, Need, WeightsOrigin
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.sessions.worker_session import SessionRequest, WorkerSession, open_session

BACKEND_FOLDER = Path(__file__).parent / "plugins" / "toy_backend"
MODULE = "mlipguide_toy_plugin"
_LICENCE = LicenceFact(name="MIT", commercial=CommercialUse.YES, sources=("mlipguide_tests",), read_on="2026-11-22")

SETTINGS = Settings(threads=1, dtype="float64", device="cpu", driver="ase", allocator=Allocator.DEFAULT)


def toy_card(checkpoint: str = "plain", **changes: Any) -> ModelCard:
    """Make a card of the toy backend; its id is ``toy-`` and the checkpoint, ``@`` written as ``-at-``."""
    card = ModelCard(
        id=f"toy-{checkpoint.replace('@', '-at-')}",
        name=f"Toy {checkpoint}",
        life_cycle=LifeCycle.ACTIVE,
        backend="toy",
        architecture=Architecture(
            family="Toy",
            time_law=f"toy-{checkpoint}",
            parameters=5,
            cutoff_angstrom=5.5,
            layers=1,
            forces=Forces.CONSERVATIVE,
        ),
        provides=(Need.STRESS, Need.CONSERVATIVE),
        training=TrainingData(
            sets=("MPtrj",),
            elements=("set:mptrj-89",),
            level_of_theory="Morse",
            sources=("mlipguide_tests",),
        ),
        licences=Licences(code=_LICENCE, weights=_LICENCE),
        weights=WeightsFact(origin=WeightsOrigin.PACKAGE, name=checkpoint),
        metrics=None,
    )
    return replace(card, **changes)


@dataclass(frozen=True)
class ToyPlugin:
    """The installed plug-in.

    Attributes:
        site: Folder that is on the path of this process and, as PYTHONPATH, of its children.
        models: Folder of the plug-in's cards.
    """

    site: Path
    models: Path

    def add(self, *checkpoints: str) -> tuple[str, ...]:
        """Put cards of these checkpoints into the catalogue and return their ids."""
        cards = tuple(map(toy_card, checkpoints))
        for card in cards:
            path = self.models / f"{card.id}.yaml"
            path.write_text(yaml.safe_dump(to_plain(card)), encoding="utf-8")
        return tuple(card.id for card in cards)

    def take_axes(self, *names: str) -> None:
        """Let the backend take these of the common axes alone: fewer settings are tried in less time."""
        folder = self.site.parent / "backend"
        shutil.copytree(BACKEND_FOLDER, folder)
        recipe = yaml.safe_load((folder / "toy.yaml").read_text(encoding="utf-8"))
        (folder / "toy.yaml").write_text(yaml.safe_dump({**recipe, "common_axes": list(names)}), encoding="utf-8")
        self.offer(folder)

    def offer(self, backends: Path) -> None:
        """Name the folder of backends that the plug-in offers."""
        text = f"BACKENDS = {str(backends)!r}\nMODELS = {str(self.models)!r}\n"
        (self.site / f"{MODULE}.py").write_text(text, encoding="utf-8")
        sys.modules.pop(MODULE, None)
        recipes._installed_book.cache_clear()

    def request(self, checkpoint: str = "plain", **changes: Any) -> SessionRequest:
        """Make the request that opens a checkpoint."""
        recipe = find_recipe("toy")
        request = SessionRequest(
            card=toy_card(checkpoint),
            recipe=recipe,
            environment=find_environment(recipe),
            settings=SETTINGS,
            weights_file=None,
            synthetic=False,
            memory_limit_bytes=None,
        )
        return replace(request, **changes)

    @contextmanager
    def opened(
        self, checkpoint: str = "plain", *, call_timeout_s: float = 60.0, **changes: Any
    ) -> Iterator[WorkerSession]:
        """Open a checkpoint and close it afterwards."""
        session = open_session(self.request(checkpoint, **changes), call_timeout_s=call_timeout_s)
        try:
            yield session
        finally:
            session.close()


@contextmanager
def install_toy_plugin(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[ToyPlugin]:
    """Install the plug-in in ``folder``, which also takes mlipguide's cache and data, until ``patch`` is undone.

    A test's own changes of the same variables go through the same ``patch``: two of them undone in the wrong order
    would leave the plug-in behind.
    """
    site, models = folder / "site", folder / "cards"
    information = site / "toy-1.0.dist-info"
    information.mkdir(parents=True)
    models.mkdir()
    (models / "sources.bib").write_text("@misc{mlipguide_tests,\n  title = {A toy},\n}\n", encoding="utf-8")
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n", encoding="utf-8")
    (information / "entry_points.txt").write_text(
        f"[mlipguide.backends]\ntoy = {MODULE}:BACKENDS\n[mlipguide.models]\ntoy = {MODULE}:MODELS\n",
        encoding="utf-8",
    )
    patch.syspath_prepend(site)
    patch.setenv("PYTHONPATH", os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])]))
    patch.setenv(CACHE_VARIABLE, str(folder / "cache"))
    patch.setenv(DATA_VARIABLE, str(folder / "data"))
    plugin = ToyPlugin(site, models)
    plugin.offer(BACKEND_FOLDER)
    try:
        yield plugin
    finally:
        sys.modules.pop(MODULE, None)
        recipes._installed_book.cache_clear()


@pytest.fixture
def toy_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ToyPlugin]:
    """Install the toy backend for one test."""
    with install_toy_plugin(tmp_path / "toy", monkeypatch) as plugin:
        yield plugin


@pytest.fixture(scope="class")
def shared_toy_plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToyPlugin]:
    """Install the toy backend for the tests of one class."""
    with pytest.MonkeyPatch.context() as patch, install_toy_plugin(tmp_path_factory.mktemp("toy"), patch) as plugin:
        yield plugin
