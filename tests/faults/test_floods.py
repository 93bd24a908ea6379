"""A client that never reads, in a room that gets 2,000 events a second: it is closed, again and again, and costs nobody anything."""

from __future__ import annotations

import socket
import statistics
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.generator import Generator, build
from bench.generator import Server as Target
from bench.product import CHAT, sign_in
from bench.workloads import Workload
from tests.faults.table import Row, Table
from tests.support.client import Client
from tests.support.server import Server

pytestmark = pytest.mark.timeout(900)

MB = 1024 * 1024
RATE = 2000
NEIGHBOURS = Workload("flood", conns=10, rooms=1, senders=5, window=1)
SECONDS = 10.0
ROUNDS = 3
MEMORY_MB = 5
RATIO = 1.5  # of the others' p99, and of the server's processor time for a message
COMPARABLE = 2.0  # rounds that differ more among themselves say how busy the machine was, and nothing of the server
LOOK_S = 0.2

# The short form: a person's own messages, until that client is closed for the first time.
LONG_TEXT = "x" * 3_900  # the kernel's buffers are full soon
AT_A_TIME, AT_MOST = 50, 6_000
AT_FIRST = 500  # they fill caches and pools, most of them
SHORT_MEMORY_MB = 16  # all that is sent would be more


class Sleeper:
    """Comes into a room and never reads; when it is closed, it comes again."""

    def __init__(self, server: Server, worker: psutil.Process) -> None:
        self._server, self._worker = server, worker
        self._token = server.guest("Sleeper")["token"]
        self.closed = 0  # how often the server ended the connection
        self.known: dict[str, Any] = {}  # where it stands: since, epoch

    def sleep(self, room: str, stop: threading.Event, *, once: bool = False) -> None:
        """Until `stop` is set; `once`: or until it was closed."""
        while not stop.is_set() and not (once and self.closed):
            client = self.connect()
            raw = client._socket.sock
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            joined = client.join(room, **self.known)["room"]
            self.known = {"since": joined["seq"], "epoch": joined["epoch"]}
            client.hold()
            port = raw.getsockname()[1]
            while self._is_served(port):
                if stop.wait(LOOK_S):
                    break
            else:
                self.closed += 1
            client.cut()

    def connect(self) -> Client:
        return Client(self._server.url, {"token": self._token})

    def only_look(self, stop: threading.Event) -> None:
        """What a round costs this machine, without the connection."""
        while not stop.wait(LOOK_S):
            self._is_served(0)

    def _is_served(self, port: int) -> bool:
        return any(
            each.raddr and each.raddr.port == port and each.status == psutil.CONN_ESTABLISHED
            for each in self._worker.net_connections("tcp")
        )


