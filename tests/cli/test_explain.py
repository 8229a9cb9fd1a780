"""``mlipguide explain``: in the terminal, as Markdown and as JSON; every command it names exists."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys

import pytest
import typer
from jsonschema import Draft202012Validator
from typer.core import TyperGroup

from fake_models import Run
from mlipguide.catalog.topics import load_knowledge
from mlipguide.cli.app import app
from mlipguide.cli.bench import MEASURE, SPEED
from mlipguide.cli.names import asks_speed
from mlipguide.core.errors import ExitCode
from mlipguide.report.exports.envelope import schema_file

TOPICS = load_knowledge().topics
IDS = [topic.id for topic in TOPICS]
NOT_YET = {"plan"}
"""Commands that topics may name before they are there."""
COMMANDS = sorted({hint.command for topic in TOPICS for hint in topic.commands})
LIGHT = """
import sys
from mlipguide.__main__ import main
assert main(["explain", "softening"]) == 0
print("== loaded", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("topic", IDS)
def test_a_topic_fits_a_screen(run: Run, topic: str) -> None:
    outcome = run("explain", topic)
    assert outcome.code == ExitCode.DONE
    lines = outcome.out.splitlines()
    assert len(lines) <= 45
    assert all(len(line.rstrip()) <= 100 for line in lines)
    assert "\x1b" not in outcome.out
    text = re.sub(r"\s+", " ", outcome.out)
    found = load_knowledge().find(topic)
    for words in (found.title, found.summary, *(claim.text for claim in found.claims)):
        assert re.sub(r"\s+", " ", words).strip() in text
    for hint in found.commands:
        assert hint.command in outcome.out
    for link in re.findall(r"https://\S+", outcome.out):
        assert link in {fact.link for fact in load_knowledge().facts(load_knowledge().sources)}  # whole, on one line


def test_the_list_names_every_topic(run: Run) -> None:
    outcome = run("explain")
    assert outcome.code == ExitCode.DONE
    lines = outcome.out.splitlines()
    assert len(lines) <= 45
    assert [line.split()[0] for line in lines if line.startswith("  ")] == IDS


def test_all_is_everything_in_one_piece(run: Run) -> None:
    outcome = run("explain", "all", "--format", "markdown")
    for topic in TOPICS:
        assert f"## {topic.title}\n" in outcome.out
    assert outcome.out.count("## Sources") == 1


@pytest.mark.parametrize(("name", "title"), [("d3", "Dispersion"), ("Long Range", "Long-range"), ("cueq", "Accel")])
def test_aliases(run: Run, name: str, title: str) -> None:
    assert run("explain", name).out.startswith(title)


def test_a_typo_is_answered_with_the_closest_name(run: Run) -> None:
    outcome = run("explain", "softning")
    assert outcome.code == ExitCode.BAD_INPUT
    assert outcome.out == ""
    assert "Did you mean 'softening'?" in outcome.err
    assert "mlipguide explain" in outcome.err


@pytest.mark.parametrize("topic", IDS)
def test_markdown_numbers_link_to_sources(run: Run, topic: str) -> None:
    outcome = run("explain", topic, "--format", "markdown")
    assert outcome.code == ExitCode.DONE
    body, _, sources = outcome.out.partition("## Sources")
    named = {int(number) for number in re.findall(r"\[(\d+)\]", body)}
    listed = re.findall(r"^(\d+)\. \[[^\]]+\]\(https://[^)\s]+\)$", sources, flags=re.MULTILINE)
    assert [int(number) for number in listed] == list(range(1, len(listed) + 1))
    assert named == set(range(1, len(listed) + 1))
    for claim in load_knowledge().find(topic).claims:
        (line,) = (line for line in body.splitlines() if line.startswith(f"- {claim.text.strip()} "))
        assert line.rstrip().endswith("]" if claim.sources else "]_")


@pytest.mark.parametrize("arguments", [(), ("softening",), ("all",)])
def test_the_document(run: Run, arguments: tuple[str, ...]) -> None:
    document = run("explain", *arguments, "--json").document
    Draft202012Validator(json.loads(schema_file("explain").read_text(encoding="utf-8"))).validate(document)
    assert document["schema"] == "mlipguide.explain/1"
    data = document["data"]
    assert [entry["id"] for entry in data["index"]] == IDS
    named = {
        key for topic in data["topics"] for claim in topic["claims"] + topic["mitigation"] for key in claim["sources"]
    }
    assert {source["key"] for source in data["sources"]} == named
    assert all(source["link"] for source in data["sources"])
    assert len(data["topics"]) == {(): 0, ("softening",): 1, ("all",): len(IDS)}[arguments]


def find_command(words: list[str]) -> tuple[typer.core.TyperCommand | None, list[str]]:
    """Return the command that words lead to in the real program, and the words left for it."""
    here: typer.core.TyperGroup | typer.core.TyperCommand | None = typer.main.get_group(app)
    while isinstance(here, TyperGroup):
        if words and words[0] in here.commands:
            here, words = here.commands[words[0]], words[1:]  # type: ignore[assignment]  # typer makes no others
        else:
            here = here.commands.get(SPEED if asks_speed(words) else MEASURE)  # type: ignore[assignment]
    return here, words


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_exist_with_their_options(command: str) -> None:
    program, *words = shlex.split(command)
    assert program == "mlipguide"
    found, rest = find_command(words)
    if found is None and words[0] in NOT_YET:
        return
    assert found is not None, command
    found.make_context(command, list(rest)).close()


def test_a_command_that_is_not_there_is_noticed() -> None:
    assert find_command(["models", "invent"])[0] is None
    found, rest = find_command(["recommend", "a.cif", "--invented", "1"])
    assert found is not None
    with pytest.raises(Exception, match="No such option"):
        found.make_context("recommend", rest)


def test_it_starts_without_the_heavy_packages() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rpartition("== loaded")[2].split())
    assert {"mlipguide", "pydantic"} <= loaded
    assert loaded.isdisjoint({"numpy", "ase", "scipy", "torch", "psutil", "pynvml", "matplotlib"})
