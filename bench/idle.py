"""Connections that say nothing: how fast they come, what each costs; and a crowd that must all hear a message."""

from __future__ import annotations

import time

from .processes import memory
from .session import Session, say
from .workloads import Workload

SETTLE_S = 1.0
# In a crowd somebody speaks so often.
CROWD_RATE = 1.0


def measure(session: Session, section: str, sizes: tuple[int, ...], peers: list[str]) -> None:
    """Memory of the server with so many connections in one room, less that before them."""
    for size in sizes:
        conns = min(size, session.most)
        for who in ["chatapp", *peers]:
            with session.trying(who, peers), session.serve(who) as server:
                with session.generator.holding(server, 20) as warm:
                    warm.finish()
                time.sleep(SETTLE_S)
                before = memory(server.pid)
                with session.generator.holding(server, conns) as held:
                    time.sleep(SETTLE_S)
                    each = (memory(server.pid) - before) / held.ready["conns"] / 1000
                    rate = held.ready["conns"] / held.ready["connect_s"]
                session.book.add(
                    section,
                    str(size),
                    who,
                    **{
                        "kB a connection": each,
                        "connections/s": rate,
                        "connected": held.ready["conns"],
                    },
                )
                say(
                    f"  {who}, {held.ready['conns']:,} connections: {each:.1f} kB each, {rate:,.0f}/s"
                )


def crowd(session: Session, section: str, size: int, seconds: float) -> None:
    """One room of so many on one worker, for so long: who hears, and who is dropped."""
    conns = min(size, session.most)
    load = Workload("crowd", conns, 1, 4, 1)
    with session.trying("chatapp", []), session.serve("chatapp") as server:
        result = session.generator.run(server, load, seconds, rate=CROWD_RATE)
        expected = result["received"] + result["lost"]
        session.book.add(
            section,
            str(size),
            "chatapp",
            **{
                "connected": result["connected"],
                "% heard": 100 * result["received"] / expected if expected else 0,
                "dropped": result["dead"],
                "p50 ms": result["p50_ms"],
                "p99 ms": result["p99_ms"],
                "connections/s": conns / result["connect_s"],
                "seconds": seconds,
            },
        )
        say(
            f"  {conns:,} connections for {seconds:g} s: {result['received']:,} of {expected:,} deliveries"
            f" heard, {result['dead']} dropped, p99 {result['p99_ms']:.0f} ms"
        )
