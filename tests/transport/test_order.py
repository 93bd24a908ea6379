"""Under load every member of a room sees the same messages in the same order, whatever transport it has."""

from __future__ import annotations

import json
import threading

from tests.support.client import Client

from .conftest import ChatServer
from .wire import Polling

ROUNDS, BURST = 10, 15


def talk(client: Client, name: int, first: int) -> None:
    for number in range(first, first + BURST):
        client.emit("message", {"room": "r", "text": str(name), "number": number})


def listen(session: Polling, seen: list[tuple[str, int]], end: int) -> None:
    head = '42/chat,["message",'
    while len(seen) < end:
        for packet in session.poll():
            if packet.startswith(head):
                payload = json.loads(packet[len(head) : -1])
                seen.append((payload["text"], payload["number"]))


def test_all_see_the_same_order_and_each_senders_own(chat: ChatServer) -> None:
    senders = [chat.connect(f"sender{n}") for n in range(4)]
    poller = chat.polling().enter("poller")
    poller.post('42/chat,1["join",{"room":"r"}]')
    poller.until("43/chat,1")
    for sender in senders:
        sender.ok("join", {"room": "r"})
    polled: list[tuple[str, int]] = []
    for part in range(ROUNDS):  # a burst of all at once, which a poller can still follow
        threads = [
            threading.Thread(target=talk, args=(sender, name, part * BURST))
            for name, sender in enumerate(senders)
        ]
        for thread in threads:
            thread.start()
        listen(poller, polled, (part + 1) * BURST * len(senders))
        for thread in threads:
            thread.join()
    last = polled[-1]
    for sender in senders:
        sender.sees("message", text=last[0], number=last[1])
        assert [(event["text"], event["number"]) for event in sender.events("message")] == polled
    for name in range(len(senders)):
        own = [number for text, number in polled if text == str(name)]
        assert own == list(range(ROUNDS * BURST))
