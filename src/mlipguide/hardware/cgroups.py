"""Finds the processor and memory limits of the control groups that this process is in, versions 1 and 2.

Limits hold along the whole path from the root to the process's own group, so the smallest one counts. File
formats: the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst, mountinfo in proc(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mlipguide.hardware.system_files import parse_integer, read_integer, read_text

UNLIMITED_BYTES = 2**60
"""Version 1 writes "no limit" as the largest multiple of a page, close to 2^63."""


@dataclass(frozen=True, kw_only=True)
class Membership:
    """One line of ``/proc/self/cgroup``: the path of the process in one hierarchy.

    Attributes:
        controllers: Empty for the version 2 hierarchy.
        path: Path within the hierarchy.
    """

    controllers: frozenset[str]
    path: str


@dataclass(frozen=True, kw_only=True)
class CgroupMount:
    """One line of ``/proc/self/mountinfo`` that mounts a hierarchy.

    Attributes:
        is_unified: Version 2, where one hierarchy serves all controllers.
        controllers: Empty for version 2.
        root: The path within the hierarchy that is mounted; not ``/`` inside many containers.
        mount_point: Where.
    """

    is_unified: bool
    controllers: frozenset[str]
    root: str
    mount_point: str


@dataclass(frozen=True, kw_only=True)
class MemoryLimit:
    """The memory that the cgroups leave to this process, in bytes.

    Attributes:
        limit_bytes: The smallest limit on the path.
        available_bytes: What can still be used below the tightest limit; files that the kernel merely caches
            are not counted as used. None where the use cannot be read.
    """

    limit_bytes: int
    available_bytes: int | None


def parse_memberships(text: str) -> tuple[Membership, ...]:
    """Parse ``/proc/self/cgroup`` (lines ``number:controllers:path``)."""
    parts = (line.split(":", 2) for line in text.splitlines())
    return tuple(
        Membership(controllers=frozenset(filter(None, fields[1].split(","))), path=fields[2])
        for fields in parts
        if len(fields) == 3  # noqa: PLR2004  # number, controllers, path
    )


def parse_mounts(text: str) -> tuple[CgroupMount, ...]:
    """Parse ``/proc/self/mountinfo``, keeping the cgroup file systems."""
    found = []
    for line in text.splitlines():
        before, separator, after = line.partition(" - ")
        place, kind = before.split(), after.split()
        if not separator or not place[4:] or not kind or kind[0] not in ("cgroup", "cgroup2"):
            continue
        options = kind[-1].split(",") if kind[0] == "cgroup" else []
        found.append(
            CgroupMount(
                is_unified=kind[0] == "cgroup2",
                controllers=frozenset(options) - {"rw", "ro"},
                root=_unescape(place[3]),
                mount_point=_unescape(place[4]),
            )
        )
    return tuple(found)


def find_folders(
    controller: str, memberships: tuple[Membership, ...], mounts: tuple[CgroupMount, ...]
) -> tuple[tuple[bool, PurePosixPath], ...]:
    """Return the cgroup folders that limit the process for one controller.

    Args:
        controller: ``cpu`` or ``memory``.
        memberships: Of the process.
        mounts: The mounted hierarchies.

    Returns:
        Pairs of whether the hierarchy is unified and an absolute folder, from the process's own group up to
        the mount point.
    """
    found: dict[tuple[bool, PurePosixPath], None] = {}
    for mount in mounts:
        for member in memberships:
            if mount.is_unified:
                is_match = not member.controllers
            else:
                is_match = controller in mount.controllers and controller in member.controllers
            if is_match:
                top = PurePosixPath(mount.mount_point)
                own = top / _path_below(mount.root, member.path)
                chain = [own, *(parent for parent in own.parents if parent.is_relative_to(top))]
                found.update(dict.fromkeys((mount.is_unified, folder) for folder in chain))
    return tuple(found)


def parse_cpu_max(text: str | None) -> float | None:
    """Return the cores that a ``cpu.max`` text (quota and period in µs) allows, None for no limit."""
    fields = (text or "").split()
    quota = parse_integer(fields[0]) if fields else None
    period = parse_integer(fields[1]) if len(fields) > 1 else 100_000
    return quota / period if quota and period and quota > 0 and period > 0 else None


def read_cpu_quota(root: Path = Path("/")) -> float | None:
    """Return how many cores' worth of time the cgroups allow this process, None where nothing limits it.

    Args:
        root: Where ``proc`` and the mounted hierarchies are found.
    """
    quotas = [quota for is_unified, folder in _own_folders("cpu", root) if (quota := _read_quota(is_unified, folder))]
    return min(quotas, default=None)


def read_memory_limit(root: Path = Path("/")) -> MemoryLimit | None:
    """Return how much memory the cgroups allow this process, None where nothing limits it.

    In version 2 ``memory.high`` counts as a limit like ``memory.max``: above it the kernel slows a process
    down to a crawl instead of ending it.

    Args:
        root: Where ``proc`` and the mounted hierarchies are found.
    """
    limits: list[int] = []
    available: list[int | None] = []
    for is_unified, folder in _own_folders("memory", root):
        names = ("memory.max", "memory.high") if is_unified else ("memory.limit_in_bytes",)
        here = [value for name in names if (value := read_integer(folder / name)) is not None]
        limit = min(here, default=UNLIMITED_BYTES)
        if limit < UNLIMITED_BYTES:
            used = _read_memory_use(is_unified, folder)
            limits.append(limit)
            available.append(None if used is None else max(0, limit - used))
    if not limits:
        return None
    known = [value for value in available if value is not None]
    return MemoryLimit(limit_bytes=min(limits), available_bytes=min(known, default=None))


def _own_folders(controller: str, root: Path) -> Iterator[tuple[bool, Path]]:
    memberships = parse_memberships(read_text(root / "proc/self/cgroup") or "")
    mounts = parse_mounts(read_text(root / "proc/self/mountinfo") or "")
    for is_unified, folder in find_folders(controller, memberships, mounts):
        yield is_unified, root / folder.relative_to("/")


def _read_quota(is_unified: bool, folder: Path) -> float | None:
    if is_unified:
        return parse_cpu_max(read_text(folder / "cpu.max"))
    period = read_text(folder / "cpu.cfs_period_us")
    quota = read_text(folder / "cpu.cfs_quota_us")
    return parse_cpu_max(f"{quota} {period}") if quota and period else None


def _read_memory_use(is_unified: bool, folder: Path) -> int | None:
    """Return the bytes in use, without the cached files that were not used lately."""
    used = read_integer(folder / ("memory.current" if is_unified else "memory.usage_in_bytes"))
    if used is None:
        return None
    wanted = "inactive_file" if is_unified else "total_inactive_file"
    lines = (line.split() for line in (read_text(folder / "memory.stat") or "").splitlines())
    cached = next((parse_integer(fields[1]) for fields in lines if len(fields) > 1 and fields[0] == wanted), None)
    return max(0, used - (cached or 0))


def _path_below(mounted: str, path: str) -> str:
    """Return the process's path relative to the mounted one; the mount point itself where it lies outside."""
    below = PurePosixPath(path)
    if ".." in below.parts or not below.is_relative_to(mounted):
        return ""
    return str(below.relative_to(mounted))


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)
