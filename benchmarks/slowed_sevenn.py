"""A backend file for workers: SevenNet that takes longer by a known share of its own processor time.

The name of the checkpoint carries the share: ``7net-0*0.2`` computes like ``7net-0`` and then works for nothing during
a fifth of the processor time that the calculation took in the calling thread, which lasts as long as the calculation.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from mlipguide_worker.backends.interface import LoadedModel, LoadRequest
from mlipguide_worker.backends.sevenn import load as load_plain


def load(request: LoadRequest) -> LoadedModel:
    """Load the checkpoint before the asterisk and make it slower by the share behind it."""
    name, _, share = request.name.partition("*")
    model = load_plain(replace(request, name=name))
    plain: type[Any] = type(model.calculator)

    class Slowed(plain):  # type: ignore[misc]  # known at run time only
        """The same calculator with idle work after every calculation."""

        def calculate(self, *arguments: Any, **options: Any) -> None:
            """Compute, then keep the processor busy for the share."""
            before = time.thread_time()
            super().calculate(*arguments, **options)
            end = time.thread_time() + float(share) * (time.thread_time() - before)
            while time.thread_time() < end:
                pass

    model.calculator.__class__ = Slowed
    return model
