"""An assistant's answer, piece by piece, to a thousand members: from the model's pen to the last of them.

The model writes once in 60 ms. A room is given a piece each 50 ms at most, so none of these waits for another, and what is
measured is the way of a piece alone: read, told, sent, received. It is a little more than from the flush.
"""

from __future__ import annotations

import uuid

from . import pen, product
from .session import Session, say
from .talking import Talker

MEMBERS = 1_000
DELTA = '["message_delta"'
EVERY_S = 0.06


def measure(session: Session, section: str) -> None:
    """One answer, and its way to every member."""
    members = min(MEMBERS, session.most)
    seconds = max(3 * session.seconds, 6.0)
    for number in range(1, session.rounds + 1):
        say(f"{section}, round {number} of {session.rounds}")
        with (
            session.trying("chatapp", []),
            pen.model(seconds, EVERY_S, marks=True) as model,
            product.chatapp(session.place(), session.people, env=model.env) as server,
        ):
            assert server.tokens is not None
            with session.generator.holding(server, members, DELTA) as held:
                token = server.tokens.read_text().split()[0]
                pieces = _ask(server.port, token, held.room, seconds)
                result = held.finish()
            expected = pieces * held.ready["conns"]
            session.book.add(
                section,
                str(MEMBERS),
                "chatapp",
                **{
                    "pieces/s": pieces / seconds,
                    "deliveries/s": result["received"] / seconds,
                    "% heard": 100 * result["received"] / expected if expected else 0,
                    "p50 ms": result["p50_ms"],
                    "p99 ms": result["p99_ms"],
                    "last of them p50 ms": result["last_p50_ms"],
                    "last of them p95 ms": result["last_p95_ms"],
                },
            )
            say(
                f"  {pieces} pieces to {held.ready['conns']:,} members: {result['received']:,} of {expected:,} deliveries;"
                f" the last of them has it after {result['last_p50_ms']:.0f} ms, p95 {result['last_p95_ms']:.0f} ms"
            )


def _ask(port: int, token: str, room: str, seconds: float) -> int:
    """Ask, and read the answer to its end as a member; how many deltas there were."""
    talker = Talker(port, token)
    talker.ask("join", room=room)
    talker.ask("message", room=room, client_id=uuid.uuid4().hex, body="@assistant tell me")
    pieces = talker.count_deltas(within=seconds + 30)
    talker.close()
    return pieces
