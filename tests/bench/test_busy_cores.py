"""A comparison of two environments leaves busy cores to others."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from fake_models import STRUCTURES, FakeModels
from mlipguide.bench.comparing.busy_cores import free_cores
from mlipguide.commands import check as workflow
from mlipguide.hardware.quiet import QuietWait
from mlipguide.records.requests.measuring import CheckRequest

SILICON = str(STRUCTURES / "Si.POSCAR")


@pytest.mark.parametrize(
    ("usable", "share", "free"),
    [(2.0, 0.0, 2), (2.0, 0.1, 2), (2.0, 0.5, 1), (2.0, 1.0, 1), (16.0, 0.25, 12), (16.0, 0.30, 11), (1.0, 0.9, 1)],
)
def test_whole_cores_are_left(usable: float, share: float, free: int) -> None:
    assert free_cores(usable, share) == free


def compare(fakes: FakeModels, found: QuietWait) -> Any:
    options = workflow.Options()
    request = CheckRequest(baseline=SILICON, models="fake-a", sizes="64", against_env=sys.executable)
    result = workflow.check(request, replace(options, wait=lambda _longest_s, _cores: found))
    threads = {request.settings.threads for request in fakes.opened}
    return threads, [notice for notice in result.notices if notice.kind == "fewer_threads"]


def test_both_sides_get_as_many_threads_as_there_are_free_cores(fake_models: FakeModels) -> None:
    fake_models.add("fake-a")
    threads, notices = compare(fake_models, QuietWait(2.0, quiet=False, other_load_share=0.5))
    assert threads == {2}, "the machine of the tests has four cores"
    assert len(notices) == 1
    assert "50% of the cores" in notices[0].message
    assert "2 threads" in notices[0].message


@pytest.mark.parametrize(
    "found",
    [
        QuietWait(0.1, quiet=True, other_load_share=0.02),
        QuietWait(0.5, quiet=True, other_load_share=0.6),
        QuietWait(2.0, quiet=False, other_load_share=0.05),
        QuietWait(0.0, quiet=None),
    ],
)
def test_a_load_that_passes_or_is_not_known_changes_nothing(fake_models: FakeModels, found: QuietWait) -> None:
    fake_models.add("fake-a")
    assert compare(fake_models, found) == ({4}, [])
