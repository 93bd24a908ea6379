"""python -m tests.security.hostile --port P --clients 500: says when all have begun, when all that do
not take long have tried it once, and on SIGTERM what they did."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import signal

from .kinds import KINDS, PATIENT, Attacker


async def attack(options: argparse.Namespace) -> None:
    names = options.kinds or list(KINDS)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    attackers = [
        Attacker(
            number,
            options.port,
            # Never the address of the good ones, or they would share its limits by address.
            f"127.0.1.{1 + number % options.addresses}",
            options.rooms,
            options.calm,
        )
        for number in range(options.clients)
    ]
    tasks = [
        asyncio.ensure_future(eve.goes_on(KINDS[names[eve.number % len(names)]]))
        for eve in attackers
    ]
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    await asyncio.gather(*(eve.begun.wait() for eve in attackers))
    print(json.dumps({"attackers": len(attackers)}), flush=True)
    impatient = [eve for eve in attackers if names[eve.number % len(names)] not in PATIENT]
    tried = asyncio.gather(*(eve.tried.wait() for eve in impatient))
    tried.add_done_callback(lambda _: print(json.dumps({"tried": len(impatient)}), flush=True))
    await over.wait()
    tried.cancel()
    for task in tasks:
        task.cancel()
    did: dict[str, list[int]] = {name: [0, 0] for name in names}
    for eve in attackers:
        counts = did[names[eve.number % len(names)]]
        counts[0] += eve.tries
        counts[1] += eve.refusals
    print(json.dumps(did), flush=True)


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--clients", type=int, default=500)
parser.add_argument("--addresses", type=int, default=50)
parser.add_argument("--calm", type=float, default=0.05)
parser.add_argument("--rooms", nargs="+", default=["tea"])
parser.add_argument("--kinds", nargs="*", choices=list(KINDS))
asyncio.run(attack(parser.parse_args()))
