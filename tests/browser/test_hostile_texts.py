"""What people and models write is text: no script runs, no request leaves, no name is faked, and no policy is asked."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.openai_server import OpenAIServer, behaviours
from tests.support.server import Server

from .conftest import Visit
from .person import PATIENCE_MS

pytestmark = pytest.mark.browser

HOSTILE = [
    "<img src=x onerror=\"document.title='owned'\">",
    "<svg onload=\"document.title='owned'\"></svg>",
    "<script>document.title='owned'</script>",
    "[go](javascript:document.title='owned')",
    "[go](java&#115;cript:document.title='owned')",
    "[go](java\tscript:document.title='owned')",
    "[go](&#1;javascript:document.title='owned')",
    "[go](data:text/html,<script>document.title='owned'</script>)",
    "[go](vbscript:x) <javascript:document.title='owned'>",
    "![pixel](https://evil.example/pixel.png)",
    "![pixel](//evil.example/pixel.png) ![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "<a id=boot name=boot><form id=app><input name=body>",
    "<iframe src=https://evil.example></iframe><base href=https://evil.example>",
    "<style>*{background:url(https://evil.example/x)}</style>",
    "`<img src=x onerror=alert(1)>` and ```\n</code></pre><script>alert(1)</script>\n```",
    '[a](https://example.com/"onmouseover="alert(1))',
    "| <img src=x onerror=alert(1)> |\n|-|\n| <svg/onload=alert(1)> |",
]

WATCH = """() => {
  window.reports = [];
  document.addEventListener('securitypolicyviolation', (e) => window.reports.push(e.violatedDirective + ' ' + e.blockedURI));
}"""

# What a hostile text would have left behind.
DANGEROUS = """() => [...document.querySelectorAll('.scroller *')].flatMap((el) => [
  ...['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'STYLE', 'FORM', 'BASE', 'LINK', 'META'].includes(el.tagName) ? [el.tagName] : [],
  ...[...el.attributes].filter((a) => a.name.startsWith('on') || /^\\s*(javascript|data|vbscript):/i.test(a.value)
      || (['id', 'name'].includes(a.name) && ['boot', 'app', 'body'].includes(a.value))).map((a) => `${el.tagName} ${a.name}=${a.value}`),
  ...(el.tagName === 'IMG' && !el.src.startsWith(location.origin)) ? ['IMG ' + el.src] : [],
])"""


def test_what_people_write_runs_nothing_and_loads_nothing(
    server: Server, visit: Visit, room: str, pages: Any
) -> None:
    eve = server.connect("Eve")
    eve.join(room)
    bora = visit(server, "Bora", room)
    bora.page.evaluate(WATCH)
    title = bora.page.title()
    for text in HOSTILE:
        eve.send(room, text)
    eve.send(room, "the last of them")
    bora.row("the last of them")
    assert bora.page.evaluate(DANGEROUS) == []
    assert bora.page.evaluate("window.reports") == []
    # Also as the server draws the page, from its address.
    bora.page.reload()
    bora.row("the last of them")
    assert bora.page.evaluate(DANGEROUS) == []
    assert bora.page.title().split()[-1:] == title.split()[-1:]
    assert bora.foreign == []
    assert "csp_report" not in server.log
    # The control: the page can run what is ours, and would notice what is not.
    bora.page.evaluate(WATCH)
    bora.page.evaluate(
        "document.querySelector('.scroller').append(Object.assign(new Image(), {src: 'https://evil.example/x.png'}))"
    )
    bora.waits_until(lambda: bora.page.evaluate("window.reports.length"), "reports a violation")
    assert bora.page.evaluate(DANGEROUS) == ["IMG https://evil.example/x.png"]
    bora.waits_until(lambda: pages.complaints, "the test would have heard of it")
    assert "Content Security Policy" in pages.complaints[0]
    pages.complaints.clear()


def test_markup_split_over_the_pieces_of_an_answer_is_text(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    bora = visit(ai_server, "Bora", room)
    bora.page.evaluate(WATCH)
    pieces = (
        "<im",
        "g src=x one",
        'rror="document.ti',
        "tle='owned'\">",
        "[g",
        "o](java",
        "script:alert(1)) the end",
    )
    steps = [behaviours.chunk({"content": piece}) for piece in pieces]
    model.will(behaviours.stream(*steps, behaviours.chunk({}, "stop"), behaviours.DONE))
    bora.sends("@assistant go on")
    bora.waits_until(lambda: "the end" in bora.answer(), "has an answer")
    assert bora.page.evaluate(DANGEROUS) == []
    assert bora.page.evaluate("window.reports") == []
    assert bora.foreign == []


def test_turned_letters_stay_in_their_own_message(server: Server, visit: Visit, room: str) -> None:
    eve = server.connect("Eve")
    eve.join(room)
    bora = visit(server, "Bora", room)
    eve.send(room, "\u202eturned round\u2066 and never turned back")
    eve.send(room, "an honest line")
    honest = bora.row("an honest line")
    expect(honest).to_be_visible(timeout=PATIENCE_MS)
    isolated = bora.page.evaluate(
        """() => [...document.querySelectorAll('.msg .name, .msg .text')].map((el) => getComputedStyle(el).unicodeBidi)"""
    )
    assert isolated
    assert set(isolated) <= {"isolate", "plaintext", "isolate-override"}
