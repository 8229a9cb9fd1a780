"""Every command has a real answer in the reference, of a line that is listed; shelves and questions have pages."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer.main
import yaml

from mlipguide.cli.app import app
from mlipguide.cli.names import COMMANDS, GROUPS, PAIRS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGE = DOCS / "reference" / "outputs.md"
DATED = re.compile(r"\*mlipguide \d\S*, \d{1,2} [A-Z][a-z]+ 20\d\d\*")


@pytest.fixture(scope="module")
def outputs() -> ModuleType:
    """The script that writes the page."""
    spec = importlib.util.spec_from_file_location("write_outputs", ROOT / "scripts" / "write_outputs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def commands() -> list[str]:
    """The words of every command that does something."""
    everything: Any = typer.main.get_command(app)
    alone = [name for name in COMMANDS if name not in GROUPS]
    below = [f"{name} {word}" for name in GROUPS for word in everything.commands[name].commands]
    return sorted([*alone, *below, *(" ".join(pair) for pair in PAIRS)])


def test_every_command_has_a_line_that_is_run(outputs: ModuleType) -> None:
    assert sorted(outputs.listed().examples) == commands()


@pytest.mark.parametrize("command", commands())
def test_every_command_has_a_dated_answer(command: str, outputs: ModuleType) -> None:
    text = outputs.sections(PAGE.read_text(encoding="utf-8"))[command]
    assert DATED.match(text)
    for example in outputs.listed().examples[command]:
        assert f"```console\n$ {example.typed}\n" in text


def test_no_answer_holds_a_folder_of_the_machine_it_ran_on() -> None:
    assert not re.findall(r"(?<![\w.~/])/(?:home|root|tmp|work|Users)/\S*", PAGE.read_text(encoding="utf-8"))


def test_what_is_cut_is_marked(outputs: ModuleType) -> None:
    assert outputs.shortened("a\nb\nc\nd", 3) == "a\nb\n…"
    assert outputs.shortened("a\nb\nc", 3) == "a\nb\nc"


def test_folders_of_the_machine_are_replaced(outputs: ModuleType) -> None:
    text = f"kept in {outputs.FOLDER / 'data'}/measurements; run {outputs.FOLDER / 'work'}/run.py  "
    told = outputs.without_paths(text, {"MLIPGUIDE_DATA_DIR": str(outputs.FOLDER / "data")})
    assert told == "kept in ~/.local/share/mlipguide/measurements; run ./run.py"


def test_a_page_keeps_what_was_not_run_again(outputs: ModuleType) -> None:
    page = outputs.page({"bench": "old", "tune": "new"}, ["bench", "plan", "tune"])
    assert outputs.sections(page) == {"bench": "old", "tune": "new"}


def test_the_site_has_four_shelves_and_every_page_stands_on_one() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    nav = yaml.safe_load(text)
    assert [next(iter(shelf)) for shelf in nav] == ["Tutorials", "How to", "Reference", "Explanation"]
    named = re.findall(r"[\w/-]+\.md", text)
    assert len(named) == len(set(named))
    written = {path.relative_to(DOCS).as_posix() for path in DOCS.glob("**/*.md")} - {"reference/outputs.md"}
    assert written <= set(named)


def test_each_of_the_25_questions_has_a_page_that_is_there() -> None:
    folder = DOCS / "how-to"
    rows = re.findall(r"^\| (\d+) \|(.*)\|$", (folder / "index.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 26))
    for _, row in rows:
        pages = re.findall(r"\]\(((?!http)[^)#]+)", row)
        assert pages
        assert all((folder / page).is_file() for page in pages)
