"""Logs of LAMMPS and of ASE's optimizers: wall time of a step, and the lines that show why it is long."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlipguide.catalog.slow_causes import load_slow_causes
from mlipguide.core.errors import InputError
from mlipguide.production.run_logs.lammps_logs import style_of
from mlipguide.production.run_logs.reading import LONGEST_LINE, read_run_log
from mlipguide.records.timing.run_log import LogProgram, RunLog
from mlipguide.records.timing.slowdown import SlowdownKind

LAMMPS = """LAMMPS (2 Aug 2023 - Update 3)
OMP_NUM_THREADS environment is not set. Defaulting to 1 thread. (src/comm.cpp:98)
  using 1 OpenMP thread(s) per MPI task
units metal
pair_style mace/kk no_domain_decomposition # the old interface
The torch_float_dtype is: Double
timestep 0.005
run 10
Setting up Verlet run ...
  Unit style    : metal
  Current step  : 0
  Time step     : 0.005
   Step          Temp
         0   300
        10   299
Loop time of 40 on 1 procs for 10 steps with 500 atoms

run 100
Setting up Verlet run ...
  Unit style    : metal
  Time step     : 0.002
Loop time of 252.6 on 1 procs for 100 steps with 500 atoms

Performance: 0.171 ns/day, 140.333 hours/ns, 0.396 timesteps/s
99.1% CPU use with 1 MPI tasks x 1 OpenMP threads

MPI task timing breakdown:
Section |  min time  |  avg time  |  max time  |%varavg| %total
---------------------------------------------------------------
Pair    | 200.0      | 202.08     | 203.0      |   0.0 | 80.00
Neigh   | 0.2        | 0.2        | 0.2        |   0.0 |  0.08
Comm    | 0.3        | 0.3        | 0.3        |   0.0 |  0.12
Output  | 50.0       | 50.0       | 50.0       |   0.0 | 19.79
Modify  | 0.01       | 0.01       | 0.01       |   0.0 |  0.00
Other   |            | 0.01       |            |       |  0.00
Total wall time: 0:05:00
"""
BFGS = """      Step     Time          Energy          fmax
BFGS:    0 23:59:50      -10.000000        1.000000
BFGS:    1 23:59:55      -10.100000        0.500000
BFGS:    4 00:00:10      -10.200000        0.100000
      Step     Time          Energy          fmax
FIRE:    0 00:00:11      -10.000000        1.000000
FIRE:    1 00:00:12      -10.000000        1.000000
"""


def read(folder: Path, text: str) -> RunLog:
    path = folder / "run.log"
    path.write_text(text, encoding="utf-8")
    return read_run_log(path, load_slow_causes())


def test_the_longest_loop_of_lammps_counts(tmp_path: Path) -> None:
    log = read(tmp_path, LAMMPS)
    assert log.program is LogProgram.LAMMPS
    assert (log.steps, log.wall_s, log.atoms, log.processes, log.threads) == (100, 252.6, 500, 1, 1)
    assert log.step_time_s == pytest.approx(2.526)
    assert log.timestep_s == pytest.approx(2e-15)
    assert log.style == "mace"
    assert log.forces_share == pytest.approx(0.8)
    assert log.other_part == "Output"


def test_lines_that_show_a_reason_are_kept_with_their_numbers(tmp_path: Path) -> None:
    signs = {one.kind: one for one in read(tmp_path, LAMMPS).signs}
    assert set(signs) == {SlowdownKind.FLOAT64, SlowdownKind.FEW_THREADS}
    assert (signs[SlowdownKind.FLOAT64].line, signs[SlowdownKind.FLOAT64].text) == (
        6,
        "The torch_float_dtype is: Double",
    )


def test_other_units_of_time(tmp_path: Path) -> None:
    real = LAMMPS.replace("metal", "real").replace("Time step     : 0.002", "Time step     : 0.5")
    assert read(tmp_path, real).timestep_s == pytest.approx(0.5e-15)
    reduced = LAMMPS.replace("metal", "lj")
    assert read(tmp_path, reduced).timestep_s is None


@pytest.mark.parametrize(
    ("words", "style"),
    [
        ("mliap unified mace.pt 0", "mliap"),
        ("hybrid/overlay mace no_domain_decomposition dispersion/d3 bj pbe 10 10", "mace"),
        ("e3gnn/parallel", "e3gnn/parallel"),
        ("tersoff/omp", "tersoff"),
        ("", None),
    ],
)
def test_pair_styles(words: str, style: str | None) -> None:
    assert style_of(words.split()) == style


def test_the_clock_of_an_optimizer_runs_past_midnight(tmp_path: Path) -> None:
    log = read(tmp_path, BFGS)
    assert log.program is LogProgram.ASE
    assert (log.steps, log.wall_s, log.atoms) == (4, 20.0, None)
    assert log.clock_error == pytest.approx(0.05)


def test_line_searches_count_their_calls_of_forces(tmp_path: Path) -> None:
    log = read(
        tmp_path, "BFGSLineSearch:    0[  0] 10:00:00  -1.0  0.5\nBFGSLineSearch:    2[  6] 10:00:12  -1.0  0.5\n"
    )
    assert (log.steps, log.step_time_s) == (6, 2.0)


@pytest.mark.parametrize(
    ("text", "message", "kind"),
    [
        ("Time[ps]      Etot[eV]     Epot[eV]\n0.0 -1 -1\n", "holds simulated times and no wall times", "no_wall_time"),
        ("LAMMPS (2 Aug 2023)\nERROR: Lost atoms\n", "no run of this log of LAMMPS came to its end", "no_wall_time"),
        (
            "LAMMPS (2 Aug 2023)\nLoop time of nan on 1 procs for 10 steps with 8 atoms\n",
            "no run of this log of LAMMPS came to its end",
            "no_wall_time",
        ),
        ("BFGS:    0 10:00:00 -1 1\nBFGS:    9 10:00:01 -1 1\n", "in whole seconds", "no_wall_time"),
        ("Dear diary\n", "neither a log of LAMMPS nor one of an optimizer of ASE", "unknown_log"),
        ("", "neither a log of LAMMPS nor one of an optimizer of ASE", "unknown_log"),
    ],
)
def test_what_tells_no_speed_is_refused(tmp_path: Path, text: str, message: str, kind: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, text)
    assert caught.value.kind == kind
    assert caught.value.hint
    assert caught.value.file is not None


def test_no_text_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 200 + b"x" * (3 * LONGEST_LINE))
    for path in (tmp_path / "binary", tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError):
            read_run_log(path, load_slow_causes())
