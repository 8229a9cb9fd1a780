"""A limit of memory holds inside of its block alone."""

from __future__ import annotations

import resource

import pytest

from mlipguide.core.memory import at_most_memory


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_AS"), reason="no limit of address space here")
def test_what_asks_for_more_is_refused() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(MemoryError), at_most_memory(2**28):
        bytearray(2**30)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert len(bytearray(2**29)) == 2**29


def test_a_lower_limit_stays() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    with at_most_memory(2**28):
        low = resource.getrlimit(resource.RLIMIT_AS)
        with at_most_memory(2**40):
            assert resource.getrlimit(resource.RLIMIT_AS) == low
    assert resource.getrlimit(resource.RLIMIT_AS) == before
