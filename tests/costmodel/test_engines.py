"""Which code is fastest, and from which size on it is another one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factories import make_candidate, make_situation
from mlipguide.costmodel.domains import Share
from mlipguide.costmodel.elsewhere import RemoteCosts
from mlipguide.costmodel.engines import engines_of
from mlipguide.costmodel.transfer import Timing, TransferModel
from mlipguide.report.words.engine_words import engine_words


def alone(atoms: float) -> Share:
    return Share(atoms, 0.0)


def way(code: str, fixed_s: float, per_atom_s: float, devices: int = 1) -> RemoteCosts:
    """Return a code whose step takes a fixed time and one for each atom, both well known."""
    situation = replace(make_situation(), code=code, driver=code.partition(" ")[0])
    sizes = (10, 100, 1000, 10_000, 100_000, 1_000_000)
    timings = [Timing(situation, float(n), 0.0, fixed_s + per_atom_s * n, 0.01) for n in sizes]
    return RemoteCosts(
        curve=TransferModel(timings).curve(situation),
        memory=None,
        code=code,
        devices=devices,
        doublings=0.0,
        share=alone,
        published_atoms=sizes,
        source="somewhere",
    )


def test_the_faster_code_changes_with_the_size() -> None:
    # 0.02 + 1e-5 N and 0.005 + 4e-5 N cross at 500 atoms.
    steady, light = way("lammps steady", 0.02, 1e-5), way("ase", 0.005, 4e-5)
    first, second = engines_of([light, steady], 20_000)
    assert (first.code, second.code) == ("lammps steady", "ase")
    assert first.splits
    assert not second.splits
    assert first.fastest_from_atoms == pytest.approx(500, rel=0.4)
    assert first.fastest_to_atoms is None
    assert second.fastest_from_atoms == 10
    assert second.fastest_to_atoms == pytest.approx(500, rel=0.4)
    assert [one.code for one in engines_of([light, steady], 50)] == ["ase", "lammps steady"]


def test_a_code_that_is_never_the_fastest_says_so_and_one_code_is_no_choice() -> None:
    quick, slow = way("lammps quick", 0.01, 1e-5), way("ase", 0.02, 1e-4)
    first, second = engines_of([slow, quick], 1000)
    assert first.code == "lammps quick"
    assert (second.fastest_from_atoms, second.fastest_to_atoms) == (None, None)
    assert engines_of([slow], 1000) == ()
    assert engines_of([slow, replace(quick, curve=None)], 1000) == ()


def test_the_words_name_the_code_the_sizes_and_what_cannot_be_shared() -> None:
    steady, light = way("lammps steady", 0.02, 1e-5, devices=4), way("ase", 0.005, 4e-5)
    words = engine_words(make_candidate(engines=engines_of([light, steady], 100_000)))
    assert words is not None
    assert words.startswith("lammps steady, fastest from about ")
    assert "; ase takes about 3.9 times as long, fastest up to about " in words
    assert words.endswith("and cannot share one system among devices")
    assert engine_words(make_candidate()) is None
