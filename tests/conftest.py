"""What the tests of several packages share."""

from __future__ import annotations

import os

pytest_plugins = ["toy_plugin", "fake_models", "fake_slurm", "forked_scripts", "turns_plugin"]

for variable in ("COLUMNS", "LINES"):  # pytest-xdist sets them in its workers; pages have the width without a terminal
    os.environ.pop(variable, None)

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # the processes of pytest-xdist share the cores; workers set their own
