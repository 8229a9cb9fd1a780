"""Which versions of a package load a checkpoint rightly."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mlipguide.records.models.model_card import ModelCard


def unfit_package(card: ModelCard, versions: Mapping[str, str]) -> str | None:
    """Return what is wrong with the installed packages for a checkpoint, as a sentence; None when nothing is.

    Args:
        card: The checkpoint.
        versions: Installed versions by package; one that is not there is not judged.
    """
    installed = {str(canonicalize_name(name)): version for name, version in versions.items()}
    for line in card.weights.runs_with:
        requirement = Requirement(line)
        found = installed.get(str(canonicalize_name(requirement.name)))
        if found is not None and not _is_in(requirement, found):
            return (
                f"{card.id} is a checkpoint of {requirement.name} {requirement.specifier}, and {found} is installed, "
                "which may load it without a word and be wrong."
            )
    return None


def _is_in(requirement: Requirement, found: str) -> bool:
    try:
        return requirement.specifier.contains(Version(found), prereleases=True)
    except InvalidVersion:
        return False
