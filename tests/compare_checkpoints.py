"""What differs in two checkpoints, for the interpreter that reads them.

``compare_checkpoints.py ADAPTER NAME BASE OTHER``: the last two are files called ``NAME``, or names of what the package
brings. The answer is JSON: the parameters that are bitwise the same, those that are not, a digest of everything in the
second one, and the reference energies of a MACE.
"""

from __future__ import annotations

import hashlib
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import torch


def load(adapter: str, name: str, place: str) -> Any:
    """Return the network."""
    opener = import_module(f"mlipguide_worker.training.adapters.{adapter}").open_adapter
    return (opener(name, place) if Path(place).is_file() else opener(place, None)).network


if __name__ == "__main__":
    first, second = (load(sys.argv[1], sys.argv[2], place) for place in sys.argv[3:5])
    pairs = dict(first.named_parameters())
    same = {name: torch.equal(pairs[name], value) for name, value in second.named_parameters()}
    digest = hashlib.sha256()
    for key, value in sorted(second.state_dict().items()):
        digest.update(key.encode() + value.numpy().tobytes())
    energies = [
        part.state_dict()["atomic_energies_fn.atomic_energies"].tolist() if hasattr(part, "atomic_energies_fn") else []
        for part in (first, second)
    ]
    answer = {
        "same": [name for name, equal in same.items() if equal],
        "changed": [name for name, equal in same.items() if not equal],
        "digest": digest.hexdigest(),
        "reference_energies": energies,
    }
    sys.stdout.write(json.dumps(answer) + "\n")
