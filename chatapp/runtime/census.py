"""How many of everything a worker holds: for who looks for a leak. Sizes only, never contents.

`kill -USR1 <worker>` writes one line of JSON to its log; nothing of it can be asked for by a client.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import threading
from collections import deque
from pathlib import Path
from typing import Any

from . import loop

log = logging.getLogger("chatapp.census")

_CONTAINERS = (dict, set, list, deque)
_DESCRIPTORS = Path("/proc/self/fd")


def tell(root: object) -> None:
    """Log the sizes of every container that belongs to `root`, and the process's tasks, threads and open files.

    `garbage`: objects that only the collector could free.
    """
    cycles = gc.collect()
    log.info(
        "census %s",
        json.dumps(
            {
                "pid": os.getpid(),
                "tasks": _tasks(),
                "threads": threading.active_count(),
                "files": len(list(_DESCRIPTORS.iterdir())) if _DESCRIPTORS.exists() else None,
                "garbage": cycles,
                "sizes": sizes(root),
            }
        ),
    )


def sizes(root: object) -> dict[str, int]:
    """{path of a container from `root`: its length}, through attributes of the application's own objects.

    What containers hold is counted, not entered.
    """
    found: dict[str, int] = {}
    seen = {id(root)}
    waiting: deque[tuple[str, object]] = deque([("", root)])
    while waiting:
        path, owner = waiting.popleft()
        for name, value in _attributes(owner).items():
            if id(value) in seen:
                continue
            seen.add(id(value))
            place = f"{path}.{name}" if path else name
            if isinstance(value, _CONTAINERS):
                found[place] = len(value)
            elif type(value).__module__.startswith("chatapp."):
                waiting.append((place, value))
    return found


def _attributes(owner: object) -> dict[str, Any]:
    found = dict(getattr(owner, "__dict__", {}))
    for kind in type(owner).__mro__:
        names = kind.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if hasattr(owner, name):
                found[name] = getattr(owner, name)
    return found


def _tasks() -> int:
    if loop.name() == "threading":
        return threading.active_count()
    from greenlet import greenlet

    return sum(1 for each in gc.get_objects() if isinstance(each, greenlet) and not each.dead)
