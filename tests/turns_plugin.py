"""Long tests take turns: a run tries some of each group, and all of them where that is asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backend_rotation import VARIABLE, chosen, turn, when

LONG_VARIABLE = "MLIPGUIDE_LONG_FILES"
"""How many of ``LONG_FILES`` a run takes, all without it; -9 are all but those that 9 would take.

Where the tests run on two Pythons, each long file runs on one of them, in turn."""
LONG_FILES = (
    "production/test_run_script.py",
    "store/test_damaged_store.py",
    "production/test_phonon_and_band_scripts.py",
    "fuzz/test_fuzzing.py",
    "cli/test_tune_command.py",
    "commands/test_stability.py",
    "commands/test_train_pilot.py",
    "commands/test_evaluate.py",
    "bench/test_sweep.py",
    "training/test_distillation.py",
    "commands/test_disagree.py",
    "cli/test_interruption.py",
    "commands/test_hardware_elsewhere.py",
    "cli/test_stability_command.py",
    "sessions/test_worker_ends.py",
    "commands/test_train_distil.py",
    "production/test_held_scripts.py",
    "commands/test_recommend_answers.py",
    "costmodel/test_coverage.py",
    "commands/test_train_fit.py",
    "candidates/test_verification.py",
    "commands/test_reuse.py",
    "training/test_fit_dynamics.py",
    "sessions/test_toy_contract.py",
    "evidence/test_stability_drift.py",
    "cli/test_failing_workers.py",
)
"""The files that take two thirds of the time of all tests without real backends, neighbours of different kinds."""


BEGUN_FIRST = (
    "test_backends_in_turn.py",
    "test_real_backends.py",
    "test_stability_of_real_models.py",
    "test_training_engines.py",
    "test_one_node_slurm.py",
)
"""The longest files with real backends, so that processes that share them end together (``--no-loadscope-reorder``)."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Read only the files with tests of real backends where these alone are asked for, which saves seconds."""
    if config.option.markexpr != "integration" or not collection_path.match("test_*.py"):
        return None
    return True if "mark.integration" not in collection_path.read_text(encoding="utf-8") else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests of ``in_turn(group, at_a_time)`` and leave out the long files that are not in turn."""
    groups: dict[str, list[pytest.Item]] = {}
    counts: dict[str, int] = {}
    for item in items:
        marker = item.get_closest_marker("in_turn")
        if marker is not None:
            group, at_a_time = marker.args
            groups.setdefault(group, []).append(item)
            counts[group] = at_a_time
    wanted = os.environ.get(LONG_VARIABLE) or "all"
    taken = set(chosen(wanted.removeprefix("-"), turn(), LONG_FILES))
    waiting = taken if wanted.startswith("-") else set(LONG_FILES) - taken
    left_out = {item.nodeid for item in items if "/".join(item.path.parts[-2:]) in waiting}
    if os.environ.get(VARIABLE) != "all":
        for group, members in groups.items():
            names = [member.nodeid for member in members]
            taking = chosen(str(counts[group]), turn(), names)
            for member in members:
                if member.nodeid not in taking:
                    member.add_marker(pytest.mark.skip(reason=f"{group}: {when(counts[group], member.nodeid, names)}"))
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = sorted((item for item in items if item.nodeid not in left_out), key=_place)


def _place(item: pytest.Item) -> int:
    return BEGUN_FIRST.index(item.path.name) if item.path.name in BEGUN_FIRST else len(BEGUN_FIRST)
