"""Write ``docs/reference/outputs.md``: what the commands print, from real runs of the lines in ``outputs.yaml``.

``python scripts/write_outputs.py --store FOLDER`` runs all of them with a copy of a data folder that holds timings;
``python scripts/write_outputs.py "bench compare" share`` runs those of these commands alone, after a first run of all,
and leaves the rest of the page as it is. Everything is kept in ``build/outputs``. Lines for SLURM run where
``SLURM_CONF`` is set (``tests/cluster/one_node_slurm.sh`` starts one). Paths of this machine are replaced by usual
ones, and long answers are cut where the page shows ``…``; nothing else is changed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mlipguide import __version__
from mlipguide.core.serialisation import from_plain
from mlipguide.core.yaml_files import read_yaml

ROOT = Path(__file__).resolve().parents[1]
LISTED = Path(__file__).with_name("outputs.yaml")
PAGE = ROOT / "docs" / "reference" / "outputs.md"
FOLDER = ROOT / "build" / "outputs"
HEAD = """# What the commands print

Real answers, each with the day and the version of its run; `scripts/write_outputs.py` wrote them. Paths of the machine
are replaced, and `…` stands where lines were left out. The machine: two cores of a virtual machine without a GPU, on
which other work ran at times. They show pages, not the speed of a model.
"""
SECTION = re.compile(r"^## mlipguide (.+)$", re.MULTILINE)
LIMIT_S = 1500
WIDTH = 100


@dataclass(frozen=True)
class Example:
    """A line to type, and how much of its answer is shown.

    Attributes:
        typed: The line of the shell.
        says: What it shows, as a sentence.
        lines: Of the answer, that are shown at most.
        status: With which it ends.
        first: Lines that run before and are not shown.
        own_cache: Whether it runs with a cache folder of its own, so that no environment of the user's is touched.
        slurm: Whether it needs SLURM.
    """

    typed: str
    says: str
    lines: int = 45
    status: int = 0
    first: tuple[str, ...] = ()
    own_cache: bool = False
    slurm: bool = False


@dataclass(frozen=True)
class Listed:
    """What stands in ``outputs.yaml``.

    Attributes:
        files: Texts that the lines need, by their names.
        examples: By the words of the command.
    """

    examples: dict[str, tuple[Example, ...]]
    files: dict[str, str] = field(default_factory=dict)


def listed() -> Listed:
    """Return the lines that are run."""
    return from_plain(Listed, read_yaml(LISTED), what=str(LISTED))


def sections(page: str) -> dict[str, str]:
    """Return what the page has of each command, without the heading, by the words of the command."""
    _, *parts = SECTION.split(page)
    return {words: text.strip() for words, text in zip(parts[::2], parts[1::2], strict=True)}


def main() -> None:
    """Run the lines and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("commands", nargs="*", help="Words of a command, such as 'bench compare'; all by default.")
    parser.add_argument("--store", type=Path, help="A data folder with timings; it is copied.")
    given = parser.parse_args()
    everything = listed()
    unknown = set(given.commands) - everything.examples.keys()
    if unknown:
        sys.exit(f"No lines of: {', '.join(sorted(unknown))}")
    environment = prepare(everything.files, given.store)
    for words in given.commands or everything.examples:
        examples = everything.examples[words]
        if any(example.slurm for example in examples) and "SLURM_CONF" not in os.environ:
            sys.stderr.write(f"{words}: left as it is, SLURM_CONF is not set\n")
            continue
        text = section(examples, environment)
        kept = sections(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
        PAGE.write_text(page({**kept, words: text}, tuple(everything.examples)), encoding="utf-8")


def page(texts: Mapping[str, str], order: Sequence[str]) -> str:
    """Return the page, its sections in the order of the list."""
    return "\n".join([HEAD, *(f"## mlipguide {words}\n\n{texts[words]}\n" for words in order if words in texts)])


def prepare(files: Mapping[str, str], store: Path | None) -> dict[str, str]:
    """Make the folder in which the lines run, and return the environment of their processes."""
    work, data = FOLDER / "work", FOLDER / "data"
    work.mkdir(parents=True, exist_ok=True)
    if store is not None:
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(store, data)
    if not (work / "configs").exists():
        (work / "configs").symlink_to(ROOT / "configs")
    for name, text in files.items():
        (work / name).write_text(text, encoding="utf-8")
    return {
        **os.environ,
        "COLUMNS": str(WIDTH),
        "NO_COLOR": "1",
        "MLIPGUIDE_DATA_DIR": str(data),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def section(examples: Sequence[Example], environment: Mapping[str, str]) -> str:
    """Run the lines of one command and return what the page says of it."""
    parts = [f"*mlipguide {__version__}, {datetime.now(UTC):%-d %B %Y}*"]
    for example in examples:
        parts += ["", example.says, "", "```console", f"$ {example.typed}", answer(example, environment), "```"]
        if example.status:
            parts += ["", f"It ends with status {example.status}."]
    return "\n".join(parts)


def answer(example: Example, environment: Mapping[str, str]) -> str:
    """Run a line and return what it printed, shortened; what went wrong is printed on stderr."""
    around = dict(environment)
    if example.own_cache:
        around["MLIPGUIDE_CACHE_DIR"] = str(FOLDER / "cache")
    for line in example.first:
        run(line, around)
    sys.stderr.write(f"$ {example.typed}\n")
    done = run(example.typed, around)
    if done.returncode != example.status:
        sys.exit(f"{example.typed}: status {done.returncode}\n{done.stdout}\n{done.stderr}")
    told = done.stdout.strip("\n") or done.stderr.strip("\n")
    return shortened(without_paths(told, around), example.lines)


def run(line: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in the folder of the work."""
    return subprocess.run(  # noqa: S602  # the lines stand in outputs.yaml
        line,
        shell=True,
        cwd=FOLDER / "work",
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def without_paths(text: str, environment: Mapping[str, str]) -> str:
    """Put usual folders in the place of those of this machine."""
    from mlipguide.core.paths import cache_dir

    usual = {
        str(FOLDER / "work"): ".",
        str(FOLDER / "cache"): "~/.cache/mlipguide",
        environment["MLIPGUIDE_DATA_DIR"]: "~/.local/share/mlipguide",
        str(cache_dir()): "~/.cache/mlipguide",
        str(ROOT): "~/mlipguide",
        str(Path.home()): "~",
    }
    for path in sorted(usual, key=len, reverse=True):
        text = text.replace(path, usual[path])
    return "\n".join(line.rstrip() for line in text.splitlines())


def shortened(text: str, most: int) -> str:
    """Return a text of so many lines at most, with a mark where it was cut."""
    lines = text.splitlines()
    return text if len(lines) <= most else "\n".join([*lines[: most - 1], "…"])


if __name__ == "__main__":
    main()
