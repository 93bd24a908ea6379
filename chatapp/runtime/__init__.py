"""The async runtime: the only package that knows eventlet, gevent or plain threads.

Everything else uses the names exported here and stays the same program on each of the three.
"""

from .loop import Event, Task, Timer, call_later, name, patch, sleep, spawn, turn
from .pacing import pause
from .threads import Bridge, Pool, PoolFull, os_thread

__all__ = [
    "Bridge",
    "Event",
    "Pool",
    "PoolFull",
    "Task",
    "Timer",
    "call_later",
    "name",
    "os_thread",
    "patch",
    "pause",
    "sleep",
    "spawn",
    "turn",
]
