"""Which file of a package is packed for another machine, and that it is the one that its index states."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mlipguide.core.errors import EnvironmentFailedError, InputError
from mlipguide.environments.bundles.package_files import download, obtain_wheel
from mlipguide.environments.bundles.packing import pack_packages
from mlipguide.environments.bundles.resolved_packages import ResolvedPackage, read_lock
from mlipguide.environments.bundles.targets import Target, is_plain, needed_glibc, target_of, unfit_wheels
from mlipguide.environments.pip_settings import UvSettings
from mlipguide.environments.torch_builds import TorchBuild
from mlipguide.environments.uv_calls import UvCalls
from mlipguide.records.hardware.environment import Recipe

CONTENT = b"a wheel"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
X86, ARM = Target("3.12", "linux-x86_64"), Target("3.12", "linux-aarch64")
WHEELS = (
    "fast-1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "fast-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
    "fast-1.0-cp312-cp312-manylinux_2_34_x86_64.whl",
    "fast-1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
    "fast-1.0-cp312-cp312-musllinux_1_2_x86_64.whl",
    "fast-1.0-py3-none-any.whl",
)


def lock(*files: str, sdist: str | None = None) -> dict[str, Any]:
    def described(name: str) -> dict[str, Any]:
        return {"url": f"https://a.invalid/{name}", "hashes": {"sha256": SHA256}}

    package: dict[str, Any] = {"name": "fast", "version": "1.0", "wheels": [described(name) for name in files]}
    if sdist is not None:
        package["sdist"] = described(sdist)
    return {"lock-version": "1.0", "created-by": "test", "packages": [package]}


def chosen(plain: dict[str, Any], target: Target) -> str:
    (package,) = read_lock(plain, target, base=Path("/nowhere"), what="tiny")
    assert package.sha256 == SHA256
    return package.file


def test_the_newest_wheel_that_the_target_runs_is_taken() -> None:
    assert chosen(lock(*WHEELS), X86) == WHEELS[1]
    assert chosen(lock(*WHEELS), replace(X86, release="3.13")) == WHEELS[3]
    assert chosen(lock(*WHEELS), ARM) == WHEELS[5]
    assert chosen(lock(WHEELS[0], sdist="fast-1.0.tar.gz"), X86) == WHEELS[0]
    assert chosen(lock(WHEELS[0], sdist="fast-1.0.tar.gz"), ARM) == "fast-1.0.tar.gz"


def test_a_package_without_a_file_for_the_target_is_refused() -> None:
    with pytest.raises(EnvironmentFailedError, match=r"cannot be had for Python 3\.12 on linux-aarch64") as caught:
        chosen(lock(*WHEELS[:5]), ARM)
    assert caught.value.hint


def test_platforms_are_refused_with_those_that_are_known() -> None:
    assert target_of("3.12", "linux-aarch64").uv_platform == "aarch64-manylinux_2_28"
    with pytest.raises(InputError, match="linux-x86-64") as caught:
        target_of("3.12", "linux-x86-64")
    assert "linux-x86_64" in caught.value.message
    assert "linux-aarch64" in caught.value.hint


def test_what_this_machine_cannot_run_is_told_by_its_glibc() -> None:
    newest = "fast-1.0-cp312-cp312-manylinux_2_99_x86_64.whl"
    assert unfit_wheels([WHEELS[5], newest], "3.12") == [newest]
    assert needed_glibc(newest) == "2.99"
    assert needed_glibc(WHEELS[0]) == "2.17"
    assert needed_glibc(WHEELS[5]) is None
    assert (is_plain(WHEELS[5]), is_plain(newest)) == (True, False)


@pytest.fixture
def server() -> Iterator[str]:
    """Serve the wheel to whoever knows the password; under ``/short`` only the beginning of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = f"Basic {base64.b64encode(b'me:secret').decode()}"
            if self.headers.get("Authorization") != known:
                self.send_error(401)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT[:3] if self.path.startswith("/short") else CONTENT)

        def log_message(self, *_: object) -> None:
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()
    thread.join()


def package(address: str, sha256: str | None = SHA256, file: str = "fast-1.0-py3-none-any.whl") -> ResolvedPackage:
    return ResolvedPackage(name="fast", version="1.0", file=file, address=address, sha256=sha256)


