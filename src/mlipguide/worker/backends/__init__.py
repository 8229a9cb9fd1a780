"""One file a backend. A file is found by its name; a plug-in's file is copied in beside these."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from ..failures import WorkerError
from .interface import Loader


def find_loader(name: str) -> Loader:
    """Return the ``load`` function of the backend file ``name``.

    Raises:
        WorkerError: Kind ``bad_request``: there is no such file, or it has no ``load``.
        ImportError: The file needs a package that is not in this environment.
    """
    if not name.isidentifier() or name == "interface":
        raise WorkerError("bad_request", f"'{name}' is not the name of a backend file.")
    try:
        module = import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise  # the file is there; what it needs is not
        raise WorkerError("bad_request", f"The worker has no backend file '{name}'.") from error
    try:
        return cast("Loader", module.load)
    except AttributeError:
        raise WorkerError("bad_request", f"The backend file '{name}' has no function 'load'.") from None
