"""Runs the tools of vendors and of schedulers (``rocm-smi``, ``squeue``, …), which may be missing, fail or hang."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlipguide.core.processes import ended_on_exit

TOOL_TIMEOUT_S = 10.0
"""Healthy tools answer within a second or two; one that waits for a broken driver may wait for ever."""


@dataclass(frozen=True, kw_only=True)
class ToolAnswer:
    """What a tool printed, and why that may be nothing.

    Attributes:
        text: Its standard output, None where it could not be run to its end.
        problem: What went wrong, as a sentence; None when all went well. A tool that ends with an error may
            have printed something useful all the same, so both can be set.
        is_installed: Whether the tool is on the PATH.
        complaint: Its standard error.
    """

    text: str | None
    problem: str | None
    is_installed: bool = True
    complaint: str = ""


ToolRunner = Callable[[Sequence[str]], ToolAnswer]
"""How the probes ask a tool; tests put recorded answers here."""


def run_tool(command: Sequence[str], *, timeout_s: float = TOOL_TIMEOUT_S) -> ToolAnswer:
    """Run a tool in the C locale and return what it printed on standard output.

    The tool leads a process group of its own, which is ended with it.

    Args:
        command: Name of the tool, looked up on the PATH, and its arguments.
        timeout_s: After this long the tool is ended.
    """
    name = command[0]
    program = shutil.which(name)
    if program is None:
        return ToolAnswer(text=None, problem=f"{name} is not installed.", is_installed=False)
    try:
        with (
            subprocess.Popen(
                [program, *command[1:]],
                env={**os.environ, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            ) as process,
            ended_on_exit(process),
        ):
            output, complaint = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return ToolAnswer(text=None, problem=f"{name} did not answer within {timeout_s:g} s.")
    except OSError as error:
        return ToolAnswer(text=None, problem=f"{name} could not be started ({error.strerror}).")
    problem = f"{name} ended with status {process.returncode}." if process.returncode else None
    text, said = (stream.decode("utf-8", "replace") for stream in (output, complaint))
    return ToolAnswer(text=text, problem=problem, complaint=said)
