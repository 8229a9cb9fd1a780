"""Long tests take turns: a run tries some of each group, and all of them where that is asked for."""

from __future__ import annotations

import os

import pytest

from backend_rotation import VARIABLE, chosen, turn

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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of ``in_turn(group, at_a_time)`` and the long files that have their turn in another run."""
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
            left_out |= set(names) - set(chosen(str(counts[group]), turn(), names))
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = [item for item in items if item.nodeid not in left_out]
