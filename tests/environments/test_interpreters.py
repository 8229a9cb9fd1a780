from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from mlipguide.core.errors import InputError
from mlipguide.environments.interpreters import clean_environment, query_interpreter
from mlipguide.environments.python_versions import choose_python
from mlipguide.records.hardware.environment import Recipe

PYTHON = Path(sys.executable)


def _script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_clean_environment_keeps_what_programs_need() -> None:
    base = {"PATH": "p", "LD_LIBRARY_PATH": "l", "OMP_NUM_THREADS": "2", "https_proxy": "x", "HOME": "h"}
    astray = {
        "PYTHONPATH": "a",
        "PYTHONHOME": "b",
        "VIRTUAL_ENV": "c",
        "PYTHONSTARTUP": "d",
        "CONDA_PREFIX": "e",
    }
    assert clean_environment({**base, **astray}) == {**base, "PYTHONNOUSERSITE": "1"}


def test_versions_without_an_import() -> None:
    report = query_interpreter(PYTHON, distributions=["numpy", "no-such-package"])
    assert report.problem is None
    assert report.python_version == platform.python_version()
    assert list(report.versions) == ["numpy"]
    assert report.folders


def test_a_failing_import_is_told() -> None:
    report = query_interpreter(PYTHON, distributions=[], modules=["json", "no_such_module"])
    assert report.problem is not None
    assert "no_such_module does not import there: ModuleNotFoundError" in report.problem


def test_packages_of_the_host_do_not_leak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "leaking.py").write_text("", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert query_interpreter(PYTHON, distributions=[], modules=["leaking"]).problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("echo nonsense; exit 3", "does not run as Python: nonsense"),
        ("kill -9 $$", "signal 9"),
        ("exec sleep 60", "did not answer within"),
    ],
)
def test_what_is_no_working_interpreter(tmp_path: Path, text: str, words: str) -> None:
    report = query_interpreter(_script(tmp_path / "python", text), distributions=[], timeout_s=0.5)
    assert report.python_version is None
    assert words in str(report.problem)


def test_an_absent_interpreter() -> None:
    assert "does not run" in str(query_interpreter(Path("/nonexistent/python"), distributions=[]).problem)


def _recipe(python: str) -> Recipe:
    return Recipe(backend="x", module="json", worker="x", python=python, torch=None, requirements=())


def test_choice_of_python(tmp_path: Path) -> None:
    own = ".".join(platform.python_version_tuple()[:2])
    assert choose_python(_recipe(">=3.8"), None).request == sys.executable
    assert choose_python(_recipe(">=3.8"), None).release == own
    assert choose_python(_recipe(">=3.7,<3.10"), None).request == "3.9"
    assert choose_python(_recipe(">=3.11.4,<3.14"), "3.11").release == "3.11"
    assert choose_python(_recipe(">=3.11,<3.14"), "3.12.4").release == "3.12"
    assert choose_python(_recipe(">=3.8"), sys.executable).release == own
    for wrong in ("3.14", "3.10.2", "nonsense", str(_script(tmp_path / "p", "exit 1")), str(tmp_path)):
        with pytest.raises(InputError):
            choose_python(_recipe(">=3.11,<3.14"), wrong)
