"""pip's own settings, read from its variables and files and told to uv.

pip's rules are those of its documentation ("Configuration"): files in the order global, user, site, then the
file of ``PIP_CONFIG_FILE``, then variables; a later one replaces a value, the section of a command replaces
``global``, and an empty value counts as absent. uv's are those of its reference of environment variables.
They differ where a list is written: pip splits every list at white space, uv splits find-links at commas and
indexes at spaces; uv has no variable for ``no-index`` and cannot read a constraints file with a space in its
path from a variable, so these become arguments.
"""

from __future__ import annotations

import ast
import configparser
import importlib.util
import math
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlipguide.environments.interpreters import clean_environment

_PIP_TIMEOUT_S = 30.0
_TRUE = ("1", "true", "yes", "on", "t", "y")
_ALIASES = {"default-timeout": "timeout", "pypi-url": "index-url"}
_SECTIONS = ("global", "install")


@dataclass(frozen=True)
class UvSettings:
    """What uv is told: the variables of its process, and arguments of ``uv pip install``."""

    environment: dict[str, str]
    arguments: tuple[str, ...]


def read_uv_settings(base: Mapping[str, str]) -> UvSettings:
    """Return ``base`` with pip's settings added in uv's words; a ``UV_*`` variable that is set wins."""
    return translate_settings(base, merge_settings(read_pip_config(base), base), folder=Path.cwd())


def read_pip_config(base: Mapping[str, str]) -> dict[str, str]:
    """Return what pip's files say, as ``section.option`` and text.

    pip is asked when it is installed beside mlipguide, since distributions move its files; otherwise they are
    read at their documented places.
    """
    if importlib.util.find_spec("pip") is not None:
        with suppress(OSError, subprocess.SubprocessError):
            answer = subprocess.run(
                [sys.executable, "-m", "pip", "config", "list"],
                env=clean_environment(base),
                capture_output=True,
                text=True,
                timeout=_PIP_TIMEOUT_S,
                check=True,
            )
            return parse_config_list(answer.stdout)
    return read_config_files(config_paths(base, prefix=Path(sys.prefix), macos=sys.platform == "darwin"))


def parse_config_list(text: str) -> dict[str, str]:
    """Read the output of ``pip config list``; what it repeats of the environment is left out."""
    config = {}
    for line in text.splitlines():
        key, separator, value = line.partition("=")
        if separator and not key.startswith(":env:"):
            with suppress(ValueError, SyntaxError):
                config[key.strip()] = str(ast.literal_eval(value))
    return config


def config_paths(base: Mapping[str, str], *, prefix: Path, macos: bool) -> list[Path]:
    """Return the places of pip's configuration files, the most important last.

    Args:
        base: The environment variables.
        prefix: Of the Python that runs mlipguide, where the site's file is.
        macos: Whether Apple's folders are searched.
    """
    chosen = base.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return []
    home = Path(base["HOME"]) if base.get("HOME") else Path.home()
    support = home / "Library/Application Support/pip"
    if macos:
        shared = [Path("/Library/Application Support/pip/pip.conf")]
    else:
        folders = (base.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
        shared = [Path(folder, "pip/pip.conf") for folder in folders if folder] + [Path("/etc/pip.conf")]
    own = Path(base.get("XDG_CONFIG_HOME") or home / ".config", "pip/pip.conf")
    if macos and support.is_dir():
        own = support / "pip.conf"
    user = [home / ".pip/pip.conf", own]
    last = [Path(chosen)] if chosen else []
    if last and last[0].exists():
        user = []
    return [*shared, *user, prefix / "pip.conf", *last]


def read_config_files(paths: Sequence[Path]) -> dict[str, str]:
    """Read configuration files in order; one that is missing, unreadable or malformed says nothing."""
    config: dict[str, str] = {}
    for path in paths:
        parser = configparser.RawConfigParser()
        with suppress(OSError, UnicodeDecodeError, configparser.Error):
            parser.read_string(path.read_text(encoding="utf-8"))
            for section in parser.sections():
                for option, value in parser.items(section):
                    config[f"{section}.{_option_name(option)}"] = value
    return config


def merge_settings(config: Mapping[str, str], base: Mapping[str, str]) -> dict[str, str]:
    """Return the options that ``pip install`` would use, by name without dashes in front."""
    settings: dict[str, str] = {}
    for wanted in _SECTIONS:
        for key, value in config.items():
            section, _, option = key.partition(".")
            if section == wanted and value.strip():
                settings[_option_name(option)] = value.strip()
    for name, value in base.items():
        if name.startswith("PIP_") and value.strip():
            settings[_option_name(name.removeprefix("PIP_"))] = value.strip()
    return settings


def _option_name(option: str) -> str:
    name = option.lower().replace("_", "-").removeprefix("--")
    return _ALIASES.get(name, name)


def translate_settings(base: Mapping[str, str], pip: Mapping[str, str], *, folder: Path) -> UvSettings:
    """Translate pip's options to uv's variables and arguments.

    Args:
        base: The environment variables; those of uv that are set stay as they are.
        pip: pip's options, from :func:`merge_settings`.
        folder: Where pip's relative paths start.
    """
    own_index = any(base.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"))
    own_extra = any(base.get(name) for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL"))
    new = {
        "UV_INDEX_STRATEGY": "unsafe-best-match",  # pip takes the best version of all indexes
        "UV_DEFAULT_INDEX": "" if own_index else pip.get("index-url", ""),
        "UV_INDEX": "" if own_extra else " ".join(pip.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(_find_links(pip.get("find-links", ""), folder)),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": _whole_seconds(pip.get("timeout", "")),
        "UV_NO_BUILD": "1" if ":all:" in pip.get("only-binary", "").split(",") else "",
        "SSL_CLIENT_CERT": pip.get("client-cert", ""),
        **_certificates(pip.get("cert") or base.get("REQUESTS_CA_BUNDLE") or base.get("CURL_CA_BUNDLE"), folder),
        **_proxies(pip.get("proxy", ""), base),
    }
    arguments: list[str] = []
    if pip.get("no-index", "").lower() in _TRUE and not (own_index or own_extra):
        arguments.append("--no-index")
    if not base.get("UV_CONSTRAINT"):
        for path in pip.get("constraint", "").split():
            arguments += ["--constraints", _resolved(path, folder)]
    added = {name: value for name, value in new.items() if value and not base.get(name)}
    return UvSettings({**base, **added}, tuple(arguments))


def _resolved(entry: str, folder: Path) -> str:
    return entry if "://" in entry else str(folder / Path(entry).expanduser())


def _find_links(value: str, folder: Path) -> list[str]:
    """List the places as uv takes them, without missing folders: pip passes over them, uv fails."""
    links = []
    for entry in value.split():
        path = Path(_resolved(entry, folder))
        if "://" in entry:
            links.append(entry.replace(",", "%2C"))
        elif path.exists():
            links.append(path.as_uri().replace(",", "%2C"))
    return links


def _whole_seconds(value: str) -> str:
    try:
        return str(max(1, math.ceil(float(value))))
    except (ValueError, OverflowError):
        return ""


def _certificates(value: str | None, folder: Path) -> dict[str, str]:
    if not value:
        return {}
    path = _resolved(value, folder)
    return {"SSL_CERT_DIR" if Path(path).is_dir() else "SSL_CERT_FILE": path}


def _proxies(value: str, base: Mapping[str, str]) -> dict[str, str]:
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    if any(base.get(name) or base.get(name.lower()) for name in names):
        return {}
    return dict.fromkeys(names[:2], value)
