"""One JSON document a line over a pair of file descriptors of their own, apart from stdout and stderr."""

from __future__ import annotations

import json
import os
from typing import Any


def encode(message: dict[str, Any]) -> str:
    """Return ``message`` as one line of JSON.

    Raises:
        TypeError: It holds something that JSON has no word for.
        ValueError: It holds NaN or an infinity, which no reader may take for numbers.
    """
    return json.dumps(message, allow_nan=False) + "\n"


class Channel:
    """The worker's end of the conversation. Processes that a backend starts do not inherit it.

    Args:
        read_descriptor: Where requests come from.
        write_descriptor: Where answers go.
    """

    def __init__(self, read_descriptor: int, write_descriptor: int) -> None:
        for descriptor in (read_descriptor, write_descriptor):
            os.set_inheritable(descriptor, False)
        self._requests = os.fdopen(read_descriptor, "r", encoding="utf-8")
        self._answers = os.fdopen(write_descriptor, "w", encoding="utf-8")

    def receive(self) -> dict[str, Any] | None:
        """Return the next request, or None when the other side has closed."""
        line = self._requests.readline()
        if not line:
            return None
        request: dict[str, Any] = json.loads(line)
        return request

    def send(self, message: dict[str, Any]) -> None:
        """Send one message.

        Raises:
            TypeError, ValueError: See :func:`encode`; nothing was sent.
        """
        self._answers.write(encode(message))
        self._answers.flush()

    def close(self) -> None:
        """Close both descriptors."""
        self._requests.close()
        self._answers.close()
