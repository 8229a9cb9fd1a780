"""A limit of memory for code that trusts the counts written in a file."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import psutil


@contextmanager
def at_most_memory(extra_bytes: int) -> Iterator[None]:
    """Let this process take at most ``extra_bytes`` of address space more than it has, while the block runs.

    What asks for more gets a MemoryError, before the system has to give it. Systems that limit no address space, like
    macOS, go without.
    """
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = psutil.Process().memory_info().vms + extra_bytes
    ends = [limit for limit in (before, hard, wanted) if limit != resource.RLIM_INFINITY]
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (min(ends), hard))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (before, hard))
