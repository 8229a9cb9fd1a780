"""What uv printed when it failed, turned into one error: which requirement, why, and what to do.

uv's wording changed between its versions (``Caused by:`` became ``cause:``, boxes around the resolver's
message came and went), so line ends and decoration are taken away first and only words that all of them share
are looked for.
"""

from __future__ import annotations

import errno
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mlipguide.core.errors import EnvironmentFailedError, MlipguideError
from mlipguide.core.paths import storage_error
from mlipguide.environments.recipes import list_requirements
from mlipguide.environments.torch_builds import TorchBuild
from mlipguide.records.hardware.environment import Recipe

_DISK = {
    "No space left on device": errno.ENOSPC,
    "Disk quota exceeded": errno.EDQUOT,
    "Read-only file system": errno.EROFS,
    "Permission denied": errno.EACCES,
}
_NETWORK = re.compile(
    r"error sending request|dns error|connection (refused|reset|closed)|network is unreachable|timed out|"
    r"network was disabled|HTTP status (client|server) error|invalid peer certificate|"
    r"certificate verify failed",
    re.IGNORECASE,
)
_REQUIREMENT = r"[A-Za-z0-9][\w.-]*(?:\[[\w,-]+\])?(?:[=<>!~]=?=?[\w.*+!]+)?"
_DECORATION = re.compile(r"[\u00d7\u2500-\u257f\u25b6]+|\x1b\[[0-9;]*m")
_SIMPLE_CAUSE = re.compile(
    r"(was not found in|there (?:is|are) no versions? of|has no wheels|no wheels with)", re.IGNORECASE
)
_ADVICE_AFTER = re.compile(r"\s*(hint:|And because|, we can conclude|and you require).*", re.DOTALL)


def explain_failure(output: str, *, recipe: Recipe, torch_build: TorchBuild, log: Path) -> MlipguideError:
    """Return the error that says what went wrong.

    Args:
        output: What uv printed.
        recipe: What was being built.
        torch_build: The build of torch that was asked for.
        log: Where the whole output is.

    Returns:
        A StorageError for a disk that is full or refuses, otherwise an EnvironmentFailedError whose kind is
        ``network``, ``not_found``, ``unsatisfiable``, ``source_build``, ``python`` or ``environment``.
    """
    text = " ".join(_DECORATION.sub(" ", output).split())
    error = _find_error(text) or (output.strip().splitlines() or [""])[-1]
    for explain in (_explain_storage, _explain_network, _explain_resolution, _explain_other):
        found = explain(error, recipe, torch_build)
        if found is not None:
            found.message = f"{found.message.rstrip('.')} (log: {log})."
            found.args = (found.message,)
            return found
    raise AssertionError("the last explanation always holds")


def _find_error(text: str) -> str:
    """Return the part of uv's output that begins with its error; nothing when there is none."""
    start = re.search(r"\berror: |No solution found|(?<!warning: )Failed to ", text)
    return text[start.start() :] if start else ""


def _explain_storage(text: str, recipe: Recipe, torch_build: TorchBuild) -> MlipguideError | None:
    del recipe, torch_build
    for words, number in _DISK.items():
        position = text.find(words)
        if position >= 0:
            paths = re.findall(r"`?(/[^`]+?)`?(?=: |\s+(?:to|from|cause:|Caused by:)\s|$)", text[:position])
            error = storage_error(Path(paths[-1] if paths else "the environment"), OSError(number, words))
            error.hint += " The cache of uv is moved with UV_CACHE_DIR."
            return error
    return None


def _explain_network(text: str, recipe: Recipe, torch_build: TorchBuild) -> MlipguideError | None:
    if _NETWORK.search(text) is None:
        return None
    url = next(iter(re.findall(r"https?://[^\s`)]+", text)), None)
    requirement = _named_requirement(text, recipe) or _requested_requirement(url, recipe)
    what = f"{requirement} of {recipe.backend}" if requirement else f"What {recipe.backend} needs"
    where = f" from {urlsplit(url).hostname}" if url else ""
    hints = ["Check the network and the proxy, or point pip to an index or folder that is reachable (pip config)."]
    if "certificate" in text.lower():
        hints = ["Give the certificates of your network to pip (PIP_CERT)."]
    if "--torch-backend" in torch_build.arguments:
        hints.append("To take torch from the index that pip uses, choose the torch build 'index'.")
    if "download python" in text.lower() or "python-build-standalone" in text:
        what = "A Python interpreter"
        hints.append(f"Or choose an installed Python ({recipe.python}).")
    return EnvironmentFailedError(f"{what} could not be fetched{where}.", hint=" ".join(hints), kind="network")


