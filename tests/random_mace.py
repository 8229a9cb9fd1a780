"""A small MACE with random weights, for the interpreter that has it: ``random_mace.py FILE DTYPE SEED HEADS``."""

from __future__ import annotations

import sys

import numpy as np
import torch
from e3nn import o3
from mace.modules.blocks import RealAgnosticResidualInteractionBlock
from mace.modules.models import ScaleShiftMACE

ELEMENTS = (8, 12, 14)
CUTOFF_ANGSTROM, LAYERS = 4.5, 2


def write(path: str, dtype: str, seed: int, heads: list[str]) -> None:
    """Write the model; the reference energies of head number n are -n eV."""
    torch.set_default_dtype(getattr(torch, dtype))
    torch.manual_seed(seed)
    model = ScaleShiftMACE(
        r_max=CUTOFF_ANGSTROM,
        num_bessel=6,
        num_polynomial_cutoff=5,
        max_ell=2,
        interaction_cls=RealAgnosticResidualInteractionBlock,
        interaction_cls_first=RealAgnosticResidualInteractionBlock,
        num_interactions=LAYERS,
        num_elements=len(ELEMENTS),
        hidden_irreps=o3.Irreps("16x0e+16x1o"),
        MLP_irreps=o3.Irreps("8x0e"),
        atomic_energies=np.array([[-float(number)] * len(ELEMENTS) for number in range(len(heads))]),
        avg_num_neighbors=20.0,
        atomic_numbers=list(ELEMENTS),
        correlation=2,
        gate=torch.nn.functional.silu,
        radial_MLP=[16, 16],
        atomic_inter_scale=[1.0] * len(heads),
        atomic_inter_shift=[0.0] * len(heads),
        heads=heads,
    )
    torch.save(model, path)


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4].split(","))
