"""Ordinary files with random damage: each is read or refused in one sentence, soon, and nothing else happens."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest

from mlipguide.core.errors import InputError
from mlipguide.structures.checks import check_structure
from mlipguide.structures.files import read_with_notices
from mlipguide.structures.signs import find_signs
from mlipguide.structures.summaries import summarise

DATA = Path(__file__).parents[1] / "data" / "structures"
DUMP = (
    "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS xy xz yz pp pp pp\n0 4 1\n0 5 0\n0 6 0.5\n"
    "ITEM: ATOMS id type mass x y z\n1 1 22.99 0 0 0\n2 2 35.45 2 2 2\n"
)
GRO = "a\n    1\n    1SOL     OW    1   0.126   1.624   1.679\n   1.82060   1.82060   1.82060\n"
POSCAR = "Si O\n1.0\n5.43 0 0\n0 5.43 0\n0 0 5.43\n1 1\nDirect\n0 0 0\n.25 .25 .25\n"
TEXTS = {
    "a.cif": (DATA / "al2o3.cif").read_text(),
    "b.cif": (DATA / "si.cif").read_text(),
    "a.pdb": "CRYST1   10.000   11.000   12.000  90.00  90.00  90.00 P 1\n" + (DATA / "glycine.pdb").read_text(),
    "a.data": (DATA / "unsorted_labels_no_masses.data").read_text(),
    "a.lammpstrj": DUMP + DUMP,
    "a.gro": GRO,
    "POSCAR": POSCAR,
    "a.xyz": "2\nc\nC 0 0 0 0.1 0.2 0.3\nO 1.2 0 0 -0.1 -0.2 -0.3\n",
}
NUMBERS = ("0", "-1", "1e21", "-1e300", "nan", "inf", "1e-12", "999999999", "0.333", "?", "", "1e6", "180", "1,2")
INSERTED = ("\0", "é", "\t", '"', "'", ";", "#", "loop_", "\n\n", "()")
LONGEST_S = 10.0
COPIES = 25


def damage(text: str, chance: random.Random) -> str:
    for _ in range(chance.choice((1, 1, 2, 3))):
        lines = text.split("\n")
        kind, line = chance.randrange(5), chance.randrange(len(lines))
        numbers = list(re.finditer(r"-?\d+\.?\d*", text))
        place = chance.randrange(len(text) + 1)
        if kind == 0:
            text = "\n".join(lines[:line] + lines[line + 1 :])
        elif kind == 1:
            text = "\n".join([*lines[:line], chance.choice(lines), *lines[line:]])
        elif kind == 2 and numbers:
            match = chance.choice(numbers)
            text = text[: match.start()] + chance.choice(NUMBERS) + text[match.end() :]
        elif kind == 3:
            text = text[:place]
        else:
            text = text[:place] + chance.choice(INSERTED) + text[place:]
    return text


@pytest.mark.parametrize("name", TEXTS)
def test_damage_is_refused_in_one_sentence_or_read(name: str, tmp_path: Path) -> None:
    chance = random.Random(name)
    path = tmp_path / name
    refused: list[InputError] = []
    for _ in range(COPIES):
        path.write_text(damage(TEXTS[name], chance), encoding="utf-8")
        begun = time.process_time()
        try:
            atoms = read_with_notices(path).atoms
            check_structure(atoms, source=name)
            find_signs(atoms)
            summarise(atoms, source=name)
        except InputError as error:
            refused.append(error)
        assert time.process_time() - begun < LONGEST_S, path.read_text(encoding="utf-8")
    assert all(error.hint and "\n" not in error.message for error in refused)
