"""What a recipe says of its build reaches uv, and what it does not say changes no environment that is there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlipguide.core.errors import InputError
from mlipguide.environments.builds import build_environment
from mlipguide.environments.interpreters import query_interpreter
from mlipguide.environments.managed_folders import digest_recipe
from mlipguide.environments.recipes import load_recipes, read_recipe
from mlipguide.records.hardware.environment import Recipe

FakeUv = Callable[[str], Path]
DIGESTS = {
    "chgnet": "f45b353a7815",
    "lammps": "91cb0f65721b",
    "mace-torch": "066663798940",
    "nep": "0e946ccc2c64",
    "sevenn": "c8e4a47dd70b",
}


def _installs() -> list[list[str]]:
    lines = Path(os.environ["FAKE_UV_CALLS"]).read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line.startswith("install")]


def test_overrides_and_excludes_are_files_of_the_environment(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv("")
    recipe = replace(tiny, overrides=("torch==2.13.0", 'jax ; sys_platform == "never"'), excludes=("wandb", "mp-api"))
    location = build_environment(recipe, has_nvidia_gpu=False).location
    assert location is not None
    folder = Path(location)
    (call,) = _installs()
    assert call[call.index("--overrides") + 1] == str(folder / "overrides.txt")
    assert call[call.index("--excludes") + 1] == str(folder / "excludes.txt")
    assert call[call.index("--") + 1 :] == ["six==1.17.0"]
    assert (folder / "overrides.txt").read_text() == 'torch==2.13.0\njax ; sys_platform == "never"\n'
    assert (folder / "excludes.txt").read_text() == "wandb\nmp-api\n"


def test_what_the_build_needs_is_installed_first(tiny: Recipe, fake_uv: FakeUv) -> None:
    fake_uv('echo "DP_VARIANT=$DP_VARIANT" >> "$FAKE_UV_CALLS"')
    recipe = replace(
        tiny,
        torch="2.13.0",
        build_isolation=False,
        build_requirements=("cmake==4.1.2",),
        no_binary=("six",),
        build_variables={"DP_VARIANT": "cpu"},
    )
    build_environment(recipe, torch_build="cpu", has_nvidia_gpu=False)
    first, second = _installs()
    assert first[first.index("--") + 1 :] == ["torch==2.13.0", "cmake==4.1.2"]
    assert "--no-build-isolation" not in first
    assert second[second.index("--no-binary") + 1] == "six"
    assert "--no-build-isolation" in second
    assert second[second.index("--") + 1 :] == ["torch==2.13.0", "six==1.17.0"]
    assert Path(os.environ["FAKE_UV_CALLS"]).read_text(encoding="utf-8").count("DP_VARIANT=cpu") == 2


def test_the_variables_of_a_recipe_hold_where_its_module_is_imported(tmp_path: Path) -> None:
    python = Path(sys.executable)
    (tmp_path / "wanting.py").write_text("import os\nos.environ['WANTED']\n", encoding="utf-8")
    script = tmp_path / "python"
    script.write_text(
        f"#!{python}\nimport os, sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
        "import runpy\nsys.argv = sys.argv[2:]\nrunpy.run_path(sys.argv[0], run_name='__main__')\n",
        encoding="utf-8",
    )
    script.chmod(0o755)
    without = query_interpreter(script, distributions=(), modules=["wanting"])
    assert "KeyError: 'WANTED'" in str(without.problem)
    assert query_interpreter(script, distributions=(), modules=["wanting"], variables={"WANTED": "1"}).problem is None


def test_environments_from_before_hold_on() -> None:
    found = {name: digest_recipe(recipe) for name, recipe in load_recipes().items()}
    assert {name: found[name] for name in DIGESTS} == DIGESTS


def test_what_is_said_of_the_build_makes_another_environment(tiny: Recipe) -> None:
    changes: tuple[dict[str, object], ...] = (
        {"overrides": ("a==1",)},
        {"excludes": ("a",)},
        {"build_isolation": False},
        {"build_requirements": ("a==1",)},
        {"no_binary": ("a",)},
        {"build_variables": {"A": "1"}},
    )
    digests = {digest_recipe(replace(tiny, **change)) for change in changes}  # type: ignore[arg-type]  # of fields of many types
    assert len(digests | {digest_recipe(tiny)}) == len(changes) + 1
    used = replace(tiny, variables={"A": "1"}, disk_gigabytes=1.3, build_s=3.0)
    assert digest_recipe(used) == digest_recipe(tiny)


def test_a_bad_override_is_refused_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(
        'backend: net\nmodule: json\nworker: net\npython: ">=3.11"\ntorch: null\nrequirements: [six==1.17.0]\n'
        'overrides: ["torch=!2"]\n',
        encoding="utf-8",
    )
    with pytest.raises(InputError, match=r"net\.yaml"):
        read_recipe(path)
