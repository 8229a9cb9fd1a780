"""The reference kernel: always the same work, beside which timings of different moments can be put.

It is made of what a message-passing potential spends its time on: products of small matrices, gathering and
scattering of rows, an elementwise function. It needs numpy only, so that a change of the backend or of torch does
not change it.
"""

from __future__ import annotations

import time

WARM_UP = 2
"""The first repetitions pay for their memory."""
REPETITIONS = 3
ROWS = 2048
WIDTH = 128


def time_reference() -> list[float]:
    """Run the kernel a few times and return its wall times in seconds."""
    import numpy as np

    generator = np.random.default_rng(0)
    nodes = generator.standard_normal((ROWS, WIDTH), dtype=np.float32)
    weights = generator.standard_normal((WIDTH, WIDTH), dtype=np.float32)
    senders = generator.integers(ROWS, size=4 * ROWS)
    times = []
    for _ in range(WARM_UP + REPETITIONS):
        start = time.perf_counter()
        messages = np.tanh(nodes @ weights)[senders]
        sums = np.add.reduceat(messages, np.arange(0, len(senders), 4), axis=0)
        float((sums @ weights).sum())
        times.append(time.perf_counter() - start)
    return times[WARM_UP:]
