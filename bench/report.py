"""The tables of bench/results.md, and what is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import peer_servers, workloads
from .book import Book
from .claims import CLAIMS, Claim

HEAD = """\
# Figures

Written by `make bench`; each part says when, where and how it was measured. Only ratios within one part mean anything.
The product runs with everything on: sign-in, membership, validation, limits that count, every message committed before its
ack (SQLite with synchronous=FULL where nothing else is said). The peers ask nobody who they are; what they store is said.
A delivery has as many bytes on each. Medians over the rounds. Figures are no gates: nothing fails by them.
"""


@dataclass(frozen=True)
class Table:
    """A section: its rows, and for each who was measured one column, or one of each metric."""

    section: str
    title: str
    rows: dict[str, str]  # key -> what it says
    metric: str | None = (
        None  # the one that is compared; None: each metric is a column, for the product alone
    )
    also: tuple[str, ...] = ()  # further metrics, each in a table of its own


def _loads(loads: Sequence[workloads.Workload]) -> dict[str, str]:
    return {load.key: load.title for load in loads}


TABLES = (
    Table(
        "fanout",
        "Messages to a room",
        {**_loads(workloads.ACCEPTED), "half-load": "half of Node's top load, room of 200"},
        "deliveries/s",
        ("p50 ms", "p99 ms", "CPU µs a message"),
    ),
    Table(
        "rooms",
        "Every size of room",
        _loads(workloads.ROOMS),
        "deliveries/s",
        ("p99 ms", "CPU µs a message"),
    ),
    Table(
        "idle",
        "Connections that say nothing",
        {"2000": "2,000 in one room", "10000": "10,000 in one room"},
        "kB a connection",
        ("connections/s",),
    ),
    Table(
        "crowd",
        "A crowd on one worker, a message a second",
        {"10000": "10,000 in one room", "20000": "20,000 in one room"},
    ),
    Table(
        "growth",
        "A room that grows: 50 messages of its history, and a search",
        {"1000": "1,000 messages", "100000": "100,000 messages", "1000000": "1,000,000 messages"},
    ),
    Table(
        "durable",
        "Messages committed a second",
        {"into-1-room": "into 1 room of 20, all write, 8 in flight each",
         "into-100-rooms": "into 100 rooms of 1, 8 in flight each"},
        "messages/s",
        ("p99 ms",),
    ),
    Table(
        "workers",
        "Two workers with Redis against one, on PostgreSQL: 200 connections, 1 room, 20 senders, 1 in flight each",
        {"1 worker": "1 worker", "2 workers": "2 workers"},
    ),
    Table("deltas", "An assistant's answer to a room", {"1000": "1,000 members"}),
    Table(
        "writing",
        "Assistants that write",
        {
            "first word": "in a room of 1,000",
            "talk alone": "talk in 200 rooms of 5",
            "200 answers": "the same beside 200 answers",
        },
    ),
)  # fmt: skip


def number(value: float | None) -> str:
    """A figure as one reads it: three digits that count, thousands apart."""
    if value is None:
        return "–"
    size = abs(value)
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def name_of(who: str) -> str:
    """How somebody is called in a table."""
    return peer_servers.ALL[who].title if who in peer_servers.ALL else who


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def claims(book: Book, wanted: Sequence[Claim] = CLAIMS) -> str:
    """What must be reached, and whether it is."""
    rows = []
    for claim in wanted:
        value = claim.value(book)
        sign = "≥" if claim.better == "more" else "≤"
        rows.append(
            [
                claim.about,
                "–" if value is None else f"**{number(value)}** {claim.unit}",
                *_bound(claim, book, sign, claim.must),
                *_bound(claim, book, sign, claim.goal),
            ]
        )
    return markdown(["", "measured", "must", "", "goal", ""], rows)


def _bound(claim: Claim, book: Book, sign: str, bound: float | None) -> list[str]:
    if bound is None:
        return ["–", ""]
    return [f"{sign} {number(bound)}", claim.verdict(book, bound)]


def section(book: Book, table: Table) -> str:
    """A part of the results: under which circumstances, then its tables."""
    found = book.figures.get(table.section)
    if not found:
        return ""
    run = book.runs[table.section]
    text = f"## {table.title}\n\n{run['when']}, `{run['command']}`, {book.rounds(table.section)} round(s); {run['machine']}; "
    text += f"{run['versions']}.\n\n"
    if table.metric is None:
        return text + _by_metric(book, table)
    parts = [_by_who(book, table, metric) for metric in (table.metric, *table.also)]
    return text + "\n".join(parts)


def _by_metric(book: Book, table: Table) -> str:
    found = book.figures[table.section]
    rows = [row for row in table.rows if row in found]
    metrics = list(dict.fromkeys(m for row in rows for m in found[row].get("chatapp", {})))
    return markdown(
        ["", *metrics],
        [
            [
                table.rows[row],
                *(number(book.median(table.section, row, "chatapp", m)) for m in metrics),
            ]
            for row in rows
        ],
    )


def _by_who(book: Book, table: Table, metric: str) -> str:
    found = book.figures[table.section]
    rows = [row for row in table.rows if row in found]
    known = list(dict.fromkeys(who for row in rows for who in found[row]))
    known.sort(key=_order)
    # Who did not even get all connections has no figure, and is not left out for it.
    metrics = (metric, "connected") if metric == table.metric else (metric,)
    known = [
        who for who in known if any(m in found[row].get(who, {}) for row in rows for m in metrics)
    ]
    return markdown(
        [metric, *map(name_of, known)],
        [
            [table.rows[row], *(_cell(book, table.section, row, who, metric) for who in known)]
            for row in rows
        ],
    )


def _order(who: str) -> int:
    order = ["chatapp", *peer_servers.ALL]
    return order.index(who) if who in order else len(order)


def _cell(book: Book, part: str, row: str, who: str, metric: str) -> str:
    value = book.median(part, row, who, metric)
    if value is None:
        connected = book.median(part, row, who, "connected")
        return "" if connected is None else f"only {number(connected)} connected"
    ratio = book.ratio(part, row, metric, "chatapp", who) if who != "chatapp" else None
    return number(value) + ("" if ratio is None else f" (× {number(ratio)})")


BEGIN, END = "<!-- figures -->\n", "<!-- /figures -->\n"


def into(document: str, book: Book) -> str:
    """A document with the table of claims between its marks, and how it was measured. ValueError without the marks."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the document has no place for figures")
    runs: dict[tuple[str, str], str] = {}
    for run in sorted(book.runs.values(), key=lambda run: run["when"], reverse=True):
        runs[run["command"], run["machine"]] = run["when"]
    said = "\n".join(f"- {when}, `{how}`; {where}" for (how, where), when in runs.items())
    return f"{before}{BEGIN}\n{claims(book)}\nMeasured:\n\n{said}\n\n{END}{after}"


def results(book: Book) -> str:
    """All of results.md."""
    parts = [HEAD, "## What must be reached\n\n" + claims(book)]
    parts += [text for table in TABLES if (text := section(book, table))]
    if book.absent:
        lines = [f"- {name_of(who)}: {why}." for who, why in sorted(book.absent.items())]
        parts.append("## Absent\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)
