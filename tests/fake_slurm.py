"""Programs of SLURM that answer as they are told, on the PATH; and a cluster's file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = """#!/bin/sh
here={folder}
echo "${{0##*/}} $*" >>"$here/calls"
[ -s "$here/${{0##*/}}.refusal" ] && {{ cat "$here/${{0##*/}}.refusal" >&2; exit 1; }}
{body}
"""
BODIES = {
    "sbatch": """case "$*" in *--test-only*) exit 0 ;; esac
number=$(($(cat "$here/number") + 1))
echo "$number" >"$here/number"
echo "$number"
""",
    "squeue": 'cat "$here/queue"',
    "sinfo": """case "$*" in
*%R*) printf 'short\\nlong\\n' ;;
*--partition=short\\ *|*--partition=long\\ *) cat "$here/nodes" ;;
esac
""",
    "scancel": "exit 0",
    "sacct": 'cat "$here/accounts"',
}


@dataclass(frozen=True)
class FakeSlurm:
    """SLURM's programs.

    Attributes:
        folder: Of what they answer.
    """

    folder: Path

    def refuse(self, program: str, complaint: str) -> None:
        """Let a program end with a complaint."""
        (self.folder / f"{program}.refusal").write_text(complaint, encoding="utf-8")

    def queue(self, *lines: str) -> None:
        """Let squeue say this: ``1|0|PENDING|Priority``."""
        (self.folder / "queue").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def accounts(self, *lines: str) -> None:
        """Let sacct say this: ``1_0|TIMEOUT``."""
        (self.folder / "accounts").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def nodes(self, *lines: str) -> None:
        """Let sinfo say this of each partition: ``up|30:00|1|idle``."""
        (self.folder / "nodes").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def calls(self, program: str) -> list[str]:
        """Return the arguments that a program was called with."""
        lines = (self.folder / "calls").read_text(encoding="utf-8").splitlines()
        return [line.partition(" ")[2] for line in lines if line.partition(" ")[0] == program]


@pytest.fixture
def fake_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSlurm:
    """Put SLURM's programs on the PATH."""
    folder = tmp_path / "slurm"
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for name, body in BODIES.items():
        (programs / name).write_text(PROGRAM.format(folder=folder, body=body), encoding="utf-8")
        (programs / name).chmod(0o755)
    (folder / "number").write_text("0", encoding="utf-8")
    (folder / "calls").touch()
    found = FakeSlurm(folder)
    found.queue()
    found.accounts()
    found.nodes("up|30:00|1|idle")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return found


CLUSTER = """name: test
partitions:
  - {name: short, time_limit: 10m, account: physics, at_once: 2}
  - {name: long, time_limit: 20m, device: A100-80GB, gpus: 1, gpus_per_node: 4}
"""


@pytest.fixture
def cluster_file(tmp_path: Path) -> Path:
    """A cluster of two partitions."""
    path = tmp_path / "cluster.yaml"
    path.write_text(CLUSTER, encoding="utf-8")
    return path
