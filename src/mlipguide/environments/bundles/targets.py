"""The machine that a bundle is for: a release of Python, a system, a processor; and whether this is one.

Wheels for Linux name the oldest glibc that they run with (https://peps.python.org/pep-0600). What is packed runs from
2.28 on, which the wheels of PyTorch 2.13 name (``torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl``).
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packaging import tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from mlipguide.core.errors import InputError, did_you_mean

PROCESSORS = {"x86_64": 5, "aarch64": 17}
"""Processors, each with the oldest glibc 2.x that wheels name for it."""
GLIBC = 28
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclass(frozen=True)
class Target:
    """What a bundle is for.

    Attributes:
        release: Feature release of Python: ``3.12``.
        platform: ``linux-x86_64`` or ``linux-aarch64``.
    """

    release: str
    platform: str

    @property
    def processor(self) -> str:
        """Its processor."""
        return self.platform.partition("-")[2]

    @property
    def uv_platform(self) -> str:
        """What uv calls it."""
        return f"{self.processor}-manylinux_2_{GLIBC}"

    @property
    def is_here(self) -> bool:
        """Whether this machine is one, whatever Pythons it has."""
        return self.platform == this_platform()

    def tags(self) -> tuple[tags.Tag, ...]:
        """Return the tags of wheels that run there, the best first."""
        names = [name for minor in range(GLIBC, PROCESSORS[self.processor] - 1, -1) for name in _names(minor)]
        platforms = [f"{name}_{self.processor}" for name in (*names, "linux")]
        return _tags(self.release, platforms)

    def markers(self) -> dict[str, str]:
        """Return the values of environment markers there (PEP 508)."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.release}.0",
            "os_name": "posix",
            "platform_machine": self.processor,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.release}.0",
            "python_version": self.release,
            "sys_platform": "linux",
        }


def target_of(release: str, name: str | None) -> Target:
    """Return the target of a name; without one it is this platform.

    Raises:
        InputError: Not a platform that bundles are packed for.
    """
    known = [f"linux-{processor}" for processor in PROCESSORS]
    wanted = name or this_platform()
    if wanted not in known:
        raise InputError(
            f"Bundles are not packed for '{wanted}'.{did_you_mean(wanted, known)}",
            hint=f"Give --platform {' or '.join(known)}.",
            option="--platform",
        )
    return Target(release, wanted)


def this_platform() -> str:
    """Return the platform of this machine, in the words of :class:`Target`."""
    return f"{sys.platform}-{platform.machine().lower()}"


def unfit_wheels(wheels: Iterable[str], release: str) -> list[str]:
    """Return which wheels cannot be installed on this machine with a release of Python: its glibc is too old, say.

    Args:
        wheels: Names of their files.
        release: Feature release of the Python.
    """
    here = set(_tags(release, list(tags.platform_tags())))
    return [name for name in wheels if here.isdisjoint(wheel_tags(name))]


def wheel_tags(name: str) -> frozenset[tags.Tag]:
    """Return the tags in the name of a wheel; none where it is no wheel's name."""
    try:
        return parse_wheel_filename(name)[3]
    except InvalidWheelFilename:
        return frozenset()


def is_plain(name: str) -> bool:
    """Tell whether a wheel runs on any system: it holds nothing that was compiled."""
    return all(tag.platform == "any" for tag in wheel_tags(name))


def needed_glibc(name: str) -> str | None:
    """Return the oldest glibc that a wheel runs with, as its name says; None where it does not."""
    found = re.findall(r"manylinux_(\d+)_(\d+)", name)
    return min((f"{major}.{minor}" for major, minor in found), key=_version, default=None)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _names(minor: int) -> tuple[str, ...]:
    return (f"manylinux_2_{minor}", *filter(None, [_LEGACY.get(minor)]))


def _tags(release: str, platforms: Sequence[str]) -> tuple[tags.Tag, ...]:
    major, minor = (int(part) for part in release.split("."))
    interpreter = f"cp{major}{minor}"
    cpython = tags.cpython_tags((major, minor), [interpreter], platforms)
    return (*cpython, *tags.compatible_tags((major, minor), interpreter, platforms))
