"""The worker stands alone: nothing of mlipguide, only the standard library, and it runs by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlipguide.core.paths import CACHE_VARIABLE
from mlipguide.environments.interpreters import clean_environment
from mlipguide.sessions.worker_files import worker_environment, worker_folder
from toy_plugin import BACKEND_FOLDER

COPPER = {
    "numbers": [29],
    "positions": [[0.0, 0.0, 0.0]],
    "cell": [[0.0, 1.7, 1.7], [1.7, 0.0, 1.7], [1.7, 1.7, 0.0]],
    "pbc": [True, True, True],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a worker with the toy backend."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return worker_folder(BACKEND_FOLDER / "toy.py")


def run_worker(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = worker_environment(clean_environment({}), folder, threads=1, retain_memory=False)
    return subprocess.run(
        [sys.executable, "-m", "mlipguide_worker", *arguments],
        env=variables,
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=60,
    )


def write_job(path: Path, *requests: Any) -> str:
    path.write_text(json.dumps({"requests": requests}), encoding="utf-8")
    return str(path)


def test_only_the_standard_library_is_imported(folder: Path) -> None:
    # Isolated and without site-packages: anything else would fail to import.
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r})\n"
        "import mlipguide_worker.__main__, mlipguide_worker.steps, mlipguide_worker.geometry\n"
        "import mlipguide_worker.torch_runtime, mlipguide_worker.resources, mlipguide_worker.channel\n"
        "from mlipguide_worker.backends import find_loader\n"
        "for name in ('sevenn', 'chgnet', 'mace'): find_loader(name)\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('mlipguide', 'numpy', 'ase')])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout.strip() == "[]"


def test_a_job_by_hand_prints_its_answers_alone_on_stdout(folder: Path, tmp_path: Path) -> None:
    job = write_job(
        tmp_path / "job.json",
        {"id": 1, "op": "load", "backend": "toy", "name": "chatty"},
        {"id": 2, "op": "single_point", "structure": COPPER},
    )
    done = run_worker(folder, job)
    assert done.returncode == 0, done.stderr
    load, point = json.loads(done.stdout)
    assert load["result"]["parameters"] == 5
    assert point["id"] == 2
    assert point["result"]["energy_ev"] < 0


def test_a_job_by_hand_goes_on_after_a_failure_and_says_so(folder: Path, tmp_path: Path) -> None:
    job = write_job(
        tmp_path / "job.json",
        {"op": "load", "backend": "toy", "name": "unsendable"},
        {"op": "load", "backend": "toy", "name": "nowhere"},
        {"op": "load", "backend": "toy", "name": "plain"},
        {"op": "single_point", "structure": COPPER},
    )
    done = run_worker(folder, job)
    assert done.returncode == 1
    assert [answer["ok"] for answer in json.loads(done.stdout)] == [False, False, True, True]


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"requests": {}}', '{"requests": [1]}'])
def test_a_job_that_is_none_is_refused_without_a_traceback(folder: Path, tmp_path: Path, text: str) -> None:
    job = tmp_path / "job.json"
    job.write_text(text, encoding="utf-8")
    done = run_worker(folder, str(job))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"{job} is not a file of requests: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [(), ("--help",), ("--pipes", "1"), ("a", "b"), ("no-such-file.json",)])
def test_wrong_arguments_give_the_usage(folder: Path, arguments: tuple[str, ...]) -> None:
    done = run_worker(folder, *arguments)
    assert done.returncode == 2
    assert "usage: python -m mlipguide_worker JOB.json" in done.stderr
    assert "Traceback" not in done.stderr
