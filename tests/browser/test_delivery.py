"""Messages on their way: nothing is lost, doubled or swapped, and whoever waits is told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.network import network
from tests.support.server import Server

from .conftest import Visit
from .screen import Visitor
from .talk import fill, lines

pytestmark = pytest.mark.browser


def own(someone: Visitor) -> list[str]:
    """My messages that are on the screen, in their order; those under way are marked."""
    found: list[str] = someone.page.evaluate(
        """() => [...document.querySelectorAll('article.msg.own')].map((row) =>
             row.querySelector('.text').innerText.trim() + (row.querySelector('.delivery') ? ' …' : ''))"""
    )
    return found


def notices(someone: Visitor) -> None:
    """The browser tells the page that there is a network."""
    someone.page.evaluate("dispatchEvent(new Event('online'))")


def test_a_short_cut_shows_no_bar_and_a_long_one_counts_down_and_says_what_is_new(
    server: Server, visit: Visit, room: str
) -> None:
    writer = fill(server, room, ["hello"])
    with network(server.port) as line:
        someone = visit(server, "Bora", room, url=line.url)
        someone.page.evaluate(
            """() => {
              window.bars = [];
              new MutationObserver(() => {
                const bar = document.querySelector('.bar');
                if (bar && bars.at(-1) !== bar.innerText) bars.push(bar.innerText);
              }).observe(document.body, { subtree: true, childList: true, characterData: true });
            }"""
        )
        line.cut()
        someone.waits_until(lambda: not someone.is_connected(), "notices the cut")
        line.mend()
        notices(someone)
        someone.waits_until(someone.is_connected, "is back")
        assert someone.page.evaluate("bars") == []
        line.cut()
        expect(someone.page.locator(".bar")).to_have_text(
            re.compile(r"Connection lost. Trying again")
        )
        writer.send(room, "one")
        writer.send(room, "two")
        someone.waits_until(
            lambda: any(re.search(r"in \d+ s", bar) for bar in someone.page.evaluate("bars")),
            "the bar counts down",
        )
        line.mend()
        notices(someone)
        expect(someone.page.locator(".bar")).to_have_text("Connected again. 2 new")
        expect(someone.page.locator(".bar")).to_have_count(0)
        someone.row("two")


def test_what_was_sent_offline_goes_out_once_and_in_order_even_after_a_reload(
    server: Server, visit: Visit, room: str
) -> None:
    bob = fill(server, room, ["hello"], name="Bob")
    with network(server.port) as line:
        someone = visit(server, "Bora", room, url=line.url)
        line.cut()
        someone.waits_until(lambda: not someone.is_connected(), "notices the cut")
        for number in (1, 2, 3):
            someone.sends(f"offline {number}")
            someone.row(f"offline {number}")
        expect(someone.page.get_by_text("Waiting to send").first).to_be_visible()
        someone.page.locator(".people-side").get_by_role("button", name="Leave the room").click()
        asked = someone.page.locator("dialog[open]")
        expect(asked.get_by_text("What you wrote here and is not sent yet")).to_be_visible()
        asked.get_by_role("button", name="Cancel").click()
        line.mend()
        someone.goes_to(room)
        someone.waits_until(
            lambda: own(someone) == ["offline 1", "offline 2", "offline 3"], "all three are sent"
        )
    bob.sees("message", body="offline 3")
    bodies = [message["body"] for message in bob.events("message") if "offline" in message["body"]]
    assert bodies == ["offline 1", "offline 2", "offline 3"]


def test_what_is_written_without_a_connection_far_from_the_end_is_shown_and_sent(
    server: Server, visit: Visit, room: str
) -> None:
    bob = fill(server, room, lines(400), name="Bob")
    with network(server.port) as line:
        someone = visit(server, "Bora", room, url=line.url, at=50)
        someone.row("Line 50")
        line.cut()
        someone.waits_until(lambda: not someone.is_connected(), "notices the cut")
        someone.sends("from long ago")
        expect(someone.row("from long ago").get_by_text("Waiting to send")).to_be_visible()
        expect(someone.page.get_by_text("Messages did not load.")).to_be_visible()
        line.mend()
        notices(someone)
        bob.sees("message", body="from long ago")
        someone.row("Line 400")
        expect(someone.row("from long ago")).to_be_in_viewport()
        expect(someone.row("from long ago").locator(".delivery")).to_have_count(0)
        expect(someone.page.get_by_text("Messages did not load.")).to_have_count(0)


def test_a_message_that_is_far_away_and_does_not_load_is_said_not_to(
    server: Server, visit: Visit, room: str
) -> None:
    bob = fill(server, room, ["the beginning", *lines(300)], name="Bob")
    with network(server.port) as line:
        someone = visit(server, "Bora", room, url=line.url)
        page = bob.ok("history", {"room": room, "after": 0, "limit": 10})["messages"]
        [first] = [message for message in page if message["body"] == "the beginning"]
        bob.send(room, "see above", reply_to=first["id"])
        quoted = someone.row("see above").get_by_role("button", name="the beginning")
        expect(quoted).to_be_visible()
        line.cut()
        someone.waits_until(lambda: not someone.is_connected(), "notices the cut")
        quoted.click()
        expect(someone.page.get_by_text("Messages did not load.")).to_be_visible()
        line.mend()
        notices(someone)
        someone.waits_until(someone.is_connected, "is back")
        quoted.click()
        expect(someone.row("the beginning")).to_be_in_viewport()


def test_two_tabs_of_one_person_send_each_message_once(
    server: Server, visit: Visit, pages: Any, room: str
) -> None:
    bob = fill(server, room, ["hello"], name="Bob")
    with network(server.port) as line:
        first = visit(server, "Bora", room, url=line.url)
        second = Visitor(pages.tab(first.page.context), "Bora", line.url, first.token)
        second.goes_to(room)
        line.cut()
        for tab in (first, second):
            tab.waits_until(lambda t=tab: not t.is_connected(), "notices the cut")
        wanted = []
        for number in (1, 2, 3):
            for tab, name in ((first, "first"), (second, "second")):
                wanted.append(f"{name} {number}")
                tab.sends(wanted[-1])
                tab.row(wanted[-1])
        line.mend()
        for tab in (first, second):
            notices(tab)
        bob.sees("message", body=wanted[-1])
        for tab in (first, second):
            tab.waits_until(lambda t=tab: own(t) == wanted, "all are sent, in one order")
    bodies = [message["body"] for message in bob.events("message")]
    assert [body for body in bodies if body in wanted] == wanted


def test_an_edit_that_was_not_stored_comes_back_into_the_box(
    server: Server, visit: Visit, room: str
) -> None:
    with network(server.port) as line:
        someone = visit(server, "Bora", room, url=line.url)
        row = someone.says("first words")
        someone.acts(row, "Edit")
        line.cut()
        someone.waits_until(lambda: not someone.is_connected(), "notices the cut")
        someone.sends("better words")
        expect(someone.page.get_by_text("No answer from the server.")).to_be_visible()
        expect(someone.composer).to_have_value("better words")
        expect(someone.page.get_by_text("Editing your message")).to_be_visible()
        line.mend()
        notices(someone)
        someone.waits_until(someone.is_connected, "is back")
        assert own(someone) == ["first words"]
        someone.composer.press("Control+Enter")
        expect(someone.row("better words").locator(".edited")).to_be_visible()
        expect(someone.composer).to_have_value("")


def test_an_edit_that_fails_late_waits_behind_what_is_written_by_then(
    server: Server, visit: Visit, room: str
) -> None:
    with network(server.port) as line:
        someone = visit(server, "Bora", room, url=line.url)
        row = someone.says("first words")
        someone.acts(row, "Edit")
        someone.page.evaluate(EDITS_GO_NOWHERE)
        someone.sends("better words")
        expect(row.get_by_text("Saving the change")).to_be_visible()
        someone.composer.fill("something else")
        line.cut()
        expect(row.get_by_text("Saving the change")).to_have_count(0)
        expect(someone.page.get_by_text("No answer from the server.")).to_be_visible()
        expect(someone.composer).to_have_value("something else")
        someone.acts(row, "Edit")
        expect(someone.composer).to_have_value("better words")
        # Who gives it up finds what was written, and next time the message as it is.
        someone.composer.press("Escape")
        expect(someone.composer).to_have_value("something else")
        someone.acts(row, "Edit")
        expect(someone.composer).to_have_value("first words")


EDITS_GO_NOWHERE = """
() => {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (typeof data !== 'string' || !data.includes('["edit",')) send.call(this, data);
  };
}
"""


# In the page, between its client and the server: messages are answered as `window.refusals` says, one each.
REFUSER = """
(() => {
  window.refusals = [];
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const asked = typeof data === 'string' && /^42\\/chat,(\\d+)\\["message",/.exec(data);
    const code = asked && window.refusals.shift();
    if (!code) return send.call(this, data);
    const reply = { ok: false, error: { code, message: 'RAW ENGLISH', request_id: 'r' } };
    const frame = `43/chat,${asked[1]}[${JSON.stringify(reply)}]`;
    setTimeout(() => this.dispatchEvent(new MessageEvent('message', { data: frame })));
  };
})();
"""


def refused(someone: Visitor, room: str, *codes: str) -> None:
    """From now on the server seems to answer the next messages with these codes, one each."""
    someone.page.add_init_script(REFUSER)
    someone.goes_to(room)
    someone.page.evaluate("(codes) => { window.refusals = codes; }", list(codes))


def test_a_message_that_is_too_long_fails_and_the_next_goes_out(
    server: Server, visit: Visit, room: str
) -> None:
    someone = visit(server, "Bora", room)
    refused(someone, room, "too_long")
    someone.sends("the long one")
    someone.sends("the next one")
    row = someone.row("the long one")
    expect(row).to_contain_text("Not sent: It is too long.")
    someone.waits_until(
        lambda: sorted(own(someone)) == ["the long one …", "the next one"], "the next is sent"
    )
    row.get_by_role("button", name="Retry").click()
    someone.waits_until(
        lambda: own(someone) == ["the next one", "the long one"], "the long one is sent too"
    )


def test_what_a_busy_server_refuses_goes_out_by_itself(
    server: Server, visit: Visit, room: str
) -> None:
    someone = visit(server, "Bora", room)
    refused(someone, room, "overloaded", "rate_limited", "unavailable")
    someone.sends("patient")
    someone.sends("behind it")
    someone.waits_until(lambda: own(someone) == ["patient", "behind it"], "both are sent")


FINAL = {
    "bad_request": ("The server did not understand this.", "서버가"),
    "too_long": ("It is too long.", "너무 깁니다"),
    "unknown_event": ("The server does not know this. Reload the page.", "새로 고"),
    "unauthenticated": ("You are not signed in.", "로그인"),
    "forbidden": ("You may not do this here.", "할 수 없습니다"),
    "not_found": ("It is not there, or not open to you.", "없"),
    "conflict": ("It has changed in the meantime.", "사이"),
    "name_taken": ("This name is taken.", "이름"),
    "internal": ("Something went wrong on the server.", "서버"),
    "ai_misconfigured": ("Not set up correctly. An admin can fix it.", "설정이 잘못되었습니다. 관리자에게 알려 주세요."),
    "ai_model_missing": ("Model not found. An admin can choose another.", "모델이 없습니다. 관리자가 바꿀 수 있습니다."),
    "ai_busy": ("The model is busy.", "모델이 바쁩니다."),
    "ai_quota": ("The provider account is used up. An admin can help.", "제공자 한도를 다 썼습니다. 관리자에게 알려 주세요."),
    "ai_unavailable": ("The model did not answer. Try again.", "모델이 응답하지 않습니다. 다시 시도하세요."),
    "ai_incomplete": ("The answer broke off.", "답변이 끊겼습니다."),
    "ai_too_long": ("Too long for the model. Write it shorter, or in parts.", "모델에 보내기에는 너무 깁니다. 줄이거나 나누어 쓰세요."),
    "budget_exceeded": ("Today's budget is used up", "오늘 예산을 다 썼습니다."),
}  # fmt: skip


@pytest.mark.parametrize(("locale", "language"), [("en-US", 0), ("ko-KR", 1)])
def test_every_refusal_is_told_in_the_readers_language(
    server: Server, visit: Visit, room: str, locale: str, language: int
) -> None:
    someone = visit(server, "Bora", room, locale=locale)
    refused(someone, room, *FINAL)
    for code in FINAL:
        someone.sends(f"code {code}.")
    for code, words in FINAL.items():
        note = someone.row(f"code {code}.").locator(".delivery.failed")
        expect(note).to_contain_text(words[language])
        text = note.inner_text()
        assert "RAW" not in text
        assert code not in text
        if language == 1:
            assert not re.search(r"[a-z]{3,}", text), text
