"""How a backend's isolated Python environment is made, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mlipguide.records.strict import strict
from mlipguide.records.timing.axes import Axis


@strict
@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to build the environment of one backend.

    Attributes:
        backend: The package's name, which is the backend's (``mace-torch``).
        module: What is imported to see whether the backend is there (``mace``).
        worker: Name of the file in ``worker/backends`` that speaks to it.
        python: Accepted Python versions, as a version specifier.
        torch: Pinned version of torch; None for a backend without torch.
        requirements: Pinned, tested requirements, without torch.
        overrides: Requirements that replace whatever packages ask for of the same name, as uv's ``--overrides`` takes
            them: a version that a package forbids and runs with, or ``; sys_platform == "never"`` for none at all.
        excludes: Names of packages that are never installed, whoever asks for them: uv's ``--excludes``.
        build_isolation: Whether packages that come as source are built apart from the environment.
        build_requirements: What is installed first, with torch, where they are not.
        no_binary: Names of packages whose wheels are passed over, so that they are built from source.
        build_variables: Environment variables of the build.
        variables: Environment variables of every process that runs the backend.
        remarks: What to know about it.
        driver: What advances the atoms while steps are timed: ``ase``, or the backend's own.
        dtype: What its models are compared in; the only one where a backend has no other.
        imports: What is imported beside ``module`` to see whether the backend works: the parts that a worker
            uses, since a package may import without the libraries that it needs.
        for_scripts: Pinned packages of scripts for the production run. No backend uses them, and an environment without
            them is whole: a build adds them.
        is_built: Whether mlipguide builds an environment for it; where not, its interpreter is the one that the user
            adopted, else the one that mlipguide runs in.
        watched: Names of packages that decide speed and results beside those that it requires.
        disk_gigabytes: What the environment takes, in GB, without a GPU; None where nobody looked.
        build_s: Wall time of a build whose downloads are at hand, s; None where nobody looked.
        slabs_need_space: Whether its package repeats what is periodic along some directions along all of them, so that
            workers and scripts put empty space there.
        common_axes: Names of the axes that it shares with other backends (``data/common_axes.yaml``), the most
            promising first.
        axes: Its own axes, the most promising first.
        cite: Keys in ``sources.bib`` of what to cite for the code: papers that its authors ask for, last its address.
    """

    backend: str
    module: str
    worker: str
    python: str
    torch: str | None
    requirements: tuple[str, ...]
    remarks: tuple[str, ...] = field(default=())
    imports: tuple[str, ...] = field(default=())
    driver: str = "ase"
    dtype: str = "float32"
    for_scripts: tuple[str, ...] = field(default=())
    overrides: tuple[str, ...] = field(default=())
    excludes: tuple[str, ...] = field(default=())
    build_isolation: bool = True
    build_requirements: tuple[str, ...] = field(default=())
    no_binary: tuple[str, ...] = field(default=())
    build_variables: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    is_built: bool = True
    watched: tuple[str, ...] = field(default=())
    disk_gigabytes: float | None = None
    build_s: float | None = None
    slabs_need_space: bool = False
    common_axes: tuple[str, ...] = field(default=("threads", "allocator"))
    axes: tuple[Axis, ...] = field(default=())
    cite: tuple[str, ...] = field(default=())


class EnvironmentKind(StrEnum):
    """Whose interpreter serves a backend."""

    ADOPTED = "adopted"
    HOST = "host"
    MANAGED = "managed"
    SHARED = "shared"


class EnvironmentState(StrEnum):
    """Whether it can be used."""

    READY = "ready"
    MISSING = "missing"
    BROKEN = "broken"


@strict
@dataclass(frozen=True, kw_only=True)
class TorchTargets:
    """What a build of torch has machine code for.

    Attributes:
        cuda: Release of CUDA that it was built with; None for a build without.
        rocm: Release of ROCm that it was built with; None for a build without.
        architectures: Devices, as torch lists them: ``sm_80``, ``compute_90`` (PTX), ``gfx942``; none where it does not
            say.
    """

    cuda: str | None
    rocm: str | None
    architectures: tuple[str, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class SiteInstallation:
    """An installation of a site, with a torch of its own, that an environment of mlipguide's is built on top of.

    Attributes:
        python: Its interpreter.
        folders: Folders that its packages are in.
        stamps: Times of change, in ns since 1970, of the interpreter and these folders: while they hold, so do the
            versions that were found.
    """

    python: str
    folders: tuple[str, ...]
    stamps: dict[str, int]


@strict
@dataclass(frozen=True, kw_only=True)
class GpuObstacle:
    """Why the torch of an environment cannot use a GPU that is there.

    Attributes:
        backend: Whose environment it is.
        gpu: Name of the device.
        compute_capability: Of the device; None where its tool does not say.
        torch: Version of torch.
        architectures: What torch has code for; none for a build for processors alone, or for another maker.
        mend: The command that installs another build.
    """

    backend: str
    gpu: str
    compute_capability: str | None
    torch: str
    architectures: tuple[str, ...]
    mend: str


@strict
@dataclass(frozen=True, kw_only=True)
class Environment:
    """The interpreter that serves a backend, or would after a build.

    Attributes:
        backend: The recipe's backend.
        kind: Adopted by the user, the one mlipguide runs in, built by mlipguide, or built so by somebody else for all.
        state: Ready, not built, or broken.
        python: Path of the interpreter; None while missing.
        python_version: Its version; None while missing.
        versions: Installed versions of the packages that matter to speed and results.
        location: Folder of a managed or a shared environment; None for others.
        problem: Why it is broken; None otherwise.
        torch_targets: What its torch was built for; None without torch, and where nobody asked.
        owner: Whose a shared environment is; None for others.
        on_top_of: Interpreter of the site's installation that it takes torch from; None for most.
    """

    backend: str
    kind: EnvironmentKind
    state: EnvironmentState
    python: str | None
    python_version: str | None
    versions: dict[str, str]
    location: str | None
    problem: str | None
    torch_targets: TorchTargets | None = None
    owner: str | None = None
    on_top_of: str | None = None
