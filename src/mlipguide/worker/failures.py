"""What went wrong, in words that the other side can act on.

Out of memory has many dialects. The exception's type is looked at first, then known texts; a process that was
killed is recognised by the other side.
"""

from __future__ import annotations


class WorkerError(Exception):
    """A failure with a kind that the other side knows.

    Args:
        kind: ``unsupported_element``, ``unsupported_setting``, ``weights``, ``bad_request``, ``unstable``,
            ``backend``.
        message: What happened.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


OUT_OF_MEMORY = "out_of_memory"

_MEMORY_TYPES = frozenset({"OutOfMemoryError", "ResourceExhaustedError", "MemoryError"})

_MEMORY_TEXTS = (
    "out of memory",  # CUDA, HIP and MPS through torch
    "can't allocate memory",  # torch's allocator for the CPU
    "cannot allocate memory",  # the C library
    "not enough memory",  # torch's allocator for the CPU on other systems
    "failed to allocate",  # Warp, JAX
    "resource_exhausted",  # JAX
    "oom when allocating",  # TensorFlow
    "bad_alloc",  # C++
    "status_alloc_failed",  # cuBLAS, cuDNN
    "cuda_error_out_of_memory",  # Numba, CuPy
    "cufft_alloc_failed",  # cuFFT
    "unable to allocate",  # NumPy
    "failed to allocate",  # LAMMPS, as the next one
    "failed to reallocate",
    "memory allocation still failed",  # OpenBLAS, which then ends the process
    "failed to map segment",  # the dynamic linker, which loads a library into memory that is not there
    "memoryerror",  # Python's last words
)


def is_out_of_memory_text(text: str) -> bool:
    """Tell whether a library's message speaks of exhausted memory."""
    lowered = text.lower()
    return any(known in lowered for known in _MEMORY_TEXTS)


def kind_of(error: BaseException) -> str:
    """Return the kind of failure that an exception stands for.

    Returns:
        The kind of a :class:`WorkerError`, ``out_of_memory``, or ``backend`` for anything else.
    """
    if isinstance(error, WorkerError):
        return error.kind
    chain: BaseException | None = error
    while chain is not None:
        if any(kind.__name__ in _MEMORY_TYPES for kind in type(chain).__mro__):
            return OUT_OF_MEMORY
        if is_out_of_memory_text(str(chain)):
            return OUT_OF_MEMORY
        chain = chain.__cause__ or chain.__context__
    return "backend"
