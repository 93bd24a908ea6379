"""The model's moving parts: workers, hints on their way, clients and their connections. Whoever drives it decides the order.

Everything that takes time in the product is two steps here (read, then act on what was read), so that anything can
happen in between. The rules themselves are the product's own: numbers.Stream, Tail and ClientView.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatapp.payloads import Numbered
from chatapp.realtime.numbers import Emit, Stream, Tail

from .log import Act, Event, Log
from .timeline import Timeline

LIMIT = 3  # events held, kept or buffered: small, so that every limit is met


@dataclass
class Hint:
    epoch: str
    prev: int
    events: list[Numbered]
    too_large: bool = False


@dataclass
class Worker:
    """One worker's view of the room."""

    stream: Stream
    tail: Tail = field(default_factory=lambda: Tail(LIMIT))
    members: list[Connection] = field(default_factory=list)
    inbox: list[Hint] = field(default_factory=list)
    served: bool = False
    reading: tuple[str, int, list[Numbered]] | None = None
    sent: list[tuple[int, int]] = field(default_factory=list)  # (prev, number), since it serves


@dataclass(eq=False)
class Connection:
    """A client's connection to a worker: requests one way, frames in order the other."""

    worker: Worker
    frames: deque[dict[str, Any]] = field(default_factory=deque)
    requests: deque[dict[str, Any]] = field(default_factory=deque)
    told: int = 0  # the number up to which it was sent everything
    holes: list[tuple[int, int]] = field(default_factory=list)  # (told, prev): it should never be

    def push(self, frame: dict[str, Any]) -> None:
        if frame["do"] == "event":
            payload = frame["payload"]
            if payload["prev"] > self.told:
                self.holes.append((self.told, payload["prev"]))
            self.told = max(self.told, payload["seq" if frame["name"] == "room" else "changed_seq"])
        elif frame["of"] == "join":
            self.told = frame["answer"]["room"]["seq"]
        self.frames.append(frame)


