"""Exhausted memory is recognised in every dialect, and nothing else is taken for it."""

from __future__ import annotations

import pytest

from mlipguide.worker.failures import OUT_OF_MEMORY, WorkerError, is_out_of_memory_text, kind_of


class OutOfMemoryError(RuntimeError):
    """Named as torch's."""


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's."""


class _ArrayMemoryError(MemoryError):
    """Named as NumPy's."""


DIALECTS = {
    "torch, CUDA": RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
    "torch, CUDA type": OutOfMemoryError("Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 23.69 GiB"),
    "LAMMPS": RuntimeError("ERROR on proc 0: Failed to reallocate 3145728 bytes for array atom:f (src/memory.cpp:102)"),
    "torch, HIP": RuntimeError("HIP out of memory. Tried to allocate 2.00 GiB"),
    "torch, MPS": RuntimeError("MPS backend out of memory (MPS allocated: 17.9 GB, other allocations: 1 GB)"),
    "torch, CPU": RuntimeError(
        "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
        "allocate 400000000000 bytes. Error code 12 (Cannot allocate memory)"
    ),
    "torch, CPU on Windows": RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."),
    "torch, mmap": RuntimeError("unable to mmap 1000 bytes from file <x>: Cannot allocate memory (12)"),
    "cuBLAS": RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    "cuDNN": RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    "cuFFT": RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED"),
    "Warp": RuntimeError("Failed to allocate 34359738368 bytes on device 'cuda:0'"),
    "Numba": RuntimeError("Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY"),
    "TensorFlow": ResourceExhaustedError("{{function_node __wrapped__Mul}} failed"),
    "TensorFlow text": RuntimeError("OOM when allocating tensor with shape[8000,8000]"),
    "JAX": RuntimeError("RESOURCE_EXHAUSTED: Failed to allocate request for 8.00GiB (8589934592B) on device"),
    "NumPy": _ArrayMemoryError("Unable to allocate 7.28 TiB for an array with shape (1000000, 1000000)"),
    "NumPy text": ValueError("Unable to allocate 7.28 TiB for an array"),
    "C++": RuntimeError("std::bad_alloc"),
    "Python": MemoryError(),
    "the system": OSError(12, "Cannot allocate memory"),
    "the dynamic linker": ImportError("libtorch_cpu.so: failed to map segment from shared object"),
}


@pytest.mark.parametrize("error", DIALECTS.values(), ids=DIALECTS.keys())
def test_a_dialect_of_exhausted_memory_is_recognised(error: Exception) -> None:
    assert kind_of(error) == OUT_OF_MEMORY


@pytest.mark.parametrize("link", ["__cause__", "__context__"])
def test_exhausted_memory_is_recognised_behind_another_error(link: str) -> None:
    error = RuntimeError("the neighbour list failed")
    setattr(error, link, MemoryError())
    assert kind_of(error) == OUT_OF_MEMORY


@pytest.mark.parametrize(
    "error",
    [
        ValueError("could not broadcast"),
        RuntimeError("CUDA error: device-side assert triggered"),
        KeyError("memory"),
        ImportError("No module named 'torch'"),
        RuntimeError("CUDA error: no kernel image is available for execution on the device"),
    ],
)
def test_other_errors_are_the_backends(error: Exception) -> None:
    assert kind_of(error) == "backend"


def test_a_worker_error_keeps_its_kind_whatever_it_says() -> None:
    assert kind_of(WorkerError("weights", "out of memory.pt is not a checkpoint")) == "weights"


@pytest.mark.parametrize(
    "last_words",
    [
        "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n",
        "libgomp: Out of memory allocating 1024 bytes\n",
        "OpenBLAS error: Memory allocation still failed after 10 retries, giving up.\n",
        "Traceback (most recent call last):\n  File ...\nMemoryError\n",
    ],
)
def test_last_words_of_a_process_without_memory(last_words: str) -> None:
    assert is_out_of_memory_text(last_words)