def _explain_resolution(text: str, recipe: Recipe, torch_build: TorchBuild) -> MlipguideError | None:
    if "No solution found" not in text:
        return None
    requirement = _named_requirement(text, recipe)
    cause = re.search(r"\bBecause (.+)", text)
    absent = cause is not None and _SIMPLE_CAUSE.search(_ADVICE_AFTER.sub("", cause.group(1))) is not None
    reason = _ADVICE_AFTER.sub("", cause.group(1)).strip(" .,") if cause else "the requirements exclude each other"
    if absent:
        hint = "Check which index pip is pointed to (pip config list)."
        if torch_build.name == "index" and requirement and requirement.startswith("torch="):
            hint += " Or choose another torch build, such as cpu."
        return EnvironmentFailedError(
            f"{requirement or recipe.backend} of {recipe.backend} cannot be had: {reason}.",
            hint=hint,
            kind="not_found",
        )
    reason = re.sub(r"\s*hint:.*", "", cause.group(1)).strip(" .") if cause else reason
    return EnvironmentFailedError(
        f"{requirement or recipe.backend} of {recipe.backend} cannot be installed: {reason}.",
        hint="Check the constraints that pip is given (PIP_CONSTRAINT), or try another Python version.",
        kind="unsatisfiable",
    )


def _explain_other(text: str, recipe: Recipe, torch_build: TorchBuild) -> MlipguideError:
    del torch_build
    built = re.search(rf"Failed to (?:build|download and build) `?({_REQUIREMENT})", text)
    if built is not None:
        return EnvironmentFailedError(
            f"{built.group(1)} of {recipe.backend} has no wheel here and cannot be built from source.",
            hint="Install its compiler and libraries (the log names them), or try another Python version.",
            kind="source_build",
        )
    if re.search(r"Python interpreter|No interpreter found|executable in the search path", text):
        return EnvironmentFailedError(
            f"No usable Python for {recipe.backend}: {_first_sentence(text)}.",
            hint=f"Choose an installed Python that it accepts ({recipe.python}) by version or path.",
            kind="python",
        )
    requirement = _named_requirement(text, recipe)
    what = f"{requirement} of {recipe.backend}" if requirement else f"The environment of {recipe.backend}"
    return EnvironmentFailedError(f"{what} could not be installed: {_first_sentence(text)}.", hint="See the log.")


def _first_sentence(text: str) -> str:
    return re.split(r"\s(?:cause:|Caused by:|hint:)\s", text.removeprefix("error: "), maxsplit=1)[0].strip(" .") or (
        "uv ended without a message"
    )


def _named_requirement(text: str, recipe: Recipe) -> str | None:
    """Return the recipe's requirement that uv blames: what "you require", else the first one named."""
    wanted = list_requirements(recipe)
    required: list[str] = re.findall(rf"you require ({_REQUIREMENT})", text)
    named: list[str] = re.findall(rf"Failed to (?:download|install|fetch|build)[^`]*?`?({_REQUIREMENT})`", text)
    for blamed in (*required, *named):
        name = canonicalize_name(re.split(r"[\[=<>!~]", blamed, maxsplit=1)[0])
        for line in wanted:
            if _package_name(line) == name:
                return line
    return next(iter((*required, *named)), None)


def _requested_requirement(url: str | None, recipe: Recipe) -> str | None:
    """Return the recipe's requirement whose page or file ``url`` is, or the package's name alone."""
    if url is None:
        return None
    last = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    name = canonicalize_name(last.split("-")[0] if last.endswith((".whl", ".gz")) else last)
    lines = [line for line in list_requirements(recipe) if _package_name(line) == name]
    return next(iter(lines), name or None)


def _package_name(line: str) -> str:
    return canonicalize_name(Requirement(line).name)
