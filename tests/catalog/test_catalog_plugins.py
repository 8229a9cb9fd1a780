"""Plug-ins bring cards; one that is broken is left out with a notice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.validation import validate_folder
from mlipguide.core.serialisation import to_plain
from toy_plugin import MODULE, ToyPlugin, toy_card


def test_a_child_process_sees_the_plugin(toy_plugin: ToyPlugin) -> None:
    (name,) = toy_plugin.add("plain")
    code = (
        "from mlipguide.catalog.cards import load_catalogue\n"
        "from mlipguide.environments.recipes import find_recipe\n"
        "from mlipguide.environments.resolution import find_environment\n"
        f"card = load_catalogue().find({name!r})\n"
        "print(find_environment(find_recipe(card.backend)).kind.value)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("host\n", "")


def replace_module(plugin: ToyPlugin, text: str) -> None:
    (plugin.site / f"{MODULE}.py").write_text(text, encoding="utf-8")


def the_notice() -> str:
    catalogue = load_catalogue()
    assert not [card for card in catalogue.cards if card.backend == "toy"]
    assert catalogue.find("sevennet-0").backend == "sevenn"
    (notice,) = catalogue.notices
    assert notice.kind == "broken_plugin"
    assert notice.message.startswith("The model cards of the plug-in 'toy' were left out: ")
    return notice.message


def test_a_plugin_brings_cards(toy_plugin: ToyPlugin) -> None:
    names = toy_plugin.add("plain", "hogs@100")
    assert names == ("toy-plain", "toy-hogs-at-100")
    catalogue = load_catalogue()
    assert catalogue.notices == ()
    assert catalogue.find("toy-hogs-at-100").weights.name == "hogs@100"
    assert "Fe" in catalogue.find("TOY-plain").known_elements
    assert [card.id for card in catalogue.cards] == sorted(card.id for card in catalogue.cards)
    assert validate_folder(toy_plugin.models) == ()


def test_a_plugin_may_give_a_function_and_sets_of_elements(toy_plugin: ToyPlugin) -> None:
    replace_module(toy_plugin, f"def MODELS():\n    return {str(toy_plugin.models)!r}\n")
    toy_plugin.add("plain")
    sets = {"mptrj-89": {"elements": ["Cu"], "sources": ["mlipguide_tests"]}}
    (toy_plugin.models / "element_sets.yaml").write_text(yaml.safe_dump(sets), encoding="utf-8")
    catalogue = load_catalogue()
    assert catalogue.find("toy-plain").training.elements == ("Cu",)
    # What the plug-in calls by a built-in name is its own affair.
    assert "Fe" in catalogue.find("sevennet-0").known_elements


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("raise ImportError('no such library')", "ImportError: no such library"),
        ("", "AttributeError"),
        ("MODELS = '/nowhere/at/all'", "/nowhere/at/all does not exist"),
        ("def MODELS(): raise RuntimeError('boom')", "RuntimeError: boom"),
        ("MODELS = 3", "TypeError"),
    ],
)
def test_a_broken_plugin_is_a_notice(toy_plugin: ToyPlugin, module: str, says: str) -> None:
    replace_module(toy_plugin, module)
    assert says in the_notice()


def test_a_plugin_without_cards_is_a_notice(toy_plugin: ToyPlugin) -> None:
    assert toy_plugin.models.is_dir()
    assert "holds no card" in the_notice()


def test_a_plugin_with_one_bad_card_is_left_out_as_a_whole(toy_plugin: ToyPlugin) -> None:
    toy_plugin.add("plain")
    (toy_plugin.models / "bad.yaml").write_text("id: bad\n", encoding="utf-8")
    assert "bad.yaml" in the_notice()


def test_a_plugin_cannot_take_the_name_of_a_card(toy_plugin: ToyPlugin) -> None:
    path = toy_plugin.models / "sevennet-0.yaml"
    path.write_text(yaml.safe_dump(to_plain(toy_card(id="sevennet-0"))), encoding="utf-8")
    assert "'sevennet-0' belongs to two cards" in the_notice()


def test_a_folder_of_the_user_goes_before_a_plugin(toy_plugin: ToyPlugin, tmp_path: Path) -> None:
    (name,) = toy_plugin.add("plain")
    folder = tmp_path / "mine"
    folder.mkdir()
    card = toy_card(name="Mine")
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(to_plain(card)), encoding="utf-8")
    catalogue = load_catalogue([folder])
    assert catalogue.find(name).name == "Mine"
    assert len(catalogue.notices) == 1
