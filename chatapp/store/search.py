"""The search index: words, and pairs of neighbouring letters where a script is written without spaces between words.

Two Hangul syllables are found anywhere in a word, since every pair of neighbours is a term. SQLite keeps the terms in
a contentless FTS5 table without positions and lengths, which takes a third off the writer's time with real text. Its row
id is `room << 32 | seq`, so that a search in one room is a range of row ids and its cost does not grow with other rooms.
PostgreSQL keeps them as a tsvector under a GIN index.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from .sql import Connection, Insert, Row, Statement
from .tx import RoomRow, Tx

MAX_TERMS = 12  # of a query; more do not narrow it further
SEQ_BITS = 32
TERM = 64  # letters of a word that count

_CJK = (
    r"\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
)
_WORDS = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_ASCII_WORDS = re.compile(rf"([a-z0-9]{{1,{TERM}}})[a-z0-9]*")
_IS_CJK = re.compile(rf"[{_CJK}]")

_ADD = Insert("search", {"rowid": "bigint", "terms": "text"})
_ADD_DOCUMENTS = Insert(
    "search_documents",
    {
        "room_id": "bigint",
        "seq": "bigint",
        "terms": "array_to_tsvector(ARRAY(SELECT jsonb_array_elements_text({})))",
    },
)
_DROP = Statement(
    "INSERT INTO search (search, rowid, terms) VALUES ('delete', :doc, :terms)",
    "DELETE FROM search_documents WHERE room_id = :room AND seq = :seq",
)
# In a room from its newest message backwards, as far as there are enough. On PostgreSQL all rooms in one statement, whose
# time the server bounds.
_FIND = Statement(
    "SELECT :room, rowid & 4294967295 FROM search WHERE search MATCH :query AND rowid BETWEEN :low AND :high"
    " ORDER BY rowid DESC LIMIT :limit",
    "SELECT r.id, d.seq FROM unnest(CAST(:rooms AS bigint[])) AS r (id) CROSS JOIN LATERAL"
    " (SELECT seq FROM search_documents WHERE room_id = r.id AND terms @@ CAST(:query AS tsquery)"
    " ORDER BY seq DESC LIMIT :limit) AS d",
)
_SAID_AT = Statement(
    "SELECT room_id, seq, created_at FROM json_each(:places) AS p JOIN messages m"
    " ON m.room_id = p.value ->> 0 AND m.seq = p.value ->> 1",
    "SELECT m.room_id, m.seq, m.created_at FROM jsonb_array_elements(CAST(:places AS jsonb)) AS p (value)"
    " JOIN messages m ON m.room_id = CAST(p.value ->> 0 AS bigint) AND m.seq = CAST(p.value ->> 1 AS bigint)",
)


def terms(text: str) -> list[str]:
    """The terms under which a text is found, each once: folded words, and pairs of letters of CJK runs."""
    if text.isascii():  # half the time of what follows, with the same result
        return list(dict.fromkeys(_ASCII_WORDS.findall(text.lower())))
    found: dict[str, None] = {}
    for match in _WORDS.finditer(unicodedata.normalize("NFKC", text).casefold()):
        word = match.group()
        if not _IS_CJK.match(word):
            found[word[:TERM]] = None
            continue
        for letter in word:
            found[letter] = None
        for pair in pairwise(word):
            found["".join(pair)] = None
    return list(found)


def query_terms(text: str) -> list[str]:
    """The terms that all must be there: of a CJK run its pairs, or its one letter."""
    found = terms(text)
    pairs = [term for term in found if not (len(term) == 1 and _IS_CJK.match(term))]
    return (pairs or found)[:MAX_TERMS]


def add(tx: Tx, rows: Iterable[Row]) -> None:
    """Put (room_id, seq, body) rows into the index."""
    if tx.dialect == "sqlite":
        tx.insert(
            _ADD, [(room << SEQ_BITS | seq, " ".join(terms(body))) for room, seq, body in rows]
        )
    else:
        tx.insert(_ADD_DOCUMENTS, [(room, seq, terms(body)) for room, seq, body in rows])


def replace(tx: Tx, room: RoomRow, seq: int, old: str, new: str | None) -> None:
    """The text of a message in the locked room was `old` and is `new`, or gone (None).

    What is not in the index yet will be added as it is then.
    """
    if seq > room.indexed_seq:
        return
    if tx.dialect == "sqlite":
        tx.run(_DROP, doc=room.id << SEQ_BITS | seq, terms=" ".join(terms(old)))
    else:
        tx.run(_DROP, room=room.id, seq=seq)
    if new is not None:
        add(tx, [(room.id, seq, new)])


def newest(
    db: Connection, room_ids: Sequence[int], text: str, limit: int
) -> tuple[list[tuple[int, int]], bool]:
    """(room, seq) of the newest messages in rooms that hold every term of `text`, newest first; whether there are more."""
    wanted = query_terms(text)
    places = _places(db, room_ids, wanted, limit + 1) if wanted else []
    if len(room_ids) > 1 and places:
        said = db.all(_SAID_AT, places=msgspec.json.encode(places).decode())
        said.sort(key=lambda row: (row[2], row[1]), reverse=True)
        places = [(row[0], row[1]) for row in said]
    return places[:limit], len(places) > limit


def _places(
    db: Connection, room_ids: Sequence[int], wanted: list[str], limit: int
) -> list[tuple[int, int]]:
    rows: list[Row] = []
    if db.sqlite:
        query = " AND ".join(f'"{term}"' for term in wanted)
        for room_id in room_ids:
            low = room_id << SEQ_BITS
            place = {"room": room_id, "low": low, "high": low | ((1 << SEQ_BITS) - 1)}
            rows += db.all(_FIND, **place, query=query, limit=limit)
    else:
        query = " & ".join(f"'{term}'" for term in wanted)
        rows = db.all(_FIND, rooms=list(room_ids), query=query, limit=limit)
    return [(row[0], row[1]) for row in rows]
