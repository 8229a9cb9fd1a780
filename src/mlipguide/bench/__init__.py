"""Timing candidates on the user's structure: sizes, bursts, rounds, records.

The room has the name of a command. ``mlipguide.bench(...)`` is that command, whatever was imported before, so the
module can be called.
"""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Time models, as ``mlipguide bench`` does."""
        return self._function(*arguments, **keywords)

    @property
    def __signature__(self) -> inspect.Signature:
        """What the command takes."""
        return inspect.signature(self._function)

    @property
    def _function(self) -> Any:
        # By its name: a static import would go up the house.
        return import_module("mlipguide.commands.functions").function(__name__.rpartition(".")[2])


sys.modules[__name__].__class__ = _Callable
