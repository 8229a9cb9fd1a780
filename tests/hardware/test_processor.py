from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from mlipguide.hardware.cpu import describe_cpu, limit_cores, parse_cache_size, read_linux_processor
from mlipguide.hardware.cpuinfo import parse_cpuinfo

RECORDED = Path(__file__).parent / "recorded"


def build_tree(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


def sysfs_cpu(number: int, *, socket: int, siblings: str, l3: str, l3_shared: str) -> dict[str, str]:
    folder = f"sys/devices/system/cpu/cpu{number}"
    return {
        f"{folder}/topology/physical_package_id": str(socket),
        f"{folder}/topology/thread_siblings_list": siblings,
        f"{folder}/cache/index0/level": "1",
        f"{folder}/cache/index0/size": "32K",
        f"{folder}/cache/index0/shared_cpu_list": siblings,
        f"{folder}/cache/index3/level": "3",
        f"{folder}/cache/index3/size": l3,
        f"{folder}/cache/index3/shared_cpu_list": l3_shared,
        f"{folder}/cpufreq/cpuinfo_max_freq": "3800000",
    }


def test_two_socket_xeon() -> None:
    info = parse_cpuinfo((RECORDED / "cpuinfo_two_socket_xeon.txt").read_text())
    assert info.model == "Intel(R) Xeon(R) Platinum 8480+"
    assert info.logical_cores == 8
    assert info.physical_cores == 4
    assert {"avx512f", "amx_tile", "avx512_bf16"} <= set(info.instruction_sets)
    assert "hypervisor" not in info.flags


def test_epyc_virtual_machine() -> None:
    info = parse_cpuinfo((RECORDED / "cpuinfo_epyc_vm.txt").read_text())
    assert (info.model, info.logical_cores, info.physical_cores) == ("AMD EPYC", 2, 2)
    assert info.instruction_sets == ("sse4_2", "avx", "avx2", "f16c", "fma")


def test_arm_is_named_by_its_part_number() -> None:
    info = parse_cpuinfo((RECORDED / "cpuinfo_graviton3.txt").read_text())
    assert info.model == "ARM Neoverse-V1"
    assert info.logical_cores == 4
    assert info.physical_cores is None
    assert info.instruction_sets == ("neon", "asimdhp", "asimddp", "bf16", "i8mm", "sve")


def test_unknown_arm_keeps_its_numbers() -> None:
    info = parse_cpuinfo("processor\t: 0\nCPU implementer\t: 0x99\nCPU part\t: 0x123\n")
    assert info.model == "ARM implementer 0x99 part 0x123"


@pytest.mark.parametrize("text", ["", "no colon here", "\n\n\n", "processor\t: x\n"])
def test_damaged_cpuinfo_has_no_cores(text: str) -> None:
    info = parse_cpuinfo(text)
    assert (info.model, info.logical_cores) == (None, 0)


def test_sysfs_tells_cores_caches_and_clock(tmp_path: Path) -> None:
    # Two sockets of two chiplets each, as EPYC has them: each chiplet has a level-3 cache of its own.
    files = {
        "proc/cpuinfo": (RECORDED / "cpuinfo_two_socket_xeon.txt").read_text(),
        "sys/devices/system/cpu/online": "0-7",
        "sys/devices/system/node/online": "0-1",
    }
    for number in range(8):
        core = number % 4
        files |= sysfs_cpu(
            number,
            socket=core // 2,
            siblings=f"{core},{core + 4}",
            l3="32768K",
            l3_shared=f"{core},{core + 4}",
        )
    processor = read_linux_processor(build_tree(tmp_path, files), architecture="x86_64")
    assert processor.physical_cores == 4
    assert processor.logical_cores == 8
    assert processor.numa_nodes == 2
    assert processor.l3_cache_bytes == 2 * 32 * 2**20
    assert processor.max_frequency_hz == pytest.approx(3.8e9)
    assert processor.virtual_machine is False


def test_without_sysfs_cpuinfo_counts(tmp_path: Path) -> None:
    build_tree(tmp_path, {"proc/cpuinfo": (RECORDED / "cpuinfo_epyc_vm.txt").read_text()})
    processor = read_linux_processor(tmp_path, architecture="x86_64")
    assert (processor.physical_cores, processor.logical_cores) == (2, 2)
    assert processor.virtual_machine is True
    assert processor.l3_cache_bytes is None
    assert processor.numa_nodes is None
    assert processor.max_frequency_hz is None


def test_nothing_readable_still_describes(tmp_path: Path) -> None:
    processor = read_linux_processor(tmp_path, architecture="riscv64")
    assert processor.logical_cores >= 1
    assert processor.model is None
    assert processor.virtual_machine is None


@pytest.mark.parametrize(
    ("vendor", "product", "expected"),
    [
        ("Amazon EC2", "c7g.4xlarge", True),
        ("Amazon EC2", "c7g.metal", False),
        ("QEMU", "KVM Virtual Machine", True),
        ("HPE", "ProLiant RL300 Gen11", False),
    ],
)
def test_arm_hypervisors_are_told_by_the_firmware(tmp_path: Path, vendor: str, product: str, expected: bool) -> None:
    build_tree(
        tmp_path,
        {
            "proc/cpuinfo": (RECORDED / "cpuinfo_graviton3.txt").read_text(),
            "sys/class/dmi/id/sys_vendor": vendor,
            "sys/class/dmi/id/product_name": product,
        },
    )
    assert read_linux_processor(tmp_path, architecture="aarch64").virtual_machine is expected


@pytest.mark.parametrize(
    ("affinity", "quota", "slurm", "expected"),
    [
        (None, None, None, (16.0, None)),
        (16, None, 32, (16.0, None)),
        (8, None, None, (8.0, "affinity")),
        (8, 1.5, 4, (1.5, "cgroup quota")),
        (8, 6.0, 4, (4.0, "slurm")),
        (4, 4.0, 4, (4.0, "affinity")),
        (None, 64.0, None, (16.0, None)),
    ],
)
def test_the_smallest_limit_counts(
    affinity: int | None, quota: float | None, slurm: int | None, expected: tuple[float, str | None]
) -> None:
    assert limit_cores(16, affinity=affinity, quota=quota, slurm=slurm) == expected


def test_describe_cpu_keeps_the_whole_machine_beside_the_limit(tmp_path: Path) -> None:
    build_tree(tmp_path, {"proc/cpuinfo": (RECORDED / "cpuinfo_two_socket_xeon.txt").read_text()})
    processor = read_linux_processor(tmp_path, architecture="x86_64")
    cpu = describe_cpu(processor, affinity=8, quota=2.5, slurm=None)
    assert (cpu.logical_cores, cpu.usable_cores, cpu.limited_by) == (8, 2.5, "cgroup quota")


@pytest.mark.parametrize(
    ("text", "size"),
    [("32768K", 2**25), ("1M", 2**20), ("512", 512), ("", None), ("big", None), (None, None)],
)
def test_cache_sizes(text: str | None, size: int | None) -> None:
    assert parse_cache_size(text) == size
