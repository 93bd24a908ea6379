"""Alice, Bob and Carol, who comes later by phone, in one room: the way of a day, to identical timelines."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.browser import PHONE
from tests.support.network import network
from tests.support.server import Server

from .person import Person

ROOM = "배포-회의"


@pytest.mark.browser
def test_three_people_and_an_assistant_end_with_the_same_timeline(
    start_server: Callable[..., Server], pages: Any
) -> None:
    server = start_server()
    with network(server.port) as bobs_network:
        alice = Person(pages.open(), "Alice")
        bob = Person(pages.open(dark=True), "Bob")
        alice.enters(server.url, ROOM)
        bob.enters(bobs_network.url, ROOM)

        hello = alice.says("Shall we deploy on Friday?")
        bob.sees("Shall we deploy on Friday?")
        bob.types("Yes, if the")
        alice.sees("Bob is typing")
        bob.says("Yes, if the **tests** are green:\n```\nmake test\n```", shown="make test")
        alice.row("make test")
        alice.edits(hello, "Shall we deploy on Friday, at 15:00?")
        bobs_view = bob.row("at 15:00?")
        bob.reacts(bobs_view, "👍")
        alice.waits_until(
            lambda: alice.page.locator(".chip", has_text="👍 1").count() == 1, "sees the reaction"
        )
        alice.waits_until(
            lambda: (
                alice.page.locator(".receipts [title='Bob'], .receipts[title*='Bob']").count() > 0
            ),
            "sees that Bob has read",
        )

        alice.says("@assistant tell me a long story about a deployment")
        alice.waits_until(lambda: len(alice.answer()) > 40, "the answer grows")
        carol = Person(pages.open(size=PHONE), "Carol")
        carol.follows_a_link(server.url, ROOM)
        for person in (alice, bob, carol):
            before = len(person.answer())
            person.waits_until(lambda p=person, n=before: len(p.answer()) > n, "the answer grows")
        _keep_pictures(alice, bob, carol)
        alice.page.get_by_role("button", name="Stop", exact=True).click()
        for person in (alice, bob, carol):
            person.sees("Stopped by")

        bobs_network.cut()
        bob.waits_until(lambda: not bob.is_connected(), "notices that the network is gone")
        for number in (1, 2, 3):
            bob.composer.fill(f"Sent from the tunnel, {number}")
            bob.composer.press("Control+Enter")
        alice.says("Bob, are you still there?")
        carol.says("I am, by phone.")
        bob.row("Sent from the tunnel, 3")
        assert carol.page.get_by_text("Sent from the tunnel").count() == 0
        bobs_network.mend()
        for person in (alice, carol, bob):
            person.row("Sent from the tunnel, 3")
        bob.waits_until(lambda: "not delivered" not in "".join(bob.timeline()), "all is delivered")
        assert [bob.page.get_by_text(f"tunnel, {n}").count() for n in (1, 2, 3)] == [1, 1, 1]

        wanted = alice.timeline()
        assert len(wanted) == 9
        for person in (bob, carol):
            person.waits_until(lambda p=person: p.timeline() == wanted, "sees the same timeline")
        for person in (alice, bob, carol):
            person.page.reload()
            person.is_in(ROOM)
            person.waits_until(
                lambda p=person: p.timeline() == wanted, "sees it after a reload too"
            )


def _keep_pictures(alice: Person, bob: Person, carol: Person) -> None:
    """With PICTURES=1: the pictures of the README."""
    if os.environ.get("PICTURES"):
        alice.picture("room-light")
        bob.picture("room-dark")
        carol.picture("room-phone")
