"""Training a pretrained model further on a few frames: one loop for every model that an adapter makes trainable.

Before anything else the reference energies are estimated anew: the labels of a user come from other pseudopotentials,
another functional or another zero, which shifts the energy of each element by a constant. The constants solve
sum_k n_ik d_k = E_i(label) - E_i(model), each frame i weighed by one over its number of atoms, with the least absolute
deviations (E. J. Schlossmacher, doi:10.1080/01621459.1973.10481436), as the errors of energies are counted. Where the
compositions leave a choice, the constants nearest to E0(label) - E0(model) of isolated atoms are taken, or else the
smallest.
Then all weights that are not frozen follow the gradient of a Huber loss (doi:10.1214/aoms/1177703732) of energies,
forces and stresses with Adam (doi:10.48550/arXiv.1412.6980); the learning rate rises over the first tenth of the steps
and falls along a cosine (doi:10.48550/arXiv.1608.03983). What is kept is the state with the least loss on the
frames that were held out.

Where there are structures to replay, the model labels them itself once the reference energies are settled (after
doi:10.48550/arXiv.2606.12704), and each step follows the sum of two losses: of the user's frames and of as many of
those. The state that is kept is chosen by the user's frames alone; how far it is from the labels of held-out structures
to replay is told in the end.

The order of the frames depends on the seed and the number of the step alone, so that a run that goes on from a
checkpoint takes the steps that it would have taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..failures import WorkerError
from .adapters.interface import Adapter
from .job import Job, Progress, Watch, diverged, write_whole
from .losses import Example, Labels, Score, Weights, example_of, loss_of, rate_share
from .replay import drift, replayed

POTENTIAL, STATE = "checkpoint.pth", "state.pt"
LARGEST_GRADIENT = 10.0
SETTLED_EV_PER_ATOM = 1e-9


def fine_tune(job: Job, progress: Progress, open_adapter: Callable[[str, str | None], Adapter]) -> dict[str, Any]:
    """Train ``job.base`` further on the frames of ``job`` and leave a checkpoint.

    Raises:
        WorkerError: Kind ``diverged``: an error is no number or grew, or no state was better than the first. Kind
            ``bad_request``: more layers are to be frozen than there are.
    """
    import torch
    from ase.io import read

    torch.manual_seed(job.seed)
    adapter = open_adapter(str(job.base), job.weights)
    progress.say("preparing the frames")
    frames = read(job.frames, index=":")
    structures = list(read(job.replay, index=":")) if job.replay.is_file() else []
    held = set(job.validation)
    training = [atoms for place, atoms in enumerate(frames) if place not in held]
    examples = [example_of(adapter, atoms) for atoms in frames]
    learning = [example for place, example in enumerate(examples) if place not in held]
    judging = [example for place, example in enumerate(examples) if place in held] or learning

    freeze(adapter, int(job.options["frozen_layers"]))
    run = Run(job, adapter, learning, judging)
    path = job.folder / STATE
    with torch.serialization.safe_globals([Score, Watch, Labels]):
        state = torch.load(path, weights_only=True) if path.is_file() else None
    if state is None:
        progress.say("estimating the reference energies")
        run.shifts = estimate_shifts(adapter, training, learning, reference_energies(job.options))
        adapter.shift(run.shifts)
    known = None if state is None else state["replay"]
    run.replay = replayed(
        adapter, structures, known, lambda done, of: progress.say(f"labelling what is replayed, {done} of {of}")
    )
    if state is not None:
        run.resume(state)
    else:
        progress.say("judging the first state")
        run.first = run.best = run.judge()
        run.keep_best()
        write_whole(path, lambda part: torch.save(run.state(), part))
        progress.keep()
    while not run.finished:
        run.advance(progress)
        write_whole(path, lambda part: torch.save(run.state(), part))
        progress.keep()
    return _deliver(job, adapter, run, training[0])


def freeze(adapter: Adapter, layers: int) -> None:
    """Exclude the embedding and the first ``layers`` layers from the training.

    Raises:
        WorkerError: Kind ``bad_request``: there are fewer.
    """
    if layers > adapter.layers:
        raise WorkerError("bad_request", f"{layers} layers cannot be frozen: the model has {adapter.layers}.")
    adapter.freeze(layers)


def _deliver(job: Job, adapter: Adapter, run: Run, atoms: Any) -> dict[str, Any]:
    if not run.best.loss < run.first.loss:
        raise diverged(
            f"no state met the held-out frames better than the first one, whose force error is "
            f"{run.first.force_mae:.3g} eV/Å"
        )
    run.restore_best()
    target = job.folder / POTENTIAL
    write_whole(target, adapter.save)
    here, there = adapter.verify(target, atoms)
    if not abs(here - there) < 1e-4 * max(1.0, abs(here)):
        raise diverged(f"the written checkpoint gives {there:g} eV where the model gives {here:g} eV")
    return {
        "files": [POTENTIAL],
        "parameters": sum(parameter.numel() for parameter in adapter.network.parameters()),
        "versions": adapter.versions,
        "cutoff": adapter.cutoff,
        "shifts_ev": run.shifts,
        "steps": run.step,
        "held_out": {
            "frames": len(job.validation),
            "force_mae_before": run.first.force_mae,
            "force_mae_after": run.best.force_mae,
            "energy_mae_before": run.first.energy_mae,
            "energy_mae_after": run.best.energy_mae,
        },
        "replay": drift(adapter, run.replay_held_out, structures=len(run.replay)) if run.replay else None,
    }


def reference_energies(options: Mapping[str, Any]) -> dict[str, float]:
    """Return the energies of isolated atoms out of words like ``Cu=-0.25 O=-1.5``, eV."""
    words = str(options.get("reference_energies", "")).split()
    return {symbol: float(energy) for symbol, _, energy in (word.partition("=") for word in words)}


def estimate_shifts(
    adapter: Adapter, frames: Sequence[Any], examples: Sequence[Example], isolated_ev: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Return the constant for each element, eV.

    Args:
        adapter: The model.
        frames: The structures.
        examples: The same with their labels, ready for the model.
        isolated_ev: Labels of isolated atoms: where the compositions leave a choice, what is nearest to them is taken.
    """
    import numpy as np

    symbols = sorted({symbol for atoms in frames for symbol in atoms.get_chemical_symbols()})
    counts = np.array([[atoms.get_chemical_symbols().count(symbol) for symbol in symbols] for atoms in frames], float)
    sizes = counts.sum(axis=1)
    adapter.network.eval()
    missing = [float(example.labels.energy) - _energy(adapter, example.sample) for example in examples]
    shares = counts / sizes[:, None]
    start = np.zeros(len(symbols))
    if np.linalg.matrix_rank(shares) < len(symbols):
        known = isolated_ev or {}
        start = np.array([_off(adapter, symbol, known[symbol]) if symbol in known else 0.0 for symbol in symbols])
    solution = start + least_absolute(shares, np.array(missing) / sizes - shares @ start)
    return {symbol: float(shift) for symbol, shift in zip(symbols, solution, strict=True)}


