from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlipguide.core.errors import EnvironmentFailedError, InputError
from mlipguide.core.paths import data_dir
from mlipguide.environments import adoption
from mlipguide.environments.adoption import adopt, forget, read_adoptions
from mlipguide.environments.builds import build_environment
from mlipguide.environments.interpreters import InterpreterReport
from mlipguide.environments.removal import remove_environment
from mlipguide.environments.resolution import check_environment, find_environment, find_host, set_aside_files
from mlipguide.records.hardware.environment import EnvironmentKind, EnvironmentState, Recipe

FakeUv = Callable[[str], Path]


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Return an interpreter that a test may change."""
    link = tmp_path / "env" / "bin" / "python"
    link.parent.mkdir(parents=True)
    link.symlink_to(Path(sys.executable).resolve())
    return link


def test_adopted_comes_before_managed_and_is_forgotten_first(tiny: Recipe, python: Path, fake_uv: FakeUv) -> None:
    fake_uv("true")
    managed = build_environment(tiny, has_nvidia_gpu=False)
    adopted = adopt(tiny, python)
    assert (adopted.kind, adopted.python) == (EnvironmentKind.ADOPTED, str(python))
    assert find_environment(tiny) == adopted
    removal = remove_environment(tiny)
    assert (removal.forgotten, removal.removed) == (str(python), ())
    assert python.exists()
    assert find_environment(tiny) == managed
    assert remove_environment(tiny).removed == (managed.location,)
    assert remove_environment(tiny).removed == ()


def test_the_folder_of_an_environment_will_do(tiny: Recipe, python: Path) -> None:
    assert adopt(tiny, python.parent.parent).python == str(python)


def test_refusals(tiny: Recipe, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no interpreter at"):
        adopt(tiny, tmp_path / "nowhere")
    with pytest.raises(InputError, match="no interpreter at"):
        adopt(tiny, tmp_path)
    with pytest.raises(EnvironmentFailedError, match=r"cannot serve tiny.*no_such_part"):
        adopt(replace(tiny, imports=("no_such_part",)), sys.executable)
    text = tmp_path / "text"
    text.write_text("not a program", encoding="utf-8")
    with pytest.raises(EnvironmentFailedError, match="does not run"):
        adopt(tiny, text)
    assert read_adoptions() == {}


def test_a_vanished_adopted_interpreter_is_broken_not_passed_over(tiny: Recipe, python: Path) -> None:
    adopt(tiny, python)
    python.unlink()
    broken = find_environment(tiny)
    assert (broken.kind, broken.state) == (EnvironmentKind.ADOPTED, EnvironmentState.BROKEN)
    assert "no longer exists" in str(broken.problem)
    assert check_environment(tiny) == broken
    assert forget(tiny) == str(python)
    assert forget(tiny) is None


def test_versions_are_asked_again_only_after_a_change(
    tiny: Recipe, python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "site-packages"
    packages.mkdir()
    answers = iter(["1.0", "2.0"])

    def query(*_: object, **__: object) -> InterpreterReport:
        return InterpreterReport(
            python_version="3.11.0",
            versions={"six": next(answers)},
            folders=(str(packages),),
            problem=None,
            output="",
        )

    monkeypatch.setattr(adoption, "query_interpreter", query)
    adopt(tiny, python)
    assert find_environment(tiny).versions == {"six": "1.0"}
    os.utime(packages, ns=(1, 1))
    assert find_environment(tiny).versions == {"six": "2.0"}
    assert find_environment(tiny).versions == {"six": "2.0"}


@pytest.mark.parametrize("text", ["{", '{"schema": "mlipguide.adopted/2", "environments": {}}', "[]"])
def test_a_bad_or_newer_file_is_set_aside_and_kept(tiny: Recipe, text: str) -> None:
    data_dir().mkdir()
    path = data_dir() / "adopted.json"
    path.write_text(text, encoding="utf-8")
    assert find_environment(tiny).state is EnvironmentState.MISSING
    (notice,) = set_aside_files([tiny.backend])
    assert notice.kind == "unreadable_environment"
    assert str(path) in notice.message
    assert path.read_text(encoding="utf-8") == text
    adopt(tiny, sys.executable)
    assert set_aside_files([tiny.backend]) == ()
    assert find_environment(tiny).state is EnvironmentState.READY
    assert path.with_name("adopted.json.bad").read_text(encoding="utf-8") == text


def test_the_host_serves_a_backend_that_is_installed_there(tiny: Recipe) -> None:
    numpy = replace(tiny, backend="numpy", module="numpy")
    host = find_environment(numpy)
    assert (host.kind, host.python) == (EnvironmentKind.HOST, sys.executable)
    assert "numpy" in host.versions
    assert check_environment(numpy).state is EnvironmentState.READY
    assert check_environment(replace(numpy, imports=("numpy.no_such_part",))).state is EnvironmentState.BROKEN


def test_a_folder_of_the_modules_name_is_not_the_backend(
    tiny: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mace_results").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert find_host(replace(tiny, backend="numpy", module="mace_results")) is None
    assert find_host(replace(tiny, backend="no-such-package", module="json")) is None