class Client:
    """A person's device. `step` is told each thing that happens to it, with what it then shows (for traces)."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.connection: Connection | None = None
        self.asked: Any = None
        self.hurt = False  # it lost a frame without noticing; only the next event can tell it
        self.step: Callable[[dict[str, Any], list[int]], None] = lambda _step, _applied: None

    def does(self, step: dict[str, Any], applied: list[int] | None = None) -> None:
        self.step(step, applied or [])
        call = self.timeline.view.call
        if self.connection and call is not None and call is not self.asked:
            self.connection.requests.append({"ask": call})
        self.asked = call


class World:
    """One room, its log, some workers, some clients."""

    def __init__(
        self,
        workers: int = 2,
        clients: int = 2,
        stream: Callable[[], Stream] = lambda: Stream(LIMIT),
        timeline: Callable[[], Timeline] = lambda: Timeline(LIMIT),
    ) -> None:
        self.log = Log()
        self._stream = stream
        self.workers = [Worker(stream()) for _ in range(workers)]
        self.clients = [Client(timeline()) for _ in range(clients)]

    # — changes ———————————————————————————————————————————————————————————————————————————————————————————————————————

    def commit(
        self, worker: Worker, acts: Sequence[Act], *, too_large: bool = False
    ) -> list[Event]:
        """One transaction on a worker: relayed there, and a hint to each of the others."""
        prev, events = self.log.head, self.log.commit(acts)
        hint = Hint(self.log.epoch, prev, [_numbered(event) for event in events], too_large)
        if worker.served:
            self._send(worker, worker.stream.offer(hint.epoch, hint.prev, hint.events))
        for other in self.workers:
            if other is not worker:
                other.inbox.append(hint)
        return events

    def commit_and_die(self, worker: Worker, acts: Sequence[Act]) -> None:
        """Killed between the commit and the publish: nobody is told."""
        self.log.commit(acts)
        self.die(worker)

    def die(self, worker: Worker) -> None:
        """The worker is killed and started again; what was on its way to it is gone."""
        for client in self.clients:
            if client.connection and client.connection.worker is worker:
                self.cut(client)
        self._forget(worker)
        worker.inbox.clear()

    def restore(self, kept: int) -> None:
        """The database comes back as it was `kept` changes after its beginning, with another epoch."""
        self.log = self.log.restored(kept)

    # — a worker ——————————————————————————————————————————————————————————————————————————————————————————————————————

    def deliver(self, worker: Worker, index: int, *, keep: bool = False) -> None:
        """A hint arrives, in whatever order; `keep`: it will arrive again."""
        hint = worker.inbox[index] if keep else worker.inbox.pop(index)
        if not worker.served:
            return
        if hint.too_large:
            worker.stream.head(hint.epoch, hint.events[-1].seq)
        else:
            self._send(worker, worker.stream.offer(hint.epoch, hint.prev, hint.events))

    def begin_fill(self, worker: Worker) -> None:
        after = worker.stream.begin_fill()
        events = [_numbered(event) for event in self.log.events_after(after)]
        worker.reading = (self.log.epoch, self.log.head, events)

    def end_fill(self, worker: Worker, *, part: bool = False) -> None:
        """What was read arrives; `part`: the first of it, the rest with the next call."""
        assert worker.reading is not None
        epoch, head, events = worker.reading
        if epoch != worker.stream.epoch:
            self._renewed(worker)
        elif part and len(events) > 1:
            worker.reading = (epoch, head, events[1:])
            self._send(worker, worker.stream.fill(events[0].seq, events[:1], more=True))
        else:
            worker.reading = None
            self._send(worker, worker.stream.fill(head, events))

    def fail_fill(self, worker: Worker) -> None:
        worker.reading = None
        self._send(worker, worker.stream.fill_failed())

    def heads(self, worker: Worker) -> None:
        if worker.served and not worker.stream.head(self.log.epoch, self.log.head):
            self._renewed(worker)

    def _renewed(self, worker: Worker) -> None:
        for client in self.clients:
            if client.connection in worker.members:
                self.cut(client)
        self._forget(worker)

    def _forget(self, worker: Worker) -> None:
        worker.stream, worker.tail = self._stream(), Tail(LIMIT)
        worker.members.clear()
        worker.sent.clear()
        worker.served, worker.reading = False, None

    def _send(self, worker: Worker, emits: Sequence[Emit]) -> None:
        for prev, event in emits:
            frame = {"do": "event", "name": event.event, "payload": json.loads(event.payload)}
            frame["payload"]["prev"] = prev
            worker.sent.append((prev, event.seq))
            worker.tail.add(prev, event.seq, json.dumps(frame).encode())
            for member in worker.members:
                member.push(frame)

    # — a client's requests ———————————————————————————————————————————————————————————————————————————————————————————

    def read_for(self, connection: Connection) -> None:
        """The worker takes up the connection's first request, and reads what it needs in one snapshot."""
        request, worker = connection.requests[0], connection.worker
        if "ask" in request:
            call = request["ask"]
            if call.name == "join":
                worker.served = True
                request["answer"] = self.log.answer_join(call.since, call.epoch)
            else:
                request["answer"] = self.log.answer_sync(call.since, call.epoch)
        elif "before" in request:
            messages, more = self.log.latest(2, request["before"])
            request["answer"] = {"messages": messages, "more": more}
        else:
            act = request["act"]  # on a message that a restored backup may not know
            known = act.seq in self.log.messages
            events = self.commit(worker, [act if known else Act("post")])
            request["answer"] = {"message": events[0].body}

    def answer(self, connection: Connection) -> None:
        """The answer goes out; a join's together with what was sent to the room since it was read."""
        request, worker = connection.requests[0], connection.worker
        answer = request["answer"]
        kind = "history" if "before" in request else "change" if "act" in request else None
        tail: list[bytes] = []
        if kind is None:
            kind = request["ask"].name
            if kind == "join":
                room = answer["room"]
                if worker.stream.epoch not in {None, room["epoch"]}:
                    self._renewed(worker)
                    return
                worker.served = True
                self._send(worker, worker.stream.start(room["epoch"], room["seq"]))
                found = self._tail(worker, room["seq"])
                if found is None:
                    del request["answer"]  # too old meanwhile: read again
                    return
                tail = found
        connection.requests.popleft()
        ack = {"do": "ack", "of": kind, "answer": answer}
        if kind == "history":
            ack["before"] = request["before"]
        for frame in (ack, *map(json.loads, tail)):
            connection.push(frame)
        if kind == "join" and connection not in worker.members:
            worker.members.append(connection)

    def _tail(self, worker: Worker, seq: int) -> list[bytes] | None:
        return worker.tail.after(seq, worker.stream.last)

    # — a client ——————————————————————————————————————————————————————————————————————————————————————————————————————

    def connect(self, client: Client, worker: Worker) -> None:
        client.connection, client.asked = Connection(worker), None
        client.timeline.join()
        client.does({"do": "join"})

    def cut(self, client: Client) -> None:
        """The connection is gone, with all that was on its way."""
        connection, client.connection = client.connection, None
        assert connection is not None
        if connection in connection.worker.members:
            connection.worker.members.remove(connection)
        client.timeline.lost()
        client.hurt = False
        client.does({"do": "lost"})

    def doubt(self, client: Client) -> None:
        """A hole outside the numbers, or a device that woke up: it asks."""
        client.timeline.view.need_sync()
        client.hurt = False
        client.does({"do": "need_sync"})

    def ask_history(self, client: Client) -> None:
        assert client.connection is not None
        client.connection.requests.append({"before": client.timeline.ask_history()})
        client.does({"do": "ask_history", "before": client.timeline.first})

    def receive(self, client: Client) -> None:
        """The client takes the next frame."""
        assert client.connection is not None
        frame = client.connection.frames.popleft()
        timeline = client.timeline
        applied: list[int] = []
        if frame["do"] == "event":
            applied = timeline.event(frame["name"], frame["payload"])
        elif frame["of"] == "join":
            applied = timeline.joined(frame["answer"])
        elif frame["of"] == "sync":
            applied = timeline.synced(frame["answer"])
        elif frame["of"] == "change":
            timeline.changed(frame["answer"]["message"])
        else:
            timeline.history(frame["before"], frame["answer"])
        client.does(frame, applied)

    # — the end ———————————————————————————————————————————————————————————————————————————————————————————————————————

    def heal(self) -> None:
        """No more faults: everybody is connected, heads are compared, until nothing moves any more."""
        for worker in self.workers:
            worker.inbox.clear()
        for _ in range(50):
            if not self._settle():
                return
        raise AssertionError("it does not come to rest")

    def _settle(self) -> bool:
        busy = False
        for worker in self.workers:
            self.heads(worker)
            if worker.reading is None and worker.stream.gap:
                self.begin_fill(worker)
            if worker.reading is not None:
                self.end_fill(worker)
                busy = True
        for index, client in enumerate(self.clients):
            if client.connection is None:
                self.connect(client, self.workers[index % len(self.workers)])
            connection = client.connection
            while connection and connection is client.connection and connection.requests:
                busy = True
                if "answer" not in connection.requests[0]:
                    self.read_for(connection)
                self.answer(connection)
            while connection and connection is client.connection and connection.frames:
                busy = True
                self.receive(client)
        return busy


def _numbered(event: Event) -> Numbered:
    return Numbered(event.seq, event.event, json.dumps(event.body).encode())
