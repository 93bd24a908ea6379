"""Somebody reads on one device while another of theirs is being answered: it is told no less than was said meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatapp.payloads import ReadReply
from chatapp.services import attendance
from tests.assistant.office import Office, Person

SAID = 9


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with closing(Office(tmp_path, f"sqlite:///{tmp_path / 'chat.sqlite3'}", None)) as office:
        yield office


@pytest.fixture
def laptop(office: Office) -> Person:
    """Alice's, in a room where Bob has said some things."""
    laptop, bob = office.person("Alice"), office.person("Bob")
    laptop.join()
    bob.join()
    for n in range(SAID):
        bob.says(f"message {n}")
    laptop.sees("message", body=f"message {SAID - 1}")
    return laptop


@pytest.fixture
def phone(office: Office, laptop: Person) -> Person:
    """Alice's too, which has not joined the room."""
    return Person(office, laptop.user)


@pytest.fixture(params=["small", "large"])
def size(request: pytest.FixtureRequest, office: Office, laptop: Person) -> str:
    """In the large one people are told of their own cursor only. Laptop is in it."""
    if request.param == "large":
        office.execute("UPDATE rooms SET members_count = 201")
    return str(request.param)


def reads(person: Person, seq: int) -> ReadReply:
    chat = person.office.chat
    return chat.receipts.confirm(person.conn, chat.rooms.seat(person.user, "tea"), seq)


@pytest.fixture
def snapshots(office: Office, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What happens behind the snapshots of joins, before they take effect: the first behind the first, …"""
    happens: list[Callable[[], object]] = []
    opened_at = office.chat.relay.opened_at

    def opened(room_id: int, epoch: str, seq: int) -> None:
        opened_at(room_id, epoch, seq)
        happens.pop(0)()

    monkeypatch.setattr(office.chat.relay, "opened_at", opened)
    return happens


def nothing() -> None:
    pass


@pytest.mark.usefixtures("size")
def test_who_reads_on_while_their_other_device_joins_is_shown_that_there(
    laptop: Person, phone: Person, snapshots: list[Callable[[], object]]
) -> None:
    assert reads(laptop, 2) == ReadReply(2, SAID - 2)
    snapshots += [lambda: reads(laptop, 7), nothing]
    joined = phone.join()
    assert (joined.read_seq, joined.unread) == (7, SAID - 7)
    assert not snapshots, "it was read anew"
    snapshots += [nothing]
    assert (again := phone.join()).read_seq == 7
    assert again.unread == SAID - 7


def test_in_a_small_room_it_is_one_cursor_in_all_of_the_answer(
    laptop: Person, phone: Person, snapshots: list[Callable[[], object]]
) -> None:
    snapshots += [lambda: reads(laptop, 7), nothing]
    joined = phone.join()
    assert joined.reads[laptop.user.id] == joined.read_seq == 7


@pytest.mark.usefixtures("size")
def test_who_reads_on_all_the_time_can_join(
    laptop: Person, phone: Person, snapshots: list[Callable[[], object]]
) -> None:
    snapshots += [lambda n=n: reads(laptop, n + 1) for n in range(attendance.TRIES)]  # type: ignore[misc]
    assert phone.join().read_seq == attendance.TRIES


@pytest.mark.usefixtures("size")
def test_who_joins_again_and_reads_on_meanwhile_all_the_time_is_told_so(
    laptop: Person, snapshots: list[Callable[[], object]]
) -> None:
    snapshots += [lambda n=n: reads(laptop, n + 1) for n in range(attendance.TRIES)]  # type: ignore[misc]
    assert laptop.join().read_seq == attendance.TRIES
    [seat] = laptop.conn.seats.values()
    assert seat.read_seq == attendance.TRIES


@pytest.mark.usefixtures("size")
def test_who_joins_a_second_time_is_told_no_less_than_at_the_first(
    laptop: Person, phone: Person, snapshots: list[Callable[[], object]]
) -> None:
    snapshots += [nothing]
    phone.join()
    snapshots += [lambda: reads(phone, 7), nothing]
    joined = phone.join()
    assert (joined.read_seq, joined.unread) == (7, SAID - 7)
    reads(laptop, 8)
    phone.sees("read", reads={laptop.user.id: 8})


@pytest.mark.usefixtures("size")
def test_a_confirmation_that_was_overtaken_says_what_is_known_by_then(
    office: Office, laptop: Person, phone: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.join()
    committed = office.chat.receipts.read

    def overtaken(*asked: object) -> ReadReply:
        reply = committed(*asked)  # type: ignore[arg-type]
        monkeypatch.undo()
        assert reads(laptop, 7) == ReadReply(7, SAID - 7)
        return reply

    monkeypatch.setattr(office.chat.receipts, "read", overtaken)
    assert reads(phone, 4) == ReadReply(7, SAID - 7)
    assert reads(phone, 8) == ReadReply(8, SAID - 8)
