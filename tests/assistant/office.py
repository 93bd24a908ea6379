"""Workers in this process: the real chat on a real database, with people who hear what their connection is sent.

Several offices on one database are several workers, joined by a bus in memory.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, create_engine, event

from chatapp import assistant
from chatapp.config import Settings
from chatapp.payloads import Message, User
from chatapp.realtime.bus import MemoryBus
from chatapp.realtime.connection import Connection
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.presence import Presence
from chatapp.services.chat import Chat
from chatapp.store import messages, run_rows, run_texts, schema
from chatapp.store.database import Database, configure_sqlite, engine_options
from chatapp.store.sql import Statement

TIMEOUT = 10.0
NEVER = 2**62  # when a connection's session runs out
OPEN_RUNS = Statement(
    "SELECT room_id, seq, state, owner FROM runs WHERE state IN ('queued', 'thinking', 'streaming')"
)

HOPS = Statement("SELECT hops FROM runs ORDER BY seq")


class Office:
    """One worker."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        base_url: str | None,
        *others: Office,
        rate_limits: str = "1000000/s",
        several: bool = False,
        **more: Any,
    ) -> None:
        schema.upgrade(database_url)
        self.bus = MemoryBus()
        for other in others:
            self.bus.link(other.bus)
        self.fanout = Fanout()
        self.hearing: dict[str, Callable[[bytes], None]] = {}
        self.fanout.stock = self._deliver
        if database_url.startswith("sqlite"):
            self.engine = create_engine(database_url, **engine_options(database_url))
            event.listen(self.engine, "connect", configure_sqlite)
        else:
            # Loops that look once a second may look once more after the end: nothing of it may stay open.
            self.engine = create_engine(
                database_url, poolclass=NullPool, isolation_level="AUTOCOMMIT"
            )
        settings = Settings(
            port=0,
            database_url=database_url,
            redis_url="redis://the-bus-in-memory" if several else None,
            secret_key="0123456789abcdef",
            data_dir=folder,
            runtime="threading",
            rate_limits=rate_limits,
            openai_api_key=None,
            openai_base_url=base_url,
            openai_model="test",
            log_format="text",
            **more,
        )
        presence = Presence(self.fanout)
        self.chat = Chat(settings, "w1", Database(self.engine), self.fanout, self.bus, presence)
        self.chat.attendance.enter_channel = self.fanout.enter
        self.chat.attendance.leave_channel = self.fanout.leave
        assistant.install(self.chat)
        self.assistants: assistant.Assistants = self.chat.assistants  # type: ignore[assignment]
        self.chat.start()

    def _deliver(self, conns: Iterable[Connection], packet: bytes, _droppable: bool) -> None:
        for conn in conns:
            self.hearing[conn.sid](packet)

    def person(self, name: str) -> Person:
        """A new guest, connected here."""
        return Person(self, self.chat.people.guest(name).user)

    def message(self, message_id: str) -> Message:
        """A message as it is stored."""
        room_id, seq = (int(part) for part in message_id.split("-"))
        with self.chat.db.snapshot() as db:
            found = messages.load_one(db, room_id, "tea", seq)
        assert found is not None
        return found

    def run(self, message_id: str) -> run_rows.RunRow:
        """The run of a message as it is stored."""
        room_id, seq = (int(part) for part in message_id.split("-"))
        with self.chat.db.snapshot() as db:
            found = run_rows.load(db, room_id, seq)
        assert found is not None
        return found

    def saved(self, message_id: str) -> str:
        """What is stored of the text of an answer that is being written."""
        room_id, seq = (int(part) for part in message_id.split("-"))
        with self.chat.db.snapshot() as db:
            return run_texts.saved(db, room_id, seq)

    def open_runs(self) -> list[Any]:
        with self.chat.db.snapshot() as db:
            return db.all(OPEN_RUNS)

    def answers(self) -> list[int]:
        """How far from a person's message each answer is."""
        with self.chat.db.snapshot() as db:
            return [row[0] for row in db.all(HOPS)]

    def execute(self, sql: str) -> None:
        """Change a row behind everybody's back."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql(sql)

    def die(self) -> None:
        """As if killed: it stores nothing more, renews nothing and tells nobody."""
        runs = self.assistants.runs
        runs._running = False
        runs._stopping = True
        self.bus._others.clear()
        for run in list(runs._live.values()):
            run.lost()

    def look_after(self) -> None:
        """The sweeper's round, now."""
        self.assistants.runs._wake.set()

    def close(self) -> None:
        self.chat.drain(time.monotonic() + 5)
        self.chat.close(time.monotonic() + 5)
        self.engine.dispose()


