"""Where an interpreter finds a module, asked without importing it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from mlipguide.core.processes import ended_on_exit, start_group
from mlipguide.environments.interpreters import VERSIONS_TIMEOUT_S, clean_environment

MARK = "mlipguide-module:"
QUESTION = f"""
import importlib.util, sys
sys.path.append(sys.argv[2])
spec = importlib.util.find_spec(sys.argv[1])
if spec is not None:
    folders = list(spec.submodule_search_locations or ())
    print({MARK!r} + (folders[0] if folders else spec.origin or ""))
"""


def find_module(python: Path, name: str, folder: Path) -> Path | None:
    """Return the file of a module without dots, or the folder of a package; None where there is none.

    Args:
        python: The interpreter.
        name: The first word of the module's name.
        folder: Where it may lie besides, as the last place.
    """
    command = [str(python), "-I", "-c", QUESTION, name, str(folder)]
    try:
        with Path(os.devnull).open("ab") as nothing:
            process = start_group(command, env=clean_environment(os.environ), log=nothing, stdout=subprocess.PIPE)
    except OSError:
        return None
    with ended_on_exit(process):
        try:
            raw, _ = process.communicate(timeout=VERSIONS_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return None
        finally:
            assert process.stdout is not None
            process.stdout.close()
    _, mark, answer = raw.decode("utf-8", "replace").rpartition(MARK)
    found = answer.splitlines()[0] if mark and answer.splitlines() else ""
    return Path(found) if found and Path(found).exists() else None
