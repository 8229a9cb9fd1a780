"""Models with known answers in the catalogue, and the command line run in this process.

The fixture ``fake_models`` gives :class:`FakeModels`; ``fake_models.add("fake-a", time_law=linear(5e-3))`` puts a
card into the catalogue whose worker is a :class:`mlipguide.testing.fake_session.FakeSession`.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from factories import make_metrics
from mlipguide.__main__ import main
from mlipguide.bench.measuring.measuring import no_wait
from mlipguide.catalog.locations import DATA
from mlipguide.commands import bench as bench_workflow
from mlipguide.commands import check as check_workflow
from mlipguide.commands import disagree as disagree_workflow
from mlipguide.commands import plan as plan_workflow
from mlipguide.commands import recommend as recommend_workflow
from mlipguide.commands import speed as speed_workflow
from mlipguide.commands import tune as tune_workflow
from mlipguide.core.serialisation import to_plain
from mlipguide.records.hardware.machine import Cpu, Machine, Memory
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.timing.measurement import Settings
from mlipguide.sessions.interface import ModelSession
from mlipguide.sessions.worker_session import SessionRequest
from mlipguide.testing.fake_session import FakeSession
from toy_plugin import ToyPlugin, toy_card

CONFIGS = Path(__file__).parent.parent / "configs"
STRUCTURES = CONFIGS / "structures"
GIB = 2**30


def make_machine(**changes: Any) -> Machine:
    """Return a machine of four cores and 16 GiB without a GPU."""
    machine = Machine(
        hostname="test",
        system="Linux",
        kernel="6.0",
        python="3.11.0",
        cpu=Cpu(
            model="Test CPU",
            architecture="x86_64",
            physical_cores=4,
            logical_cores=4,
            usable_cores=4.0,
            limited_by=None,
            numa_nodes=1,
            instruction_sets=("avx2",),
            l3_cache_bytes=2**25,
            max_frequency_hz=None,
            virtual_machine=False,
        ),
        memory=Memory(total_bytes=16 * GIB, usable_bytes=16 * GIB, available_bytes=16 * GIB, limited_by=None),
        gpus=(),
        slurm=None,
        facts=("No GPU was found.",),
        fingerprint="0123456789abcdef",
    )
    return replace(machine, **changes)


def with_memory(size_bytes: int) -> Machine:
    """Return the machine with another size of memory."""
    memory = Memory(total_bytes=size_bytes, usable_bytes=size_bytes, available_bytes=size_bytes, limited_by=None)
    return make_machine(memory=memory)


def fake_card(name: str, *, kappa: float | None = 0.5, **changes: Any) -> ModelCard:
    """Return the card of a fake model; without ``kappa`` nothing is known of its accuracy."""
    metrics = make_metrics(kappa, sources=("mlipguide_tests",))
    card = toy_card(id=name, name=name.upper(), metrics=None if kappa is None else metrics)
    card = replace(card, architecture=replace(card.architecture, time_law=name))
    return replace(card, **changes)


@dataclass
class FakeModels:
    """Fake models by name, and what was opened.

    Attributes:
        plugin: The plug-in that brings the cards.
        machine: What the probe finds.
        makers: What opens each model.
        by_settings: What the settings of a model change in its session.
        opened: Requests in order.
        sessions: The fake sessions in the same order.
    """

    plugin: ToyPlugin
    machine: Machine = field(default_factory=make_machine)
    makers: dict[str, Callable[[], ModelSession]] = field(default_factory=dict)
    by_settings: dict[str, Callable[[Settings], dict[str, Any]]] = field(default_factory=dict)
    opened: list[SessionRequest] = field(default_factory=list)
    sessions: list[ModelSession] = field(default_factory=list)

    def add(self, name: str, card: ModelCard | None = None, *, kappa: float | None = 0.5, **session: Any) -> str:
        """Put a model into the catalogue; ``session`` are fields of its :class:`FakeSession`."""
        card = card or fake_card(name, kappa=kappa)
        path = self.plugin.models / f"{card.id}.yaml"
        path.write_text(yaml.safe_dump(to_plain(card)), encoding="utf-8")
        self.makers[card.id] = partial(FakeSession, name=card.id, **session)
        return card.id

    def open(self, request: SessionRequest) -> ModelSession:
        """Open a model, in the place of a worker."""
        self.opened.append(request)
        make, change = self.makers[request.card.id], self.by_settings.get(request.card.id)
        if change is not None:
            assert isinstance(make, partial)
            make = partial(make, **change(request.settings))
        session = make()
        self.sessions.append(session)
        return session

    def probe(self) -> Machine:
        """Return the machine."""
        return self.machine

    @property
    def names(self) -> str:
        """All names, as ``--models`` takes them."""
        return ",".join(self.makers)


@pytest.fixture
def fake_models(toy_plugin: ToyPlugin, monkeypatch: pytest.MonkeyPatch) -> FakeModels:
    """Let all commands, from Python and from the command line, use fake models on a fake machine."""
    fakes = FakeModels(toy_plugin)
    for module in (recommend_workflow, bench_workflow, check_workflow, disagree_workflow, tune_workflow):
        monkeypatch.setattr(
            module, "Options", partial(module.Options, opener=fakes.open, probe=fakes.probe, wait=no_wait)
        )
    for quiet in (plan_workflow, speed_workflow):
        monkeypatch.setattr(quiet, "Options", partial(quiet.Options, probe=fakes.probe))
    return fakes


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout, which holds no NaN."""

        def refuse(constant: str) -> None:
            raise ValueError(f"{constant} is no JSON")

        found: dict[str, Any] = json.loads(self.out, parse_constant=refuse)
        return found

    @property
    def checked(self) -> dict[str, Any]:
        """The document, after comparing it with the published schema that it names."""
        from jsonschema import Draft202012Validator

        document = self.document
        file = f"{document['schema'].removeprefix('mlipguide.').replace('/', '-')}.json"
        Draft202012Validator(json.loads((DATA / "schemas" / file).read_text(encoding="utf-8"))).validate(document)
        return document


Run = Callable[..., Outcome]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Return a function that runs the command line in this process."""
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: str | Path) -> Outcome:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    yield call
    with suppress(ValueError):
        signal.signal(signal.SIGTERM, before)
