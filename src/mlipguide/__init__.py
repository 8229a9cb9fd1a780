"""Which machine-learning interatomic potential to run, with numbers measured on your machine.

The commands are functions: ``mlipguide.recommend("LiFePO4.cif", atoms=2000, time="100ps")``; ``__init__.pyi`` has their
signatures. Nothing is imported before one is used.
"""

__version__ = "0.1.0"

__all__ = [
    "MlipguideError",
    "__version__",
    "bench",
    "check",
    "disagree",
    "evaluate",
    "plan",
    "recommend",
    "speed",
    "stability",
    "train_distil",
    "train_finetune",
    "train_fit",
    "train_pilot",
    "tune",
]


def __getattr__(name: str) -> object:
    """Return a function when it is first asked for."""
    import importlib

    if name == "MlipguideError":
        return importlib.import_module("mlipguide.core.errors").MlipguideError
    if name == "bench":  # a room too, which can be called
        return importlib.import_module("mlipguide.bench")
    if name in __all__:
        return importlib.import_module("mlipguide.commands.functions").function(name)
    message = f"module 'mlipguide' has no attribute '{name}'"
    raise AttributeError(message, name=name, obj=importlib.import_module("mlipguide"))


def __dir__() -> list[str]:
    """Return the names that are there, those not imported yet as well."""
    return sorted({*globals(), *__all__})
