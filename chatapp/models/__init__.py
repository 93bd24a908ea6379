"""The tables. Times are milliseconds since the epoch (BIGINT); ids are random text, rooms have a number inside.

The database is the log: `changes` holds one row for each number of a room, written in the transaction that makes
the change. Everything else here is the current state that those changes led to.
"""

from __future__ import annotations

from .administration import AuditEntry, Ban
from .assistants import Assistant, Hold, Pace, Run, Spending, ToolUse
from .messages import Change, Mention, Message, MessageVersion, Reaction, SearchDocument, SpentKey
from .people import Session, User
from .rooms import Membership, Room

__all__ = [
    "Assistant",
    "AuditEntry",
    "Ban",
    "Change",
    "Hold",
    "Membership",
    "Mention",
    "Message",
    "MessageVersion",
    "Pace",
    "Reaction",
    "Room",
    "Run",
    "SearchDocument",
    "Session",
    "Spending",
    "SpentKey",
    "ToolUse",
    "User",
]
