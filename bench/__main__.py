"""`make bench`: the product and its peers in turn, medians and ratios of one run, into bench/results.md."""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import statistics
from pathlib import Path

from . import load, servers
from .load import Workload

RESULTS = Path(__file__).parent / "results.md"

HEAD = """\
# Figures

`make bench ARGS="{arguments}"` on {date}: {machine}, Python {python}; the server on one core, the generator on another.
Only ratios within one run mean anything. The product runs with everything on (sign-in, membership, validation, limits that
count, every message committed to SQLite with synchronous=FULL before its ack); Node's Socket.IO stores nothing and asks nobody
who they are. Frames are equally long.

Ack at rest (one client, one message at a time): median {p50:.2f} ms, 99th percentile {p99:.2f} ms.

| deliveries a second | chatapp | Node Socket.IO | ratio | chatapp p50 / p99 |
|---|---|---|---|---|"""

WORKLOADS = (
    Workload("200 connections, 1 room, 20 senders, 1 in flight each", 200, 1, 20, 1),
    Workload("200 connections, rooms of 20, 2 senders, 4 in flight each", 200, 10, 2, 4),
    Workload("100 connections, rooms of 1, 8 in flight", 100, 100, 1, 8),
)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds in turn; medians are given")
    parser.add_argument("--seconds", type=float, default=3, help="how long each is measured")
    options = parser.parse_args()
    ours: dict[str, list[float]] = {each.title: [] for each in WORKLOADS}
    node: dict[str, list[float]] = {each.title: [] for each in WORKLOADS}
    tails: dict[str, list[tuple[float, float]]] = {each.title: [] for each in WORKLOADS}
    acks: list[tuple[float, float]] = []
    with servers.folder() as folder:
        program = load.build(folder)
        for number in range(1, options.rounds + 1):
            place = folder / str(number)
            place.mkdir()
            with servers.chatapp(place) as port:
                tokens = servers.guest_tokens(port, max(each.conns for each in WORKLOADS), place)
                acks.append(load.ack_latency(port, tokens.read_text().split()[0]))
                print(
                    f"round {number}: ack p50 {acks[-1][0]:.2f} ms, p99 {acks[-1][1]:.2f} ms",
                    flush=True,
                )
                for each in WORKLOADS:
                    result = load.chatapp(program, port, each, tokens, options.seconds)
                    _must_be_whole(each, result)
                    ours[each.title].append(result["deliveries_per_s"])
                    tails[each.title].append((result["p50_ms"], result["p99_ms"]))
                    print(
                        f"  chatapp, {each.title}: {result['deliveries_per_s']:,.0f}/s", flush=True
                    )
            with servers.node_socketio(place) as port:
                for each in WORKLOADS:
                    result = load.node(program, port, each, options.seconds)
                    _must_be_whole(each, result)
                    node[each.title].append(result["deliveries_per_s"])
                    print(f"  Node, {each.title}: {result['deliveries_per_s']:,.0f}/s", flush=True)
    RESULTS.write_text(_table(options, ours, node, tails, acks))
    print(f"wrote {RESULTS.relative_to(servers.ROOT)}")


def _must_be_whole(each: Workload, result: dict[str, float]) -> None:
    if result["dead"] or result["refused"] or result["conns"] != each.conns:
        raise SystemExit(f"chatapp: the run is not valid: {each.title}: {result}")


def _table(
    options: argparse.Namespace,
    ours: dict[str, list[float]],
    node: dict[str, list[float]],
    tails: dict[str, list[tuple[float, float]]],
    acks: list[tuple[float, float]],
) -> str:
    p50 = statistics.median(p for p, _ in acks)
    p99 = statistics.median(p for _, p in acks)
    text = HEAD.format(
        arguments=f"--rounds {options.rounds} --seconds {options.seconds:g}",
        date=dt.datetime.now(tz=dt.UTC).date(),
        machine=platform.machine(),
        python=platform.python_version(),
        p50=p50,
        p99=p99,
    )
    lines = [text]
    for title, rates in ours.items():
        mine, theirs = statistics.median(rates), statistics.median(node[title])
        half = statistics.median(p for p, _ in tails[title])
        most = statistics.median(p for _, p in tails[title])
        lines.append(
            f"| {title} | {mine:,.0f} | {theirs:,.0f} | {mine / theirs:.2f} | {half:.1f} / {most:.1f} ms |"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
