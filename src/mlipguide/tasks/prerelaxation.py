"""What a relaxation with a model saves of the DFT relaxation that follows.

    saved time = share of the ionic steps saved * ionic steps without it * time of an ionic step

That it saves time is said in the abstract of Jacobs et al. (doi:10.1016/j.cossms.2025.101214); how much is common
usage without a source, and depends on how well the model knows the system.
"""

from __future__ import annotations

from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.task.task import DftSaving

SOURCE = "jacobs2025guide (that it saves time); the share is practice, without a source"
SHARE = (0.4, 0.6, 0.9)
"""Of the ionic steps: low, middle, high. A good start leaves DFT the last steps."""
IONIC_STEPS = (10.0, 30.0, 100.0)
"""Of a DFT relaxation from a rough start: low, middle, high; practice."""


def dft_saving(ionic_step_s: Estimate | None = None) -> DftSaving:
    """Return what is saved for each structure.

    Args:
        ionic_step_s: Wall time of one ionic step of DFT; None where it is not known.
    """
    share = _assumed(SHARE, source=SOURCE)
    steps = _assumed(IONIC_STEPS, source="practice, without a source")
    saved = share.times(steps)
    return DftSaving(
        saved_share=share,
        ionic_steps=steps,
        wall_time_s=None if ionic_step_s is None else ionic_step_s.times(saved),
        reason=(
            f"A relaxation beforehand saves most of the ionic steps of DFT, perhaps {SHARE[0]:.0%} to {SHARE[2]:.0%} "
            f"of {IONIC_STEPS[0]:.0f} to {IONIC_STEPS[2]:.0f}; how much is practice, and less where the model does not "
            "know the system."
        ),
    )


def _assumed(ends: tuple[float, float, float], *, source: str) -> Estimate:
    low, middle, high = ends
    return Estimate(value=middle, low=low, high=high, basis=Basis.ASSUMED, source=source)
