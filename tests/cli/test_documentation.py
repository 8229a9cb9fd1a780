"""The documentation names no command and no option that does not exist, and its links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from mlipguide.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md")))
CALL = re.compile(r"(?<![\w/.-])mlipguide((?:[ \t]+[^\s`|#()]+)+)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
OF_OTHERS = {
    "--fake",
    "--split",
    "--final",
    "--one-by-one",
    "--exclusive",
    "--mem",
    "--test-only",
    "--no-index",
    "--find-links",
}
"""Options of the scripts that mlipguide writes, of the files in ``benchmarks/``, of SLURM and of pip."""


def everything() -> Any:
    return typer.main.get_command(app)


def options_of(command: Any) -> set[str]:
    """Return the options of a command and of those below it: ``bench`` stands for one of its own."""
    found = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    below = getattr(command, "commands", {})
    return found.union({"--help"}, *(options_of(below[name]) for name in below))


def calls(text: str) -> Iterator[tuple[str, Any, list[str]]]:
    """Yield each call of a command with the command and the options that are given to it."""
    joined = text.replace("\\\n", " ")
    for code in CODE.findall(joined):
        for found in CALL.finditer(code):
            words = found.group(1).split()
            command: Any = everything()
            while words and words[0] in getattr(command, "commands", {}):
                command = command.commands[words.pop(0)]
            yield found.group().strip(), command, [word.partition("=")[0] for word in words if OPTION.match(word)]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_call_takes_the_options_that_a_page_gives_it(page: Path) -> None:
    for call, command, given in calls(page.read_text(encoding="utf-8")):
        unknown = set(given) - options_of(command)
        assert not unknown, f"{page.name}: {call}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_page_names_an_option_that_no_command_has(page: Path) -> None:
    known = options_of(everything()) | OF_OTHERS
    for code in CODE.findall(page.read_text(encoding="utf-8")):
        if not code.startswith("```"):
            assert set(OPTION.findall(code)) <= known, f"{page.name}: {code}"


def test_calls_were_found() -> None:
    found = [given for page in PAGES for _, _, given in calls(page.read_text(encoding="utf-8"))]
    assert sum(bool(given) for given in found) > 40


def test_a_wrong_option_would_be_seen() -> None:
    ((_, command, given),) = calls("`mlipguide recommend Si.cif --modles a`")
    assert set(given) - options_of(command) == {"--modles"}