class Person:
    """Somebody with one connection."""

    def __init__(self, office: Office, user: User) -> None:
        self.office, self.user = office, user
        self.heard: list[tuple[float, str, dict[str, Any]]] = []
        self._news = threading.Condition()
        self._seen: set[int] = set()
        sid = uuid.uuid4().hex
        self.conn = Connection(sid, sid, user, "session", NEVER)
        office.hearing[sid] = self.hear
        office.fanout.add(self.conn)
        office.fanout.enter(self.conn, f"user:{user.id}")

    def hear(self, packet: bytes) -> None:
        name, payload = json.loads(packet.removeprefix(b"2/chat,"))
        with self._news:
            self.heard.append((time.monotonic(), name, payload))
            self._news.notify_all()

    def join(self, room: str = "tea") -> Any:
        joined = self.office.chat.attendance.join(self.conn, room)
        for packet in joined.tail:
            self.hear(packet)
        return joined.reply

    def says(
        self, body: str, room: str = "tea", client_id: str | None = None, **more: Any
    ) -> dict[str, Any]:
        chat = self.office.chat
        seat = chat.rooms.seat(self.user, room)
        posted = chat.messages.post(
            self.user, seat.room_id, seat.slug, client_id or uuid.uuid4().hex, body, **more
        ).wait()
        payload: dict[str, Any] = json.loads(posted.payload)
        return payload

    def sees(self, event: str, timeout: float = TIMEOUT, **fields: Any) -> dict[str, Any]:
        """Wait for an event with these fields; each is found once."""

        def look() -> dict[str, Any] | None:
            for index, (_at, name, payload) in enumerate(self.heard):
                matches = all(payload.get(key) == value for key, value in fields.items())
                if index not in self._seen and name == event and matches:
                    self._seen.add(index)
                    return payload
            return None

        with self._news:
            found = self._news.wait_for(look, timeout)
        assert found is not None, f"no {event} {fields}; heard {self.heard[-5:]}"
        return found

    def never_saw(self, event: str, **fields: Any) -> None:
        """Nothing of the kind so far. Have a later event seen first, else this proves nothing."""
        for _at, name, payload in self.heard:
            matches = all(payload.get(key) == value for key, value in fields.items())
            assert not (name == event and matches), payload

    def when(self, event: str, **fields: Any) -> float:
        """When the first such event was heard, of time.monotonic()."""
        return next(
            at
            for at, name, payload in self.heard
            if name == event and all(payload.get(key) == value for key, value in fields.items())
        )

    def text_of(self, message_id: str, attempt: int = 1) -> str:
        """The deltas of an answer, folded as a client does; fails on a hole."""
        text = ""
        for _at, name, payload in self.heard:
            if name != "message_delta" or payload["message_id"] != message_id:
                continue
            if payload["attempt"] == attempt:
                assert payload["offset"] <= len(text), f"a hole at {len(text)}: {payload}"
                text += payload["text"][len(text) - payload["offset"] :]
        return text

    def reads(self, message_id: str, text: str, attempt: int = 1) -> None:
        """Wait until the deltas make up this text."""
        with self._news:
            reached = self._news.wait_for(
                lambda: self.text_of(message_id, attempt) == text, TIMEOUT
            )
        assert reached, self.text_of(message_id, attempt)

    def stops(self, message_id: str) -> Message:
        return self.office.assistants.stop(self.user, message_id)

    def goes_on(self, message_id: str) -> Message:
        return self.office.assistants.resume(self.user, message_id)

    def asks_again(self, message_id: str) -> Message:
        return self.office.assistants.regenerate(self.user, message_id)
