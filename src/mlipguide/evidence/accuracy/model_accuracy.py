"""All figures of one model, from the sums of its frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlipguide.evidence.accuracy.energy_errors import energy_errors
from mlipguide.evidence.accuracy.force_errors import (
    by_element,
    by_group,
    by_magnitude,
    force_cosine,
    force_mae,
    force_rmse,
    largest_error,
)
from mlipguide.evidence.accuracy.softening import force_slope
from mlipguide.evidence.accuracy.stress_errors import stress_mae, stress_rmse
from mlipguide.records.accuracy.accuracy import ErrorGap, FrameErrors, ModelAccuracy
from mlipguide.records.accuracy.stored_evaluation import StoredEvaluation
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.timing.measurement import Settings


def model_accuracy(
    card: ModelCard,
    frames: Sequence[FrameErrors],
    *,
    versions: Mapping[str, str],
    settings: Settings,
    evaluated_at: str,
    failed_frames: Sequence[int],
    source: str,
) -> ModelAccuracy:
    """Return the figures of a model.

    Args:
        card: The checkpoint.
        frames: Its errors, at least one frame, in the order of the file.
        versions: Of the packages that decide the result.
        settings: Threads, dtype, device.
        evaluated_at: ISO 8601 in UTC.
        failed_frames: Frames that it could not evaluate.
        source: Name of the file of labels.
    """
    return ModelAccuracy(
        model=card.id,
        name=card.name,
        backend=card.backend,
        versions=dict(versions),
        settings=settings,
        evaluated_at=evaluated_at,
        reused=False,
        failed_frames=tuple(failed_frames),
        **_figures(frames, source),
    )


def reckoned_anew(evaluation: StoredEvaluation) -> StoredEvaluation:
    """Return a stored evaluation whose figures are made of its sums as they would be today.

    What is kept of an evaluation are its sums; the estimators of figures and intervals become better.
    """
    figures = _figures(evaluation.frame_errors, evaluation.labels.source)
    return replace(evaluation, accuracy=replace(evaluation.accuracy, **figures))


def _figures(frames: Sequence[FrameErrors], source: str) -> dict[str, Any]:
    """Return the fields of :class:`ModelAccuracy` that are made of the sums of frames."""
    mae, energies = force_mae(frames), energy_errors(frames, source=source)
    shifted = None if energies is None else energies.shifted
    return {
        "frames": len(frames),
        "atoms": sum(frame.atoms for frame in frames),
        "independent_frames": mae.independent,
        "force_gap": ErrorGap.TOO_FEW_FRAMES if mae.low is None else None,
        "force_mae_ev_per_angstrom": mae.estimate(source),
        "force_rmse_ev_per_angstrom": force_rmse(frames).estimate(source),
        "force_cosine": force_cosine(frames, source=source),
        "force_slope": force_slope(frames, source=source),
        "force_largest": largest_error(frames),
        "by_element": by_element(frames, source=source),
        "by_group": by_group(frames, source=source),
        "by_magnitude": by_magnitude(frames, source=source),
        "energy_gap": None if shifted is None else shifted.gap,
        "energy_mae_ev_per_atom": None if energies is None else energies.mae(source),
        "energy_rmse_ev_per_atom": None if shifted is None else shifted.rmse,
        "energy_mae_unshifted_ev_per_atom": None if energies is None else energies.unshifted_mae,
        "energy_shifts_ev": {} if shifted is None else shifted.fit.shifts_ev,
        "energy_shifts_are_unique": shifted is not None and shifted.fit.is_unique,
        "stress_mae_ev_per_angstrom3": stress_mae(frames, source=source),
        "stress_rmse_ev_per_angstrom3": stress_rmse(frames),
    }
