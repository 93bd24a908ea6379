"""What a page costs: the main thread's work, frame by frame, from the browser's own trace."""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

FRAME_MS = 1000 / 60
MARK = "chatapp-measured"


@dataclass
class Work:
    """Tasks of the page's main thread: (start, duration) in ms. Durations are of the processor's time, so other
    programs of the machine do not count.
    """

    tasks: list[tuple[float, float]] = field(default_factory=list)

    @property
    def longest(self) -> float:
        return max((ms for _, ms in self.tasks), default=0.0)

    @property
    def span(self) -> float:
        """From the first task to the last, in ms."""
        return self.tasks[-1][0] - self.tasks[0][0] if self.tasks else 0.0

    @property
    def busy(self) -> float:
        """The share of time that the thread worked."""
        return sum(ms for _, ms in self.tasks) / self.span

    def __str__(self) -> str:
        return (
            f"longest {self.longest:.1f} ms, p50 {self.a_frame(50):.1f}, p99 {self.a_frame(99):.1f}"
        )

    def a_frame(self, percent: float) -> float:
        """Of all frames' work in ms, the value that `percent` of them stay within."""
        frames: defaultdict[int, float] = defaultdict(float)
        for start, ms in self.tasks:
            frames[int(start / FRAME_MS)] += ms
        first, last = min(frames), max(frames)
        return percentile([frames.get(number, 0.0) for number in range(first, last + 1)], percent)


def percentile(values: list[float], percent: float) -> float:
    """The smallest value that `percent` of them stay within."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


@contextlib.contextmanager
def traced(page: Page) -> Iterator[Work]:
    """What the page's main thread does within the block; filled in at its end."""
    work = Work()
    browser = page.context.browser
    assert browser is not None
    browser.start_tracing(page=page, categories=["toplevel", "blink.user_timing"])
    page.evaluate(f"performance.mark('{MARK}')")
    yield work
    events: list[dict[str, Any]] = json.loads(browser.stop_tracing())["traceEvents"]
    # Every page is a process of its own: this is the one that set the mark.
    mine = next(event["pid"] for event in events if event["name"] == MARK)
    names = {
        event["tid"]: event["args"]["name"]
        for event in events
        if event["name"] == "thread_name" and event["pid"] == mine
    }
    work.tasks = sorted(
        (event["ts"] / 1000, event.get("tdur", event["dur"]) / 1000)
        for event in events
        if event["ph"] == "X"
        and event["pid"] == mine
        and event["name"].endswith("RunTask")
        and names.get(event["tid"]) == "CrRendererMain"
    )


def heap_mb(page: Page) -> float:
    """What lives on the page's heap after a collection, in MB."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return metrics["JSHeapUsedSize"] / 1e6
