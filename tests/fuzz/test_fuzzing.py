"""Damaged files and odd options through the real entry point: never an internal error, never beyond the time.

``make fuzz`` runs 10,000 inputs. An input that fails is kept, and the message names its file.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import io
import json
import os
import resource
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fake_models import FakeModels, fake_card
from fuzz import seeds
from fuzz.mutations import ODD_NUMBERS, ODD_WORDS, mutate
from labelled import OffEMT
from mlipguide.__main__ import main
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.topics import load_knowledge
from mlipguide.commands import evaluate as evaluate_workflow
from mlipguide.core.errors import ExitCode
from mlipguide.testing.in_process import in_process_session

pytestmark = pytest.mark.filterwarnings("default")  # as users run it

INPUTS = int(os.environ.get("MLIPGUIDE_FUZZ_INPUTS", "1000"))
SEED = int(os.environ.get("MLIPGUIDE_FUZZ_SEED", "0"))
LIMIT_S = 10.0
"""Of processor time, so that other load of the machine does not count."""
LIMIT_KIB = 2**20
HANGING_S = 600.0
ENDINGS = frozenset(ExitCode) - {ExitCode.INTERNAL_ERROR, ExitCode.INTERRUPTED, ExitCode.REGRESSION_FOUND}
FAILURES = Path(tempfile.gettempdir()) / "mlipguide-fuzz"

_QUANTITIES = (
    "1ns",
    "2fs",
    "300K",
    "24h",
    "100meV/A",
    "5meV/atom",
    "1",
    "0fs",
    "-1ps",
    "1e400ns",
    "nan",
    "1 ns",
    "ns",
    "",
)
_TASK = ("md", "relax", "screen", "phonons", "neb", "prerelax", "all", "MD")
OPTIONS = {
    "--kind": _TASK, "--atoms": ("1", "64", "1000000", "1e6", "99999999999999999999"), "--structures": ("1", "100"),
    "--images": ("1", "7"), "--models": ("chgnet-0.3.0", "available", "chgnet", ",", "a,b"),
    **dict.fromkeys(
        ("--time", "--timestep", "--temperature", "--budget", "--force-mae", "--energy-mae", "--dft-cost"),
        _QUANTITIES,
    ),
    "--needs": ("stress", "-surfaces", "nve,phonons", "charges", ",", "stress,stress"),
    "--dft-cores": ("1", "64"), "--dft-atoms": ("1", "28"),
    "--index": ("0", "-1", "7", ":"), "--why": ("chgnet-0.3.0", "x"),
    "--hardware": ("A100-80GB", "4xH100-80GB", "A100", "0xA100-80GB", "999999999xA100-80GB", "A100-80GB,", "CPU"),
}  # fmt: skip


class _TooSlow(BaseException):
    """The processor time of one input is used up."""


@dataclass(frozen=True)
class Case:
    """One input.

    Attributes:
        arguments: Those of the command line.
        file: What is damaged; None where the arguments are odd themselves.
        data: Its contents.
    """

    arguments: tuple[str, ...]
    file: Path | None = None
    data: bytes = b""


def outcome_of(case: Case) -> str | None:
    """Run one input, and return what is wrong with how it ended; None when nothing is."""
    out, err = io.StringIO(), io.StringIO()
    if case.file is not None:
        case.file.write_bytes(case.data)
    before = _most_memory_kib()
    faulthandler.dump_traceback_later(HANGING_S, exit=True)
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*case.arguments, "--json"])
    except _TooSlow:
        return f"more than {LIMIT_S:.0f} s"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()
    if (grown := _most_memory_kib() - before) > LIMIT_KIB:
        return f"{grown / 2**20:.1f} GiB of memory"
    if code not in ENDINGS:
        return f"exit status {code}: {err.getvalue()[-500:]}"
    return _fault_of_document(out.getvalue())


def _most_memory_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _fault_of_document(text: str) -> str | None:
    """Return why this is no JSON document of ours."""
    try:
        document = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        return f"no JSON document: {error}"
    missing = {"schema", "status", "data", "errors"} - set(document)
    return f"the document has no {missing}" if missing else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


@pytest.fixture(autouse=True)
def limited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let both limits raise, read the catalogue once, and let relative paths lead into a folder of the test."""
    for read in (load_catalogue, load_knowledge):
        once = functools.cache(read)
        for name, module in list(sys.modules.items()):
            if name.startswith("mlipguide") and getattr(module, read.__name__, None) is read:
                monkeypatch.setattr(module, read.__name__, once)

    def end(_number: int, _frame: Any) -> None:
        raise _TooSlow

    monkeypatch.chdir(tmp_path)
    memory = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, memory[1]))
    terminate, before = signal.getsignal(signal.SIGTERM), signal.signal(signal.SIGPROF, end)
    yield
    resource.setrlimit(resource.RLIMIT_AS, memory)
    signal.signal(signal.SIGPROF, before)
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGTERM, terminate)


Draw = Callable[[np.random.Generator], Case]