def least_absolute(shares: Any, wanted: Any) -> Any:
    """Return the solution of ``shares @ x = wanted`` of least absolute deviations and, of several, of least norm."""
    import numpy as np

    weights = np.ones(len(wanted))
    shifts = np.zeros(shares.shape[1])
    for turn in range(60):
        roots = np.sqrt(weights)
        found = np.linalg.lstsq(shares * roots[:, None], wanted * roots, rcond=1e-10)[0]
        moved = float(np.abs(shares @ (found - shifts)).max())
        shifts = found
        if turn and moved < SETTLED_EV_PER_ATOM:
            break
        weights = 1 / np.maximum(np.abs(wanted - shares @ shifts), 1e-7)
        weights /= weights.max()
    return shifts


def _energy(adapter: Adapter, sample: Any) -> float:
    return float(adapter.predict([sample]).energies.detach()[0])


def _off(adapter: Adapter, symbol: str, label_ev: float) -> float:
    """Return how far the label of an isolated atom is from the model, eV; 0 where the model refuses to say."""
    from ase import Atoms

    try:
        return label_ev - _energy(adapter, adapter.prepare(Atoms(symbol, cell=[30.0] * 3, pbc=True)))
    except Exception:  # noqa: BLE001  # packages fail in many ways on atoms without neighbours
        return 0.0


