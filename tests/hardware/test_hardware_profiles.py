"""Profiles of hardware, from a text and from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlipguide.core.errors import InputError
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.core.serialisation import from_plain, to_plain
from mlipguide.hardware.profile_files import read_profiles
from mlipguide.hardware.profiles import parse_profiles, save_profiles, saved_profiles
from mlipguide.records.estimate import Basis
from mlipguide.records.hardware.hardware_profile import HardwareProfile, Link

GIB = 2**30
EXAMPLES = Path(__file__).parents[2] / "configs" / "hardware"
NODE = "device: A100-80GB\ncount: 4\n"


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))
    return tmp_path / "data"


def write(folder: Path, text: str, name: str = "node.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text", ["4xA100-80GB", "4x A100-80GB", "4 X a100 80GB", "4*A100-80GB", "4×NVIDIA A100-SXM4-80GB"]
)
def test_a_count_and_a_device(text: str) -> None:
    (profile,) = parse_profiles(text)
    assert (profile.name, profile.device.id, profile.count) == ("4xA100-80GB", "A100-80GB", 4)
    assert (profile.price_per_device_hour, profile.currency, profile.link) == (None, None, None)
    assert profile.power_w is not None
    assert (profile.power_w.value, profile.power_w.basis) == (400, Basis.PUBLISHED)


def test_several_devices_in_their_order_and_each_once() -> None:
    profiles = parse_profiles("H100-80GB, A100-80GB ,2xRTX4090,a100-80gb")
    assert [profile.name for profile in profiles] == ["H100-80GB", "A100-80GB", "2xRTX4090"]


def test_usable_memory_is_an_assumed_share_with_a_reason() -> None:
    board, shared, apple, processor = parse_profiles("A100-80GB,GB10,M2-Ultra,EPYC-9654")
    assert board.usable_memory_bytes is not None
    assert shared.usable_memory_bytes is not None
    assert board.usable_memory_bytes.value == pytest.approx(0.93 * 80 * GIB)
    assert board.usable_memory_bytes.basis is Basis.ASSUMED
    assert "driver" in board.usable_memory_bytes.source
    assert shared.usable_memory_bytes.value < 0.8 * 128e9
    for estimate in (board.usable_memory_bytes, shared.usable_memory_bytes):
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low < estimate.value < estimate.high
    assert apple.usable_memory_bytes is processor.usable_memory_bytes is None


def test_a_file_with_everything() -> None:
    (profile,) = parse_profiles(str(EXAMPLES / "a100-node.yaml"))
    assert (profile.name, profile.device.id, profile.count) == ("a100-node", "A100-80GB", 4)
    assert profile.usable_memory_bytes is not None
    assert profile.usable_memory_bytes.value == 76 * GIB
    assert "a100-node.yaml" in profile.usable_memory_bytes.source
    assert profile.power_w is not None
    assert profile.power_w.value == 320
    assert (profile.price_per_device_hour, profile.currency) == (1.80, "EUR")
    assert (profile.host_cores, profile.host_memory_bytes, profile.link) == (64, 512 * GIB, Link.NVLINK)


def test_every_example_is_read_and_survives_json() -> None:
    paths = sorted(EXAMPLES.glob("*.yaml"))
    assert len(paths) >= 3
    for path in paths:
        for profile in read_profiles(path):
            assert from_plain(HardwareProfile, to_plain(profile), what="JSON") == profile
            assert profile.usable_memory_bytes is not None


def test_the_memory_of_a_machine_is_shared_by_its_sockets(tmp_path: Path) -> None:
    (profile,) = read_profiles(write(tmp_path, "device: EPYC-7763\ncount: 2\nhost_memory: 256GiB\n"))
    assert profile.usable_memory_bytes is not None
    assert profile.usable_memory_bytes.value == pytest.approx(0.9 * 128 * GIB)
    assert profile.usable_memory_bytes.source.startswith("90% of the machine's memory")


def test_a_list_in_a_file_and_a_file_in_a_list(tmp_path: Path) -> None:
    path = write(tmp_path, "- device: T4\n- device: L4\n  count: 2\n")
    assert [profile.name for profile in parse_profiles(f"RTX4090,{path}")] == ["RTX4090", "T4", "2xL4"]


@pytest.mark.parametrize(
    ("text", "message", "kind"),
    [
        ("", "a device is missing", "bad_input"),
        ("A100-80GB,,T4", "a device is missing", "bad_input"),
        ("A100", "may be any of 4", "ambiguous_device"),
        ("2xA100", "may be any of 4", "ambiguous_device"),
        ("2xMI250X", "count two", "ambiguous_device"),
        ("4x", "There is no device '4x'", "unknown_device"),
        ("xA100-80GB", "There is no device", "unknown_device"),
        ("2.5xA100-80GB", "There is no device", "unknown_device"),
        ("0xA100-80GB", "0 is not a number of devices", "bad_input"),
        ("-2xA100-80GB", "-2 is not a number of devices", "bad_input"),
        ("1000000xA100-80GB", "1000000 is not a number of devices", "bad_input"),
        ("nowhere/node.yaml", "Cannot read nowhere/node.yaml", "bad_input"),
    ],
)
def test_what_cannot_be_used_is_refused(text: str, message: str, kind: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse_profiles(text)
    assert caught.value.kind == kind
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]\n", "no profile in it"),
        ("", "'name: value' lines"),
        ("just words\n", "'name: value' lines"),
        ("count: 4\n", "device: field required"),
        (NODE + "prize: 3 EUR\n", "prize"),
        ("device: A100\n", "A100: device: 'A100' may be any of"),
        ("device: Z9\n", "device: There is no device 'Z9'"),
        ("device: T4\ncount: 0\n", "count: 0 is not a number of devices"),
        (NODE + "usable_memory: 76\n", "usable_memory"),
        (NODE + "usable_memory: '76'\n", "has no unit"),
        (NODE + "usable_memory: 90GiB\n", "more than the 80 GiB"),
        (NODE + "power: 320V\n", "'V' is not a unit of power"),
        (NODE + "price_per_device_hour: 2\n", "price_per_device_hour"),
        (NODE + "price_per_device_hour: '2'\n", "'2' is not a price"),
        (NODE + "price_per_device_hour: 0 EUR\n", "'0 EUR' is not a price"),
        (NODE + "price_per_device_hour: -1 EUR\n", "'-1 EUR' is not a price"),
        (NODE + "link: carrier pigeon\n", "link"),
        (NODE + "host_cores: 0\n", "host_cores: 0 is below 1"),
        (NODE + "host_memory: lots\n", "host_memory: 'lots' is not a memory"),
        ("device: [\n", "not valid YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_file_field_and_advice(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        read_profiles(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_two_different_profiles_of_one_name_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "- device: T4\n  name: mine\n- device: L4\n  name: mine\n")
    with pytest.raises(InputError, match="two different profiles are called 'mine'"):
        parse_profiles(str(path))


def test_a_saved_profile_is_found_by_its_name(tmp_path: Path, data_folder: Path) -> None:
    kept = save_profiles("node", write(tmp_path, NODE + "name: our-node\n"))
    assert kept == data_folder / "hardware" / "node.yaml"
    assert list(saved_profiles()) == ["node"]
    assert [profile.name for profile in parse_profiles("node,T4")] == ["our-node", "T4"]
    with pytest.raises(InputError, match="Did you mean 'node'"):
        parse_profiles("nod")


@pytest.mark.parametrize("name", ["A100-80GB", "H100", "a b", "../x", "2xnode", "node.yaml", ""])
def test_names_that_mean_something_else_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        save_profiles(name, write(tmp_path, NODE))
    assert not saved_profiles()


def test_nothing_is_saved_twice_or_unchecked(tmp_path: Path) -> None:
    path = write(tmp_path, NODE)
    save_profiles("node", path)
    with pytest.raises(InputError, match="exists already"):
        save_profiles("node", path)
    with pytest.raises(InputError, match="field required"):
        save_profiles("other", write(tmp_path, "count: 2\n"))
    assert list(saved_profiles()) == ["node"]
