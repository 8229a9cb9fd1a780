"""Total charge and spin of a structure: where files say them, and where calculators look for them.

Both stand in ``atoms.info``: ``charge`` in units of the elementary charge, ``spin`` as the multiplicity 2S + 1.
FAIRChem's UMA (https://fair-chem.github.io/core/uma.html), OrbMol (https://github.com/orbital-materials/orb-models) and
MACE's calculator (``info_keys`` in mace/calculators/mace.py) read these two names from there. AIMNet2's calculator
takes ``charge`` and ``mult`` as arguments (https://github.com/isayevlab/AIMNet2): its worker file hands them over.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ase
import numpy as np

from mlipguide.core.errors import InputError

CHARGE, SPIN = "charge", "spin"
CHARGE_KEYS = (CHARGE, "total_charge", "tot_charge", "net_charge", "totalcharge", "molecular_charge")
"""Names under which files carry the total charge; compared in lower case."""
MULTIPLICITY_KEYS = (SPIN, "multiplicity", "spin_multiplicity", "mult", "total_spin")
"""Names of the multiplicity; ``total_spin`` is MACE's word for it."""
UNPAIRED_KEYS = ("unpaired_electrons", "n_unpaired", "nunpaired", "uhf")
"""Names of the number of unpaired electrons, 2S; ``uhf`` is xtb's."""
MOST_CHARGE = 1000
WHOLE = 1e-3
"""How far a sum of charges may be from a whole number: the rounding of a file."""


@dataclass(frozen=True, kw_only=True)
class Electrons:
    """Total charge and spin as far as they are known.

    Attributes:
        charge: In units of the elementary charge; None where nothing says it.
        multiplicity: 2S + 1; None where nothing says it.
        remarks: How a value was arrived at where the file does not simply say it, in sentences.
    """

    charge: int | None = None
    multiplicity: int | None = None
    remarks: tuple[str, ...] = ()


NOT_GIVEN = Electrons()


def electrons_in(read: ase.Atoms, *, given: Electrons = NOT_GIVEN, source: str) -> Electrons:
    """Return charge and spin of a structure as ASE read it.

    Without a total, the charges of the atoms are added up, and of what is not periodic their magnetic moments too.

    Args:
        read: As ASE read it.
        given: What the user said; the file is not asked for it.
        source: The file, for messages.

    Raises:
        InputError: A charge or a multiplicity that is no whole number, or two that differ.
    """
    info = {str(key).lower(): value for key, value in read.info.items()}
    remarks: list[str] = []
    charge = given.charge if given.charge is not None else _charge(read, info, remarks, source)
    multiplicity = given.multiplicity if given.multiplicity is not None else _spin(info, remarks, source)
    if multiplicity is None and not read.pbc.any():
        multiplicity = _spin_of_moments(read, charge, remarks)
    return Electrons(charge=charge, multiplicity=multiplicity, remarks=tuple(remarks))


def _charge(read: ase.Atoms, info: Mapping[str, Any], remarks: list[str], source: str) -> int | None:
    charge = _one_of(info, CHARGE_KEYS, "total charge", source)
    return _sum(read, "initial_charges", "charges", remarks) if charge is None else charge


def _spin_of_moments(read: ase.Atoms, charge: int | None, remarks: list[str]) -> int | None:
    """Return the multiplicity that the moments of the atoms add up to, where the electrons can have it."""
    moment = _sum(read, "initial_magmoms", "magnetic moments", remarks)
    if moment is None:
        return None
    if _is_possible(read, charge, abs(moment) + 1):
        return abs(moment) + 1
    remarks.append("The electrons cannot have this spin, and it is not used.")
    return None


def _is_possible(atoms: ase.Atoms, charge: int | None, multiplicity: int) -> bool:
    """Tell whether there are as many electrons as unpaired ones, and the others make pairs."""
    paired = electrons_of(atoms, charge) - (multiplicity - 1)
    return paired >= 0 and paired % 2 == 0


def electrons_of(atoms: ase.Atoms, charge: int | None) -> int:
    """Return the number of electrons; neutral where no charge is known."""
    return int(atoms.numbers.sum()) - (charge or 0)


def _spin(info: Mapping[str, Any], remarks: list[str], source: str) -> int | None:
    """Return the multiplicity; 0, which datasets write where there is none to speak of, is taken as not given."""
    spins = {key: info[key] for key in MULTIPLICITY_KEYS if _number(info.get(key)) not in (None, 0.0)}
    if not spins and any(_number(info.get(key)) == 0.0 for key in MULTIPLICITY_KEYS):
        remarks.append("A spin of 0 is no multiplicity (2S + 1): it is taken as not given.")
    multiplicity = _one_of(spins, MULTIPLICITY_KEYS, "spin multiplicity", source)
    unpaired = _one_of(info, UNPAIRED_KEYS, "number of unpaired electrons", source)
    if unpaired is not None:
        if multiplicity is not None and multiplicity != unpaired + 1:
            raise InputError(
                f"{source}: a multiplicity of {multiplicity} and {unpaired} unpaired electrons do not agree.",
                hint="Give the multiplicity 2S + 1 with --spin.",
                kind="bad_spin",
            )
        multiplicity = unpaired + 1
    if multiplicity is not None and multiplicity < 1:
        raise _bad_spin(f"{source}: {multiplicity}")
    return multiplicity


