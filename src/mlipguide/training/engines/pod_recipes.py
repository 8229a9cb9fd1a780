"""Sizes of POD potentials, and the input files of a fit.

A POD potential is linear in descriptors of two-body to six-body functions (Nguyen and Rohskopf, J. Comput. Phys. 480,
112030 (2023), doi:10.1016/j.jcp.2023.112030). Radial functions are the leading ones of a singular value decomposition;
numbers of them and angular degrees must not rise with the body order (LAMMPS documentation, command ``fitpod``).

The coefficients minimise

    sum over frames of  w_E^2 (E - E_ref)^2 / N^2  +  sum over force components of  (F - F_ref)^2

with energies per atom, as ``fitpod`` has it. Energies need no reference of isolated atoms: a constant for each species
is among the coefficients.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from mlipguide.core.errors import InputError
from mlipguide.records.training.training import Engine, FitRecipe

CUTOFF_ANGSTROM = 5.0
INNER_CUTOFF_ANGSTROM = 0.5
"""Both are the defaults of ``fitpod``; no two atoms of a frame may be closer than the inner one."""
BESSEL_DEGREE = 4
INVERSE_DEGREE = 8
"""The defaults of ``fitpod``."""
ENERGY_WEIGHT = 50.0
"""An error of 1 meV/atom of one frame counts as much as one of 50 meV/Å of one force component. The default is 100; on
Si and Li (doi:10.1021/acs.jpca.9b08723) 10 left errors of 16 meV/atom, and 1,000 nearly doubled those of the forces;
between 30 and 100 one is traded for the other in small change (judgement)."""
REGULARISATION = 1e-10
"""The default of ``fitpod``: added to the diagonal, relative."""

BODIES = ("twobody", "threebody", "fourbody", "fivebody", "sixbody", "sevenbody")
_SIZES: dict[int, dict[str, tuple[tuple[int, int], ...]]] = {
    1: {
        "small": ((8, 0), (6, 5), (4, 3)),
        "medium": ((10, 0), (8, 5), (6, 4), (4, 3)),
        "large": ((12, 0), (10, 6), (8, 5), (6, 4), (4, 3)),
    },
    2: {
        "small": ((6, 0), (5, 4)),
        "medium": ((8, 0), (6, 5), (4, 3)),
        "large": ((8, 0), (6, 5), (4, 3), (3, 2)),
    },
}
"""Radial functions and angular degree of each body order from two, by number of species. The small one of one species
is the default of ``fitpod``. With two species every descriptor comes once for each combination of neighbours, so the
sizes are one step smaller."""
MOST_SPECIES = max(_SIZES)
BASENAME = "pod"
PARAMETERS = "pod_parameters.pod"
COEFFICIENTS = f"{BASENAME}_coefficients.pod"
ERRORS = f"{BASENAME}_training_errors.pod"
FRAMES_FOLDER = "training"


def pod_recipes(
    elements: Sequence[str], *, seed: int, cutoff_angstrom: float = CUTOFF_ANGSTROM
) -> tuple[FitRecipe, ...]:
    """Return ``small``, ``medium`` and ``large`` for one or two species.

    Args:
        elements: Chemical symbols.
        seed: Kept with the recipe; a fit by least squares draws nothing at random.
        cutoff_angstrom: Radius of the neighbourhoods.

    Raises:
        InputError: No species, or more than two.
    """
    species = tuple(dict.fromkeys(elements))
    if not 1 <= len(species) <= MOST_SPECIES:
        raise InputError(
            f"The engine pod takes one or two species, and the frames have {len(species)} ({', '.join(species)}): its "
            "coefficients multiply with every species, and so do the frames and the time that a fit needs.",
            hint="Use the engine nep for three species and more.",
            kind="too_many_species",
        )
    return tuple(
        FitRecipe(
            engine=Engine.POD,
            size=size,
            elements=species,
            seed=seed,
            options={
                "rin": INNER_CUTOFF_ANGSTROM,
                "rcut": cutoff_angstrom,
                "bessel_polynomial_degree": BESSEL_DEGREE,
                "inverse_polynomial_degree": INVERSE_DEGREE,
                **_basis(bodies),
                "fitting_weight_energy": ENERGY_WEIGHT,
                "fitting_weight_force": 1.0,
                "fitting_regularization_parameter": REGULARISATION,
            },
        )
        for size, bodies in _SIZES[len(species)].items()
    )


def _basis(bodies: Sequence[tuple[int, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, (radial, angular) in itertools.zip_longest(BODIES, bodies, fillvalue=(0, 0)):
        assert isinstance(name, str)
        found[f"{name}_number_radial_basis_functions"] = radial
        if name != BODIES[0]:
            found[f"{name}_angular_degree"] = angular
    return found


def parameter_file(recipe: FitRecipe) -> str:
    """Return the file that describes the descriptors; LAMMPS reads it again whenever the potential is run."""
    lines = [f"species {' '.join(recipe.elements)}", "pbc 1 1 1", "onebody 1"]
    lines += [f"{name} {value}" for name, value in recipe.options.items() if not name.startswith("fitting_")]
    return "\n".join(lines) + "\n"


def data_file(recipe: FitRecipe) -> str:
    """Return the file that says what is fitted, and how."""
    lines = [
        "file_format extxyz",
        "file_extension xyz",
        f'path_to_training_data_set "{FRAMES_FOLDER}"',
        "randomize_training_data_set 0",
        "error_analysis_for_training_data_set 1",
        f"basename_for_output_files {BASENAME}",
        "precision_for_pod_coefficients 12",
    ]
    lines += [f"{name} {value}" for name, value in recipe.options.items() if name.startswith("fitting_")]
    return "\n".join(lines) + "\n"
