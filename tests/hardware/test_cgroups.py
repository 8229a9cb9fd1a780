from __future__ import annotations

from pathlib import Path

import pytest

from mlipguide.hardware.cgroups import (
    parse_cpu_max,
    parse_memberships,
    parse_mounts,
    read_cpu_quota,
    read_memory_limit,
)

V1_UNLIMITED = "9223372036854771712"
V2_MOUNT = "29 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1_MOUNTS = (
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 {root} /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct\n"
    "33 31 0:30 {root} /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory\n"
)
GIB = 2**30


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if text.endswith("\n") else text + "\n")
    return root


def test_v2_walks_up_and_takes_the_smallest(tmp_path: Path) -> None:
    top = "sys/fs/cgroup"
    write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/user.slice/job.scope/inner",
            "proc/self/mountinfo": V2_MOUNT,
            f"{top}/user.slice/cpu.max": "400000 100000",
            f"{top}/user.slice/job.scope/cpu.max": "150000 100000",
            f"{top}/user.slice/job.scope/inner/cpu.max": "max 100000",
            f"{top}/user.slice/memory.max": str(8 * GIB),
            f"{top}/user.slice/memory.current": str(7 * GIB),
            f"{top}/user.slice/memory.stat": f"anon 123\nfile {2 * GIB}\ninactive_file {GIB}",
            f"{top}/user.slice/job.scope/memory.max": str(4 * GIB),
            f"{top}/user.slice/job.scope/memory.high": "max",
            f"{top}/user.slice/job.scope/memory.current": str(GIB),
            f"{top}/user.slice/job.scope/inner/memory.max": "max",
        },
    )
    assert read_cpu_quota(tmp_path) == pytest.approx(1.5)
    limit = read_memory_limit(tmp_path)
    assert limit is not None
    assert limit.limit_bytes == 4 * GIB
    # The slice above has 8 GiB, 7 in use of which 1 is cached files: 2 are left, fewer than the 3 of the job.
    assert limit.available_bytes == 2 * GIB


def test_v2_soft_limit_counts(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/",
            "proc/self/mountinfo": V2_MOUNT,
            "sys/fs/cgroup/memory.max": str(8 * GIB),
            "sys/fs/cgroup/memory.high": str(6 * GIB),
        },
    )
    limit = read_memory_limit(tmp_path)
    assert limit is not None
    assert (limit.limit_bytes, limit.available_bytes) == (6 * GIB, None)
    assert read_cpu_quota(tmp_path) is None


def test_v1_slurm_job(tmp_path: Path) -> None:
    job = "slurm/uid_1000/job_77"
    write(
        tmp_path,
        {
            "proc/self/cgroup": f"4:memory:/{job}/step_0\n3:cpu,cpuacct:/{job}\n1:name=systemd:/x\n0::/",
            "proc/self/mountinfo": V1_MOUNTS.format(root="/"),
            f"sys/fs/cgroup/cpu,cpuacct/{job}/cpu.cfs_quota_us": "250000",
            f"sys/fs/cgroup/cpu,cpuacct/{job}/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
            f"sys/fs/cgroup/memory/{job}/step_0/memory.limit_in_bytes": V1_UNLIMITED,
            f"sys/fs/cgroup/memory/{job}/memory.limit_in_bytes": str(16 * GIB),
            f"sys/fs/cgroup/memory/{job}/memory.usage_in_bytes": str(5 * GIB),
            f"sys/fs/cgroup/memory/{job}/memory.stat": f"cache 1\ntotal_inactive_file {GIB}",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": V1_UNLIMITED,
        },
    )
    assert read_cpu_quota(tmp_path) == pytest.approx(2.5)
    limit = read_memory_limit(tmp_path)
    assert limit is not None
    assert (limit.limit_bytes, limit.available_bytes) == (16 * GIB, 12 * GIB)


def test_v1_container_sees_its_own_group_as_the_mount(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc",
            "proc/self/mountinfo": V1_MOUNTS.format(root="/docker/abc"),
            "sys/fs/cgroup/memory/memory.limit_in_bytes": str(2 * GIB),
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
        },
    )
    assert read_cpu_quota(tmp_path) == pytest.approx(0.5)
    limit = read_memory_limit(tmp_path)
    assert limit is not None
    assert limit.limit_bytes == 2 * GIB


def test_group_outside_of_the_namespace_falls_back_to_the_mount(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/../../other",
            "proc/self/mountinfo": V2_MOUNT,
            "sys/fs/cgroup/cpu.max": "300000 100000",
        },
    )
    assert read_cpu_quota(tmp_path) == pytest.approx(3.0)


def test_no_cgroups_no_limit(tmp_path: Path) -> None:
    assert read_cpu_quota(tmp_path) is None
    assert read_memory_limit(tmp_path) is None


def test_unlimited_is_no_limit(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/",
            "proc/self/mountinfo": V1_MOUNTS.format(root="/"),
            "sys/fs/cgroup/memory/memory.limit_in_bytes": V1_UNLIMITED,
        },
    )
    assert read_memory_limit(tmp_path) is None


def test_mount_points_are_unescaped_and_others_ignored() -> None:
    text = "9 8 0:1 / /mnt/my\\040groups rw - cgroup2 none rw\n10 8 0:2 / /proc rw - proc proc rw\ngarbage\n"
    (mount,) = parse_mounts(text)
    assert mount.mount_point == "/mnt/my groups"
    assert mount.is_unified


def test_memberships_keep_colons_in_paths() -> None:
    named, unified = parse_memberships("1:name=systemd:/a:b\n0::/c\nbroken\n")
    assert named.path == "/a:b"
    assert unified.controllers == frozenset()


@pytest.mark.parametrize(
    ("text", "cores"),
    [
        ("max 100000", None),
        ("50000 100000", 0.5),
        ("200000", 2.0),
        ("-1 100000", None),
        ("100000 0", None),
        ("", None),
        (None, None),
    ],
)
def test_cpu_max(text: str | None, cores: float | None) -> None:
    assert parse_cpu_max(text) == cores
