"""Start the worker: on a pair of pipes (``--pipes READ WRITE``), or by hand on a file of requests.

A job file holds ``{"requests": [{"op": "load", ...}, ...]}``; the answers are printed as one JSON list, so
that a batch script can use the worker with a site's own modules. The status is 0 when all went well, 1 when a
request failed, and 2 when there was nothing to do.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from . import PROTOCOL
from .channel import Channel, encode
from .failures import WorkerError
from .service import Service, failure

USAGE = "usage: python -m mlipguide_worker JOB.json | --pipes READ WRITE"


def main(arguments: list[str]) -> int:
    """Serve until the other side closes or asks for the end; return the exit status."""
    match arguments:
        case ["--pipes", reading, writing]:
            return _serve(Channel(int(reading), int(writing)))
        case [path] if not path.startswith("-"):
            return _run_job(path)
    sys.stderr.write(f"{USAGE}\n")
    return 2


def _serve(channel: Channel) -> int:
    channel.send({"hello": "mlipguide-worker", "protocol": PROTOCOL, "pid": os.getpid(), "python": sys.version})
    service = Service()
    while True:
        request = channel.receive()
        if request is None or request.get("op") == "shutdown":
            return 0
        channel.send(_sendable(service.answer(request)))


def _sendable(answer: dict[str, Any]) -> dict[str, Any]:
    """Return ``answer``, or a failure in its place when it holds what JSON cannot: NaN, a plug-in's array."""
    try:
        encode(answer)
    except (TypeError, ValueError) as error:
        return failure(answer["id"], WorkerError("backend", f"The answer cannot be sent: {error}."))
    return answer


def _run_job(path: str) -> int:
    try:
        requests = _read_requests(path)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{path} is not a file of requests: {error}\n{USAGE}\n")
        return 2
    # Backends print to stdout; the answers must be alone there.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as stream:
        os.dup2(2, 1)
        service = Service()
        answers = [_sendable(service.answer(request)) for request in requests]
        json.dump(answers, stream, indent=2)
        stream.write("\n")
    return 0 if all(answer["ok"] for answer in answers) else 1


def _read_requests(path: str) -> list[dict[str, Any]]:
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    requests = job.get("requests") if isinstance(job, dict) else None
    if not isinstance(requests, list) or not all(isinstance(request, dict) for request in requests):
        raise ValueError("it must hold an object with a list 'requests'.")
    return requests


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
