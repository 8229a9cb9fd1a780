from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from mlipguide.core.errors import EnvironmentFailedError, InputError, StorageError
from mlipguide.core.paths import environments_dir
from mlipguide.environments import pip_settings
from mlipguide.environments.builds import build_environment
from mlipguide.environments.managed_folders import find_managed, list_folders
from mlipguide.environments.removal import remove_environment
from mlipguide.environments.resolution import check_environment, find_environment
from mlipguide.records.hardware.environment import Environment, EnvironmentKind, EnvironmentState, Recipe

FakeUv = Callable[[str], Path]

SOLVER = """cat <<'END'
error: No solution found when resolving dependencies
  cause: Because there is no version of six==1.17.0 and you require six==1.17.0, we can conclude that
END
exit 1"""
FULL = "echo 'error: failed to write to file `/a/b`: No space left on device (os error 28)'; exit 2"

DRIVER = """
import sys
from pathlib import Path
from mlipguide.environments import builds, pip_settings, uv_program
from mlipguide.records.hardware.environment import Recipe
uv_program.find_uv = lambda: Path(sys.argv[1])
pip_settings.read_pip_config = lambda base: {}
tiny = Recipe(
    backend="tiny", module="json", worker="tiny", python=">=3.11", torch=None, requirements=("six==1.17.0",)
)
try:
    tell = lambda line: print(line, flush=True)
    done = builds.build_environment(tiny, has_nvidia_gpu=False, on_progress=tell)
    print(done.state)
except KeyboardInterrupt:
    sys.exit(130)
"""


def _build(recipe: Recipe, *, force: bool = False) -> tuple[Environment, list[str]]:
    lines: list[str] = []
    return build_environment(recipe, has_nvidia_gpu=False, on_progress=lines.append, force=force), lines


def _calls() -> list[str]:
    return Path(os.environ["FAKE_UV_CALLS"]).read_text(encoding="utf-8").splitlines()


