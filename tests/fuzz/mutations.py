"""Small damages of a file's bytes, as hands, editors and broken transfers make them; every one follows from a seed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

_NUMBER = re.compile(rb"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(rb"[^\s]+")

ODD_NUMBERS = (
    b"0", b"-1", b"1", b"1e21", b"-1e300", b"1e-300", b"nan", b"inf", b"-inf", b"99999999999", b"2147483648", b"1e400",
    b"0.333", b"--3", b"1,5", b"0x10", b"1_000", b"1.2.3", b"1e", b"",
)  # fmt: skip
ODD_WORDS = (
    b"?", b".", b"X", b"Xx", b"D", b"T", b"Uuo", b"'", b'"', b"#", b"null", b"~", b"[", b"{", b"*", b"&a",
    b"!!python/name:os", b"\xff\xfe", b"\x00", "Å".encode(), "\U0001f600".encode(), b"%s", b"../../x", b"-" * 300,
    b"T T F", b"1/0",
)  # fmt: skip


def mutate(data: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
    """Return the bytes with one to four damages; ``others`` lend pieces of themselves."""
    for _ in range(int(rng.integers(1, 5))):
        damage = DAMAGES[int(rng.integers(len(DAMAGES)))]
        data = damage(data, others, rng)
    return data


def _replaced(
    data: bytes, found: Sequence[re.Match[bytes]], new: Callable[[], bytes], rng: np.random.Generator
) -> bytes:
    """Return the bytes with one of the matches replaced; unchanged where nothing matches."""
    if not found:
        return data
    match = found[int(rng.integers(len(found)))]
    return data[: match.start()] + new() + data[match.end() :]


def _odd_number(data: bytes, _: Sequence[bytes], rng: np.random.Generator) -> bytes:
    return _replaced(data, list(_NUMBER.finditer(data)), lambda: ODD_NUMBERS[int(rng.integers(len(ODD_NUMBERS)))], rng)


def _odd_word(data: bytes, _: Sequence[bytes], rng: np.random.Generator) -> bytes:
    return _replaced(data, list(_WORD.finditer(data)), lambda: ODD_WORDS[int(rng.integers(len(ODD_WORDS)))], rng)


def _exchanged_word(data: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
    words = _WORD.findall(others[int(rng.integers(len(others)))]) or [b"x"]
    return _replaced(data, list(_WORD.finditer(data)), lambda: words[int(rng.integers(len(words)))], rng)


def _flipped_bits(data: bytes, _: Sequence[bytes], rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for place in rng.integers(0, max(1, len(changed)), size=int(rng.integers(1, 9))):
        if changed:
            changed[int(place)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _cut_short(data: bytes, _: Sequence[bytes], rng: np.random.Generator) -> bytes:
    return data[: int(rng.integers(0, len(data) + 1))]


def _lines_lost(data: bytes, _: Sequence[bytes], rng: np.random.Generator) -> bytes:
    lines = data.splitlines(keepends=True)
    start = int(rng.integers(0, len(lines) + 1))
    return b"".join(lines[:start] + lines[start + int(rng.integers(1, 4)) :])


def _lines_twice(data: bytes, _: Sequence[bytes], rng: np.random.Generator) -> bytes:
    lines = data.splitlines(keepends=True)
    start = int(rng.integers(0, len(lines) + 1))
    return b"".join(lines[:start] + lines[start : start + int(rng.integers(1, 6))] * 2 + lines[start:])


def _lines_exchanged(data: bytes, _: Sequence[bytes], rng: np.random.Generator) -> bytes:
    lines = data.splitlines(keepends=True)
    if len(lines) > 1:
        one, other = (int(place) for place in rng.integers(0, len(lines), size=2))
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _spliced(data: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
    other = others[int(rng.integers(len(others)))]
    return data[: int(rng.integers(0, len(data) + 1))] + other[int(rng.integers(0, len(other) + 1)) :]


def _doubled(data: bytes, _: Sequence[bytes], __: np.random.Generator) -> bytes:
    return data + data


def _other_line_ends(data: bytes, _: Sequence[bytes], rng: np.random.Generator) -> bytes:
    return data.replace(b"\n", (b"\r\n", b"\r", b"\n\n", b" ", b"\t\n")[int(rng.integers(5))])


DAMAGES = (
    _odd_number, _odd_number, _odd_number, _odd_word, _odd_word, _exchanged_word, _exchanged_word,
    _flipped_bits, _cut_short, _lines_lost, _lines_lost, _lines_twice, _lines_exchanged, _spliced,
    _doubled, _other_line_ends,
)  # fmt: skip
"""The commoner a damage, the more often it stands here."""
