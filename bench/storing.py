"""Messages that are stored before they are acknowledged: how many a second, and with two workers against one."""

from __future__ import annotations

from contextlib import ExitStack

from . import product
from .databases import postgres, redis
from .processes import LOAD_CPUS, WORKERS_CPUS
from .session import Session, say
from .workloads import BIG_ROOM, Workload

STORED = (
    Workload("into-1-room", 20, 1, 20, 8),
    Workload("into-100-rooms", 100, 100, 1, 8),
)
DATABASES = ("SQLite", "PostgreSQL")


def measure(session: Session, section: str) -> None:
    """Committed messages a second on each database. PostgreSQL runs beside the generator, not on the server's core."""
    for number in range(1, session.rounds + 1):
        say(f"{section}, round {number} of {session.rounds}")
        for database in DATABASES:
            with session.trying(f"chatapp on {database}", []), ExitStack() as stack:
                env = {}
                if database == "PostgreSQL":
                    env["DATABASE_URL"] = stack.enter_context(postgres(LOAD_CPUS))
                place = session.place()
                server = stack.enter_context(product.chatapp(place, env=env))
                product.sign_in(server.port, 100, place / "data" / product.TOKENS)
                server = product.with_tokens(server, place)
                for load in STORED:
                    result = session.generator.run(server, load, session.seconds)
                    say(f"  {database}, {load.title}: {result['sent_per_s']:,.0f} messages/s")
                    session.book.add(
                        section,
                        load.key,
                        database,
                        **{
                            "messages/s": result["sent_per_s"],
                            "p50 ms": result["p50_ms"],
                            "p99 ms": result["p99_ms"],
                            "lost": result["lost"],
                        },
                    )


def workers(session: Session, section: str) -> None:
    """Two workers with Redis against one without, both on PostgreSQL; the generator has a processor of its own."""
    for number in range(1, session.rounds + 1):
        say(f"{section}, round {number} of {session.rounds}")
        for count in (1, 2):
            who = f"{count} worker{'s' if count > 1 else ''}"
            with session.trying(who, []), ExitStack() as stack:
                env = {"DATABASE_URL": stack.enter_context(postgres(LOAD_CPUS))}
                if count > 1:
                    env["REDIS_URL"] = stack.enter_context(redis(session.place(), LOAD_CPUS))
                place = session.place()
                server = stack.enter_context(
                    product.chatapp(place, env=env, workers=count, cpus=WORKERS_CPUS)
                )
                load = BIG_ROOM.at_most(session.most)
                product.sign_in(server.port, load.conns, place / "data" / product.TOKENS)
                server = product.with_tokens(server, place)
                result = session.generator.run(server, load, session.seconds)
                say(
                    f"  {who}: {result['deliveries_per_s']:,.0f}/s, {result['lost']} lost,"
                    f" {result['misordered']} out of order"
                )
                names = ("lost", "misordered", "extra")
                session.book.add(
                    section,
                    who,
                    "chatapp",
                    **{"deliveries/s": result["deliveries_per_s"], "p99 ms": result["p99_ms"]},
                    **{name: result[name] for name in names},
                )
