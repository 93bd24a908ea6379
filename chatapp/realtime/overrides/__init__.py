"""Every override of engineio 4.15.1, socketio 5.18.1 and flask-socketio 5.7.0; the packages are pinned for them.

    session.py   one Engine.IO session: what comes in, what goes out, its end
    upgrade.py   how a WebSocket takes over from long-polling, and the library's own WebSocket
    engine.py    the Engine.IO server: who may open a session, and whose requests reach it
    packets.py   Socket.IO packets within bounds
    manager.py   rooms that fan-out knows of
    server.py    the Socket.IO server, and its way into a Flask application

Each override says what the original does and why that is not enough here. tests/transport holds them to the contract
on every runtime.
"""

from .engine import PING_INTERVAL_S, PING_TIMEOUT_S
from .manager import FanoutManager
from .server import install

__all__ = ["PING_INTERVAL_S", "PING_TIMEOUT_S", "FanoutManager", "install"]
