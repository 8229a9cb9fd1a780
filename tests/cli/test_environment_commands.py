"""``mlipguide env`` with a uv that does as it is told, and its JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fake_models import Run
from mlipguide.core.errors import ExitCode
from mlipguide.environments import pip_settings, uv_program
from toy_plugin import ToyPlugin

FakeUv = Callable[[str], None]

UV = f"""#!/bin/sh
if [ "$5" = venv ] || [ "$4" = venv ]; then
  for folder in "$@"; do case "$folder" in /*/environments/?*) break;; esac; done
  mkdir -p "$folder/bin" && ln -s "{Path(sys.executable).resolve()}" "$folder/bin/python"
  exit 0
fi
"""
TINY = {"backend": "tiny", "module": "json", "worker": "toy", "python": ">=3.11", "torch": None}


@pytest.fixture
def fake_uv(toy_plugin: ToyPlugin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeUv:
    """Bring the backend ``tiny``, whose module every Python has, and return what sets the script of its install."""
    backends = tmp_path / "backends"
    backends.mkdir()
    recipe = {**TINY, "requirements": ["six==1.17.0"]}
    (backends / "tiny.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    (backends / "toy.py").write_text("", encoding="utf-8")
    (toy_plugin.site / "mlipguide_toy_plugin.py").write_text(
        f"BACKENDS = {str(backends)!r}\nMODELS = {str(toy_plugin.models)!r}\n", encoding="utf-8"
    )
    program = tmp_path / "uv"
    monkeypatch.setattr(uv_program, "find_uv", lambda: program)
    monkeypatch.setattr(pip_settings, "read_pip_config", lambda _: {})

    def put(install: str) -> None:
        program.write_text(f"{UV}\n{install}\n", encoding="utf-8")
        program.chmod(0o755)

    put("echo Installed")
    return put


@pytest.fixture
def python(tmp_path: Path) -> Path:
    link = tmp_path / "own" / "bin" / "python"
    link.parent.mkdir(parents=True)
    link.symlink_to(Path(sys.executable).resolve())
    return link


def tiny(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in document["data"]["environments"] if item["backend"] == "tiny")
    return found


@pytest.mark.usefixtures("fake_uv")
def test_built_listed_checked_and_removed(run: Run) -> None:
    assert tiny(run("env", "list", "--json").document)["state"] == "missing"
    missing = run("env", "check", "tiny", "--json")
    assert missing.code == ExitCode.ENVIRONMENT_FAILED
    assert tiny(missing.document)["state"] == "missing"

    built = run("env", "build", "tiny", "--json")
    assert built.code == ExitCode.DONE
    assert built.document["schema"] == "mlipguide.env.build/1"
    environment = tiny(built.document)
    assert (environment["kind"], environment["state"], environment["problem"]) == ("managed", "ready", None)
    assert Path(environment["python"]).exists()
    assert "Installed" in built.err

    assert tiny(run("env", "list", "--json").document)["location"] == environment["location"]
    checked = run("env", "check", "tiny", "--json")
    assert (checked.code, tiny(checked.document)["state"]) == (ExitCode.DONE, "ready")
    page = run("env", "list")
    assert "tiny" in page.out
    assert "ready" in page.out

    size = run("env", "list", "--json").document["data"]["sizes_bytes"]["tiny"]
    assert size > 0
    removed = run("env", "remove", "tiny", "--json")
    assert removed.document["data"] == {
        "backend": "tiny",
        "forgotten": None,
        "removed": [environment["location"]],
        "freed_bytes": size,
    }
    assert not Path(environment["location"]).exists()
    again = run("env", "remove", "tiny", "--json")
    assert [notice["kind"] for notice in again.document["notices"]] == ["nothing_removed"]
    assert again.code == ExitCode.DONE


@pytest.mark.usefixtures("fake_uv")
def test_what_no_recipe_uses_any_more_is_removed_and_the_rest_left(run: Run) -> None:
    assert run("env", "build", "tiny").code == ExitCode.DONE
    used = Path(tiny(run("env", "list", "--json").document)["location"])
    of_another_recipe, of_nobody, set_aside = (
        used.with_name(name) for name in ("tiny-0123456789ab", "gone-0123456789ab", f".replaced-{used.name}-0a")
    )
    for folder in (of_another_recipe, of_nobody, set_aside):
        folder.mkdir()
        (folder / "file").write_bytes(b"x" * 10_000)
    listed = run("env", "list")
    assert "mlipguide env remove --unused" in listed.out
    removed = run("env", "remove", "--unused", "--json").document["data"]
    assert removed["backend"] is None
    assert sorted(removed["removed"]) == sorted(map(str, (of_another_recipe, of_nobody)))
    assert removed["freed_bytes"] >= 30_000
    assert used.is_dir()
    assert not any(folder.exists() for folder in (of_another_recipe, of_nobody, set_aside))
    assert "--unused" not in run("env", "list").out
    assert run("env", "remove", "--unused").err.count("Nothing is unused.") == 1


@pytest.mark.parametrize("words", [(), ("tiny", "--unused")])
def test_a_removal_names_a_backend_or_what_is_unused(run: Run, words: tuple[str, ...]) -> None:
    outcome = run("env", "remove", *words)
    assert outcome.code == ExitCode.BAD_INPUT
    assert "A backend or --unused is expected" in outcome.err


@pytest.mark.usefixtures("fake_uv")
def test_adopted_and_forgotten(run: Run, python: Path) -> None:
    adopted = run("env", "adopt", "tiny", python, "--json")
    assert adopted.code == ExitCode.DONE
    assert (tiny(adopted.document)["kind"], tiny(adopted.document)["python"]) == ("adopted", str(python))
    assert tiny(run("env", "list", "--json").document)["kind"] == "adopted"
    removed = run("env", "remove", "tiny")
    assert str(python) in removed.out.replace("\n", "")
    assert python.exists()


@pytest.mark.usefixtures("fake_uv")
def test_an_interpreter_without_the_backend_is_not_adopted(run: Run, python: Path) -> None:
    outcome = run("env", "adopt", "chgnet", python, "--json")
    assert outcome.code == ExitCode.ENVIRONMENT_FAILED
    assert outcome.document["status"] == "error"
    assert "chgnet" in outcome.document["errors"][0]["message"]


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("echo 'error: No solution found when resolving dependencies'; exit 1", "unsatisfiable"),
        ("echo 'error: failed to write: No space left on device (os error 28)'; exit 2", "disk_full"),
        ("kill -9 $$", "killed"),
    ],
)
def test_a_build_that_fails(run: Run, fake_uv: FakeUv, script: str, kind: str) -> None:
    fake_uv(script)
    outcome = run("env", "build", "tiny", "--json")
    assert outcome.code in (ExitCode.ENVIRONMENT_FAILED, ExitCode.BAD_INPUT)
    (error,) = outcome.document["errors"]
    assert kind in error["kind"]
    assert error["hint"]
    assert tiny(run("env", "list", "--json").document)["state"] == "missing"


def test_one_failure_among_several_builds_is_partial(
    run: Run, fake_uv: FakeUv, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_uv('case "$*" in *chgnet*) exit 1;; esac')
    monkeypatch.setattr("mlipguide.commands.set_up.environments.probe_machine", _no_gpu)
    outcome = run("env", "build", "tiny", "chgnet", "--torch", "cpu", "--json")
    assert outcome.code == ExitCode.ENVIRONMENT_FAILED
    document = outcome.document
    assert document["status"] == "partial"
    assert tiny(document)["state"] == "ready"
    assert len(document["errors"]) == 1


def _no_gpu() -> Any:
    from fake_models import make_machine

    return make_machine()
