"""What JAX and TensorFlow are told reaches them; compiling is told apart from steps; authors' numbers come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule, surface

from backend_rotation import environment_or_skip
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.weights import find_weights
from mlipguide.environments.recipes import find_recipe
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import Conditions
from mlipguide.sessions.worker_session import SessionRequest, WorkerSession, open_session

pytestmark = pytest.mark.integration

XLA_THREAD = "tf_XLAEigen"
"""How XLA names the threads of its processor client."""


Kept = Callable[[str], WorkerSession]


def opened(model: str, *, threads: int = 1, dtype: str = "float32", device: str = "cpu") -> WorkerSession:
    """Start a worker on a checkpoint of this machine, or on random weights where the model has such."""
    card = load_catalogue().find(model)
    environment = environment_or_skip(card.backend)
    file = find_weights(card, {})
    if file is None and not card.weights.synthetic:
        pytest.skip(f"the weights of {model} are not on this machine")
    return open_session(
        SessionRequest(
            card=card,
            recipe=find_recipe(card.backend),
            environment=environment,
            settings=Settings(threads=threads, dtype=dtype, device=device, driver="ase", allocator=Allocator.DEFAULT),
            weights_file=file,
            synthetic=file is None,
            memory_limit_bytes=None,
        )
    )


@pytest.fixture(scope="module")
def kept() -> Iterator[Kept]:
    """Return a function that starts a worker on a checkpoint once: loading one takes longer than most tests."""
    sessions: dict[str, WorkerSession] = {}

    def session_of(model: str) -> WorkerSession:
        if model not in sessions:
            sessions[model] = opened(model)
        return sessions[model]

    yield session_of
    for session in sessions.values():
        session.close()


def threads_of(session: WorkerSession) -> Counter[str]:
    """Return how many threads a worker has, by name."""
    return Counter(path.read_text().strip() for path in Path(f"/proc/{session.pid}/task").glob("*/comm"))


def test_jax_has_as_many_threads_as_it_is_told(kept: Kept) -> None:
    with closing(opened("nequix-mp-1", threads=2)) as parallel:
        for threads, session in enumerate((kept("nequix-mp-1"), parallel), start=1):
            session.single_point(bulk("Si"))
            assert threads_of(session)[XLA_THREAD] == threads


def test_tensorflow_has_more_threads_when_it_is_told_so(kept: Kept) -> None:
    with closing(opened("grace-1l-oam", threads=2)) as parallel:
        counts = []
        for session in (kept("grace-1l-oam"), parallel):
            session.single_point(bulk("Si"))
            counts.append(threads_of(session).total())
    assert counts[0] < counts[1]


@pytest.mark.parametrize("model", ["nequix-mp-1", "grace-1l-oam"])
def test_another_device_is_refused(model: str) -> None:
    with pytest.raises(SessionError) as raised:
        opened(model, device="cuda:0").close()
    assert raised.value.failure is FailureKind.UNSUPPORTED_SETTING


def test_double_precision_reaches_grace(kept: Kept) -> None:
    atoms = bulk("MgO", "rocksalt", a=4.25, cubic=True)
    atoms.rattle(0.05, seed=1)

    def grain(session: WorkerSession) -> float:
        energies = []
        for step in range(9):  # so small that the curve is a straight line: what is left of it is rounding
            moved = atoms.copy()
            moved.positions[0, 0] += 1e-6 * step
            energies.append(session.single_point(moved).energy_ev)
        return float(abs(np.diff(energies, n=2)).max())

    with closing(opened("grace-1l-oam", dtype="float64")) as precise:
        assert grain(precise) < 1e-9 < grain(kept("grace-1l-oam"))


AUTHORS = {
    "nequix-mp-1": (-10.753344, (-1.1041114, -0.45131257, 0.45131272), -0.025367301),
    "nequix-oam-1": (-10.765028, (-0.930218, -0.36117458, 0.36117452), -0.0198730454),
}
"""Energy, force on the first atom and first component of the stress of displaced diamond, as the tests of Nequix have
them (tests/test_calculator.py at https://github.com/atomicarchitects/nequix)."""


@pytest.mark.parametrize("model", list(AUTHORS))
def test_nequix_gives_what_its_authors_publish(kept: Kept, model: str) -> None:
    atoms = bulk("Si", "diamond", a=5.43)
    atoms.positions[0] += (0.1, 0.05, -0.05)
    point = kept(model).single_point(atoms)
    energy, force, stress = AUTHORS[model]
    assert point.energy_ev == pytest.approx(energy, abs=1e-4)
    assert point.forces_ev_per_angstrom[0] == pytest.approx(force, abs=1e-4)
    assert point.stress_ev_per_angstrom3 is not None
    assert point.stress_ev_per_angstrom3[0] == pytest.approx(stress, abs=1e-5)


def boxed(atoms: Atoms, margin: float) -> Atoms:
    """Return the structure in a periodic box that is wide enough."""
    copy: Atoms = atoms.copy()
    copy.center(vacuum=margin, axis=[axis for axis in range(3) if not atoms.pbc[axis]])
    copy.pbc = True
    return copy


@pytest.mark.parametrize("model", ["nequix-mp-1", "grace-1l-oam"])
def test_what_is_periodic_in_part_is_what_it_is_in_a_wide_box(kept: Kept, model: str) -> None:
    slab = surface(bulk("MgO", "rocksalt", a=4.25), (1, 0, 0), 2, vacuum=2.0)
    slab.pbc = (True, True, False)
    for atoms in (slab, molecule("H2O")):
        bare, wide = kept(model).single_point(atoms), kept(model).single_point(boxed(atoms, 8.0))
        assert bare.energy_ev == pytest.approx(wide.energy_ev, abs=1e-3)
        assert np.array(bare.forces_ev_per_angstrom) == pytest.approx(np.array(wide.forces_ev_per_angstrom), abs=1e-3)


@pytest.mark.parametrize("model", ["nequix-mp-1", "grace-1l-oam"])
def test_a_small_structure_costs_what_it_costs_alone(kept: Kept, model: str) -> None:
    """Not what it would cost when it is filled up to the size of a large one that was there before."""
    small = bulk("Si", cubic=True)
    conditions = Conditions(temperature_k=300.0, timestep_s=5e-16, propagate=False)
    session = kept(model)
    alone = session.prepare(small, conditions)
    before = min(session.run(alone, max_steps=5, max_s=60.0).samples.cpu_s)
    large = session.prepare(small.repeat((3, 3, 2)), conditions)
    session.run(large, max_steps=2, max_s=120.0)
    again = session.prepare(small, conditions)
    after = min(session.run(again, max_steps=5, max_s=60.0).samples.cpu_s)
    assert after < 4 * before  # the large one has 18 times as many atoms


@pytest.mark.parametrize("model", ["nequix-mp-1", "grace-1l-oam"])
def test_compiling_again_is_no_step(model: str) -> None:
    """Rattled atoms have more neighbours than was compiled for: a shell lies just beyond the cutoff of 6 Å."""
    atoms = bulk("Cu", "fcc", a=np.sqrt(2 / 5) * 6.01, cubic=True).repeat(2)
    with closing(opened(model)) as session:  # which has compiled nothing yet
        prepared = session.prepare(atoms, Conditions(temperature_k=300.0, timestep_s=5e-16, propagate=False))
        burst = session.run(prepared, max_steps=4, max_s=300.0)
    assert prepared.pairs_per_atom == pytest.approx(12 + 6 + 24 + 12)
    assert len(burst.samples.wall_s) == 4
    assert burst.compiling_wall_s > max(burst.samples.wall_s)
