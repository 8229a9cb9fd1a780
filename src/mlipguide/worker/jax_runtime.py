"""What all backends that stand on JAX share: threads, precision, memory, and how often a program was compiled.

JAX reads its settings from variables when it is imported and when its first array is made, so they come before that.
"""

from __future__ import annotations

import os
from typing import Any

from .failures import WorkerError

DEVICE = "cpu"
COMPILED = "/jax/core/compile/backend_compile_duration"
"""The event that JAX reports when it has compiled a program (``jax.monitoring``)."""


class Settings:
    """What JAX was started with in this process; later requests cannot change it."""

    threads: int | None = None
    compilations: int = 0


def prepare(*, threads: int, dtype: str, device: str) -> None:
    """Import JAX with a number of threads, a precision, and no memory of a device taken beforehand.

    The number of threads of XLA on processors has no option; its client reads the variable ``NPROC``
    (xla/pjrt/cpu, ``DefaultThreadPoolSize``).

    Raises:
        WorkerError: Kind ``unsupported_setting``: another device, or another number of threads than this process began
            with.
    """
    if device != DEVICE:
        raise WorkerError("unsupported_setting", f"JAX runs on processors here, not on the device '{device}'.")
    if Settings.threads not in (None, threads):
        raise WorkerError("unsupported_setting", f"JAX runs on {Settings.threads} threads in this process.")
    os.environ |= {"JAX_PLATFORMS": DEVICE, "NPROC": str(threads), "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    import jax

    jax.config.update("jax_enable_x64", dtype == "float64")
    if Settings.threads is None:
        Settings.threads = threads
        jax.monitoring.register_event_duration_secs_listener(_count)
        jax.numpy.zeros(1).block_until_ready()  # makes the client, which reads the number of threads once


def _count(event: str, *_: Any, **__: Any) -> None:
    if event == COMPILED:
        Settings.compilations += 1


def compilations() -> int:
    """Return how many programs were compiled in this process."""
    return Settings.compilations


def parameter_count(tree: Any) -> int:
    """Return the number of floating-point values in the arrays of a tree."""
    import jax

    return sum(
        leaf.size
        for leaf in jax.tree_util.tree_leaves(tree)
        if hasattr(leaf, "dtype") and jax.numpy.issubdtype(leaf.dtype, jax.numpy.floating)
    )