class Scale:
    """The most memory that a process has had in each of the rounds in which it was watched."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self.most: list[int] = []

    def watch(self, stop: threading.Event) -> None:
        """Look until `stop` is set."""
        self.most.append(0)
        while not stop.wait(LOOK_S):
            self.most[-1] = max(self.most[-1], self._process.memory_info().rss)


@contextmanager
def meanwhile(*acts: Callable[[threading.Event], None]) -> Iterator[None]:
    """Have functions run on threads of their own until the event that they are given is set; what they raise is raised."""
    stop = threading.Event()
    with ThreadPoolExecutor(len(acts)) as pool:
        running = [pool.submit(act, stop) for act in acts]
        try:
            yield
        finally:
            stop.set()
        for each in running:
            each.result(60)


def test_a_client_never_reads_and_comes_back(
    table: Table, repetition: int, runtime: str, tmp_path: Path
) -> None:
    server = Server(tmp_path / "server", runtime=runtime)
    try:
        server.start()
        worker = server.worker("w1")
        alice, bob = server.connect("Alice"), server.connect("Bob")
        for each in (alice, bob):
            each.join("busy")
        sleeper, sent = Sleeper(server, worker), 0

        def say_more() -> None:
            nonlocal sent
            asked = [
                alice.request(
                    "message",
                    {
                        "room": "busy",
                        "client_id": str(uuid.uuid4()),
                        "body": f"{sent + n} {LONG_TEXT}",
                    },
                )
                for n in range(AT_A_TIME)
            ]
            answers = [alice.ack(number, timeout=60) for number in asked]
            assert all(answer["ok"] for answer in answers), answers
            sent += AT_A_TIME

        while sent < AT_FIRST:
            say_more()
        before = worker.memory_info().rss
        with meanwhile(partial(sleeper.sleep, "busy", once=True)):
            while not sleeper.closed and sent < AT_MOST:
                say_more()
        bob.sees("message", timeout=60, body=f"{sent - 1} {LONG_TEXT}")
        grown = (worker.memory_info().rss - before) / MB
        joined = sleeper.connect().join("busy", **sleeper.known)
        heard = [int(each["body"].partition(" ")[0]) for each in bob.events("message")]
    finally:
        server.close()
    assert sleeper.closed == 1, f"{sent} messages did not fill what waits for it"
    assert heard == list(range(sent))
    missed = [each["seq"] for each in joined["messages"]]
    assert missed == list(range(missed[0], joined["room"]["seq"] + 1)), "what is told has no hole"
    assert joined.get("refetch") or missed[0] == sleeper.known["since"] + 1
    assert grown < SHORT_MEMORY_MB
    table.put(Row("a client never reads", sent, 0, 0, 0, 0.0, f"closed; {grown:+.1f} MB"))


@pytest.mark.faults
def test_a_client_never_reads(table: Table, repetition: int, runtime: str, tmp_path: Path) -> None:
    generator: Generator = build(tmp_path)
    server = Server(tmp_path / "server", runtime=runtime)
    p99: dict[bool, list[float]] = {True: [], False: []}
    cpu: dict[bool, list[float]] = {True: [], False: []}
    messages = 0
    try:
        server.start()
        worker = server.worker("w1")
        sign_in(server.port, NEIGHBOURS.conns, tmp_path / "tokens")
        target = Target("chatapp", server.port, server.process.pid, CHAT, tmp_path / "tokens")
        sleeper, scale = Sleeper(server, worker), Scale(worker)

        def load(*beside: Callable[[threading.Event], None]) -> dict[str, Any]:
            with meanwhile(scale.watch, *beside):
                result = generator.run(target, NEIGHBOURS, SECONDS, RATE)
            assert result["sent_per_s"] > 0.9 * RATE, "the room had its load"
            found = [result[name] for name in ("lost", "extra", "misordered", "dead", "refused")]
            assert found == [0] * 5, result
            return result

        load()  # fills caches and pools
        scale.most.clear()
        for asleep in (False, True) * ROUNDS:
            room = generator.next_room(0)
            result = load(partial(sleeper.sleep, room) if asleep else sleeper.only_look)
            messages += result["sent"]
            p99[asleep].append(result["p99_ms"])
            cpu[asleep].append(result["cpu_us"])
    finally:
        server.close()
    assert sleeper.closed >= ROUNDS
    # Against the round before it: each round also leaves a room and its messages.
    pairs = zip(scale.most[::2], scale.most[1::2], strict=True)
    grown = max(beside_it - without for without, beside_it in pairs) / MB
    assert grown < MEMORY_MB, scale.most
    costs, cost = (statistics.median(cpu[asleep]) for asleep in (True, False))
    assert costs <= RATIO * cost, cpu
    late, usual = (statistics.median(p99[asleep]) for asleep in (True, False))
    judged = max(p99[False]) <= COMPARABLE * min(p99[False])
    assert late <= RATIO * usual or not judged, p99
    note = (
        f"closed {sleeper.closed} times, {grown:+.1f} MB; {costs:.0f} µs a message, without it {cost:.0f} µs;"
        f" the others' p99 {late:.1f} ms, without it {usual:.1f} ms{'' if judged else ' (too busy a machine to judge)'}"
    )
    table.put(Row("a client never reads, 2,000 events/s", messages, 0, 0, 0, 0.0, note))
