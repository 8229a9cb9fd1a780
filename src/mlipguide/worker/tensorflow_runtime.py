"""What a backend that stands on TensorFlow needs: threads, and no device but processors."""

from __future__ import annotations

import os

from .failures import WorkerError

DEVICE = "cpu"


def prepare(*, threads: int, device: str) -> None:
    """Import TensorFlow with ``threads`` threads for an operation, and operations one after another.

    Raises:
        WorkerError: Kind ``unsupported_setting``: another device, or another number of threads than this process began
            with.
    """
    if device != DEVICE:
        raise WorkerError("unsupported_setting", f"TensorFlow runs on processors here, not on the device '{device}'.")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # tensorpotential asks for it, and TensorFlow reads it once
    import tensorflow as tf

    try:
        tf.config.set_visible_devices([], "GPU")
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:  # it has begun to work, and takes these settings before that alone
        if tf.config.threading.get_intra_op_parallelism_threads() != threads:
            raise WorkerError("unsupported_setting", f"TensorFlow runs on other threads already: {error}") from error
