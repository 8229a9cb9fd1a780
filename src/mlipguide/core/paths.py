"""Where mlipguide keeps its files; nothing is created before it is needed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from mlipguide.core.errors import StorageError

CACHE_VARIABLE = "MLIPGUIDE_CACHE_DIR"
DATA_VARIABLE = "MLIPGUIDE_DATA_DIR"


def cache_dir() -> Path:
    """Folder of what can be made again: environments, downloaded weights, logs."""
    return _folder(CACHE_VARIABLE, "user_cache_path")


def data_dir() -> Path:
    """Folder of what cannot be made again: measurements, baselines, own models, adopted environments."""
    return _folder(DATA_VARIABLE, "user_data_path")


def environments_dir() -> Path:
    """Folder of the managed environments."""
    return cache_dir() / "environments"


def weights_dir() -> Path:
    """Folder of downloaded weights."""
    return cache_dir() / "weights"


def trusted_checkpoints_file() -> Path:
    """File of the checksums of the checkpoints that the user vouched for."""
    return data_dir() / "trusted_checkpoints.sha256"


def logs_dir() -> Path:
    """Folder of the workers' and the builds' logs."""
    return cache_dir() / "logs"


def measurements_dir() -> Path:
    """Folder of the stored measurements, one JSON file each."""
    return data_dir() / "measurements"


def machines_dir() -> Path:
    """Folder of the kinds of machines that something was timed on, one JSON file each, by fingerprint."""
    return data_dir() / "machines"


def shared_dir() -> Path:
    """Folder of the measurements that others shared, one JSON file each, by the kind of hardware."""
    return data_dir() / "shared"


def contributor_file() -> Path:
    """File of the random word that stands for this data folder in what it shares."""
    return data_dir() / "contributor"


def unfinished_dir() -> Path:
    """Folder of what runs that were interrupted have done, a folder each."""
    return cache_dir() / "unfinished"


def indexes_dir() -> Path:
    """Folder of what was found in files and structures, so that it need not be looked for again."""
    return cache_dir() / "indexes"


def stability_dir() -> Path:
    """Folder of what tests of stability found, one JSON file each, by model."""
    return data_dir() / "stability"


def supports_dir() -> Path:
    """Folder of what was found to work of each backend, one JSON file each."""
    return data_dir() / "supports"


def baselines_dir() -> Path:
    """Folder of the baselines that were given a name, one JSON file each."""
    return data_dir() / "baselines"


def tunings_dir() -> Path:
    """Folder of the settings that ``tune`` found, by the machine's fingerprint, one JSON file each."""
    return data_dir() / "tunings"


def evidence_dir() -> Path:
    """Folder of the models' errors on labelled frames, one JSON file each."""
    return data_dir() / "evidence"


def pilots_dir() -> Path:
    """Folder of what pilots found, one JSON file each; their fits are where the user put them."""
    return data_dir() / "pilots"


def distillations_dir() -> Path:
    """Folder of what distillations measured, one JSON file each; their potentials are where the user put them."""
    return data_dir() / "distillations"


def jobs_dir() -> Path:
    """Folder of the runs on clusters: one JSON file each, and their folders where the cluster's file names no other."""
    return data_dir() / "jobs"


def hardware_dir() -> Path:
    """Folder of the hardware profiles that were given a name, one YAML file each."""
    return data_dir() / "hardware"


def own_models_dir() -> Path:
    """Folder of the user's own model cards, one YAML file each."""
    return data_dir() / "models"


def calculators_dir() -> Path:
    """Folder of the cards of calculators that came with ``--calculator``, one YAML file each."""
    return data_dir() / "calculators"


def _folder(variable: str, function: str) -> Path:
    chosen = os.environ.get(variable)
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    folder: Path = getattr(platformdirs, function)("mlipguide", appauthor=False)
    return folder


def make_folder(path: Path) -> Path:
    """Create ``path`` and return it.

    Raises:
        StorageError: It cannot be created or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise storage_error(path, PermissionError(errno.EACCES, "not writable"))
    return path


def storage_error(path: Path, error: OSError) -> StorageError:
    """Word a failure to write ``path`` so that the user knows which folder, why, and how to use another."""
    reasons = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.EROFS: "the file system is read-only",
        errno.EACCES: "permission denied",
        errno.EPERM: "permission denied",
        errno.ENOTDIR: "a file stands where a folder is needed",
        errno.EEXIST: "a file stands where a folder is needed",
    }
    reason = reasons.get(error.errno or 0, str(error))
    return StorageError(
        f"Cannot write {path}: {reason}.",
        hint=f"Free or unlock it, or choose other folders with {CACHE_VARIABLE} and {DATA_VARIABLE}.",
        kind="disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "storage",
    )


def names_file(text: str) -> bool:
    """Tell whether a word that may stand for something else is the path of a file; one too long for a name is none."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False
