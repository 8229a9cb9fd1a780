"""The program: run the command line, turn every failure into a message and an exit code, leave no child behind."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Never

from mlipguide.core.errors import ExitCode, InputError, MlipguideError

OBJECTS_BETWEEN_COLLECTIONS = 200_000
"""Twice those that are there when an answer from kept timings is printed."""
SHOWN_OF_A_NAME = 40
COMPLETING = "_MLIPGUIDE_COMPLETE"
"""Set by a shell that asks how a word goes on."""


def run() -> int:
    """Run as a process of its own, and return the exit status.

    Start-up makes objects by the hundred thousand that live to the end, and hardly a cycle among them: they are looked
    through for garbage more rarely than Python does by itself, and at the end not at all.
    """
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    try:
        return main()
    finally:
        gc.freeze()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``mlipguide`` with ``arguments`` (those of the process by default) and return the exit status."""
    from mlipguide.cli.app import app
    from mlipguide.cli.output import drop_output, make_printable

    if COMPLETING in os.environ:
        from mlipguide.cli.completion import join_equals_signs

        join_equals_signs(os.environ)
    given = list(sys.argv[1:] if arguments is None else arguments)
    _end_like_interrupt()
    make_printable()
    try:
        code = app(args=given, prog_name="mlipguide", standalone_mode=False)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _tell_interruption()
    except BrokenPipeError:
        drop_output()
        return ExitCode.DONE
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):  # which typer turns into an exit
            raise
        drop_output()
        return ExitCode.DONE
    except Exception as error:  # noqa: BLE001  # the last line of defence: a user never sees a traceback
        return _answer(error, given)
    finally:
        _end_children()
    if code == ExitCode.INTERRUPTED:  # what some versions of typer make of Ctrl-C within a command, others Abort
        return _tell_interruption()
    return int(code or 0)


def _answer(error: Exception, given: list[str]) -> int:
    """Word whatever was raised; typer's own exceptions are told by what they can do, for its classes have moved."""
    if isinstance(error, MlipguideError):
        return _tell(error, given)
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        shown = f"{str(error.filename)[:SHOWN_OF_A_NAME]}…"
        return _tell(InputError(f"'{shown}' is too long for the name of a file.", hint="Give a shorter path."), given)
    if type(error).__name__ == "Abort":
        return _tell_interruption()
    message = getattr(error, "format_message", None)
    if message is None:
        return _report_bug(error, given)
    hint = f"See mlipguide {_command(given)} --help".replace("  ", " ")
    return _tell(InputError(message(), hint=hint, option=_option_of(error)), given)


def _option_of(error: Exception) -> str | None:
    """Return the option that typer complains of; None where it is not about one."""
    options = getattr(getattr(error, "param", None), "opts", None) or [getattr(error, "option_name", None)]
    return max(filter(None, options), key=len, default=None)


def _tell_interruption() -> int:
    sys.stderr.write("\nmlipguide: interrupted; what was measured is kept.\n")
    return ExitCode.INTERRUPTED


def _tell(error: MlipguideError, given: list[str]) -> int:
    from mlipguide.cli.output import OUTPUT_LOST

    if "--json" in given and error.kind != OUTPUT_LOST:
        from mlipguide.report.exports.envelope import render_error

        sys.stdout.write(render_error(_command(given) or "mlipguide", error) + "\n")
        sys.stdout.flush()
    else:
        from mlipguide.report.words.messages import show_error

        show_error(error)
    return error.exit_code


def _report_bug(error: Exception, given: list[str]) -> int:
    import time
    import traceback

    from mlipguide.core.paths import logs_dir, make_folder

    text = "".join(traceback.format_exception(error))
    try:
        log = make_folder(logs_dir()) / f"error-{time.strftime('%Y%m%dT%H%M%S')}.log"
        log.write_text(f"mlipguide {given}\n{text}", encoding="utf-8")
        where = f"The traceback is in {log}."
    except (OSError, MlipguideError):
        where = "The traceback could not be written to a log."
    bug = MlipguideError(
        f"Internal error: {type(error).__name__}. {where}",
        hint="This is a bug: please report it with that file and the output of mlipguide doctor.",
        kind="internal",
    )
    return _tell(bug, given)


def _command(given: list[str]) -> str:
    from mlipguide.cli.names import GROUPS, PAIRS, asks_speed

    words = [word for word in given if not word.startswith("-")]
    if not words:
        return ""
    if words[0] == "bench" and asks_speed(given):
        return "bench speed"
    return " ".join(words[:2]) if tuple(words[:2]) in PAIRS or words[0] in GROUPS else words[0]


def _end_like_interrupt() -> None:
    """Let SIGTERM (a batch system's end of the job) end everything in order, as Ctrl-C does."""
    import signal
    import threading

    def interrupt(_number: int, _frame: FrameType | None) -> Never:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, interrupt)


def _end_children() -> None:
    """End what is still running; nothing was started unless the module that starts was imported."""
    processes = sys.modules.get("mlipguide.core.processes")
    if processes is not None:
        processes.end_all_groups()


if __name__ == "__main__":
    sys.exit(run())
