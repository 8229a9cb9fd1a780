"""The file of a bundle: written whole, read by its own list, and refused where it is not what that says."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlipguide.core.errors import InputError, StorageError
from mlipguide.core.serialisation import to_plain
from mlipguide.environments.bundles.archive import SCHEMA, describe_file, extract, read_manifest, write_archive
from mlipguide.records.hardware.bundle import Bundle, BundledBackend

CONTENT = {"wheels/a-1.0-py3-none-any.whl": b"a wheel", "weights/net/state.pt": b"weights" * 1000}


def silent(_message: str) -> None:
    pass


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    found = {}
    for path, content in CONTENT.items():
        found[path] = tmp_path / "here" / path.replace("/", "-")
        found[path].parent.mkdir(exist_ok=True)
        found[path].write_bytes(content)
    return found


@pytest.fixture
def bundle(sources: dict[str, Path]) -> Bundle:
    wheel, _ = CONTENT
    backend = BundledBackend(
        backend="tiny", recipe="0123456789ab", torch_build="none", packages={"a": "1.0"}, wheels=(wheel,)
    )
    return Bundle(
        schema=SCHEMA,
        mlipguide="0.1",
        packed_at="2026-11-30T21:00:00+00:00",
        python="3.12",
        platform="linux-x86_64",
        backends=(backend,),
        files=tuple(describe_file(path, source) for path, source in sources.items()),
    )


@pytest.fixture
def packed(tmp_path: Path, bundle: Bundle, sources: dict[str, Path]) -> Path:
    path = tmp_path / "out" / "bundle.tar"
    assert write_archive(path, bundle, sources, silent) == path.stat().st_size
    return path


def test_what_was_packed_comes_out_again(packed: Path, bundle: Bundle, tmp_path: Path) -> None:
    assert read_manifest(packed) == bundle
    found = extract(packed, bundle, set(CONTENT), tmp_path / "there", silent)
    assert {path: file.read_bytes() for path, file in found.items()} == CONTENT
    assert [path.name for path in packed.parent.iterdir()] == ["bundle.tar"], "nothing unfinished stays"


def test_only_what_is_wanted_is_unpacked(packed: Path, bundle: Bundle, tmp_path: Path) -> None:
    wheel, _ = CONTENT
    assert list(extract(packed, bundle, {wheel}, tmp_path / "there", silent)) == [wheel]
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["wheels"]


def test_a_bundle_that_cannot_be_written_leaves_the_one_of_before(
    packed: Path, bundle: Bundle, sources: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = packed.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "addfile", full)
    with pytest.raises(StorageError, match="the disk is full"):
        write_archive(packed, bundle, sources, silent)
    assert packed.read_bytes() == before
    assert [path.name for path in packed.parent.iterdir()] == ["bundle.tar"]


def plain_bundle(bundle: Bundle, **changes: Any) -> dict[str, Any]:
    return {**to_plain(bundle), **changes}


def write_tar(path: Path, *members: tuple[str, bytes], manifest: object = None) -> Path:
    """Write a tar by hand; the list, where one is given, comes first."""
    listed = [] if manifest is None else [("manifest.json", json.dumps(manifest).encode())]
    with tarfile.open(path, "w") as archive:
        for name, content in (*listed, *members):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    "name", ["../escaped", "/tmp/escaped", "wheels/../../escaped", "wheels/a-2.0-py3-none-any.whl", "wheels"]
)
def test_a_member_that_is_not_listed_is_refused(tmp_path: Path, bundle: Bundle, name: str) -> None:
    path = write_tar(tmp_path / "b.tar", *CONTENT.items(), (name, b"evil"), manifest=to_plain(bundle))
    with pytest.raises(InputError, match="which its list does not name") as caught:
        extract(path, read_manifest(path), {*CONTENT, name}, tmp_path / "in" / "there", silent)
    assert caught.value.kind == "bundle"
    assert caught.value.hint
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.parametrize(
    "path", ["../x", "/x", "wheels/../x", "wheels/.x", "wheels/a/b", "x", "weights/../../x", "wheels/"]
)
def test_a_list_with_a_path_that_leads_out_is_refused(tmp_path: Path, bundle: Bundle, path: str) -> None:
    files = [{**file, "path": path} if index == 1 else file for index, file in enumerate(to_plain(bundle)["files"])]
    tar = write_tar(tmp_path / "b.tar", manifest=plain_bundle(bundle, files=files))
    with pytest.raises(InputError, match="no path within a bundle"):
        read_manifest(tar)


def test_a_link_in_the_place_of_a_file_is_refused(tmp_path: Path, bundle: Bundle) -> None:
    path = write_tar(tmp_path / "b.tar", manifest=to_plain(bundle))
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo(next(iter(CONTENT)))
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(InputError, match="does not name as a file"):
        extract(path, bundle, set(CONTENT), tmp_path / "there", silent)
    assert not list((tmp_path / "there").rglob("*"))


def damaged(content: bytes) -> bytes:
    position = content.index(b"a wheel")
    return content[:position] + b"A" + content[position + 1 :]


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (damaged, "its SHA-256 is another"),
        (lambda content: content[: content.index(b"weightsweights") + 5000], "is damaged"),
        (lambda content: content[:3000], "is damaged"),
    ],
    ids=["one byte", "without its end", "with its list alone"],
)
def test_a_damaged_bundle_is_refused(
    packed: Path, bundle: Bundle, tmp_path: Path, harm: Callable[[bytes], bytes], words: str
) -> None:
    packed.write_bytes(harm(packed.read_bytes()))
    with pytest.raises(InputError, match=words) as caught:
        extract(packed, bundle, set(CONTENT), tmp_path / "there", silent)
    assert caught.value.file == str(packed)
    assert "Copy it here again" in caught.value.hint


def test_a_file_that_is_listed_and_not_there_is_missed(tmp_path: Path, bundle: Bundle) -> None:
    first, *_ = CONTENT.items()
    path = write_tar(tmp_path / "b.tar", first, manifest=to_plain(bundle))
    with pytest.raises(InputError, match=r"weights/net/state\.pt is missing"):
        extract(path, bundle, {first[0]}, tmp_path / "there", silent)


def test_what_is_no_bundle_is_refused(tmp_path: Path, bundle: Bundle) -> None:
    text, packed = tmp_path / "text", tmp_path / "packed.tar.gz"
    text.write_text("hello", encoding="utf-8")
    packed.write_bytes(gzip.compress(write_tar(tmp_path / "b.tar", manifest=to_plain(bundle)).read_bytes()))
    for path in (text, packed):
        with pytest.raises(InputError, match="is damaged or is not a bundle"):
            read_manifest(path)
    with pytest.raises(InputError, match="its first file is not its list"):
        read_manifest(write_tar(tmp_path / "c.tar", ("data.txt", b"x")))
    with pytest.raises(InputError, match="is a folder"):
        read_manifest(tmp_path)


def test_a_missing_bundle_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no bundle at .*none\.tar") as caught:
        read_manifest(tmp_path / "none.tar")
    assert "mlipguide env pack" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "mlipguide.bundle/2"}, "written by a newer mlipguide"),
        ({"schema": "others/1"}, "is not a bundle of mlipguide"),
        ({"python": "4.1"}, "is no release of Python"),
        ({"backends": []}, "holds no backend"),
        ({"colour": "red"}, "colour"),
        ({"files": []}, "is named and not listed"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(
    tmp_path: Path, bundle: Bundle, change: dict[str, Any], words: str
) -> None:
    path = write_tar(tmp_path / "b.tar", manifest=plain_bundle(bundle, **change))
    with pytest.raises(InputError, match=words):
        read_manifest(path)


def test_no_file_is_listed_twice_and_none_without_its_checksum(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="listed twice"):
        replace(bundle, files=(*bundle.files, bundle.files[0])).check()
    with pytest.raises(ValueError, match="no checksum"):
        replace(bundle, files=(replace(bundle.files[0], sha256="none"), *bundle.files[1:])).check()
