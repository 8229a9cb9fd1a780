from __future__ import annotations

from pathlib import Path

import pytest
from packaging import tags

from mlipguide.core.errors import InputError
from mlipguide.environments.torch_builds import TorchBuild, choose_torch_build

PLATFORM = next(iter(tags.platform_tags()))


def _choose(requested: str = "auto", *, gpu: bool = False, **environment: str) -> TorchBuild:
    return choose_torch_build(requested, torch="2.13.0", release="3.11", has_nvidia_gpu=gpu, environment=environment)


def _add_wheel(folder: Path, version: str, python: str = "cp311") -> str:
    (folder / f"torch-{version}-{python}-{python}-{PLATFORM}.whl").touch()
    return folder.as_uri()


def test_hardware_decides_where_nothing_is_configured() -> None:
    assert _choose().arguments == ("--torch-backend", "cpu")
    assert _choose(gpu=True).arguments == ("--torch-backend", "auto")


def test_a_request_decides() -> None:
    assert _choose("cu128").arguments == ("--torch-backend", "cu128")
    assert _choose("index") == TorchBuild("index", (), "it was asked for")
    assert _choose(UV_TORCH_BACKEND="rocm6.4").name == "rocm6.4"


def test_an_unknown_build_is_refused() -> None:
    with pytest.raises(InputError, match="'cuda' is not a build of torch"):
        _choose("cuda")


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL"])
def test_an_index_of_the_site_decides(name: str) -> None:
    assert _choose(gpu=True, **{name: "https://packages.example/simple"}).name == "index"


def test_a_wheel_at_hand_decides_when_it_fits(tmp_path: Path) -> None:
    links = f"https://a.example/,{tmp_path.as_uri()}"
    (tmp_path / "torch-odd.whl").touch()
    _add_wheel(tmp_path, "2.12.0+cpu")
    _add_wheel(tmp_path, "2.13.0+cpu", "cp312")
    assert _choose(UV_FIND_LINKS=links).name == "cpu"
    _add_wheel(tmp_path, "2.13.0+cpu")
    assert _choose(UV_FIND_LINKS=links).name == "index"
    assert _choose(gpu=True, UV_FIND_LINKS=links).name == "auto"
    _add_wheel(tmp_path, "2.13.0+cu128")
    assert _choose(gpu=True, UV_FIND_LINKS=links).name == "index"


def test_a_backend_without_torch() -> None:
    build = choose_torch_build("auto", torch=None, release="3.11", has_nvidia_gpu=True, environment={})
    assert (build.name, build.arguments) == ("none", ())
