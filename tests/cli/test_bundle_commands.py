"""``mlipguide env pack`` and building from a bundle, with the real uv, small wheels and a network that is closed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from fake_models import Run
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.weights import FOLDERS_VARIABLE, find_weights
from mlipguide.core.errors import ExitCode
from mlipguide.core.serialisation import to_plain
from mlipguide.environments import pip_settings, uv_program
from mlipguide.environments.bundles.targets import this_platform
from mlipguide.records.models.model_card import WeightsFact
from mlipguide.records.models.terms import WeightsOrigin
from small_wheels import make_wheel, state_of
from toy_plugin import ToyPlugin, toy_card

RELEASE = f"3.{sys.version_info.minor}"
OTHER_RELEASE = "3.12" if RELEASE != "3.12" else "3.13"
OTHER_PLATFORM = {"linux-x86_64": "linux-aarch64", "linux-aarch64": "linux-x86_64"}[this_platform()]
CLOSED = "http://127.0.0.1:9"
TORCH = """
import os, tempfile
os.makedirs(os.environ.get("TORCHINDUCTOR_CACHE_DIR") or tempfile.gettempdir() + "/torchinductor_me", exist_ok=True)
__version__ = "2.9.1"
class _C: pass
class version: cuda = None; hip = None
"""
RECIPES: dict[str, dict[str, Any]] = {
    "tiny": {"module": "tiny_model", "torch": None, "requirements": ["tiny-model==1.0"], "for_scripts": ["extra==3.0"]},
    "topped": {"module": "topped", "torch": "2.13.0", "requirements": ["topped==1.0"]},
}
Enter = Callable[[str], Path]


@pytest.fixture
def backends(toy_plugin: ToyPlugin, tmp_path: Path) -> Path:
    """Bring two backends of a few lines and a model of the first whose weights are a file."""
    folder = tmp_path / "backends"
    folder.mkdir()
    for name, recipe in RECIPES.items():
        text = yaml.safe_dump({"backend": name, "worker": "tiny", "python": ">=3.11", **recipe})
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "tiny.py").write_text("", encoding="utf-8")
    toy_plugin.offer(folder)
    weights = WeightsFact(origin=WeightsOrigin.DOWNLOAD, name="net", url="https://a.invalid/one/net.pt")
    card = toy_card(id="tiny-net", backend="tiny", weights=weights)
    lost = replace(card, id="tiny-lost", weights=replace(weights, url="https://b.invalid/two/lost.pt"))
    for one in (card, lost):
        (toy_plugin.models / f"{one.id}.yaml").write_text(yaml.safe_dump(to_plain(one)), encoding="utf-8")
    return folder


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Offer small wheels as pip's only source, on a machine that has the weights of one model."""
    wheels = tmp_path / "wheels"
    make_wheel(wheels, "tiny-base", "2.0", text="ENERGY = -1.5")
    make_wheel(wheels, "tiny-model", text="from tiny_base import ENERGY", requires=["tiny-base"])
    make_wheel(wheels, "extra", "3.0")
    make_wheel(wheels, "topped", text="import torch", requires=["torch", "tiny-base"])
    site = tmp_path / "kept" / "tiny-net" / "net.pt"
    site.parent.mkdir(parents=True)
    site.write_bytes(b"weights")
    monkeypatch.setattr(pip_settings, "read_pip_config", lambda _: {})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv(FOLDERS_VARIABLE, str(tmp_path / "kept"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, CLOSED)
    return wheels


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Enter:
    """Return a function that goes to another machine: nothing is there, and nothing can be reached."""

    def enter(name: str) -> Path:
        root = tmp_path / name
        for folder, variable in (("home", "HOME"), ("tmp", "TMPDIR")):
            (root / folder).mkdir(parents=True)
            monkeypatch.setenv(variable, str(root / folder))
        monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", str(root / "cache"))
        monkeypatch.setenv("MLIPGUIDE_DATA_DIR", str(root / "data"))
        for variable in ("PIP_NO_INDEX", "PIP_FIND_LINKS", FOLDERS_VARIABLE, "XDG_CACHE_HOME", "UV_CACHE_DIR"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("UV_OFFLINE", "1")
        return root

    return enter


def pack(run: Run, path: Path, *words: str) -> dict[str, Any]:
    outcome = run("env", "pack", *words, "-o", path, "--json")
    assert outcome.code == ExitCode.DONE, outcome.err + outcome.out
    found: dict[str, Any] = outcome.document["data"]
    return found


@pytest.mark.usefixtures("backends", "index")
def test_what_is_packed_here_is_built_there_without_network(
    run: Run, closed: Enter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = pack(run, tmp_path / "bundle.tar", "tiny")
    assert packed["size_bytes"] == (tmp_path / "bundle.tar").stat().st_size
    bundle = packed["bundle"]
    assert (bundle["python"], bundle["platform"]) == (RELEASE, this_platform())
    (held,) = bundle["backends"]
    assert held["packages"] == {"extra": "3.0", "tiny-base": "2.0", "tiny-model": "1.0"}
    assert held["torch_build"] == "none"
    assert held["weights"] == [{"model": "tiny-net", "path": "weights/tiny-net/net.pt", "beside": []}]
    assert [one["model"] for one in held["absent"]] == ["tiny-lost"]
    assert [file["path"] for file in bundle["files"]][:2] == ["recipes/tiny.json", "weights/tiny-net/net.pt"]

    there = closed("there")
    card = load_catalogue().find("tiny-net")
    assert find_weights(card, {}) is None
    outcome = run("env", "build", "--from", tmp_path / "bundle.tar", "--json")
    assert outcome.code == ExitCode.DONE, outcome.err
    (built,) = outcome.document["data"]["environments"]
    assert (built["kind"], built["state"], built["versions"]["tiny-model"]) == ("managed", "ready", "1.0")
    answer = subprocess.run(
        [built["python"], "-c", "import tiny_model, extra; print(tiny_model.ENERGY)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "-1.5"
    file = there / "cache" / "weights" / "tiny-net" / "net.pt"
    assert find_weights(card, {}) == file
    assert file.read_bytes() == b"weights"
    assert [notice["kind"] for notice in outcome.document["notices"]] == ["weights_placed"]
    assert run("env", "check", "tiny").code == ExitCode.DONE

    assert sorted(path.name for path in there.iterdir()) == ["cache", "home", "tmp"]
    assert list((there / "home").rglob("*")) == [], "nothing is written outside the data and cache folders"
    assert list((there / "tmp").rglob("*")) == []
    assert list((there / "cache" / "bundles").iterdir()) == []

    again = run("env", "build", "tiny", "--from", tmp_path / "bundle.tar", "--json")
    assert again.document["data"]["environments"] == [built], "what is there is not built again"

    for compiled in Path(built["location"]).rglob("*.pyc"):
        compiled.unlink()
    before = state_of(there)
    user = closed("user")
    monkeypatch.setenv("MLIPGUIDE_ENVIRONMENTS", str(there / "cache"))
    checked = run("env", "check", "tiny", "--json")
    assert checked.code == ExitCode.DONE
    (shared,) = checked.document["data"]["environments"]
    assert (shared["kind"], shared["owner"], shared["python"]) == ("shared", there.owner(), built["python"])
    assert f"shared by {there.owner()}" in run("env", "list").out
    assert state_of(there) == before, "what is kept for all is only read"
    assert not (user / "cache").exists()


@pytest.mark.usefixtures("backends", "index")
def test_the_page_says_what_is_in_it(run: Run, tmp_path: Path) -> None:
    outcome = run("env", "pack", "tiny", "-o", tmp_path / "bundle.tar")
    assert outcome.code == ExitCode.DONE, outcome.err
    first, *_ = outcome.out.splitlines()
    assert "holds tiny for Python" in " ".join(outcome.out.split())
    assert str(tmp_path) in first or "bundle.tar" in outcome.out
    assert "wheels/tiny_model-1.0-py3-none-any.whl" in outcome.out
    assert "tiny-lost: its weights cannot be downloaded" in " ".join(outcome.out.split())
    assert "mlipguide env build --from bundle.tar" in outcome.out


@pytest.mark.usefixtures("backends", "index")
def test_a_model_that_is_named_must_be_had(run: Run, tmp_path: Path) -> None:
    named = pack(run, tmp_path / "bundle.tar", "tiny", "--models", "tiny-net")
    assert named["bundle"]["backends"][0]["absent"] == []
    lost = run("env", "pack", "tiny", "--models", "tiny-lost", "-o", tmp_path / "other.tar", "--json")
    assert lost.code == ExitCode.MEASUREMENT_FAILED
    (error,) = lost.document["errors"]
    assert "https://b.invalid/two/lost.pt" in error["message"]
    place = f"{os.environ['MLIPGUIDE_CACHE_DIR']}/weights/tiny-lost/lost.pt"
    assert place in error["hint"], "it says which file to put where"
    assert not (tmp_path / "other.tar").exists()
    other = run("env", "pack", "topped", "--models", "tiny-net", "-o", tmp_path / "other.tar")
    assert other.code == ExitCode.BAD_INPUT
    assert "mlipguide env pack topped tiny" in " ".join(other.err.split())


@pytest.mark.usefixtures("backends", "index")
def test_without_a_bundle_the_error_says_which_file_to_make(run: Run, closed: Enter) -> None:
    there = closed("there")
    outcome = run("env", "build", "tiny", "--json")
    assert outcome.code == ExitCode.ENVIRONMENT_FAILED
    (error,) = outcome.document["errors"]
    assert error["kind"] == "network"
    how = f"mlipguide env pack tiny --python {RELEASE} --platform {this_platform()} -o bundle.tar"
    assert how in error["hint"]
    assert "mlipguide env build --from bundle.tar" in error["hint"]
    missing = run("env", "build", "--from", there / "bundle.tar")
    assert missing.code == ExitCode.BAD_INPUT
    assert "There is no bundle at" in missing.err


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("case", ["python", "platform", "recipe", "name", "torch"])
def test_what_does_not_fit_is_told_before_anything_is_built(
    run: Run, closed: Enter, backends: Path, toy_plugin: ToyPlugin, case: str
) -> None:
    path = backends.parent / "bundle.tar"
    options = {"python": ["--python", OTHER_RELEASE], "platform": ["--platform", OTHER_PLATFORM]}.get(case, [])
    pack(run, path, "tiny", *options)
    there = closed("there")
    asked = {"name": ["topped"], "torch": ["--torch", "cpu"], "python": ["--python", sys.executable]}.get(case, [])
    if case == "recipe":
        recipe = yaml.safe_load((backends / "tiny.yaml").read_text(encoding="utf-8"))
        text = yaml.safe_dump({**recipe, "requirements": ["tiny-model==1.1"]})
        (backends / "tiny.yaml").write_text(text, encoding="utf-8")
        toy_plugin.offer(backends)
    outcome = run("env", "build", "--from", path, *asked, "--json")
    assert outcome.code == ExitCode.BAD_INPUT
    (error,) = outcome.document["errors"]
    words = {
        "python": f"is for Python {OTHER_RELEASE}",
        "platform": f"is for {OTHER_PLATFORM}, and this machine is {this_platform()}",
        "recipe": "was packed by another recipe of tiny",
        "name": "holds nothing of topped",
        "torch": "exclude each other",
    }
    assert words[case] in error["message"]
    assert error["hint"]
    assert not (there / "cache" / "environments").exists()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Make a site's virtual environment with a torch of its own, and return its interpreter."""
    folder = tmp_path / "site"
    environment = {**os.environ, "UV_CACHE_DIR": str(tmp_path / "uv")}
    command = [str(uv_program.find_uv()), "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)]
    subprocess.run(command, env=environment, check=True)
    packages = folder / "lib" / f"python{RELEASE}" / "site-packages"
    (packages / "torch").mkdir()
    (packages / "torch" / "__init__.py").write_text(TORCH, encoding="utf-8")
    give_version(packages, "2.9.1")
    return folder / "bin" / "python"


def give_version(packages: Path, version: str) -> None:
    for old in packages.glob("torch-*.dist-info"):
        (old / "METADATA").unlink()
        old.rmdir()
    information = packages / f"torch-{version}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n", encoding="utf-8")


@pytest.mark.usefixtures("backends", "index")
def test_the_rest_goes_on_top_of_the_sites_torch(run: Run, closed: Enter, tmp_path: Path, site: Path) -> None:
    path = tmp_path / "bundle.tar"
    (held,) = pack(run, path, "topped", "--torch", "none")["bundle"]["backends"]
    assert held["packages"] == {"tiny-base": "2.0", "topped": "1.0"}, "torch and what it requires are left out"
    assert held["torch_build"] == "site"
    there = closed("there")
    refused = run("env", "build", "--from", path)
    assert refused.code == ExitCode.BAD_INPUT
    assert "mlipguide env adopt topped PYTHON --from" in " ".join(refused.err.split())

    before = state_of(site.parents[1])
    outcome = run("env", "adopt", "topped", site, "--from", path, "--json")
    assert outcome.code == ExitCode.DONE, outcome.err
    (built,) = outcome.document["data"]["environments"]
    assert (built["kind"], built["state"], built["on_top_of"]) == ("managed", "ready", str(site))
    assert built["versions"] == {"topped": "1.0", "torch": "2.9.1"}
    (notice,) = outcome.document["notices"]
    assert notice["kind"] == "untested_torch"
    assert run("env", "check", "topped").code == ExitCode.DONE
    assert "managed, site's torch" in run("env", "list").out
    assert state_of(site.parents[1]) == before, "nothing is written into the site's installation"
    assert [*(there / "home").rglob("*"), *(there / "tmp").rglob("*")] == [], "nor elsewhere, not even by torch"

    give_version(site.parents[1] / "lib" / f"python{RELEASE}" / "site-packages", "2.10.0")
    listed = run("env", "list", "--json").document["data"]["environments"]
    (now,) = (one for one in listed if one["backend"] == "topped")
    assert now["versions"]["torch"] == "2.10.0", "what the site changes is seen"
    site.unlink()
    gone = run("env", "check", "topped", "--json").document["data"]["environments"][0]
    assert gone["state"] == "broken"


@pytest.mark.usefixtures("backends", "index")
def test_an_interpreter_without_torch_is_nothing_to_build_on(run: Run, closed: Enter, tmp_path: Path) -> None:
    path = tmp_path / "bundle.tar"
    pack(run, path, "topped", "--torch", "none")
    there = closed("there")
    plain = tmp_path / "plain" / "bin" / "python"
    plain.parent.mkdir(parents=True)
    plain.symlink_to(Path(sys.executable).resolve())
    outcome = run("env", "adopt", "topped", plain, "--from", path, "--json")
    assert outcome.code == ExitCode.ENVIRONMENT_FAILED
    (error,) = outcome.document["errors"]
    assert "has no torch" in error["message"]
    assert not (there / "cache" / "environments").exists()
