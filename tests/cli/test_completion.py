"""A shell offers names and files at once: what it is given, in a real bash, and what is imported for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.locations import DATA
from mlipguide.catalog.topics import load_knowledge
from mlipguide.cli.completion import NAMES, join_equals_signs
from mlipguide.environments.recipes import load_recipes
from mlipguide.hardware.device_models import load_devices
from mlipguide.records.requests.option import Completion
from mlipguide.structures.presets import PRESETS

PROGRAM = Path(sys.executable).with_name("mlipguide")
BASH = shutil.which("bash")
HEAVY = {"numpy", "ase", "scipy", "torch", "rich"}
SHELL = r"""
set -u
eval "$(_MLIPGUIDE_COMPLETE=source_bash "$PROGRAM" 2>/dev/null || "$PROGRAM" --show-completion bash)"
while IFS= read -r line; do
  eval "COMP_WORDS=($line)"
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  COMPREPLY=()
  _mlipguide_completion "$PROGRAM"
  echo "${COMPREPLY[*]:-}"
done
complete -p mlipguide
"""
LINES = (
    ("mlipguide env build seve", "sevenn"),
    ("mlipguide bench --models = chgnet-0.3.0,sevennet-l", "chgnet-0.3.0,sevennet-l3i5"),
    ("mlipguide recommend Si", ""),
)
"""What is typed, and all that is offered; where that is nothing, bash offers files."""


@pytest.mark.skipif(BASH is None, reason="no bash")
def test_bash_offers_names_and_leaves_files_to_itself(tmp_path: Path) -> None:
    done = subprocess.run(
        [BASH or "", "--norc", "-c", SHELL],
        input="\n".join(line for line, _ in LINES) + "\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PROGRAM": str(PROGRAM), "MLIPGUIDE_DATA_DIR": str(tmp_path)},
    )
    *offered, how = done.stdout.splitlines()
    assert offered == [names for _, names in LINES], done.stderr
    assert "-o default" in how, "files where nothing is offered"


@pytest.mark.parametrize(
    ("words", "place", "joined", "then"),
    [
        (["m", "bench", "--models", "=", "sev"], 4, ["m", "bench", "--models", "sev"], 3),
        (["m", "bench", "--models", "="], 3, ["m", "bench", "--models", ""], 3),
        (["m", "bench", "--atoms", "=", "8", "--mo"], 5, ["m", "bench", "--atoms", "8", "--mo"], 4),
        (["m", "bench", "--atoms", "8"], 3, ["m", "bench", "--atoms", "8"], 3),
    ],
)
def test_an_equals_sign_is_no_word(words: list[str], place: int, joined: list[str], then: int) -> None:
    variables = {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(place)}
    join_equals_signs(variables)
    assert variables == {"COMP_WORDS": "\n".join(joined), "COMP_CWORD": str(then)}
    none: dict[str, str] = {}
    join_equals_signs(none)
    assert none == {}


def test_nothing_heavy_is_imported_for_any_name() -> None:
    script = (
        "import sys; from mlipguide.cli.completion import NAMES\n"
        "assert all(names() is not None for names in NAMES.values()); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint({name.partition(".")[0] for name in done.stdout.split()})


def test_names_are_those_that_are_known() -> None:
    assert set(NAMES) == set(Completion)
    offered = {kind: set(names()) for kind, names in NAMES.items()}
    assert offered[Completion.MODELS] == {card.id for card in load_catalogue().cards}
    assert offered[Completion.BACKENDS] == set(load_recipes())
    assert offered[Completion.TOPICS] == {"all", *(topic.id for topic in load_knowledge().topics)}
    assert offered[Completion.HARDWARE] == {device.id for device in load_devices()}
    assert offered[Completion.PRESETS] == set(PRESETS)
    assert offered[Completion.FAMILIES] == {path.stem for path in (DATA / "families").glob("*.yaml")}
