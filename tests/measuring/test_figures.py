"""Medians, ratios, verdicts, tables and the picture are right: a figure that nobody checks is worse than none."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import plot, report
from bench.book import Book
from bench.claims import CLAIMS, DISTURBED, MISSED, REACHED, UNKNOWN, Claim
from bench.processes import ROOT
from bench.workloads import ACCEPTED, BIG_ROOM, ROOMS, ROOMS_OF_20

RUN = {"when": "today", "command": "make bench", "machine": "a machine", "versions": "all"}
RATE = "deliveries/s"


@pytest.fixture
def book() -> Book:
    book = Book()
    book.begin("fanout", RUN)
    for value in (100, 900, 300):
        book.add("fanout", "room-200", "chatapp", **{RATE: value, "p99 ms": 9})
    for value in (50, 60):
        book.add("fanout", "room-200", "node", **{RATE: value, "p99 ms": 3})
    book.add("fanout", "rooms-of-20", "flask", connected=976)
    book.add("fanout", "rooms-of-20", "chatapp", **{RATE: 1_234_567})
    return book


def test_medians_are_of_all_rounds_and_ratios_of_medians(book: Book) -> None:
    assert book.median("fanout", "room-200", "chatapp", RATE) == 300
    assert book.median("fanout", "room-200", "node", RATE) == 55
    assert book.ratio("fanout", "room-200", RATE, "chatapp", "node") == pytest.approx(300 / 55)
    assert book.rounds("fanout") == 3


def test_what_was_not_measured_has_no_figure(book: Book) -> None:
    assert book.median("fanout", "room-200", "bun", RATE) is None
    assert book.median("rooms", "room-200", "chatapp", RATE) is None
    assert book.ratio("fanout", "room-200", RATE, "chatapp", "bun") is None
    assert book.rounds("rooms") == 0


def test_a_section_that_is_measured_again_begins_afresh_and_the_others_stay(
    book: Book, tmp_path: Path
) -> None:
    book.begin("idle", RUN)
    book.add("idle", "2000", "chatapp", **{"kB a connection": 9.1})
    book.save(tmp_path / "results.json")

    later = Book.load(tmp_path / "results.json")
    assert later.figures == book.figures
    later.begin("fanout", RUN)

    assert later.median("fanout", "room-200", "chatapp", RATE) is None
    assert later.median("idle", "2000", "chatapp", "kB a connection") == 9.1


def test_without_earlier_results_the_book_is_empty(tmp_path: Path) -> None:
    assert Book.load(tmp_path / "nothing.json").figures == {}


@pytest.mark.parametrize(
    ("must", "better", "verdict"),
    [
        (5.45, "more", REACHED),
        (5.46, "more", MISSED),
        (5.46, "less", REACHED),
        (5.45, "less", MISSED),
        (None, "more", "–"),
    ],
)
def test_a_claim_is_reached_on_the_right_side_of_its_bound(
    book: Book, must: float | None, better: str, verdict: str
) -> None:
    claim = Claim("x", "fanout", "room-200", RATE, must, None, "× Node", better, peer="node")  # type: ignore[arg-type]
    assert claim.verdict(book, must) == verdict


def test_a_claim_may_be_about_the_product_alone_or_against_its_own_smaller_self() -> None:
    book = Book()
    book.begin("growth", RUN)
    book.add("growth", "1000", "chatapp", **{"page ms": 2.0})
    book.add("growth", "1000000", "chatapp", **{"page ms": 2.5})
    alone = Claim("x", "growth", "1000000", "page ms", 3, None, "ms", "less")
    grown = Claim("x", "growth", "1000000", "page ms", 1.5, 1.1, "×", "less", base="1000")
    assert alone.value(book) == 2.5
    assert grown.value(book) == 1.25
    assert (grown.verdict(book, grown.must), grown.verdict(book, grown.goal)) == (REACHED, MISSED)


@pytest.mark.parametrize(("usual", "verdict"), [(4.0, REACHED), (40.0, DISTURBED)])
def test_against_something_that_was_disturbed_nothing_is_reached(
    usual: float, verdict: str
) -> None:
    book = Book()
    book.begin("writing", RUN)
    book.add("writing", "alone", "chatapp", **{"p99 ms": usual})
    book.add("writing", "beside", "chatapp", **{"p99 ms": 6.0})
    claim = Claim("x", "writing", "beside", "p99 ms", 2, None, "×", "less", base="alone", sound=20)
    assert claim.verdict(book, claim.must) == verdict


def test_nothing_is_reached_that_was_not_measured() -> None:
    empty = Book()
    assert {claim.verdict(empty, 1.0) for claim in CLAIMS} == {UNKNOWN}


def test_every_claim_is_about_a_row_that_the_tables_have() -> None:
    rows = {table.section: table.rows for table in report.TABLES}
    for claim in CLAIMS:
        assert claim.row in rows[claim.section]
        assert claim.base is None or claim.base in rows[claim.section]
        assert claim.must is not None or claim.goal is not None


def test_every_peer_that_a_claim_names_is_measured_in_its_row() -> None:
    peers = {load.key: load.peers for load in ACCEPTED} | {"half-load": ("node",)}
    assert all(claim.peer in peers[claim.row] for claim in CLAIMS if claim.peer is not None)


def test_a_load_says_what_it_is() -> None:
    assert BIG_ROOM.title == "200 connections, 1 room, 20 senders, 1 in flight each"
    assert ROOMS_OF_20.title == "2,000 connections, rooms of 20, 2 senders each, 4 in flight each"
    assert ROOMS[0].title == "100 connections, rooms of 1, 8 in flight each"


@pytest.mark.parametrize("load", [*ACCEPTED, *ROOMS])
def test_a_load_cut_down_for_a_try_is_still_a_load(load: object) -> None:
    for most in (20, 150, 10**6):
        small = load.at_most(most)  # type: ignore[attr-defined]
        assert 1 <= small.rooms <= small.conns <= max(most, 20)
        assert 1 <= small.senders <= small.conns // small.rooms


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (0.456, "0.46"),
        (9.99, "9.99"),
        (12.34, "12.3"),
        (100, "100"),
        (1_234_567.8, "1,234,568"),
    ],
)
def test_figures_are_written_with_the_digits_that_count(value: float | None, text: str) -> None:
    assert report.number(value) == text


def test_the_results_say_who_did_not_get_there_and_who_is_absent(book: Book) -> None:
    book.absent["bun"] = "npm has no Bun for this machine"
    text = report.results(book)
    assert "| 300 | 55 (× 5.45) |" in text
    assert "only 976 connected" in text
    assert "Bun publish/subscribe: npm has no Bun for this machine." in text
    assert "**5.45** × Node | ≥ 4 | reached | ≥ 6 | not reached" in text
    for line in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({row.count("|") for row in line.splitlines()}) == 1, "a table is rectangular"


def test_the_picture_has_a_bar_for_each_and_the_longest_is_the_fastest(book: Book) -> None:
    rows = {load.key: load.title for load in ACCEPTED}
    groups = plot.groups(book, "fanout", rows, RATE)
    assert groups == [(BIG_ROOM.title, [("chatapp", 300.0), ("node", 55.0)])]

    text = plot.svg("Rates & more", groups, ["a <note>"])

    root = ET.fromstring(text)
    bars = [each for each in root.iter() if each.tag.endswith("rect")]
    widths = [float(bar.get("width", "0")) for bar in bars]
    assert widths[1] / widths[0] == pytest.approx(55 / 300, rel=0.01)
    assert [bar.get("class") for bar in bars] == ["ours", "theirs"]
    assert all(
        float(bar.get("x", "0")) + width < plot.WIDTH
        for bar, width in zip(bars, widths, strict=True)
    )
    assert "prefers-color-scheme: dark" in text
    written = " ".join(each.text or "" for each in root.iter())
    for word in ("Rates & more", "a <note>", "Node Socket.IO", "300", "55"):
        assert word in written


def test_the_page_about_performance_takes_the_figures_between_its_marks(book: Book) -> None:
    page = (ROOT / "docs" / "performance.md").read_text()
    once = report.into(page, book)
    assert "**5.45** × Node | ≥ 4 | reached" in once
    assert "- today, `make bench`; a machine" in once
    assert report.into(once, book) == once, "written again, it is the same"
    assert once.endswith(page.partition(report.END)[2])
    with pytest.raises(ValueError, match="no place"):
        report.into("a page without marks", book)
