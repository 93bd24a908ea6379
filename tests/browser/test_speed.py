"""How fast it is and how little it takes: measured in the real browser, against real figures."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.openai_server import OpenAIServer, behaviours
from tests.support.processes import ROOT
from tests.support.server import Server

from .conftest import Visit
from .measures import heap_mb, percentile, traced
from .screen import Visitor
from .talk import fill, lines

pytestmark = [pytest.mark.browser, pytest.mark.alone]

STATIC = ROOT / "chatapp" / "static"
SPEED = 3_000  # px a second
# The limits are those of a machine that is not slow; here one may be half as fast.
SLOWER = 2.0


def sizes() -> dict[str, int]:
    """Bytes of the room page's first scripts and of its styles, compressed."""
    manifest = json.loads((STATIC / "manifest.json").read_text())
    entry = next(
        item for item in manifest.values() if item.get("isEntry") and item["name"] == "room"
    )
    parts, styles, queue = set(), set(), [entry]
    while queue:
        item = queue.pop()
        parts.add(item["file"])
        styles.update(item.get("css", []))
        queue += [
            manifest[name]
            for name in item.get("imports", [])
            if manifest[name]["file"] not in parts
        ]
    return {
        kind: sum(len(gzip.compress((STATIC / name).read_bytes())) for name in names)
        for kind, names in (("js", parts), ("css", styles))
    }


def test_the_first_page_is_small(chromium: object) -> None:
    measured = sizes()
    print(measured)
    assert measured["js"] <= 130_000
    assert measured["css"] <= 14_000


def test_one_can_type_within_a_second_and_a_half_on_a_slow_machine(
    server: Server, visit: Visit, room: str
) -> None:
    fill(server, room, lines(200))
    someone = visit(server, "Bora", room)
    someone.cdp.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    took = []
    for _ in range(3):
        someone.page.reload(wait_until="commit")
        someone.page.wait_for_selector("textarea")
        ready = someone.page.evaluate(
            """() => {
              document.querySelector('textarea').focus();
              return performance.now();
            }"""
        )
        took.append(ready)
        someone.waits_until(someone.is_connected, "is connected")
    print(f"ready to type after {took} ms")
    assert min(took) <= 1_500 * SLOWER


SCROLL = """async ([speed, seconds]) => {
  const scroller = document.querySelector('.scroller');
  const box = scroller.getBoundingClientRect();
  const start = performance.now(), from = scroller.scrollTop;
  let blank = 0, frames = 0;
  for (;;) {
    const now = await new Promise((drawn) => requestAnimationFrame(drawn));
    const gone = (now - start) / 1000;
    if (gone > seconds) return { blank, frames };
    // What the last frame showed, at three heights of the view.
    for (const part of [0.1, 0.5, 0.9]) {
      const there = document.elementFromPoint(box.left + box.width / 2, box.top + box.height * part);
      if (!there?.closest('.item')) blank += 1;
    }
    frames += 1;
    const length = scroller.scrollHeight - scroller.clientHeight - 40;
    const way = (from + speed * gone) % (2 * length);
    scroller.scrollTop = way < length ? way : 2 * length - way;
  }
}"""


def loads_all(someone: Visitor, first: str) -> None:
    """Everything back to the first message."""
    someone.page.evaluate(
        """async (first) => {
          const scroller = document.querySelector('.scroller');
          while (!document.querySelector('.item')?.innerText.includes(first)) {
            scroller.scrollTop = 0;
            await new Promise((drawn) => requestAnimationFrame(drawn));
          }
        }""",
        first,
    )


def scrolls_fast(server: Server, visit: Visit, room: str, messages: int, seconds: float) -> None:
    fill(server, room, ["The very first", *lines(messages - 1)])
    someone = visit(server, "Bora", room)
    someone.page.set_default_timeout(120_000)
    loads_all(someone, "The very first")
    someone.frames(30)
    with traced(someone.page) as work:
        seen = someone.page.evaluate(SCROLL, [SPEED, seconds])
    p95 = work.a_frame(95)
    print(f"{messages} messages: p95 {p95:.1f} ms a frame, {work}, {seen}")
    assert seen["blank"] == 0
    assert p95 <= 8 * SLOWER
    assert work.longest <= 50 * SLOWER


def test_a_long_room_scrolls_fast_without_a_blank(server: Server, visit: Visit, room: str) -> None:
    scrolls_fast(server, visit, room, messages=1_500, seconds=4)


@pytest.mark.stress
@pytest.mark.timeout(300)
def test_ten_thousand_messages_scroll_fast_without_a_blank(
    server: Server, visit: Visit, room: str
) -> None:
    scrolls_fast(server, visit, room, messages=10_000, seconds=20)


KEYS = """() => {
  window.delays = [];
  const box = document.querySelector('textarea');
  box.addEventListener('keydown', (event) => delays.push(performance.now() - event.timeStamp), { capture: true });
}"""


def test_keys_are_not_delayed_by_a_stream_as_fast_as_three(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    """A room has one assistant, which answers one question at a time: 150 tokens a second are what three would bring."""
    writer = visit(ai_server, "Bora", room)
    writer.page.evaluate(KEYS)
    p95, busy = types_beside_a_stream(writer, model)
    print(f"key delay p95 {p95:.1f} ms, busy {busy:.0%}")
    assert p95 <= 16 * SLOWER
    assert busy <= 0.30 * SLOWER


def types_beside_a_stream(writer: Visitor, model: OpenAIServer) -> tuple[float, float]:
    """The 95th percentile of the keys' delays in ms, and the share of time for which the main thread worked."""
    model.will(behaviours.endless(pace=1 / 150, piece="word **bold** and "))
    writer.sends("@assistant go on")
    writer.waits_until(lambda: len(writer.answer()) > 100, "the answer grows")
    with traced(writer.page) as work:
        writer.composer.press_sequentially("typing goes on while it grows " * 4, delay=40)
    delays = writer.page.evaluate("delays")
    # By its event: a button that moves with each line is never at rest.
    writer.page.get_by_role("button", name="Stop", exact=True).dispatch_event("click")
    writer.sees("Stopped by")
    return percentile(delays, 95), work.busy


def test_memory_stays_small(server: Server, visit: Visit, room: str) -> None:
    fill(server, room, ["The very first", *lines(1_999)])
    someone = visit(server, "Bora", room)
    before = heap_mb(someone.page)
    loads_all(someone, "The very first")
    after = heap_mb(someone.page)
    print(f"heap {before:.1f} MB with the first page, {after:.1f} MB with 2,000 messages")
    assert before + (after - before) * 5 <= 60, "as it would be with 10,000"


@pytest.mark.stress
@pytest.mark.timeout(2_400)
def test_memory_stays_small_with_ten_thousand_messages_and_half_an_hour_of_streams(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    fill(ai_server, room, ["The very first", *lines(9_999)])
    someone = visit(ai_server, "Bora", room)
    someone.page.set_default_timeout(120_000)
    loads_all(someone, "The very first")
    full = heap_mb(someone.page)
    print(f"heap {full:.1f} MB with 10,000 messages")
    assert full <= 60
    someone.page.get_by_role("button", name="Jump to latest").click()
    text = " ".join(f"word{n} **bold**" for n in range(500))
    for number in range(90):
        model.will(behaviours.answer(f"{text} end{number}", pace=0.02))
        someone.sends(f"@assistant {number}")
        someone.page.get_by_text(f"end{number}").last.wait_for(timeout=60_000)
    grown = heap_mb(someone.page)
    print(f"heap {grown:.1f} MB after half an hour of streams")
    assert grown - full <= 10