def silent(_message: str) -> None:
    pass


def test_a_download_takes_the_name_and_password_of_its_index(server: str, tmp_path: Path) -> None:
    index = {"UV_DEFAULT_INDEX": f"http://me:secret@{server}/simple"}
    assert download(package(f"http://{server}/files/a.whl"), index, tmp_path, silent).read_bytes() == CONTENT
    with pytest.raises(EnvironmentFailedError, match="cannot be downloaded from") as caught:
        download(package(f"http://{server}/files/a.whl"), {}, tmp_path, silent)
    assert caught.value.kind == "network"
    assert "PIP_FIND_LINKS" in caught.value.hint


@pytest.mark.parametrize(("path", "sha256"), [("files", "0" * 64), ("short", SHA256), ("short", None)])
def test_a_download_that_is_not_what_the_index_states_is_refused(
    server: str, tmp_path: Path, path: str, sha256: str | None
) -> None:
    index = {"UV_INDEX": f"http://me:secret@{server}/simple"}
    with pytest.raises(EnvironmentFailedError, match="its size or its SHA-256 is another") as caught:
        download(package(f"http://me:secret@{server}/{path}/a.whl", sha256), index, tmp_path, silent)
    assert "secret" not in caught.value.message


@pytest.fixture
def calls(tiny: Recipe, tmp_path: Path) -> UvCalls:
    return UvCalls(
        recipe=tiny,
        torch_build=TorchBuild("none", (), ""),
        settings=UvSettings({}, ()),
        log=tmp_path / "log",
        on_progress=silent,
    )


def test_a_wheel_that_lies_here_is_taken_where_it_lies(calls: UvCalls, tmp_path: Path) -> None:
    file = tmp_path / "a b" / "fast-1.0-py3-none-any.whl"
    file.parent.mkdir()
    file.write_bytes(CONTENT)
    for address in (str(file), file.as_uri()):
        assert obtain_wheel(package(address), calls, X86, tmp_path / "new") == file
    with pytest.raises(EnvironmentFailedError, match="its size or its SHA-256 is another"):
        obtain_wheel(package(str(file), "0" * 64), calls, X86, tmp_path / "new")


@pytest.mark.parametrize(
    ("built", "target", "fits"),
    [
        ("fast-1.0-py3-none-any.whl", ARM, True),
        ("fast-1.0-cp312-cp312-linux_x86_64.whl", X86, True),
        ("fast-1.0-cp312-cp312-linux_x86_64.whl", ARM, False),
        ("fast-1.0-cp311-cp311-linux_x86_64.whl", X86, False),
    ],
)
def test_what_is_built_from_source_must_run_on_the_target(
    calls: UvCalls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, built: str, target: Target, *, fits: bool
) -> None:
    source = tmp_path / "fast-1.0.tar.gz"
    source.write_bytes(CONTENT)
    asked = package(str(source), file=source.name)
    monkeypatch.setattr(UvCalls, "run", building(built))
    if fits:
        assert obtain_wheel(asked, calls, target, tmp_path / "new").name == built
        return
    with pytest.raises(EnvironmentFailedError, match="one that is built here is not for it"):
        obtain_wheel(asked, calls, target, tmp_path / "new")


def building(name: str) -> Callable[..., None]:
    """Return what stands for uv: it puts a wheel of this name where it is told to."""

    def run(_calls: UvCalls, *arguments: str) -> None:
        assert arguments[:3] == ("build", "--wheel", "--out-dir")
        (Path(arguments[3]) / name).write_bytes(CONTENT)

    return run


def test_what_is_compiled_within_its_environment_is_not_packed(tiny: Recipe, tmp_path: Path) -> None:
    within = replace(tiny, build_isolation=False)
    with pytest.raises(EnvironmentFailedError, match="compiled within its environment") as caught:
        pack_packages(
            within, X86, torch_build="auto", has_nvidia_gpu=False, folder=tmp_path / "work", on_progress=silent
        )
    assert caught.value.kind == "source_build"
    assert not (tmp_path / "work").exists(), "nothing is fetched before"