class Run:
    """The state of a training, which can be stored and taken up again."""

    def __init__(self, job: Job, adapter: Adapter, learning: Sequence[Example], judging: Sequence[Example]) -> None:
        import torch

        options = job.options
        self.adapter = adapter
        self.learning, self.judging = learning, judging
        self.replay: Sequence[Example] = ()
        self._replay_held_out = set(job.replay_validation)
        self.seed = job.seed
        self.steps, self.batch = int(options["steps"]), int(options["batch"])
        self.check_every, self.patience = int(options["check_every"]), int(options["patience"])
        self.rate = float(options["lr"])
        self.weights = Weights(*(float(options[name]) for name in ("lambda_e", "lambda_f", "lambda_v", "huber_delta")))
        self.trained = [parameter for parameter in adapter.network.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.Adam(self.trained, lr=self.rate)
        self.watch = Watch()
        self.step, self.stale = 0, 0
        self.shifts: dict[str, float] = {}
        self.first = self.best = Score(math.inf, math.inf, math.inf)
        self._best_weights: dict[str, Any] = {}

    @property
    def finished(self) -> bool:
        """Whether all steps were taken, or the last ones brought nothing."""
        return self.step >= self.steps or self.stale >= self.patience

    @property
    def replay_held_out(self) -> list[Example]:
        """What is replayed to measure what was forgotten."""
        return [example for place, example in enumerate(self.replay) if place in self._replay_held_out]

    def advance(self, progress: Progress) -> None:
        """Take steps up to the next judgement, and judge."""
        for _ in range(min(self.check_every, self.steps - self.step)):
            self._take_step()
            progress.report(self.step, self.steps)
        score = self.judge()
        self.watch.observe(score.force_mae)
        self.stale += 1
        if score.loss < self.best.loss:
            self.best, self.stale = score, 0
            self.keep_best()
        progress.report(self.step, self.steps, force_mae=score.force_mae, energy_mae=score.energy_mae)

    def judge(self) -> Score:
        """Evaluate the held-out frames."""
        total = force_error = energy_error = 0.0
        components = 0
        self.adapter.network.eval()  # forces then need no gradients of their own
        for example in self.judging:
            predicted = self.adapter.predict([example.sample])
            total += float(loss_of(predicted, [example.labels], self.weights).detach())
            force_error += float((predicted.forces.detach() - example.labels.forces).abs().sum())
            components += 3 * example.labels.atoms
            difference = predicted.energies.detach()[0] - example.labels.energy
            energy_error += abs(float(difference)) / example.labels.atoms
        count = len(self.judging)
        return Score(total / count, force_error / components, energy_error / count)

    def keep_best(self) -> None:
        """Keep the weights as they are now."""
        self._best_weights = {name: value.clone() for name, value in self.adapter.network.state_dict().items()}

    def restore_best(self) -> None:
        """Go back to the weights that were kept."""
        self.adapter.network.load_state_dict(self._best_weights)

    def state(self) -> dict[str, Any]:
        """Return everything that a continuation needs."""
        return {
            "weights": self.adapter.network.state_dict(),
            "best_weights": self._best_weights,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "stale": self.stale,
            "shifts": self.shifts,
            "first": self.first,
            "best": self.best,
            "watch": self.watch,
            "replay": [example.labels for example in self.replay],
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state` returned."""
        self.adapter.network.load_state_dict(state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        self._best_weights = state["best_weights"]
        for name in ("step", "stale", "shifts", "first", "best", "watch"):
            setattr(self, name, state[name])

    def _take_step(self) -> None:
        import torch

        replay = [example for place, example in enumerate(self.replay) if place not in self._replay_held_out]
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * rate_share(self.step, self.steps)
        self.adapter.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        for examples in (self.learning, replay):
            if examples:
                chosen = [examples[place] for place in self._places(len(examples))]
                predicted = self.adapter.predict([example.sample for example in chosen])
                loss_of(predicted, [example.labels for example in chosen], self.weights).backward()
        norm = float(torch.nn.utils.clip_grad_norm_(self.trained, LARGEST_GRADIENT))
        if not math.isfinite(norm):
            raise diverged(f"the gradient of step {self.step + 1} is no number")
        self.optimizer.step()
        self.step += 1

    def _places(self, count: int) -> list[int]:
        """Return which of ``count`` frames the next step takes; every pass has an order of its own."""
        import torch

        places = []
        for place in range(self.step * self.batch, (self.step + 1) * self.batch):
            generator = torch.Generator().manual_seed(self.seed + place // count)
            places.append(int(torch.randperm(count, generator=generator)[place % count]))
        return places