def damaged(folder: Path, found: Sequence[seeds.Seed], command: Callable[[Path], Sequence[str]]) -> Draw:
    """Return what draws a damaged copy of one of the seeds, and the command that reads it."""
    contents = [seed.data for seed in found]

    def draw(rng: np.random.Generator) -> Case:
        seed = found[int(rng.integers(len(found)))]
        path = folder / seed.name
        return Case(tuple(command(path)), path, mutate(seed.data, contents, rng))

    return draw


def draw_options(rng: np.random.Generator) -> Case:
    """Draw odd values for some options."""
    arguments = ["recommend", "--preset", "silicon", "--no-measure"]
    names = list(OPTIONS)
    for place in rng.choice(len(names), size=int(rng.integers(1, 4)), replace=False):
        values = (*OPTIONS[names[place]], *(odd.decode(errors="replace") for odd in (*ODD_NUMBERS, *ODD_WORDS)))
        likely = len(OPTIONS[names[place]]) if rng.random() < 0.6 else len(values)
        arguments.append(f"{names[place]}={values[int(rng.integers(likely))]}".replace("\x00", ""))
    return Case(tuple(arguments))


def check(draw: Draw, inputs: int, family: str) -> None:
    """Run as many inputs as wanted and report those that ended wrongly, each kept in a file of its own."""
    wrong = []
    for number in range(inputs):
        case = draw(np.random.default_rng([SEED, number, len(family)]))
        fault = outcome_of(case)
        if fault is not None:
            wrong.append(f"{_kept(case, f'{family}-{SEED}-{number}')}\n  {fault}")
    assert not wrong, f"{len(wrong)} of {inputs} inputs ended wrongly:\n" + "\n".join(wrong[:20])


def _kept(case: Case, name: str) -> str:
    """Keep an input that failed, and return the command that repeats it."""
    if case.file is None:
        return shlex.join(["mlipguide", *case.arguments])
    folder = FAILURES / name
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / case.file.name
    kept.write_bytes(case.data)
    whole = (str(kept) if argument == str(case.file) else argument for argument in case.arguments)
    return shlex.join(["mlipguide", *whole])


def share(part: float) -> int:
    """Return how many of all inputs a family gets."""
    return max(1, round(INPUTS * part))


@pytest.mark.parametrize("part", range(4))
def test_structures(part: int, fake_models: FakeModels, tmp_path: Path) -> None:
    fake_models.add("fake-a")
    command = lambda path: ("recommend", str(path), "--no-measure", "--models", "fake-a,chgnet-0.3.0")  # noqa: E731
    check(damaged(tmp_path, seeds.structures(tmp_path), command), share(0.14), "structures" + "-" * part)


@pytest.mark.parametrize("part", range(2))
def test_labels(part: int, fake_models: FakeModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_fakes = partial(evaluate_workflow.Options, opener=fake_models.open, probe=fake_models.probe)
    monkeypatch.setattr(evaluate_workflow, "Options", with_fakes)
    fake_models.add("emt", fake_card("emt"))
    fake_models.makers["emt"] = partial(in_process_session, OffEMT(noise=0.02), elements=(29,))
    command = lambda path: ("evaluate", str(path), "--models", "emt", "--reevaluate")  # noqa: E731
    check(damaged(tmp_path, seeds.labels(), command), share(0.1), "labels" + "-" * part)


@pytest.mark.usefixtures("fake_models")
def test_tasks(tmp_path: Path) -> None:
    command = lambda path: ("recommend", "--config", str(path), "--no-measure")  # noqa: E731
    check(damaged(tmp_path, seeds.tasks(), command), share(0.08), "tasks")


@pytest.mark.usefixtures("fake_models")
def test_hardware_profiles(tmp_path: Path) -> None:
    command = lambda path: ("hardware", "save", "fuzz", str(path))  # noqa: E731
    check(damaged(tmp_path, seeds.profiles(), command), share(0.01), "profiles")


def test_clusters(fake_models: FakeModels, tmp_path: Path) -> None:
    fake_models.add("fake-a")
    command = lambda path: ("bench", "--preset", "silicon", "--models", "fake-a", "--on", str(path), "--dry-run")  # noqa: E731
    check(damaged(tmp_path, seeds.clusters(), command), share(0.01), "clusters")


def test_model_cards(tmp_path: Path) -> None:
    folder = tmp_path / "cards"
    folder.mkdir()
    command = lambda path: ("models", "validate", str(path.parent))  # noqa: E731
    check(damaged(folder, seeds.cards(), command), share(0.04), "cards")


@pytest.mark.usefixtures("fake_models")
def test_shared_records(tmp_path: Path) -> None:
    command = lambda path: ("share", "import", str(path))  # noqa: E731
    check(damaged(tmp_path, seeds.shared_records(), command), share(0.003), "shared")


@pytest.mark.usefixtures("fake_models")
def test_options() -> None:
    check(draw_options, share(0.11), "options")


MOST_BYTES = 6 * 2**30
"""Of address space: an input that asks for more ends by a MemoryError."""
