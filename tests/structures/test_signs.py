"""What the built-in structures and a few others show of themselves."""

from __future__ import annotations

from pathlib import Path

import ase
import pytest
from ase.build import bulk, fcc111, molecule

from mlipguide.structures.presets import PRESETS, build_preset
from mlipguide.structures.signs import find_signs


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep what is found in a folder of the test."""
    monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", str(tmp_path))
    return tmp_path


def graphite() -> ase.Atoms:
    places = [(0, 0, 0.25), (1 / 3, 2 / 3, 0.25), (0, 0, 0.75), (2 / 3, 1 / 3, 0.75)]
    return ase.Atoms("C4", scaled_positions=places, cell=[2.46, 2.46, 6.7, 90, 90, 120], pbc=True)


def boxed(atoms: ase.Atoms) -> ase.Atoms:
    atoms.center(vacuum=6.0)
    atoms.pbc = True
    return atoms


def test_only_the_slab_among_the_presets_is_a_slab() -> None:
    slabs = {name for name in PRESETS if find_signs(build_preset(name)).slab}
    assert slabs == {"pt111-co"}


def test_only_the_molecule_among_the_presets_is_a_molecule() -> None:
    assert {name for name in PRESETS if find_signs(build_preset(name)).molecule} == {"ethanol"}
    assert not any(find_signs(build_preset(name)).cluster for name in PRESETS)


def test_no_preset_has_layers_and_graphite_has() -> None:
    assert not any(find_signs(build_preset(name)).layered for name in PRESETS)
    assert find_signs(graphite()).layered


@pytest.mark.parametrize(
    ("name", "magnetic", "mobile", "hydrogen"),
    [
        ("cantor-alloy", ("Co", "Cr", "Fe", "Mn", "Ni"), (), False),
        ("lifepo4", ("Fe",), ("Li", "O"), False),
        ("li3ocl", (), ("Li", "O", "Cl"), False),
        ("water", (), (), True),
        ("silicon", (), (), False),
    ],
)
def test_elements_show(name: str, magnetic: tuple[str, ...], mobile: tuple[str, ...], hydrogen: bool) -> None:
    found = find_signs(build_preset(name))
    assert (found.magnetic, found.mobile_ions, found.hydrogen) == (magnetic, mobile, hydrogen)


def test_a_slab_in_a_periodic_box_tells_its_vacuum() -> None:
    slab = fcc111("Cu", (2, 2, 3), vacuum=6.0)
    slab.pbc = True
    assert find_signs(slab).slab == "12 Å of vacuum along c"
    slab.center(vacuum=2.0, axis=2)
    assert find_signs(slab).slab is None, "4 Å are no vacuum"


def test_a_slab_across_the_face_of_the_cell_is_one_too() -> None:
    slab = fcc111("Cu", (2, 2, 3), vacuum=6.0)
    slab.pbc = True
    slab.positions[:, 2] += slab.cell[2, 2] / 2
    slab.wrap()
    assert find_signs(slab).slab == "12 Å of vacuum along c"


def test_a_molecule_in_a_box_is_isolated_and_so_is_a_cluster() -> None:
    assert find_signs(boxed(molecule("C6H6"))).molecule
    cluster = find_signs(boxed(bulk("Pt", cubic=True).repeat(2)))
    assert cluster.cluster
    assert not cluster.molecule
    assert cluster.slab is None


def test_a_single_atom_in_a_small_cell_is_bulk() -> None:
    found = find_signs(bulk("Cs", "bcc", a=6.14))
    assert found.slab is None
    assert not found.molecule


def test_a_skewed_cell_and_atoms_far_outside_of_it_take_no_time() -> None:
    skewed = ase.Atoms(
        "SiO", positions=[(0, 0, 0), (1.4, 1.4, 46)], cell=[(5.4, 0, 0), (0, 5.4, 180), (0, 0, 5.4)], pbc=True
    )
    assert not find_signs(skewed).layered
    needle = [(1e6, 0, 0), (1, 4.5, 0), (1e6, 0.5, 6)]
    assert not find_signs(ase.Atoms("NaCl", positions=[(0, 0, 0), (2, 2, 2)], cell=needle, pbc=True)).layered
    outside = graphite()
    outside.positions[0] += 300 * outside.cell[0]
    assert find_signs(outside).layered


def test_layers_are_searched_for_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise TypeError("'NoneType' object is not iterable")

    with monkeypatch.context() as patched:
        patched.setattr("ase.geometry.dimensionality.analyze_dimensionality", fail)
        assert not find_signs(graphite()).layered  # a search that finds no bonds is no sign, and is not kept
    assert find_signs(graphite()).layered
    with monkeypatch.context() as patched:
        patched.setattr("ase.geometry.dimensionality.analyze_dimensionality", fail)
        assert find_signs(graphite()).layered
        assert not find_signs(graphite() * (2, 1, 1)).layered
    (kept,) = (cache / "indexes" / "layers").iterdir()
    for damage in ("", "{", "7", "\xff"):
        kept.write_text(damage, encoding="latin-1")
        assert find_signs(graphite()).layered
