"""From a labelled frame and a model's answer to the sums that every figure is made of."""

from __future__ import annotations

from collections import Counter

import numpy as np

from mlipguide.evidence.accuracy.force_errors import cosines, sums_by_element, sums_by_magnitude, sums_of
from mlipguide.records.accuracy.accuracy import FrameErrors
from mlipguide.sessions.interface import SinglePoint
from mlipguide.structures.labels import LabelledFrame


def frame_errors(frame: LabelledFrame, point: SinglePoint, *, run: int) -> FrameErrors:
    """Return the sums over the errors of one frame.

    Args:
        frame: With forces.
        point: What the model says.
        run: Number of the trajectory that the frame is of.

    Raises:
        ValueError: The model's numbers are not finite, or not as many as there are atoms.
    """
    reference = frame.forces_ev_per_angstrom
    assert reference is not None
    predicted = np.asarray(point.forces_ev_per_angstrom, dtype=float)
    if predicted.shape != reference.shape or not np.isfinite(predicted).all() or not np.isfinite(point.energy_ev):
        raise ValueError("its energy or forces are not finite numbers for each atom")
    errors = predicted - reference
    symbols = [str(name) for name in frame.atoms.symbols]
    angles = cosines(predicted, reference)
    largest = int(np.abs(errors).argmax())
    stress = _stress(frame, point)
    return FrameErrors(
        frame=frame.index,
        group=frame.group,
        run=run,
        composition=dict(Counter(symbols)),
        elements=sums_by_element(errors, symbols),
        bins=sums_by_magnitude(errors, reference),
        dot=float((predicted * reference).sum()),
        reference_squared=float((reference**2).sum()),
        predicted_squared=float((predicted**2).sum()),
        cosine_sum=float(angles.sum()),
        cosine_atoms=len(angles),
        largest=float(np.abs(errors).ravel()[largest]),
        largest_atom=largest // 3,
        energy_reference_ev=frame.energy_ev,
        energy_predicted_ev=point.energy_ev,
        stress=None if stress is None else sums_of(stress[1] - stress[0]),
        stress_dot=0.0 if stress is None else float((stress[0] * stress[1]).sum()),
        stress_reference_squared=0.0 if stress is None else float((stress[0] ** 2).sum()),
        stress_predicted_squared=0.0 if stress is None else float((stress[1] ** 2).sum()),
    )


def _stress(frame: LabelledFrame, point: SinglePoint) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the reference and the predicted stress where there are both."""
    if frame.stress_ev_per_angstrom3 is None or point.stress_ev_per_angstrom3 is None:
        return None
    predicted = np.asarray(point.stress_ev_per_angstrom3, dtype=float)
    return (frame.stress_ev_per_angstrom3, predicted) if np.isfinite(predicted).all() else None