def _one_of(info: Mapping[str, Any], keys: tuple[str, ...], what: str, source: str) -> int | None:
    """Return the whole number that stands under some of these names."""
    found: dict[str, int] = {}
    for key in keys:
        value = _number(info.get(key))
        if value is None:
            continue
        if not math.isfinite(value) or abs(value - round(value)) > WHOLE or abs(value) > MOST_CHARGE:
            option = f"--{CHARGE}" if keys is CHARGE_KEYS else f"--{SPIN}"
            raise InputError(
                f"{source}: '{key}={value:g}' is no {what}: it is no whole number.",
                hint=f"Correct it in the file, or give {option}.",
                kind="bad_charge" if keys is CHARGE_KEYS else "bad_spin",
            )
        found[key] = round(value)
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{key}={value}" for key, value in found.items())
        raise InputError(
            f"{source}: the {what} is said twice, and differently: {listed}.",
            hint=f"Give the right one with {'--charge' if keys is CHARGE_KEYS else '--spin'}.",
            kind="bad_charge" if keys is CHARGE_KEYS else "bad_spin",
        )
    return next(iter(found.values()), None)


def _number(value: Any) -> float | None:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    return float(value)


def _sum(read: ase.Atoms, array: str, what: str, remarks: list[str]) -> int | None:
    """Return the sum over the atoms where it is a whole number other than 0."""
    values = read.arrays.get(array)
    if values is None or np.ndim(values) != 1 or not np.isfinite(values).all():
        return None
    total = float(np.sum(values))
    if abs(total) < 0.5:  # noqa: PLR2004  # nearer to 0 than to 1: neutral, or partial charges that are rounded
        return None
    if abs(total - round(total)) > WHOLE * math.sqrt(len(values)):
        remarks.append(f"The {what} of the atoms add up to {total:.3f}, which is no whole number and is not used.")
        return None
    remarks.append(f"The {what} of the atoms add up to {round(total)}.")
    return round(total)


def parse_electrons(charge: str | None, spin: str | None) -> Electrons:
    """Return what the options ``--charge`` and ``--spin`` say.

    Raises:
        InputError: No whole number, or a multiplicity below 1.
    """
    multiplicity = _parse(spin, "--spin", "a multiplicity 2S + 1, for example 2 for one unpaired electron")
    if multiplicity is not None and multiplicity < 1:
        raise _bad_spin(f"--spin {multiplicity}")
    return Electrons(charge=_parse(charge, "--charge", "a total charge, for example -1"), multiplicity=multiplicity)


def _parse(text: str | None, option: str, wanted: str) -> int | None:
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value != round(value) or abs(value) > MOST_CHARGE:
        raise InputError(f"{option}: '{text}' is no whole number.", hint=f"Give {wanted}.")
    return round(value)


def _bad_spin(what: str) -> InputError:
    return InputError(
        f"{what} is no spin multiplicity.",
        hint="It is 2S + 1: 1 for a closed shell, 2 for one unpaired electron, 3 for two.",
        kind="bad_spin",
    )


def set_electrons(atoms: ase.Atoms, electrons: Electrons, *, source: str) -> None:
    """Write charge and spin into a structure, in place.

    Raises:
        InputError: A molecule cannot have this spin: its electrons are even and its unpaired ones odd, or the reverse,
            or there are fewer of them.
    """
    for key, value in ((CHARGE, electrons.charge), (SPIN, electrons.multiplicity)):
        atoms.info.pop(key, None)
        if value is not None:
            atoms.info[key] = value
    if electrons.multiplicity is None or atoms.pbc.any():
        return
    if not _is_possible(atoms, electrons.charge, electrons.multiplicity):
        number = electrons_of(atoms, electrons.charge)
        raise InputError(
            f"{source}: {number} electrons cannot have a spin multiplicity of {electrons.multiplicity}.",
            hint="Give the charge with --charge and the multiplicity 2S + 1 with --spin.",
            kind="impossible_spin",
        )


def carry_electrons(atoms: ase.Atoms, read: ase.Atoms) -> None:
    """Write the charge and the spin of one frame of a data set into a structure, in place.

    Of a data set other things may stand under these names; what makes no sense as charge and spin is left out.
    """
    with contextlib.suppress(InputError):
        set_electrons(atoms, electrons_in(read, source="frame"), source="frame")
        return
    set_electrons(atoms, NOT_GIVEN, source="frame")


def charge_of(atoms: ase.Atoms) -> int | None:
    """Return the total charge that a structure carries; None where nothing says it."""
    found = atoms.info.get(CHARGE)
    return None if found is None else int(found)


def multiplicity_of(atoms: ase.Atoms) -> int | None:
    """Return the spin multiplicity that a structure carries; None where nothing says it."""
    found = atoms.info.get(SPIN)
    return None if found is None else int(found)


def multiply(atoms: ase.Atoms, cells: int) -> None:
    """Give a repeated cell the charge and the unpaired electrons of all its cells, in place.

    Every cell is like the one given, so charges add up, and so do unpaired electrons, which all point one way.
    """
    charge, multiplicity = charge_of(atoms), multiplicity_of(atoms)
    if charge is not None:
        atoms.info[CHARGE] = cells * charge
    if multiplicity is not None:
        atoms.info[SPIN] = cells * (multiplicity - 1) + 1


def electron_words(charge: int | None, multiplicity: int | None) -> str:
    """Return charge and multiplicity in words; empty where neither is known."""
    words = [] if charge is None else [f"charge {charge:+d}" if charge else "charge 0"]
    words += [] if multiplicity is None else [f"spin multiplicity {multiplicity}"]
    return ", ".join(words)
