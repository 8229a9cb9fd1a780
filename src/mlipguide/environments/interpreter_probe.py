"""Run by the interpreter that is asked about: its version, what is installed, and whether modules import.

Standard library only, any Python from 3.8. Arguments: names of modules, ``-``, names of packages. The
answer is one line of JSON after :data:`MARK`; everything else on the output is noise of the import.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import platform
import sys
from pathlib import Path

MARK = "mlipguide-interpreter:"


def _installed_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _import_problem(modules: list[str]) -> str | None:
    for module in modules:
        try:
            importlib.import_module(module)
        except BaseException as error:  # noqa: BLE001  # whatever an import raises is the answer
            return f"{module} does not import there: {type(error).__name__}: {error}"
    return None


def _torch_targets() -> dict[str, object] | None:
    """Return what torch was built for, where it has been imported."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    flags = getattr(torch._C, "_cuda_getArchFlags", lambda: None)() or ""  # noqa: SLF001  # get_arch_list() is empty without a GPU
    return {"cuda": torch.version.cuda, "rocm": torch.version.hip, "architectures": flags.split()}


def main(modules: list[str], names: list[str]) -> None:
    """Write the answer about ``modules`` and the packages ``names``."""
    found = {name: _installed_version(name) for name in names}
    answer: dict[str, object] = {
        "python_version": platform.python_version(),
        "versions": {name: version for name, version in found.items() if version},
        "folders": [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")],
        "problem": _import_problem(modules),
    }
    answer["torch"] = _torch_targets()
    sys.stdout.write("\n" + MARK + json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    split = sys.argv.index("-")
    main(sys.argv[1:split], sys.argv[split + 1 :])
