"""All figures of one model, from the sums of its frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlipguide.evidence.energy_errors import energy_errors
from mlipguide.evidence.force_errors import (
    by_element,
    by_group,
    by_magnitude,
    force_cosine,
    force_mae,
    force_rmse,
    frame_blocks,
    largest_error,
)
from mlipguide.evidence.softening import force_slope
from mlipguide.evidence.stress_errors import stress_mae, stress_rmse
from mlipguide.records.accuracy import FrameErrors, ModelAccuracy
from mlipguide.records.measurement import Settings
from mlipguide.records.model_card import ModelCard


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
    blocks = frame_blocks(frames)
    energies = energy_errors(frames, blocks, source=source)
    return ModelAccuracy(
        model=card.id,
        name=card.name,
        backend=card.backend,
        versions=dict(versions),
        settings=settings,
        evaluated_at=evaluated_at,
        reused=False,
        frames=len(frames),
        atoms=sum(frame.atoms for frame in frames),
        blocks=int(blocks.max()) + 1,
        failed_frames=tuple(failed_frames),
        force_mae_ev_per_angstrom=force_mae(frames, blocks, source=source),
        force_rmse_ev_per_angstrom=force_rmse(frames, blocks, source=source),
        force_cosine=force_cosine(frames, blocks, source=source),
        force_slope=force_slope(frames, blocks, source=source),
        force_largest=largest_error(frames),
        by_element=by_element(frames, blocks, source=source),
        by_group=by_group(frames, blocks, source=source),
        by_magnitude=by_magnitude(frames, blocks, source=source),
        energy_mae_ev_per_atom=None if energies is None else energies.mae,
        energy_rmse_ev_per_atom=None if energies is None else energies.rmse,
        energy_mae_unshifted_ev_per_atom=None if energies is None else energies.unshifted_mae,
        energy_shifts_ev={} if energies is None else energies.fit.shifts_ev,
        energy_shifts_are_unique=energies is not None and energies.fit.is_unique,
        stress_mae_ev_per_angstrom3=stress_mae(frames, blocks, source=source),
        stress_rmse_ev_per_angstrom3=stress_rmse(frames),
    )
