"""The command line starts fast, and every command explains itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from fake_models import Run
from mlipguide import __version__
from mlipguide.cli.app import app
from mlipguide.cli.bench import MEASURE
from mlipguide.cli.names import COMMANDS as LINES
from mlipguide.cli.names import GROUPS, PAIRS

HEAVY = {"numpy", "ase", "torch", "pydantic", "scipy", "rich", "yaml", "psutil", "pynvml", "asyncio"}
TYPERS_OWN = {"pydantic"}
"""What some versions of typer load for the options of a command."""
STRUCTURE = Path(__file__).parents[2] / "configs" / "structures" / "LiFePO4.cif"
SCRIPT = """
import sys
from mlipguide.__main__ import main
for words in sys.argv[1:]:
    code = main([*words.split(), "--help"])
    assert code == 0, (words, code)
    print("== loaded", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def list_commands(group: typer.core.TyperGroup | None = None, words: str = "") -> Iterator[str]:
    group = group or typer.main.get_group(app)
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from list_commands(command, f"{words}{name} ")
        else:
            yield words.rstrip() if name == MEASURE else f"{words}{name}"


COMMANDS = tuple(list_commands())


@pytest.fixture(scope="module")
def pages() -> list[str]:
    """Return the help of mlipguide and of each command, each followed by the packages that are loaded then."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, "", *COMMANDS], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout.split("\nUsage: ")


def test_help_loads_nothing_heavy(pages: list[str]) -> None:
    loaded = [set(page.rpartition("== loaded")[2].split()) for page in pages]
    assert "typer" in loaded[0]
    assert loaded[0].isdisjoint(HEAVY)
    assert loaded[-1].isdisjoint(HEAVY - TYPERS_OWN)  # modules are never unloaded: these are all of them


def test_every_command_has_its_own_page(pages: list[str]) -> None:
    expected = {"recommend", "bench", "bench compare", "check", "models list", "hardware show", "env build"}
    assert expected | {"explain", "doctor"} <= set(COMMANDS)
    for name in COMMANDS:
        page = next(page for page in pages if page.startswith(f"mlipguide {name} "))
        assert "--json" in page, name
        assert len(page) > 200, name


def test_the_first_page_has_a_whole_line_for_each_command(pages: list[str]) -> None:
    lines = pages[0].partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines[: len(LINES)]] == list(LINES)
    assert all(line.endswith(".") for line in lines[: len(LINES)])
    assert {name.split()[0] for name in COMMANDS} == set(LINES)


def test_groups_are_those_that_errors_name() -> None:
    assert {name.split()[0] for name in COMMANDS if " " in name} == GROUPS | {first for first, _ in PAIRS}


def test_the_version(run: Run) -> None:
    outcome = run("--version")
    assert (outcome.code, outcome.out, outcome.err) == (0, f"mlipguide {__version__}\n", "")


def test_without_a_command_five_lines_say_what_to_begin_with(run: Run) -> None:
    outcome = run()
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert len(lines) == 5
    commands = [line.split() for line in lines if line.startswith("  mlipguide ")]
    assert [words[1] for words in commands] == ["recommend", "recommend", "explain"]
    assert {words[1] for words in commands} <= {name.split()[0] for name in COMMANDS}
    assert run("explain").code == 0


@pytest.mark.parametrize("words", [("models",), ("env",), ("hardware",)])
def test_a_group_without_a_command_shows_its_commands(run: Run, words: tuple[str, ...]) -> None:
    outcome = run(*words)
    assert "Commands:" in outcome.out + outcome.err
    assert outcome.code in (0, 2)
    assert "Traceback" not in outcome.err


def test_an_answer_loads_little_of_the_large_libraries(tmp_path: Path) -> None:
    words = ["recommend", str(STRUCTURE), "--models", "sevennet-0", "--no-measure"]
    code = f"import sys; from mlipguide.__main__ import main; main({words}); print('== loaded', *sys.modules)"
    folders = {"MLIPGUIDE_DATA_DIR": str(tmp_path / "data"), "MLIPGUIDE_CACHE_DIR": str(tmp_path / "cache")}
    for _ in range(2):  # what the first keeps, the second need not search for
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, **folders}, capture_output=True, text=True, check=True
        )
    loaded = set(done.stdout.rpartition("== loaded")[2].split())
    assert {"numpy", "ase", "scipy.special"} <= loaded
    heavy = {"scipy.spatial", "scipy.optimize", "scipy.stats", "scipy.sparse", "ase.io", "matplotlib"}
    assert not heavy & loaded
