"""Long tests take turns: a run tries some of each group, and all of them where that is asked for."""

from __future__ import annotations

import os

import pytest

from backend_rotation import VARIABLE, chosen, turn


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of ``in_turn(group, at_a_time)`` that have their turn in another run."""
    if os.environ.get(VARIABLE) == "all":
        return
    groups: dict[str, list[pytest.Item]] = {}
    counts: dict[str, int] = {}
    for item in items:
        marker = item.get_closest_marker("in_turn")
        if marker is not None:
            group, at_a_time = marker.args
            groups.setdefault(group, []).append(item)
            counts[group] = at_a_time
    out: set[str] = set()
    for group, members in groups.items():
        names = [member.nodeid for member in members]
        out |= set(names) - set(chosen(str(counts[group]), turn(), names))
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in out])
    items[:] = [item for item in items if item.nodeid not in out]
