"""Any ASE calculator that a function of the user's returns, in a file or in a module of this interpreter."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from functools import partial, reduce
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from .. import resources, torch_runtime
from ..failures import OUT_OF_MEMORY, WorkerError, kind_of
from .interface import LoadedModel, LoadRequest

KIND = "calculator"
OWN_DTYPE = "own-precision"
"""Stands for the precision that a calculator has by itself."""
TOLD = ("device", "dtype")
"""What the function is told, where it has parameters of these names."""


def load(request: LoadRequest) -> LoadedModel:
    """Call the function and take the calculator that it returns; parameters, cutoff and elements are not known.

    ``request.name`` is the function of the file ``request.path``; or ``module:function``, and then the path is that of
    the module, or of the package that it is in. The function is told device and precision where it takes ``device`` and
    ``dtype``. Where it runs on the processor, no GPU is shown to it.

    Raises:
        WorkerError: Kind ``calculator``: there is no such function, it fails, or what it returns is no calculator with
            forces. ``unsupported_setting``: another device or precision is asked for, and it takes none.
    """
    if request.path is None or request.synthetic:
        raise WorkerError("weights", "A calculator of one's own is a file or a module, and has no random weights.")
    if request.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    made = _called(_function(request.path, request.name), request)
    _require_forces(made, request)
    on_gpu = request.device != "cpu"
    return LoadedModel(
        calculator=made,
        parameters=None,
        cutoff=None,
        layers=None,
        elements=None,
        synthetic=False,
        versions=torch_runtime.versions("scipy"),
        synchronise=partial(torch_runtime.synchronise, request.device) if on_gpu else _wait_for_nothing,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device)
        if on_gpu
        else resources.peak_memory_bytes,
    )


def _wait_for_nothing() -> None:
    """Return at once: the processor has done what it was asked to do."""


def _function(path: str, name: str) -> Any:
    """Import the file or the module, and return what has the name there."""
    module_name, colon, function = name.rpartition(":")
    where = module_name if colon else path
    try:
        module = _module(module_name, Path(path)) if colon else _file(Path(path))
    except ModuleNotFoundError as error:
        raise WorkerError(
            KIND,
            f"'{where}' imports '{error.name}', which {sys.executable} does not have; "
            "mlipguide env adopt calculator PYTHON names an interpreter that has it.",
        ) from error
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a file of the user's may raise anything
        _tell(f"'{where}' cannot be imported", error)
    try:
        return reduce(getattr, function.split("."), module)
    except AttributeError as error:
        known = [one for one in vars(module) if not one.startswith("_") and callable(getattr(module, one))]
        shown = ", ".join(sorted(known)[:8]) or "none"
        raise WorkerError(KIND, f"'{where}' has no function '{function}'; it has: {shown}.") from error


def _file(path: Path) -> ModuleType:
    """Import a file as Python would run it: with its folder on the path."""
    sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise WorkerError(KIND, f"'{path}' is no file of Python.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # classes are pickled, and dataclasses made, by their module
    spec.loader.exec_module(module)
    return module


def _module(name: str, place: Path) -> ModuleType:
    """Import a module of this interpreter, or of the folder that it was found in."""
    if str(place.parent) not in sys.path:
        sys.path.append(str(place.parent))
    return importlib.import_module(name)


def _called(function: Any, request: LoadRequest) -> Any:
    """Call the function with what it takes; a calculator itself is taken as it is."""
    if not callable(function) or _is_calculator(function):
        return function
    known = _parameters(function)
    wanted = {"device": request.device, "dtype": request.dtype}
    plain = {"device": "cpu", "dtype": OWN_DTYPE}
    for name in TOLD:
        if name not in known and wanted[name] != plain[name]:
            raise WorkerError(
                "unsupported_setting",
                f"'{request.name}' takes no '{name}', so it cannot be told {wanted[name]}; give it that parameter.",
            )
    told = {name: wanted[name] for name in TOLD if name in known and (name, wanted[name]) != ("dtype", OWN_DTYPE)}
    needed = [
        name
        for name, one in known.items()
        if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD) and name not in told
    ]
    if needed:
        raise WorkerError(
            KIND, f"'{request.name}' needs {', '.join(needed)}, which nothing gives it; give each a default."
        )
    try:
        return function(**told)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # as above
        _tell(f"'{request.name}' of '{request.path}' failed", error)


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # something built in, which does not say
        return {}


def _is_calculator(thing: Any) -> bool:
    from ase.calculators.calculator import BaseCalculator

    return isinstance(thing, BaseCalculator)


def _require_forces(made: Any, request: LoadRequest) -> None:
    place = f"'{request.name}' of '{request.path}'"
    if not _is_calculator(made):
        what = "nothing" if made is None else f"a {type(made).__name__}"
        raise WorkerError(
            KIND, f"{place} returned {what}, and no ASE calculator (ase.calculators.calculator.Calculator)."
        )
    lacking = [name for name in ("energy", "forces") if name not in made.implemented_properties]
    if lacking:
        raise WorkerError(
            KIND,
            f"The calculator {type(made).__name__} of {place} gives no {' and no '.join(lacking)}: its "
            f"implemented_properties are {', '.join(made.implemented_properties) or 'none'}, and nothing can be done "
            "without.",
        )


def _tell(what: str, error: BaseException) -> NoReturn:
    """Raise what happened in the user's code, with the place; exhausted memory stays that."""
    if isinstance(error, WorkerError) or kind_of(error) == OUT_OF_MEMORY:
        raise error
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    own = [frame for frame in frames if not frame.filename.startswith("<frozen")]
    place = f" ({own[-1].filename}, line {own[-1].lineno})" if own else ""
    if isinstance(error, SyntaxError):
        place = f" ({error.filename}, line {error.lineno})"
    raise WorkerError(KIND, f"{what}: {type(error).__name__}: {error}{place}.") from error
