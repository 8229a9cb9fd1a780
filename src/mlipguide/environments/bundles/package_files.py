"""The files of packages: taken where they lie here, downloaded with the checksum that the index states, or built."""

from __future__ import annotations

import hashlib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from mlipguide.core.errors import EnvironmentFailedError
from mlipguide.core.paths import make_folder, storage_error
from mlipguide.environments.bundles.resolved_packages import ResolvedPackage
from mlipguide.environments.bundles.targets import Target, wheel_tags
from mlipguide.environments.uv_calls import UvCalls

TIMEOUT_S = 60.0
CHUNK_BYTES = 1 << 20
TOLD_EVERY_BYTES = 50e6
_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")


def obtain_wheel(package: ResolvedPackage, calls: UvCalls, target: Target, folder: Path) -> Path:
    """Return the wheel of a package.

    Args:
        package: What was chosen.
        calls: Calls of uv.
        target: Where it will be installed.
        folder: Where new files go.

    Raises:
        EnvironmentFailedError: It cannot be fetched, is another file than the index states, or cannot be built for the
            target.
        StorageError: The disk is full or refuses.
    """
    file = package.local
    if file is None:
        file = download(package, calls.settings.environment, folder, calls.on_progress)
    elif package.sha256 not in {None, _sha256(file)}:
        raise _another(package, str(file))
    if package.is_wheel:
        return file
    return build_wheel(package, file, calls, target, folder)


def download(
    package: ResolvedPackage, environment: Mapping[str, str], folder: Path, on_progress: Callable[[str], None]
) -> Path:
    """Download the file of a package.

    Args:
        package: What was chosen.
        environment: uv's variables: certificates, proxies, and the names and passwords of indexes.
        folder: Where it goes.
        on_progress: Told how far it is.

    Raises:
        EnvironmentFailedError: It cannot be reached, or is another file than the index states.
        StorageError: The disk is full or refuses.
    """
    target = make_folder(folder) / package.file
    digest, received, told = hashlib.sha256(), 0, 0.0
    address = _without_password(package.address)
    try:
        with _opener(environment).open(address, timeout=TIMEOUT_S) as answer, target.open("wb") as stream:
            expected = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read(CHUNK_BYTES):
                stream.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                if received >= told:
                    on_progress(f"downloading {package.file}: {received / 1e6:.0f} of {expected / 1e6:.0f} MB")
                    told += TOLD_EVERY_BYTES
    except (urllib.error.URLError, TimeoutError, HTTPException, ConnectionError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise EnvironmentFailedError(
            f"{package.file} cannot be downloaded from {address}: {getattr(error, 'reason', error)}.",
            hint="Check the network and the proxy, or put the file into a folder that pip is pointed to "
            "(PIP_FIND_LINKS).",
            kind="network",
        ) from error
    except OSError as error:
        raise storage_error(target, error) from error
    if (expected and received != expected) or package.sha256 not in {None, digest.hexdigest()}:
        raise _another(package, address)
    return target


def build_wheel(package: ResolvedPackage, source: Path, calls: UvCalls, target: Target, folder: Path) -> Path:
    """Build the wheel of a package of which there is none that fits.

    Args:
        package: What was chosen.
        source: Its source distribution.
        calls: Calls of uv.
        target: Where it will be installed.
        folder: Where the wheel goes.

    Raises:
        EnvironmentFailedError: It cannot be built, or what comes out does not run on the target.
        StorageError: The disk is full or refuses.
    """
    what = f"{package.name}=={package.version} of {calls.recipe.backend}"
    calls.on_progress(f"building {what}, of which there is no wheel")
    built = make_folder(folder / "built" / package.name)
    calls.run("build", "--wheel", "--out-dir", str(built), "--python", target.release, str(source))
    wheel = next(built.glob("*.whl"), None)
    if wheel is None or wheel_tags(wheel.name).isdisjoint(target.tags()):
        raise EnvironmentFailedError(
            f"{what} has no wheel for Python {target.release} on {target.platform}, and one that is built here is not "
            "for it.",
            hint="Pack on a machine of that kind.",
            kind="source_build",
        )
    return wheel


def _opener(environment: Mapping[str, str]) -> urllib.request.OpenerDirector:
    context = ssl.create_default_context(
        cafile=environment.get("SSL_CERT_FILE") or None, capath=environment.get("SSL_CERT_DIR") or None
    )
    passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
    for url in (url for name in _INDEXES for url in environment.get(name, "").split()):
        parts = urlsplit(url)
        if parts.username:
            user, word = parts.username, parts.password or ""
            host = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "/", "", ""))
            passwords.add_password(None, host, user, word, is_authenticated=True)
    proxies = {scheme: proxy for scheme in ("http", "https") if (proxy := _proxy(scheme, environment))}
    return urllib.request.build_opener(
        urllib.request.ProxyHandler(proxies),
        urllib.request.HTTPSHandler(context=context),
        urllib.request.HTTPBasicAuthHandler(passwords),
    )


def _proxy(scheme: str, environment: Mapping[str, str]) -> str | None:
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    return next((environment[name] for name in names if environment.get(name)), None)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _another(package: ResolvedPackage, where: str) -> EnvironmentFailedError:
    return EnvironmentFailedError(
        f"{where} is not the {package.file} that the index states: its size or its SHA-256 is another.",
        hint="Try again; if it comes again, ask who keeps the index.",
        kind="checksum",
    )
