"""The workflow in ``configs/ci`` uses commands and options that exist, and the page beside it says the same."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import Any

import pytest
import yaml

from fake_models import CONFIGS, Run
from mlipguide.core.errors import ExitCode

WORKFLOW = CONFIGS / "ci" / "performance.yml"
PAGE = (CONFIGS / "ci" / "README.md").read_text(encoding="utf-8")


def load() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return document


def scripts() -> list[str]:
    return [step["run"] for step in load()["jobs"]["check"]["steps"] if "run" in step]


def commands(text: str) -> list[list[str]]:
    """Return the words of every mlipguide command in a script."""
    lines = [line.removeprefix("$ ").strip() for line in text.replace("\\\n", " ").splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("mlipguide ")]


def test_the_scripts_are_shell() -> None:
    for script in scripts():
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_every_variable_is_set_at_the_top() -> None:
    document = load()
    variables = set(document["env"]) | {"packages", "side"}
    for script in scripts():
        assert set(re.findall(r"\$([A-Za-z_]+)", script)) <= variables
    assert set(re.findall(r"env\.([A-Z_]+)", WORKFLOW.read_text(encoding="utf-8"))) <= variables
    assert (CONFIGS.parent / document["env"]["STRUCTURE"]).is_file()


def test_its_commands_and_options_exist(run: Run) -> None:
    shell = [words for script in scripts() for words in commands(script)]
    console = [words for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for words in commands(block)]
    used = [*shell, *console]
    assert [words[0] for words in shell] == ["env", "check"]
    for words in used:
        path = words[:2] if words[0] == "env" else words[:1]
        described = run(*path, "--help").out
        for option in (word for word in words if word.startswith("--")):
            assert re.search(rf"{option}\b", described), f"{option} of {path}"


def test_the_reports_that_it_keeps_are_those_that_it_writes() -> None:
    (check,) = (words for script in scripts() for words in commands(script) if words[0] == "check")
    steps = load()["jobs"]["check"]["steps"]
    (upload,) = (step for step in steps if "upload-artifact" in step.get("uses", ""))
    kept = upload["with"]["path"].split()
    assert upload["if"] == "always()"
    for option in ("--junit", "--benchmark-json"):
        assert check[check.index(option) + 1] in kept
    assert ".performance/benchmark.json" in PAGE


@pytest.mark.parametrize(
    "code",
    [
        ExitCode.DONE,
        ExitCode.BAD_INPUT,
        ExitCode.ENVIRONMENT_FAILED,
        ExitCode.MEASUREMENT_FAILED,
        ExitCode.REGRESSION_FOUND,
    ],
)
def test_the_page_explains_the_exit_codes(code: ExitCode) -> None:
    assert re.search(rf"^\| {int(code)} \| ", PAGE, re.MULTILINE)
