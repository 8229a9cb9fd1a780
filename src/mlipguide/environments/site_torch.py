"""Environments on top of a site's own torch: the rest is installed beside it, and the site's installation is only read.

A virtual environment that may look into its base (``--system-site-packages``) sees the packages of the interpreter that
the base is, not those of a virtual environment of the site's. A path file (https://docs.python.org/3/library/site.html)
names the site's folders instead; they come after those of the new environment, whose packages win.
"""

from __future__ import annotations

from pathlib import Path

from mlipguide.core.errors import EnvironmentFailedError, InputError
from mlipguide.core.serialisation import write_atomically
from mlipguide.environments.interpreters import InterpreterReport, query_interpreter, stamps_of
from mlipguide.records.hardware.environment import SiteInstallation

SITE_PACKAGES = ("torch",)
"""What is left to the site, with all that it requires."""
_PATH_FILE = "mlipguide_site.pth"


def examine_site(python_path: Path) -> tuple[SiteInstallation, InterpreterReport]:
    """Return the installation of an interpreter of the site's, seen to import torch; nothing is written there.

    Args:
        python_path: The interpreter, or the folder of its environment.

    Raises:
        InputError: There is no such file.
        EnvironmentFailedError: It does not run, or has no torch.
    """
    python = python_path.expanduser().absolute()
    if python.is_dir():
        python = python / "bin" / "python"
    if not python.is_file():
        raise InputError(
            f"There is no interpreter at {python}.", hint="Give the path of a Python, such as env/bin/python."
        )
    report = query_interpreter(python, distributions=SITE_PACKAGES, modules=SITE_PACKAGES, untouched=True)
    if report.problem or report.python_version is None:
        raise EnvironmentFailedError(
            f"{python} has no torch that an environment could be built on: {report.problem}.",
            hint="Give an interpreter of the site that imports torch without PYTHONPATH, or a bundle with torch in it: "
            "mlipguide env pack BACKEND --torch cpu.",
            kind="import_failed",
        )
    site = SiteInstallation(
        python=str(python), folders=report.folders, stamps=stamps_of([str(python), *report.folders])
    )
    return site, report


def lead_to_site(folder: Path, release: str, site: SiteInstallation) -> None:
    """Let an environment see the site's packages behind its own, and write no compiled modules beside them.

    Args:
        folder: Of the environment.
        release: Feature release of its Python.
        site: The site's installation.

    Raises:
        StorageError: The disk refuses.
    """
    lines = ["import sys; sys.dont_write_bytecode = True"]
    lines += [f"import site; site.addsitedir({name!r})" for name in site.folders]
    path = folder / "lib" / f"python{release}" / "site-packages" / _PATH_FILE
    write_atomically(path, "".join(f"{line}\n" for line in lines))
