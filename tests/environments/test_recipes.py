from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from mlipguide.core.errors import InputError
from mlipguide.environments import recipes
from mlipguide.environments.recipes import find_recipe, load_recipes, read_recipe_book, worker_file

GOOD = """backend: {name}
module: json
worker: speaker
python: ">=3.11"
torch: null
requirements: [six==1.17.0]
"""


def _write_plugin(folder: Path, name: str, *, worker: bool = True) -> Path:
    folder.mkdir()
    (folder / f"{name}.yaml").write_text(GOOD.format(name=name), encoding="utf-8")
    if worker:
        (folder / "speaker.py").write_text("", encoding="utf-8")
    return folder


def _install_plugins(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    points = [EntryPoint(name, value, recipes.PLUGIN_GROUP) for name, value in values.items()]
    monkeypatch.setattr(recipes, "entry_points", lambda group: points if group == recipes.PLUGIN_GROUP else [])


def test_built_in_recipes_pin_every_requirement() -> None:
    book = read_recipe_book()
    assert {"sevenn", "chgnet", "mace-torch"} <= set(book.recipes)
    for recipe in book.recipes.values():
        for line in recipe.requirements:
            assert str(Requirement(line).specifier).startswith("=="), line
        assert worker_file(recipe) is None


@pytest.mark.parametrize("name", ["mace-torch", "mace", "MACE_torch", "Mace"])
def test_aliases_and_spellings(name: str) -> None:
    assert find_recipe(name).backend == "mace-torch"


def test_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(InputError, match="Did you mean 'chgnet'") as caught:
        find_recipe("chgnett")
    assert "mace-torch" in caught.value.hint


def test_folder_brings_recipe_and_worker(tmp_path: Path) -> None:
    folder = _write_plugin(tmp_path / "own", "own-net")
    recipe = load_recipes([folder])["own-net"]
    assert worker_file(recipe, [folder]) == folder / "speaker.py"


def test_bad_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing worker"):
        load_recipes([_write_plugin(tmp_path / "a", "a-net", worker=False)])
    with pytest.raises(InputError, match="already known"):
        load_recipes([_write_plugin(tmp_path / "b", "sevenn")])
    with pytest.raises(InputError, match="no recipe"):
        load_recipes([tmp_path / "nowhere"])
    bad = _write_plugin(tmp_path / "c", "c-net")
    (bad / "c-net.yaml").write_text(GOOD.format(name="c-net").replace("==1.17", "=!1.17"), encoding="utf-8")
    with pytest.raises(InputError, match=r"c-net\.yaml"):
        load_recipes([bad])


def test_plugins_and_broken_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _write_plugin(tmp_path / "plug", "plug-net")
    (tmp_path / "plug_module.py").write_text(
        f"path = {str(folder)!r}\ndef find(): return path\ndef crash(): raise RuntimeError('lost')\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    _install_plugins(
        monkeypatch,
        a_path="plug_module:path",
        b_again="plug_module:find",
        c_crash="plug_module:crash",
        d_absent="no_such_module_here:path",
    )
    book = read_recipe_book()
    assert book.workers == {"plug-net": folder / "speaker.py"}
    assert "plug-net" in book.recipes
    messages = [notice.message for notice in book.notices]
    assert len(messages) == 3
    assert "already known" in messages[0]
    assert "RuntimeError: lost" in messages[1]
    assert "no_such_module_here" in messages[2]


EXTRAS = {"mace-torch": "mace", "orb-models": "orb", "so3krates-torch": "so3lr"}
"""Backends whose extra has a shorter name."""


def test_extras_are_the_recipes_of_backends_that_plain_pip_installs() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    for recipe in load_recipes().values():
        name = EXTRAS.get(recipe.backend, recipe.backend)
        if recipe.overrides or recipe.excludes or name not in extras:
            continue
        pinned = [] if recipe.torch is None else [f"torch=={recipe.torch}"]
        pinned += [*recipe.requirements, *recipe.for_scripts]
        assert extras[name] == pinned, name
    assert {"sevenn", "mace", "chgnet", "orb"} <= set(extras)
