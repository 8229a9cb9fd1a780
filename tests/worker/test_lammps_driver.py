"""LAMMPS as a driver without LAMMPS: teams that step together, what their answers become, and how they end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from ase import units
from ase.build import bulk

from mlipguide.worker.failures import WorkerError
from mlipguide.worker.lammps.potential import Potential
from mlipguide.worker.lammps.ranks import RankTeam
from mlipguide.worker.lammps.systems import LammpsSystem
from mlipguide.worker.steps import Conditions

CONDITIONS = Conditions(temperature_k=300, timestep_fs=2.0, seed=0, propagate=True)
POTENTIAL = Potential(pair_style="pod", files=(), elements=("Si",), cutoff_angstrom=5.0, parameters=1)
STEP_S = 0.01


class FakeTeam:
    """Two ranks whose steps take a known time; the second one is at times the slower."""

    def __init__(self, kelvin: float = 300.0) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._kelvin = kelvin

    def ask(self, operation: str, **arguments: Any) -> list[Any]:
        self.asked.append((operation, arguments))
        if operation == "prepare":
            return [{"first_call_s": 0.5, "peak_memory_bytes": 100}, {"first_call_s": 0.7, "peak_memory_bytes": 50}]
        if operation == "forget":
            return [None, None]
        steps = arguments["steps"]
        answer = {
            "steps_s": [STEP_S] * steps,
            "forces_share": 0.9,
            "pair_share": 0.8,
            "cpu_s": STEP_S * steps,
            "involuntary_switches": 1,
            "page_faults": 2,
            "peak_memory_bytes": 100,
            "kinetic_ev": 8 * 1.5 * units.kB * self._kelvin / 2,
        }
        return [answer, {**answer, "steps_s": None, "forces_share": None, "pair_share": None}]


def system(team: FakeTeam) -> LammpsSystem:
    return LammpsSystem(team, POTENTIAL, bulk("Si", cubic=True), CONDITIONS)


def test_the_times_of_a_burst_are_those_of_the_loop() -> None:
    team = FakeTeam()
    steps = system(team)
    assert steps.call_first() == {"first_call_s": 0.7, "peak_memory_bytes": 150}
    found = steps.run(max_steps=7, max_s=60.0)
    assert found["wall_s"] == pytest.approx([STEP_S] * 7)
    assert found["energy_forces_s"] == pytest.approx([0.9 * STEP_S] * 7)
    assert found["model_s"] == pytest.approx([0.8 * STEP_S] * 7)
    assert found["cpu_s"] == pytest.approx([2 * STEP_S] * 7)
    assert found["usage"]["page_faults"] == 2 * sum(name == "run" for name, _ in team.asked) * 2
    assert found["peak_memory_bytes"] == 200


def test_a_burst_starts_with_one_step_and_ends_in_time() -> None:
    team = FakeTeam()
    steps = system(team)
    assert len(steps.run(max_steps=1000, max_s=1e-9)["wall_s"]) == 1
    team.asked.clear()
    steps.run(max_steps=1000, max_s=0.5)
    lengths = [arguments["steps"] for name, arguments in team.asked if name == "run"]
    assert lengths[0] == 1
    assert 40 <= lengths[1] <= 50  # as many steps of 10 ms as fit into the half second


def test_velocities_are_those_of_the_temperature_in_angstrom_per_ps() -> None:
    team = FakeTeam()
    steps = system(team)
    steps.call_first()
    _, arguments = team.asked[0]
    squares = sum(component**2 for row in arguments["velocities"] for component in row)
    mass = bulk("Si").get_masses()[0]
    kelvin = mass * squares * (1e-3 / units.fs) ** 2 / (3 * 8 * units.kB)
    assert 100 < kelvin < 900
    assert arguments["timestep_ps"] == pytest.approx(2e-3)
    assert arguments["box"]["types"] == [1] * 8


def test_atoms_that_fly_apart_are_said_to() -> None:
    with pytest.raises(WorkerError, match="flew apart") as raised:
        system(FakeTeam(kelvin=1e6)).run(max_steps=3, max_s=60.0)
    assert raised.value.kind == "unstable"


RANKS = """
import json, os, socket, sys
path, potential, threads = sys.argv[1:]
children = []
for number in (1, 0):
    pid = os.fork()
    if pid:
        children.append(pid)
        continue
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    stream = connection.makefile("rw")
    stream.write(json.dumps({"rank": number, "result": None}) + "\\n")
    stream.flush()
    for line in stream:
        request = json.loads(line)
        if request["op"] == "die":
            os._exit(1)
        answer = {"rank": number}
        if request["op"] == "fail" and number == 1:
            answer["error"] = {"kind": "unstable", "message": "Lost atoms"}
        else:
            answer["result"] = [number, request["arguments"]]
        stream.write(json.dumps(answer) + "\\n")
        stream.flush()
    os._exit(0)
for pid in children:
    os.waitpid(pid, 0)
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    script = tmp_path / "ranks.py"
    script.write_text(RANKS, encoding="utf-8")
    return [sys.executable, str(script)]


def test_every_rank_is_asked_and_answers_in_order(command: list[str]) -> None:
    others = psutil.Process().children(recursive=True)
    team = RankTeam("potential.json", threads=1, ranks=2, command=command)
    try:
        assert team.ask("run", steps=3) == [[0, {"steps": 3}], [1, {"steps": 3}]]
        with pytest.raises(WorkerError, match="Lost atoms") as raised:
            team.ask("fail")
        assert raised.value.kind == "unstable"
        assert [number for number, _ in team.ask("run", steps=1)] == [0, 1]
    finally:
        ranks = [child for child in psutil.Process().children(recursive=True) if child not in others]
        team.close()
        team.close()
    assert ranks
    _, alive = psutil.wait_procs(ranks, timeout=5)
    assert not alive


def test_ranks_that_end_are_reported(command: list[str]) -> None:
    team = RankTeam("potential.json", threads=1, ranks=2, command=command)
    with pytest.raises(WorkerError, match="ended before it answered"):
        team.ask("die")


def test_ranks_that_do_not_start_are_reported() -> None:
    with pytest.raises(WorkerError, match="did not start"):
        RankTeam("potential.json", threads=1, ranks=2, command=[sys.executable, "-c", "raise SystemExit(3)"])
