"""Hardware as a user names it: ``4xA100-80GB``, ``A100-80GB,RTX4090``, the name of a saved profile, or a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.look import once_a_look
from mlipguide.core.paths import hardware_dir, names_file
from mlipguide.core.serialisation import write_atomically
from mlipguide.hardware.device_models import alike_devices, find_device
from mlipguide.hardware.profile_files import build_profile, read_profiles, require_count
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.notice import Notice

FORMS_HINT = (
    "Write for example 4xA100-80GB, A100-80GB,RTX4090, the name of a saved profile, or the path of a YAML file."
)

_COUNTED = re.compile(r"([+-]?\d+)\s*[xX*×]\s*(\S.*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
_ENDINGS = (".yaml", ".yml")


def no_further(_name: str) -> HardwareProfile | None:
    """Know no hardware beside devices, saved profiles and files."""
    return None


@once_a_look
def parse_profiles(
    text: str, *, option: str = "--hardware", further: Callable[[str], HardwareProfile | None] = no_further
) -> tuple[HardwareProfile, ...]:
    """Return the profiles that a text names, in its order; what is named twice counts once.

    Args:
        text: Devices with or without a count, names of saved profiles and paths of files, separated by commas.
        option: Where the text was given, for the messages.
        further: Returns hardware that goes by another name; None for what it does not know.

    Raises:
        InputError: Part of it is none of these, a device is unknown or ambiguous (kinds ``unknown_device`` and
            ``ambiguous_device``), a file is wrong, or two different profiles share a name.
    """
    parts = [text] if names_file(text) else text.split(",")
    found = [profile for part in parts for profile in _parse_part(part.strip(), option, further)]
    return _without_repeats(found, option)


def saved_profiles() -> dict[str, Path]:
    """Return the files of the profiles that were given a name, by name, sorted."""
    return {path.stem: path for path in sorted(hardware_dir().glob("*.yaml"))}


def save_profiles(name: str, path: Path) -> Path:
    """Keep a file of profiles under a name, after checking it, and return where.

    Raises:
        InputError: The file is wrong, or the name cannot be one, is taken, or is that of a device.
        StorageError: The folder cannot be written.
    """
    read_profiles(path)
    if not _NAME.fullmatch(name) or name.endswith(_ENDINGS) or _COUNTED.fullmatch(name):
        raise InputError(
            f"'{name}' is not a name for a profile.",
            hint="Use letters, digits, '.', '_', '+' and '-', neither a count in front nor .yaml behind.",
        )
    if _is_device_name(name):
        raise InputError(f"'{name}' is the name of a device.", hint="Choose another name.")
    saved = saved_profiles()
    if name in saved:
        raise InputError(
            f"The profile '{name}' exists already ({saved[name]}).",
            hint="Choose another name, or edit or delete that file.",
            kind="profile_exists",
        )
    target = hardware_dir() / f"{name}.yaml"
    write_atomically(target, path.read_text(encoding="utf-8"))
    return target


def _parse_part(
    part: str, option: str, further: Callable[[str], HardwareProfile | None]
) -> tuple[HardwareProfile, ...]:
    if not part:
        raise InputError(f"{option}: a device is missing (nothing stands before or after a comma).", hint=FORMS_HINT)
    if "/" in part or part.endswith(_ENDINGS):
        return read_profiles(Path(part).expanduser())
    saved = saved_profiles()
    if part in saved:
        return read_profiles(saved[part])
    known = further(part)
    if known is not None:
        return (known,)
    counted = _COUNTED.fullmatch(part)
    count, name = (1, part) if counted is None else (int(counted.group(1)), counted.group(2))
    try:
        device = find_device(name)
    except InputError as error:
        is_unknown = error.kind == "unknown_device"
        suggestion = did_you_mean(part, list(saved)) if is_unknown else ""
        hint = f"{error.hint} {FORMS_HINT}" if is_unknown else error.hint
        raise InputError(f"{option}: {error.message}{suggestion}", hint=hint, kind=error.kind) from error
    profile = build_profile(device, require_count(count, what=f"{option}: {part}"))
    return (replace(profile, alike=tuple(other.id for other in alike_devices(name))),)


def _without_repeats(profiles: Sequence[HardwareProfile], option: str) -> tuple[HardwareProfile, ...]:
    by_name: dict[str, HardwareProfile] = {}
    for profile in profiles:
        if by_name.setdefault(profile.name, profile) != profile:
            raise InputError(
                f"{option}: two different profiles are called '{profile.name}'.",
                hint="Give each a name of its own in its file.",
            )
    return tuple(by_name.values())


def _is_device_name(name: str) -> bool:
    """Return whether a device, or several, go by this name."""
    try:
        find_device(name)
    except InputError as error:
        return error.kind == "ambiguous_device"
    return True


def alike_notices(profiles: Sequence[HardwareProfile]) -> tuple[Notice, ...]:
    """Return a notice for each profile whose device stands for others that its name fits as well."""
    return tuple(
        Notice(
            "alike_devices",
            f"The name fits {profile.device.id} and {' and '.join(profile.alike)}, with the same memory and about the "
            f"same speed; the commoner, {profile.device.id}, was taken. Write the name in full to choose.",
        )
        for profile in profiles
        if profile.alike
    )
