"""What the log looks like: one JSON object a line for programs, or one readable line for a person at a terminal.

Whatever somebody wrote into a name or a header stays on its line: control characters, escape sequences and what turns
text round are written as escapes. What is said in rooms, passwords and tokens are not logged at all.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import msgspec

# C0 and C1 controls, DEL, line separators, and what turns text round or is not seen.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
# Credentials that a library may put into its own messages: passwords in URLs, bearer tokens, keys of providers.
_SECRETS = (
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@/]+@"), r"\1:***@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), r"\1 ***"),
    (re.compile(r"\bsk-[A-Za-z0-9_-]{8,}"), "sk-***"),
    (re.compile(r"(?i)\b(chatapp|password|token|secret)(=|%3D)[^\s;&\"']{6,}"), r"\1\2***"),
)
_LEVELS = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warning",
    logging.ERROR: "error",
    logging.CRITICAL: "critical",
}


def safe(text: str) -> str:
    """`text` without secrets, on one line, with nothing in it that a terminal would obey."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def fields(**values: Any) -> dict[str, Any]:
    """For `extra=`: what belongs to an event beside its message, such as request_id, person, room."""
    return {"fields": values}


class JsonLines(logging.Formatter):
    """`{"at", "level", "worker", "logger", "message", …}`; `error` is the traceback."""

    def __init__(self, worker: str) -> None:
        super().__init__()
        self._worker = worker

    def format(self, record: logging.LogRecord) -> str:
        milliseconds = round(record.created * 1000)
        line: dict[str, Any] = {
            "at": milliseconds,
            "level": _LEVELS.get(record.levelno, record.levelname.lower()),
            "worker": self._worker,
            "logger": record.name,
            "message": safe(record.getMessage()),
            **{name: _plain(value) for name, value in getattr(record, "fields", {}).items()},
        }
        if record.exc_info:
            line["error"] = safe(self.formatException(record.exc_info)).replace("\\u000a", "\n")
        return msgspec.json.encode(line).decode()


class TextLines(logging.Formatter):
    """`2026-11-21 13:10:14,237 INFO w1 chatapp.web: …`; a traceback follows on lines of its own."""

    def __init__(self, worker: str) -> None:
        super().__init__(f"%(asctime)s %(levelname)s {worker} %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        more = "".join(f" {k}={_plain(v)}" for k, v in getattr(record, "fields", {}).items())
        return safe(super().formatMessage(record) + more)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        return "\n".join(safe(line) for line in super().formatException(ei).split("\n"))


def _plain(value: object) -> object:
    return safe(value) if isinstance(value, str) else value


def start(worker: str, form: str) -> None:
    """Log to stderr from now on. `form`: json, text, or auto: text at a terminal, else json."""
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(TextLines(worker) if as_text else JsonLines(worker))
    logging.basicConfig(handlers=[handler], force=True)
    logging.getLogger("chatapp").setLevel(logging.INFO)  # of others only what they warn of
