"""Texts of uv 0.13 with addresses and paths replaced.

BOXED, REFUSED, CERTIFICATE, SOURCE and PYTHON are not recorded: they are written in the form that
other versions of uv, or other machines, would give.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mlipguide.core.errors import ExitCode
from mlipguide.environments.build_failures import explain_failure
from mlipguide.environments.torch_builds import TorchBuild
from mlipguide.records.hardware.environment import Recipe

RECIPE = Recipe(
    backend="sevenn",
    module="sevenn",
    worker="sevenn",
    python=">=3.11,<3.14",
    torch="2.13.0",
    requirements=("sevenn==0.13.0", "e3nn==0.6.0", "numpy==2.4.6"),
)
CPU = TorchBuild("cpu", ("--torch-backend", "cpu"), "a test")
SOLVER = "error: No solution found when resolving dependencies\n  cause: "
ABSENT = (
    "Because there is no version of sevenn==0.13.0 and you require sevenn==0.13.0, we can conclude that your "
    "requirements are unsatisfiable."
)
CLASH = (
    "Because mace-torch>=0.3.16 depends on e3nn==0.4.4 and you require e3nn==0.6.0, we can conclude that "
    "your "
    "requirements and mace-torch>=0.3.16 are incompatible.\n         And because you require "
    "mace-torch==0.3.16, we "
    "can conclude that your requirements are unsatisfiable."
)
BOXED = (
    "  \u00d7 No solution found when resolving dependencies:\n  ╰─▶ Because e3nn was not found in the "
    "package registry\n"
    "      and you require e3nn==0.6.0, we can conclude that your requirements\n      are unsatisfiable.\n"
)
ABI = (
    "Because torch==2.13.0 has no wheels with a matching Python ABI tag (e.g., `cp313`) and you require "
    "torch==2.13.0, we can conclude that your requirements are unsatisfiable.\n\nhint: You require "
    "CPython 3.13."
)
DNS = (
    "error: Request failed after 3 retries in 7.2s\n  cause: Failed to fetch: "
    "https://w.example/whl/cpu/torch/\n"
    "  cause: error sending request for url (https://w.example/whl/cpu/torch/)\n  cause: client error "
    "(Connect)\n"
    "  cause: dns error\n  cause: failed to lookup address information: Name or service not known"
)
REFUSED = (
    "error: Failed to fetch: `http://m.example:9/simple/numpy/`\n  Caused by: error sending request for url "
    "(http://m.example:9/simple/numpy/)\n  Caused by: Connection refused (os error 111)"
)
CERTIFICATE = (
    "error: Request failed after 3 retries\n  cause: Failed to fetch: https://m.example/simple/sevenn/\n"
    "  cause: error sending request for url (https://m.example/simple/sevenn/)\n"
    "  cause: invalid peer certificate: UnknownIssuer"
)
OFFLINE = SOLVER + (
    "Because e3nn was not found in the cache and you require e3nn==0.6.0, we can conclude that your "
    "requirements "
    "are unsatisfiable.\n\nhint: Packages were unavailable because the network was disabled."
)
FULL_CACHE = (
    "Downloading numpy (1.2MiB)\nerror: Failed to download `numpy==2.4.6`\n  cause: Failed to extract "
    "archive: "
    "numpy.whl\n  cause: failed to write to file `/caches/uv/.tmpy/numpy/x.py`: No space left on device "
    "(os error 28)"
)
FULL_FOLDER = (
    "error: Failed to install: numpy.whl (numpy==2.4.6)\n  cause: failed to copy file from "
    "/caches/uv/x.py to "
    "/target/lib/x.py: No space left on device (os error 28)"
)
READ_ONLY = (
    "error: Failed to initialize cache at `c`\n  cause: failed to create directory `/caches/uv`: "
    "Read-only file "
    "system (os error 30)"
)
SOURCE = "error: Failed to build `numpy==2.4.6`\n  cause: The build backend returned an error\n hint: compilers"
PYTHON = "error: No interpreter found for Python 3.13 in managed installations or search path"
ODD = "error: File not found: /missing/constraints.txt"


@pytest.mark.parametrize(
    ("output", "kind", "words"),
    [
        (SOLVER + ABSENT, "not_found", ["sevenn==0.13.0 of sevenn", "there is no version"]),
        (SOLVER + CLASH, "unsatisfiable", ["e3nn==0.6.0", "mace-torch>=0.3.16 depends on e3nn==0.4.4"]),
        (BOXED, "not_found", ["e3nn==0.6.0", "was not found in the package registry"]),
        (SOLVER + ABI, "not_found", ["torch==2.13.0", "no wheels"]),
        (DNS, "network", ["torch==2.13.0", "w.example"]),
        (REFUSED, "network", ["numpy==2.4.6", "m.example"]),
        (CERTIFICATE, "network", ["sevenn==0.13.0"]),
        (OFFLINE, "network", ["e3nn==0.6.0"]),
        (FULL_CACHE, "disk_full", ["/caches/uv/.tmpy/numpy/x.py", "disk is full"]),
        (FULL_FOLDER, "disk_full", ["/target/lib/x.py", "disk is full"]),
        (READ_ONLY, "storage", ["/caches/uv", "read-only"]),
        (SOURCE, "source_build", ["numpy==2.4.6"]),
        (PYTHON, "python", ["Python 3.13"]),
        (ODD, "environment", ["/missing/constraints.txt"]),
        ("disk on fire", "environment", ["disk on fire"]),
    ],
)
def test_the_error_names_cause_requirement_and_log(output: str, kind: str, words: list[str]) -> None:
    noise = "Using Python 3.11.7 environment at: v\nwarning: Failed to hardlink files\n"
    error = explain_failure(noise + output, recipe=RECIPE, torch_build=CPU, log=Path("/logs/build.log"))
    assert error.kind == kind
    for word in words:
        assert word in error.message
    assert str(error).endswith("(log: /logs/build.log).")
    assert error.hint
    assert "conclude" not in error.message or kind == "unsatisfiable"
    expected = ExitCode.BAD_INPUT if kind in ("disk_full", "storage") else ExitCode.ENVIRONMENT_FAILED
    assert error.exit_code is expected


def test_no_output_at_all() -> None:
    error = explain_failure("", recipe=RECIPE, torch_build=CPU, log=Path("/logs/build.log"))
    assert "without a message" in error.message


def test_hints_fit_the_cause() -> None:
    def hint(output: str) -> str:
        return explain_failure(output, recipe=RECIPE, torch_build=CPU, log=Path("/log")).hint

    assert "torch build 'index'" in hint(DNS)
    assert "PIP_CERT" in hint(CERTIFICATE)
    assert "UV_CACHE_DIR" in hint(READ_ONLY)
    assert ">=3.11,<3.14" in hint(PYTHON)
