"""What the server does with one request: a plain dict that travels as JSON, made by the functions below.

    {"before": [step…], "status": 200, "headers": {…}, "steps": [step…]}

A step is one of
    ["send", text]   one write of an HTTP chunk
    ["raw", hex]     the same, of bytes that need not be whole characters
    ["wait", s]      s seconds, or until the client closes
    ["gate"]         until release() is called, or the client closes
    ["hold"]         until the client closes
    ["drop"]         close the connection without the end of the body
    ["reset"]        the same with a TCP reset
`before` runs before the status line is sent. After the last step the body ends as HTTP wants it.
"""

from __future__ import annotations

import json
from typing import Any

Step = list[Any]
Behaviour = dict[str, Any]

DONE: Step = ["send", "data: [DONE]\n\n"]
GATE: Step = ["gate"]
HOLD: Step = ["hold"]


def chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> Step:
    """One chat.completion.chunk with one choice."""
    data: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "test",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **more,
    }
    return ["send", f"data: {json.dumps(data)}\n\n"]


def usage(prompt: int, completion: int) -> Step:
    """The usage chunk: OpenAI sends it last, with no choices."""
    counts = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    return chunk(None, choices=[], usage=counts)


def words(text: str, pace: float = 0.0) -> list[Step]:
    """`text` word by word, `pace` seconds apart."""
    steps: list[Step] = []
    for word in text.split(" "):
        steps.append(chunk({"content": f" {word}" if steps else word}))
        if pace:
            steps.append(["wait", pace])
    return steps


def stream(*steps: Step, before: list[Step] | None = None) -> Behaviour:
    """An event stream of exactly these steps."""
    headers = {"Content-Type": "text/event-stream; charset=utf-8"}
    return {"before": before or [], "status": 200, "headers": headers, "steps": list(steps)}


def answer(text: str, pace: float = 0.0, before: list[Step] | None = None) -> Behaviour:
    """What OpenAI sends: role, words, finish_reason, usage, [DONE]."""
    return stream(
        chunk({"role": "assistant", "content": ""}),
        *words(text, pace),
        chunk({}, "stop"),
        usage(11, 7),
        DONE,
        before=before,
    )


def gated(*texts: str) -> Behaviour:
    """Each text, then a gate; ends properly after the last gate was released."""
    steps = [step for text in texts for step in (chunk({"content": text}), GATE)]
    return stream(*steps, chunk({}, "stop"), usage(11, 7), DONE)


def refusal(
    status: int, code: str | None = None, message: str = "refused", **headers: str
) -> Behaviour:
    """An error answer; header names take `_` for `-`."""
    body = {"error": {"message": message, "type": code or "error", "param": None, "code": code}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "before": [],
        "status": status,
        "headers": {"Content-Type": "application/json", **named},
        "steps": [["send", json.dumps(body)]],
    }


def html() -> Behaviour:
    """A proxy's or captive portal's page, with status 200."""
    page = "<!doctype html><html><body><h1>Welcome</h1></body></html>"
    return {
        "before": [],
        "status": 200,
        "headers": {"Content-Type": "text/html"},
        "steps": [["send", page]],
    }


def cut(text: str) -> Behaviour:
    """The body ends properly, but without finish_reason and [DONE]."""
    return stream(*words(text))


def no_done(text: str) -> Behaviour:
    """finish_reason came, [DONE] did not."""
    return stream(*words(text), chunk({}, "stop"))


def cut_short(text: str, reason: str = "length") -> Behaviour:
    """The provider ended it for its length, or for what it said."""
    return stream(*words(text), chunk({}, reason), usage(11, 7), DONE)


def dropped(text: str) -> Behaviour:
    """The connection closes in the middle of the body."""
    return stream(*words(text), ["drop"])


def reset(text: str = "") -> Behaviour:
    """The connection is reset after `text`; without text, before the status line."""
    if text:
        return stream(*words(text), ["reset"])
    return stream(before=[["reset"]])


def unfinished(text: str) -> Behaviour:
    """[DONE] with finish_reason None throughout, as some versions of Ollama do."""
    return stream(*words(text), DONE)


def bad_json(text: str) -> Behaviour:
    """A chunk that is no JSON in mid-stream."""
    return stream(*words(text), ["send", 'data: {"choices": [\n\n'], *words(" more"), DONE)


def null_choices(text: str) -> Behaviour:
    """Chunks whose choices, delta or content are null among good ones."""
    return stream(
        chunk(None, choices=None),
        chunk({"role": "assistant", "content": None}),
        *words(text),
        chunk(None),
        chunk({}, "stop"),
        chunk(None, choices=None, usage={"prompt_tokens": 11, "completion_tokens": 7}),
        DONE,
    )


def error_in_stream(text: str, code: str = "server_error") -> Behaviour:
    """An error object as an event, under status 200."""
    error = {"error": {"message": "the engine died: key sk-canary", "type": code, "code": code}}
    return stream(*words(text), ["send", f"data: {json.dumps(error)}\n\n"])


def stall(text: str) -> Behaviour:
    """`text`, then nothing more on an open connection."""
    return stream(*words(text), HOLD)


def silent() -> Behaviour:
    """Not even a status line: a local server that loads its model behaves so."""
    return stream(before=[HOLD])


def pinging(pace: float = 0.02) -> Behaviour:
    """Comments that keep the connection warm, and never a token."""
    return stream(*([["send", ": keep-alive\n\n"], ["wait", pace]] * 500), HOLD)


def endless(pace: float = 0.0, piece: str = "and on ") -> Behaviour:
    """Never stops by itself."""
    return {**stream(chunk({"content": piece}), ["wait", pace]), "repeat": True}
