"""Deliveries a second, round by round and server by server; and the latency at half of Node's top load."""

from __future__ import annotations

import os
from typing import Any

from .generator import Server
from .session import Session, say
from .workloads import ACCEPTED, BIG_ROOM, ROOMS, Workload

HALF = "half-load"
SEND = "send()"


def accepted(session: Session, section: str, *, everyone: bool) -> None:
    """The loads that something must be reached in, on the peers they are compared with or on `everyone`."""
    _measure(session, section, ACCEPTED, everyone=everyone, latency=True)
    _send_limit(session, section, ACCEPTED)


def every_room(session: Session, section: str) -> None:
    """Every size of room on every server."""
    _measure(session, section, ROOMS, everyone=True, latency=False)
    _send_limit(session, section, ROOMS)


def _measure(
    session: Session,
    section: str,
    workloads: tuple[Workload, ...],
    *,
    everyone: bool,
    latency: bool,
) -> None:
    """Each round measures every server in turn; the order turns around from round to round.

    `everyone`: each workload on every peer, not only on those it is compared with.
    """
    peers = [name for name in session.peers if everyone or _is_compared(name, workloads)]
    for number in range(1, session.rounds + 1):
        say(f"{section}, round {number} of {session.rounds}")
        # Node comes first in the first round: what half of its top load is must be known by then.
        turn = [*peers, "chatapp"] if number % 2 else ["chatapp", *reversed(peers)]
        for who in turn:
            with session.trying(who, peers), session.serve(who) as server:
                for load in workloads:
                    if who == "chatapp" or everyone or who in load.peers:
                        _one(session, section, server, load.at_most(session.most))
                if latency and who in {"chatapp", "node"}:
                    _at_half_load(session, section, server)


def _is_compared(name: str, workloads: tuple[Workload, ...]) -> bool:
    return any(name in load.peers for load in workloads)


def _one(session: Session, section: str, server: Server, load: Workload) -> None:
    result = session.generator.run(server, load, session.seconds)
    if not _is_whole(load, result):
        say(f"  {server.name}, {load.title}: only {result['conns']:,} connected")
        session.book.add(section, load.key, server.name, connected=result["conns"])
        return
    say(f"  {server.name}, {load.title}: {result['deliveries_per_s']:,.0f}/s")
    session.book.add(
        section,
        load.key,
        server.name,
        **{
            "deliveries/s": result["deliveries_per_s"],
            "p50 ms": result["p50_ms"],
            "p99 ms": result["p99_ms"],
            "CPU µs a message": result["cpu_us"],
            "frame bytes": result["frame_bytes"],
            "lost": result["lost"],
        },
    )


def _is_whole(load: Workload, result: dict[str, Any]) -> bool:
    return not result["dead"] and not result["refused"] and result["conns"] == load.conns


def _at_half_load(session: Session, section: str, server: Server) -> None:
    load = BIG_ROOM.at_most(session.most)
    top = session.book.median(section, load.key, "node", "deliveries/s")
    if top is None:
        return
    rate = top / load.conns / 2
    os.sync()  # what the loads before have written is not waited for in this one
    result = session.generator.run(server, load, session.seconds, rate=rate)
    say(f"  {server.name}, {rate:,.0f} messages/s: p99 {result['p99_ms']:.1f} ms")
    session.book.add(
        section,
        HALF,
        server.name,
        **{
            "p50 ms": result["p50_ms"],
            "p99 ms": result["p99_ms"],
            "deliveries/s": result["deliveries_per_s"],
            "lost": result["lost"],
        },
    )


def _send_limit(session: Session, section: str, workloads: tuple[Workload, ...]) -> None:
    """How many deliveries one send() each would allow at all, on this processor."""
    size = round(session.generator.frame_bytes or 400) + 4
    for load in workloads:
        conns = load.at_most(session.most).conns
        sends = session.generator.sends(conns, size, min(session.seconds, 2))
        say(f"  send() to {conns:,} connections: {sends:,.0f}/s")
        session.book.add(section, load.key, SEND, **{"deliveries/s": sends})
