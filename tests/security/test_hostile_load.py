"""Bad clients of every kind at once leave good ones alone."""

from __future__ import annotations

import dataclasses
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bench import generator, processes, product
from bench.workloads import Workload
from tests.support.server import Server

from .hostile.kinds import KINDS
from .world import MB_20

ROUNDS, SECONDS = 3, 10
GOOD = Workload("good", conns=100, rooms=5, senders=20, window=1)
A_SECOND = 100.0  # messages of all good clients
MOST_SLOWER = 6  # 2.1 were seen; on a disk that stands still at times it says little


class Attack:
    """So many attackers in a process of their own, all of whom have begun."""

    def __init__(self, port: int, clients: int, rooms: list[str], *kinds: str) -> None:
        command = [sys.executable, "-m", "tests.security.hostile", "--port", str(port)]
        command += ["--clients", str(clients), "--rooms", *rooms]
        command += ["--kinds", *kinds] if kinds else []
        # Last on their processor: what the good ones feel shall be the server's doing.
        command = ["chrt", "--idle", "0", *processes.pin(command, processes.LOAD_CPUS)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._says("attackers")

    def __enter__(self) -> Attack:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def has_tried_all(self) -> None:
        """Each of those whose tries do not take long has come to the end of one."""
        self._says("tried")

    def _says(self, what: str) -> None:
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline())[what]


def test_good_clients_lose_nothing_beside_bad_ones_of_every_kind(
    runtime: str, tmp_path: Path, room: str
) -> None:
    server = Server(tmp_path, runtime=runtime, env={"CHATAPP_RATE_LIMITS": "on"}).start()
    try:
        good = [server.connect(f"Good {number}", timeout=60) for number in range(5)]
        for each in good:
            each.join(room)
        texts: list[str] = []

        def talk() -> None:
            for each in good * 4:
                texts.append(each.send(room, f"{len(texts)} of {each.user['name']}")["body"])

        with Attack(server.port, len(KINDS), [room]) as attack:
            talk()
            attack.has_tried_all()
            talk()
            for each in good:
                each.sees("message", body=texts[-1])
        for each in good:
            assert [message["body"] for message in each.events("message")] == texts
            assert each.is_open
            assert each.events("closing") == []
        assert "Traceback" not in server.log
    finally:
        server.close()


class Rounds(NamedTuple):
    """What the generator measured in turn, and by how many bytes the server grew from the end of the first round."""

    quiet: list[dict[str, Any]]
    beside: list[dict[str, Any]]
    grown: int

    def are_whole(self) -> None:
        """No good client was refused or closed, and nothing was lost or came in another order."""
        for each in self.beside:
            assert each["conns"] == GOOD.conns
            assert [each[what] for what in ("dead", "refused", "lost", "misordered")] == [0] * 4

    def slower(self) -> float:
        """p99 beside bad clients, as a multiple of that without them; the middle one of the rounds."""
        alone, beside = (
            statistics.median(each["p99_ms"] for each in runs) for runs in (self.quiet, self.beside)
        )
        print(f"p99 {alone} ms, beside bad ones {beside} ms; {self.grown >> 20} MB more")
        return float(beside / alone)


def rounds(clients: int, *kinds: str) -> Rounds:
    quiet: list[dict[str, Any]] = []
    beside: list[dict[str, Any]] = []
    held: list[int] = []
    with processes.folder() as folder:
        load = generator.build(folder)
        (folder / "server").mkdir()
        limits = {"CHATAPP_RATE_LIMITS": "on"}
        with product.chatapp(folder / "server", env=limits) as bare:
            product.sign_in(bare.port, GOOD.conns, folder / "tokens")
            server = dataclasses.replace(bare, tokens=folder / "tokens")
            for _ in range(ROUNDS):
                quiet.append(load.run(server, GOOD, SECONDS, A_SECOND))
                rooms = [load.next_room(number) for number in range(GOOD.rooms)]
                with Attack(server.port, clients, rooms, *kinds):
                    beside.append(load.run(server, GOOD, SECONDS, A_SECOND))
                held.append(processes.memory(server.pid))
    return Rounds(quiet, beside, held[-1] - held[0])


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_500_bad_clients_close_no_good_one_and_lose_nothing() -> None:
    """Needs a quiet machine with two processors: the server has one, the good clients and the bad ones the other.

    The goal is twice the time of the same run without them. It is not reached: SECURITY.md says what was seen.
    """
    found = rounds(500)
    found.are_whole()
    assert found.slower() <= MOST_SLOWER


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_fuzzers_leave_their_neighbours_their_speed_and_the_server_its_memory() -> None:
    """On a quiet machine, as above."""
    found = rounds(10, "fuzzes")
    found.are_whole()
    assert found.slower() <= 1.5
    assert found.grown <= MB_20