def _start(program: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_build_is_ready_checked_and_found(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv("echo 'Installed 1 package'")
    assert find_environment(tiny).state is EnvironmentState.MISSING
    built, lines = _build(tiny)
    assert built.state is EnvironmentState.READY
    assert built.kind is EnvironmentKind.MANAGED
    assert "Installed 1 package" in lines
    assert find_environment(tiny) == built
    assert check_environment(tiny).state is EnvironmentState.READY
    install = _calls()[1]
    assert install.endswith("-- six==1.17.0")
    assert "torch" not in install


def test_a_second_build_uses_the_first_unless_forced(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv("true")
    first, _ = _build(tiny)
    assert _build(tiny)[0] == first
    assert len(_calls()) == 2
    assert _build(tiny, force=True)[0].state is EnvironmentState.READY
    assert len(_calls()) == 4
    assert len(list_folders("tiny")) == 1


def test_another_recipe_gets_another_folder(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv("true")
    built, _ = _build(tiny)
    assert find_managed(replace(tiny, remarks=("new",))) == built
    changed = replace(tiny, requirements=("six==1.16.0",))
    assert find_managed(changed) is None
    assert _build(changed)[0].location != built.location
    assert len(remove_environment(tiny).removed) == 2
    assert find_environment(tiny).state is EnvironmentState.MISSING


def test_packages_of_scripts_come_with_a_build_and_are_added_to_one_of_before(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv("true")
    before, _ = _build(tiny)
    lacking = replace(tiny, for_scripts=("no-such-package-anywhere==1.0",))
    assert find_managed(lacking) == before, "an environment of before is whole for its backend"
    added, lines = _build(lacking)
    assert added == before
    assert lines == ["Adding no-such-package-anywhere==1.0 to the environment of tiny"]
    assert _calls()[-1].endswith("-- six==1.17.0 no-such-package-anywhere==1.0"), "with what is pinned, which stays"
    calls = len(_calls())
    assert _build(replace(tiny, for_scripts=("pip==1.0",)))[1] == [], "another version is the user's choice"
    assert len(_calls()) == calls
    _build(lacking, force=True)
    assert _calls()[-1].endswith("-- six==1.17.0 no-such-package-anywhere==1.0")


def test_torch_is_installed_first_and_from_the_chosen_build(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv("true")
    build_environment(replace(tiny, torch="2.13.0"), torch_build="cu128", has_nvidia_gpu=False)
    assert "--torch-backend cu128" in _calls()[1]
    assert _calls()[1].endswith("-- torch==2.13.0 six==1.17.0")


def test_a_failure_leaves_nothing_and_names_requirement_and_log(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv(SOLVER)
    with pytest.raises(EnvironmentFailedError, match=r"six==1\.17\.0 of tiny") as caught:
        _build(tiny)
    log = Path(caught.value.message.partition("(log: ")[2].removesuffix(")."))
    assert "No solution found" in log.read_text(encoding="utf-8")
    assert list_folders("tiny") == []
    assert find_environment(tiny).state is EnvironmentState.MISSING


def test_a_full_disk_is_told_as_such(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv(FULL)
    with pytest.raises(StorageError, match="disk is full") as caught:
        _build(tiny)
    assert caught.value.kind == "disk_full"
    assert list_folders("tiny") == []


def test_a_killed_uv_is_told_as_such(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv("kill -9 $$")
    with pytest.raises(EnvironmentFailedError, match="signal 9"):
        _build(tiny)


def test_an_installed_package_that_does_not_import_is_no_environment(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv("true")
    with pytest.raises(EnvironmentFailedError, match="no_such_part does not import"):
        _build(replace(tiny, imports=("no_such_part",)))
    assert list_folders("tiny") == []


def test_a_failed_rebuild_keeps_the_environment(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv("true")
    first, _ = _build(tiny)
    fake_uv(SOLVER)
    with pytest.raises(EnvironmentFailedError):
        _build(tiny, force=True)
    assert find_environment(tiny) == first
    assert [str(folder) for folder in list_folders("tiny")] == [first.location]


def test_a_vanished_interpreter_is_broken_and_rebuilt(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv("true")
    first, _ = _build(tiny)
    Path(str(first.python)).unlink()
    broken = find_environment(tiny)
    assert broken.state is EnvironmentState.BROKEN
    assert "no longer exists" in str(broken.problem)
    assert _build(tiny)[0].state is EnvironmentState.READY


def test_leftovers_of_a_killed_build_count_as_absent(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv("true")
    first, _ = _build(tiny)
    (Path(str(first.location)) / "ready.json").unlink()
    leftover = environments_dir() / f".replaced-{Path(str(first.location)).name}-0123abcd"
    leftover.mkdir()
    assert find_environment(tiny).state is EnvironmentState.MISSING
    assert _build(tiny)[0].state is EnvironmentState.READY
    assert not leftover.exists()


def test_a_bad_request_is_refused_before_anything_is_made(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv("true")
    with pytest.raises(InputError):
        build_environment(tiny, python="3.2", has_nvidia_gpu=False)
    assert not environments_dir().exists()


def test_a_file_in_place_of_the_cache_is_told(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv("true")
    Path(os.environ["MLIPGUIDE_CACHE_DIR"]).touch()
    with pytest.raises(StorageError, match="a file stands where a folder is needed"):
        _build(tiny)


def _read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    while words not in (line := process.stdout.readline()):
        assert line, f"the process ended before it said '{words}'"


def test_two_processes_end_in_one_environment(tiny: Recipe, fake_uv: FakeUv, tmp_path: Path) -> None:
    program = fake_uv(f"echo Building started; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done")
    first = _start(program)
    _read_until(first, "started")
    second = _start(program)
    _read_until(second, "waiting for it")
    (tmp_path / "go").touch()
    for process in (first, second):
        assert process.communicate(timeout=60)[0].rstrip().endswith("ready")
        assert process.returncode == 0
    assert find_environment(tiny).state is EnvironmentState.READY
    assert len(_calls()) == 2


def test_ctrl_c_ends_every_process_and_leaves_nothing(tiny: Recipe, fake_uv: FakeUv, tmp_path: Path) -> None:
    program = fake_uv(f"sleep 600 & echo $! > {tmp_path}/child; echo Building started; wait")
    process = _start(program)
    _read_until(process, "started")
    child = int((tmp_path / "child").read_text(encoding="utf-8"))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    deadline = time.monotonic() + 5
    while psutil.pid_exists(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    assert list_folders("tiny") == []
    fake_uv("true")
    assert _build(tiny)[0].state is EnvironmentState.READY


@pytest.mark.integration
def test_a_real_build_with_the_real_uv(
    tiny: Recipe,
    monkeypatch: pytest.MonkeyPatch,
    real_pip_config: Callable[[Mapping[str, str]], dict[str, str]],
) -> None:
    monkeypatch.setattr(pip_settings, "read_pip_config", real_pip_config)
    recipe = replace(tiny, backend="six", module="six")
    built, lines = _build(recipe)
    assert built.versions == {"six": "1.17.0"}
    assert any("Installed 1 package" in line for line in lines)
    assert check_environment(recipe).state is EnvironmentState.READY
