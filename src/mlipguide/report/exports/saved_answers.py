"""Reading what ``recommend --json`` printed."""

from __future__ import annotations

from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.core.kept_files import read_document
from mlipguide.core.serialisation import from_plain
from mlipguide.records.advice.advice import Recommendation
from mlipguide.report.exports.envelope import schema_name
from mlipguide.report.exports.plain_words import without_words

HINT = "Write answers with: mlipguide recommend STRUCTURE … --json > A.json"


def read_answer(path: Path) -> Recommendation:
    """Read a document of ``recommend --json``.

    Raises:
        InputError: The file cannot be read, or holds no answer of ``recommend``.
    """
    document = read_document(path, "an answer of recommend", hint=HINT)
    schema, wanted = document.get("schema"), schema_name("recommend")
    if schema != wanted:
        raise InputError(f"{path} holds {schema or 'no document of mlipguide'}, not {wanted}.", hint=HINT)
    if document.get("data") is None:
        raise InputError(f"{path} holds a failure of recommend, not an answer.", hint=HINT)
    return from_plain(Recommendation, without_words(document["data"]), what=str(path))
