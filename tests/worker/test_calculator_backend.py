"""Functions of the user's: called with what they take, and told what is wrong with them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ase.calculators.emt import EMT

from mlipguide.worker.backends.calculator import OWN_DTYPE, load
from mlipguide.worker.backends.interface import LoadedModel, LoadRequest
from mlipguide.worker.failures import WorkerError
from own_calculators import EMT_FILE

ENERGY_ONLY = """
from ase.calculators.calculator import Calculator


class Energies(Calculator):
    implemented_properties = ["energy"]


def make_calculator():
    return Energies()
"""
RECORDING = """
from ase.calculators.emt import EMT


def make_calculator({parameters}):
    made = EMT()
    made.told = {told}
    return made
"""


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    known = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    yield
    for name in set(sys.modules) - known:
        sys.modules.pop(name)


def loaded(
    folder: Path, text: str, name: str = "make_calculator", *, device: str = "cpu", dtype: str = OWN_DTYPE
) -> LoadedModel:
    path = folder / "own_calculator.py"
    path.write_text(text, encoding="utf-8")
    return load(LoadRequest(name=name, path=str(path), synthetic=False, device=device, dtype=dtype))


def test_a_function_gives_its_calculator_and_nothing_is_assumed(tmp_path: Path) -> None:
    model = loaded(tmp_path, EMT_FILE)
    assert isinstance(model.calculator, EMT)
    assert (model.parameters, model.cutoff, model.layers, model.elements) == (None, None, None, None)
    assert {"python", "ase", "numpy"} <= set(model.versions)
    assert model.peak_memory_bytes() > 0


def test_a_module_of_the_interpreter_is_found_by_its_name() -> None:
    import ase

    request = LoadRequest(
        name="ase.calculators.emt:EMT",
        path=str(Path(ase.__file__).parent),
        synthetic=False,
        device="cpu",
        dtype=OWN_DTYPE,
    )
    assert isinstance(load(request).calculator, EMT)


def test_a_package_in_a_folder_of_its_own_is_found_there(tmp_path: Path) -> None:
    package = tmp_path / "door_package"
    (package / "inner").mkdir(parents=True)
    for folder in (package, package / "inner"):
        (folder / "__init__.py").write_text("", encoding="utf-8")
    (package / "inner" / "nets.py").write_text(EMT_FILE, encoding="utf-8")
    request = LoadRequest(
        name="door_package.inner.nets:make_calculator",
        path=str(package),
        synthetic=False,
        device="cpu",
        dtype=OWN_DTYPE,
    )
    assert isinstance(load(request).calculator, EMT)


def test_modules_beside_the_file_are_found(tmp_path: Path) -> None:
    (tmp_path / "door_neighbour.py").write_text("NAME = 'EMT'\n", encoding="utf-8")
    text = "import door_neighbour\nfrom ase.calculators import emt\n\n\ndef make():\n"
    model = loaded(tmp_path, f"{text}    return getattr(emt, door_neighbour.NAME)()\n", "make")
    assert isinstance(model.calculator, EMT)


def test_a_calculator_that_stands_in_the_file_is_taken_as_it_is(tmp_path: Path) -> None:
    assert isinstance(loaded(tmp_path, "from ase.calculators.emt import EMT\nmine = EMT()\n", "mine").calculator, EMT)


@pytest.mark.parametrize(
    ("parameters", "told", "dtype", "expected"),
    [
        ("device='nowhere'", "device", OWN_DTYPE, "cpu"),
        ("*, dtype='double'", "dtype", OWN_DTYPE, "double"),
        ("dtype='double'", "dtype", "float32", "float32"),
        ("device, dtype", "(device, dtype)", "float64", ("cpu", "float64")),
        ("**options", "options", OWN_DTYPE, {}),
    ],
)
def test_device_and_dtype_are_told_where_they_are_taken(
    tmp_path: Path, parameters: str, told: str, dtype: str, expected: object
) -> None:
    text = RECORDING.format(parameters=parameters, told=told)
    assert loaded(tmp_path, text, dtype=dtype).calculator.told == expected


def test_no_gpu_is_shown_to_a_calculator_that_runs_on_the_processor(tmp_path: Path) -> None:
    text = RECORDING.format(parameters="", told="__import__('os').environ['CUDA_VISIBLE_DEVICES']")
    assert loaded(tmp_path, text).calculator.told == ""


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (EMT_FILE, "make", r"own_calculator\.py' has no function 'make'; it has: EMT, make_calculator"),
        (
            "def make_calculator():\n    return {}['weights']\n",
            "make_calculator",
            r"'make_calculator' of '.*own_calculator\.py' failed: KeyError: 'weights' \(.*own_calculator\.py, line 2\)",
        ),
        ("def make_calculator():\n    pass\n", "make_calculator", r"own_calculator\.py' returned nothing, and no ASE"),
        ("def make_calculator():\n    return 3.5\n", "make_calculator", "returned a float, and no ASE calculator"),
        (ENERGY_ONLY, "make_calculator", "Energies of .* gives no forces: its implemented_properties are energy"),
        ("def make_calculator(path):\n    pass\n", "make_calculator", "needs path, which nothing gives it"),
        (
            "def make_calculator(:\n",
            "make_calculator",
            r"cannot be imported: SyntaxError: .*own_calculator\.py, line 1",
        ),
        ("raise SystemExit(3)\n", "make_calculator", r"cannot be imported: SystemExit: 3 \(.*, line 1\)"),
        (
            "import door_absent\n",
            "make_calculator",
            "imports 'door_absent', which .* does not have; mlipguide env adopt",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, name: str, message: str) -> None:
    with pytest.raises(WorkerError, match=message) as caught:
        loaded(tmp_path, text, name)
    assert caught.value.kind == "calculator"


@pytest.mark.parametrize(("device", "dtype", "named"), [("cuda:0", OWN_DTYPE, "device"), ("cpu", "float32", "dtype")])
def test_what_a_function_cannot_be_told_is_refused(tmp_path: Path, device: str, dtype: str, named: str) -> None:
    with pytest.raises(WorkerError, match=f"takes no '{named}'") as caught:
        loaded(tmp_path, EMT_FILE, device=device, dtype=dtype)
    assert caught.value.kind == "unsupported_setting"


def test_exhausted_memory_in_the_function_stays_that(tmp_path: Path) -> None:
    with pytest.raises(MemoryError):
        loaded(tmp_path, "def make_calculator():\n    raise MemoryError\n")
