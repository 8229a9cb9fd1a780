"""What a calculator of the user's own is, and of what it is made, told without running it."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from mlipguide.catalog.calculator_kinds import kind_of
from mlipguide.catalog.calculator_sources import content_sha256, sources_of
from mlipguide.catalog.checkpoints import sha256_of
from mlipguide.catalog.factories import find_factory
from mlipguide.core.errors import InputError


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def archive(path: Path, members: Iterable[str]) -> Path:
    with zipfile.ZipFile(path, "w") as stream:
        for member in members:
            stream.writestr(member, b"")
    return path


def test_a_file_that_names_nothing_has_its_own_checksum(tmp_path: Path) -> None:
    path = written(
        tmp_path / "emt.py", "from ase.calculators.emt import EMT\n\ndef make_calculator():\n    return EMT()\n"
    )
    assert sources_of(path) == (path,)
    assert content_sha256(path) == sha256_of(path)


def test_what_a_file_imports_and_names_beside_it_counts(tmp_path: Path) -> None:
    path = written(
        tmp_path / "own.py", "import helper\n\ndef make():\n    return helper.load('net.bin', log='run.log')\n"
    )
    helper = written(tmp_path / "helper.py", "from .table import VALUES\nimport deeper\n")
    deeper = written(tmp_path / "deeper" / "__init__.py", "")
    inside = written(tmp_path / "deeper" / "inside.py", "X = 1\n")
    weights = written(tmp_path / "net.bin", "1")
    log = written(tmp_path / "run.log", "1")
    assert set(sources_of(path)) == {path, helper, deeper, inside, weights}
    before = content_sha256(path)
    written(log, "2")
    assert content_sha256(path) == before
    for changed in (helper, inside, weights, path):
        written(changed, changed.read_text(encoding="utf-8") + "\n# changed\n")
        after = content_sha256(path)
        assert after != before
        before = after


def test_a_package_counts_with_all_its_python_files(tmp_path: Path) -> None:
    package = tmp_path / "package"
    first = written(package / "__init__.py", "")
    other = written(package / "models" / "fast.py", "X = 1\n")
    written(package / "data.txt", "1")
    assert sources_of(package) == (first, other)
    before = content_sha256(package)
    written(other, "X = 2\n")
    assert content_sha256(package) != before


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    for name in ("absent.py", "absent.pt", "absent"):
        with pytest.raises(InputError, match="does not exist"):
            content_sha256(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("def only(): ...\ndef _helper(): ...\n", None, "only"),
        ("def other(): ...\ndef make_calculator(device): ...\n", None, "make_calculator"),
        ("def other(): ...\ndef one(): ...\n", "one", "one"),
        ("from package import made as make\n", "make", "make"),
        ("class Own: ...\n", "Own", "Own"),
    ],
)
def test_the_function_is_found_by_reading(tmp_path: Path, text: str, name: str | None, expected: str) -> None:
    assert find_factory(written(tmp_path / "own.py", text), name) == expected


@pytest.mark.parametrize(
    ("text", "name", "message", "hint"),
    [
        ("def one(): ...\ndef other(): ...\n", None, "has the functions one, other", r"Name it: own\.py:one"),
        ("X = 1\n", None, "has no function", "def make_calculator"),
        ("def make(): ...\n", "mke", "has no function 'mke'. Did you mean 'make'", "It has: make"),
        ("def make(:\n", None, r"own\.py, line 1: ", "Mend the file"),
        ("def make(): ...\0", None, "is no Python|source code", "Python|Mend"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    tmp_path: Path, text: str, name: str | None, message: str, hint: str
) -> None:
    path = written(tmp_path / "own.py", text)
    with pytest.raises(InputError, match=message) as caught:
        find_factory(path, name)
    assert caught.value.file == str(path)
    assert re.search(hint, caught.value.hint)


@pytest.mark.parametrize(
    ("name", "members", "backend"),
    [
        ("pet.pt", ("pet/constants.pkl", "pet/code/__torch__/metatomic/torch/model.py"), "upet"),
        ("old.pt", ("m/constants.pkl", "m/code/__torch__/___torch_mangle_3/metatensor/torch/x.py"), "upet"),
        ("si.nequip.pth", ("si/constants.pkl", "si/code/__torch__/nequip/nn/model.py"), "nequip"),
        ("model.pth", ("m/constants.pkl", "m/code/__torch__/allegro/nn/edge.py"), "nequip"),
        ("frozen.pth", ("m/constants.pkl", "m/code/__torch__/deepmd/pt/model/model.py"), "deepmd-kit"),
        ("si.nequip.zip", ("si/.data/extern_modules", "si/nequip/__init__.py"), "nequip"),
        ("si.nequip.pt2", ("si/data/aotinductor/model/x.so", "si/version"), "nequip"),
    ],
)
def test_an_archive_is_told_by_the_classes_in_it(
    tmp_path: Path, name: str, members: tuple[str, ...], backend: str
) -> None:
    assert kind_of(archive(tmp_path / name, members)).backend == backend


def test_a_nep_is_told_by_its_first_line_with_its_elements(tmp_path: Path) -> None:
    kind = kind_of(written(tmp_path / "nep.txt", "nep4_zbl 2 Cu Zr\nzbl 1 2\ncutoff 6 5\n"))
    assert (kind.backend, kind.elements) == ("nep", ("Cu", "Zr"))


def test_lines_for_lammps_are_told_by_their_pair_style(tmp_path: Path) -> None:
    assert kind_of(written(tmp_path / "cu.txt", "# copper\npair_style eam\npair_coeff 1 1 x\n")).backend == "lammps"


def test_a_frozen_graph_is_told_by_the_names_of_its_nodes(tmp_path: Path) -> None:
    path = tmp_path / "graph.pb"
    path.write_bytes(b"\x0a\x12\xff\x80descrpt_attr/rcut\x12\x05Const")
    assert kind_of(path).backend == "deepmd-kit"


class _Net:
    """Stands for a class of another package."""


@pytest.mark.parametrize(("module", "backend"), [("mace.modules.models", "mace-torch"), ("secret.nets", None)])
def test_a_pickle_is_told_by_what_it_would_import(tmp_path: Path, module: str, backend: str | None) -> None:
    path = tmp_path / "net.model"
    path.write_bytes(pickle.dumps(_Net(), protocol=2).replace(__name__.encode(), module.encode()))
    if backend is not None:
        assert kind_of(path).backend == backend
        return
    with pytest.raises(InputError, match="is a pickle of secret") as caught:
        kind_of(path)
    assert "--calculator my_model.py" in caught.value.hint
    assert "--from MODEL" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "members", "message"),
    [
        ("own.pt", ("m/constants.pkl", "m/code/__torch__/mypackage/net.py"), "TorchScript with classes of mypackage"),
        ("table.npz", ("positions.npy",), "is an archive, and neither TorchScript nor"),
    ],
)
def test_an_archive_of_something_else_is_refused(
    tmp_path: Path, name: str, members: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        kind_of(archive(tmp_path / name, members))


def test_another_file_is_refused_with_what_would_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is of no kind that is known here") as caught:
        kind_of(written(tmp_path / "notes.txt", "hello\n"))
    assert "mlipguide env adopt calculator PYTHON" in caught.value.hint
