from toy_plugin import ToyPlugin
import numpy as np
from ase.build import bulk
from mlipguide.sessions.interface import Conditions
from mlipguide.catalog.cards import load_catalogue
def test_smoke(toy_plugin: ToyPlugin):
    toy_plugin.add("plain")
    assert load_catalogue().find("toy-plain")
    assert load_catalogue().notices == ()
    with toy_plugin.opened() as s:
        print(s.facts)
        a=bulk("Cu",cubic=True).repeat(2); a.rattle(0.05)
        r=s.single_point(a); print(r.energy_ev, np.abs(r.forces_ev_per_angstrom).max(), r.stress_ev_per_angstrom3, r.pairs_per_atom)
        p=s.prepare(a, Conditions(temperature_k=300,timestep_s=1e-15,propagate=True)); print(p)
        print(s.run(p,max_steps=4,max_s=5))
