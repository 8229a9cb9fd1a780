"""A reader that leaves, a full disk behind stdout, a terminal that lacks the characters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlipguide.core.errors import ExitCode

MLIPGUIDE = f"{sys.executable} -m mlipguide"


def shell(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, env={**os.environ, **variables}
    )


@pytest.mark.parametrize("option", ["--json", ""])
def test_a_reader_that_has_left(option: str) -> None:
    done = shell(f"{MLIPGUIDE} models list {option} | true; exit ${{PIPESTATUS[0]}}")
    assert done.returncode == ExitCode.DONE
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("option", ["--json", ""])
def test_an_answer_that_fills_the_disk(option: str) -> None:
    done = shell(f"{MLIPGUIDE} models list {option} > /dev/full")
    assert done.returncode == ExitCode.BAD_INPUT
    assert done.stderr.startswith("Error: The answer cannot be written to stdout: No space left on device.")
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_a_terminal_without_the_characters() -> None:
    done = shell(f"{MLIPGUIDE} models list", PYTHONIOENCODING="ascii")
    assert done.returncode == ExitCode.DONE
    assert "sevennet-l3i5" in done.stdout
    assert done.stderr == ""
