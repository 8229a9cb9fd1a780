"""Messages pass whole over descriptors of their own."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

from mlipguide.worker.channel import Channel, encode


def test_messages_pass_both_ways_until_the_other_side_closes() -> None:
    reading, ours_write = os.pipe()
    ours_read, writing = os.pipe()
    channel = Channel(reading, writing)
    with os.fdopen(ours_write, "wb") as requests, os.fdopen(ours_read, "rb") as answers:
        requests.write(b'{"op": "one"}\n{"op": "Fe\\u00c5 \xc3\x85"}\n')
        requests.flush()
        assert channel.receive() == {"op": "one"}
        assert channel.receive() == {"op": "FeÅ Å"}
        channel.send({"text": "a\nb", "value": 0.1})
        assert json.loads(answers.readline()) == {"text": "a\nb", "value": 0.1}
        requests.close()
        assert channel.receive() is None
        channel.close()


def test_what_is_not_a_number_is_never_sent(tmp_path: Path) -> None:
    path = tmp_path / "answers"
    reading = os.open(os.devnull, os.O_RDONLY)
    channel = Channel(reading, os.open(path, os.O_WRONLY | os.O_CREAT))
    with pytest.raises(ValueError, match="JSON"):
        channel.send({"value": math.nan})
    with pytest.raises(TypeError):
        channel.send({"value": object()})
    channel.close()
    assert path.read_bytes() == b""


def test_a_message_is_one_line() -> None:
    assert encode({"text": "a\nb\u2028c"}).count("\n") == 1


def test_processes_that_a_backend_starts_do_not_inherit_the_pipes() -> None:
    reading, writing = os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_WRONLY)
    for descriptor in (reading, writing):
        os.set_inheritable(descriptor, True)
    channel = Channel(reading, writing)
    assert not os.get_inheritable(reading)
    assert not os.get_inheritable(writing)
    channel.close()
