"""Of which kind a machine is: words that are known, and nothing that tells one machine from another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fake_models import make_machine
from mlipguide.hardware.machine_classes import class_name, class_of, known_machine, processor_name, unknown_part
from shared_records import EPYC, epyc, with_a100

NAMES = {
    "AMD EPYC": "AMD EPYC",
    "AMD EPYC 7763 64-Core Processor": "AMD EPYC 7763 64-Core Processor",
    "AMD EPYC 9654 96-Core Processor": "AMD EPYC 9654 96-Core Processor",
    "Intel(R) Xeon(R) Platinum 8480+": "Intel Xeon Platinum 8480+",
    "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz": "Intel Xeon CPU E5-2680 v4 @ 2.40GHz",
    "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz": "Intel Xeon Gold 6338 CPU @ 2.00GHz",
    "13th Gen Intel(R) Core(TM) i7-1365U": "13th Gen Intel Core i7-1365U",
    "Intel(R) Core(TM) i9-14900K": "Intel Core i9-14900K",
    "Intel(R) Core(TM) Ultra 9 285K": "Intel Core Ultra 9 285K",
    "Intel Xeon Processor (Skylake, IBRS, no TSX)": "Intel Xeon Processor Skylake IBRS no TSX",
    "AMD Ryzen 9 7950X 16-Core Processor": "AMD Ryzen 9 7950X 16-Core Processor",
    "AMD Ryzen Threadripper PRO 5995WX 64-Cores": "AMD Ryzen Threadripper PRO 5995WX 64-Cores",
    "AMD Ryzen 7 5800H with Radeon Graphics": "AMD Ryzen 7 5800H with Radeon Graphics",
    "ARM Neoverse-V2": "ARM Neoverse-V2",
    "ARM Neoverse-N1": "ARM Neoverse-N1",
    "Fujitsu A64FX": "Fujitsu A64FX",
    "Apple M2 Max": "Apple M2 Max",
    "QEMU Virtual CPU version 2.5+": "QEMU Virtual CPU version 2.5+",
}


@pytest.mark.parametrize(("name", "shared"), NAMES.items())
def test_processors_are_named_without_marks(name: str, shared: str) -> None:
    assert processor_name(name) == shared
    assert processor_name(shared) == shared


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "jdoe",
        "AMD EPYC 7763 of jdoe",
        "AMD EPYC login-node-7",
        "AMD EPYC /home/jdoe",
        "AMD EPYC node42.cluster.example",
        "Intel ab1234",
        "AMD EPYC jdoe@host",
        "AMD\nEPYC \x1b[31m",
        "\u0410MD EPYC",
        "AMD " * 40,
    ],
)
def test_a_name_with_any_other_word_is_not_shared(name: str | None) -> None:
    assert processor_name(name) is None
    machine = make_machine()
    assert class_of(replace(machine, cpu=replace(machine.cpu, model=name)), "cpu") is None


def test_equal_hardware_is_of_one_class_and_other_hardware_of_another() -> None:
    first = class_of(epyc(), "cpu")
    second = class_of(replace(epyc(), hostname="other", kernel="5.0", python="3.13.0"), "cpu")
    assert first is not None
    assert first == second
    for change in ({"usable_cores": 2.0}, {"l3_cache_bytes": 2**20}, {"model": "AMD EPYC 7543 32-Core Processor"}):
        other = class_of(replace(epyc(), cpu=replace(epyc().cpu, **change)), "cpu")
        assert other is not None
        assert other.id != first.id
    assert class_name(first) == f"AMD-EPYC-7763-64-Core-Processor-4c-{first.id[:8]}"
    assert unknown_part(first) is None


def test_a_gpu_goes_by_its_id() -> None:
    found = known_machine(with_a100()).gpu
    assert found is not None
    assert found.gpu == class_name(found) == "A100-80GB"
    assert unknown_part(found) is None
    (gpu,) = with_a100().gpus
    for odd in (replace(gpu, name="GPU of jdoe"), replace(gpu, mig="1g.10gb"), replace(gpu, memory_bytes=2**30)):
        assert class_of(replace(with_a100(), gpus=(odd,)), "cuda:0") is None
    assert class_of(epyc(), "cuda:0") is None
    assert class_of(with_a100(), "cuda:7") is None


def test_words_that_came_from_elsewhere_are_compared() -> None:
    known = class_of(epyc(), "cpu")
    assert known is not None
    assert unknown_part(replace(known, processor="jdoe")) == "machine.processor"
    assert unknown_part(replace(known, processor=f" {EPYC}")) == "machine.processor"
    assert unknown_part(replace(known, architecture="jdoe")) == "machine.architecture"
    assert unknown_part(replace(known, instruction_sets=("avx2", "jdoe"))) == "machine.instruction_sets"
    assert unknown_part(replace(known, instruction_sets=("avx2", "avx"))) == "machine.instruction_sets"
    assert unknown_part(replace(known, gpu="jdoe")) == "machine.gpu"
    assert unknown_part(replace(known, gpu="a100 80gb")) == "machine.gpu"
