"""The log: one line an event, nothing that anybody can forge, no secret and no word of what was said."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable

import pytest

from chatapp.runtime.logs import JsonLines, TextLines, fields, safe
from tests.support.client import RefusedError
from tests.support.server import Server

from .people import PASSWORD, Person

pytestmark = pytest.mark.one_runtime

NASTY = "a\r\n{}\x1b[31mred\x9b2J\u2028\u202eturned\x00\x7f"


def record(message: str, *arguments: object, **about: object) -> logging.LogRecord:
    made = logging.LogRecord("chatapp.test", logging.INFO, "x", 1, message, arguments, None)
    made.__dict__.update(fields(**about))
    return made


@pytest.mark.parametrize("formatter", [JsonLines("w1"), TextLines("w1")], ids=["json", "text"])
def test_nobody_forges_a_line(formatter: logging.Formatter) -> None:
    line = formatter.format(record("said %s", NASTY, name=NASTY))
    assert line.isprintable()
    assert "\x1b" not in line
    assert "turned" in line
    assert formatter.format(record("한글 😀")).endswith(("한글 😀", '"한글 😀"}'))


def test_a_line_of_json_says_all_it_knows() -> None:
    try:
        raise RuntimeError("two\nlines")
    except RuntimeError as error:
        made = record("failed", person="p1", room=7)
        made.exc_info = (RuntimeError, error, error.__traceback__)
    line = json.loads(JsonLines("w2").format(made))
    assert (line["level"], line["worker"], line["logger"]) == ("info", "w2", "chatapp.test")
    assert (line["message"], line["person"], line["room"]) == ("failed", "p1", 7)
    assert line["error"].splitlines()[-2:] == ["RuntimeError: two", "lines"]
    assert abs(line["at"] - made.created * 1000) < 1


@pytest.mark.parametrize(
    "text",
    [
        "cannot connect to postgresql://chat:CANARY@db/x",
        "redis://:CANARY@127.0.0.1:1/0 refused",
        "headers: Authorization: Bearer CANARYCANARYCANARY",
        "invalid api key: sk-CANARYCANARY123",
        "cookie chatapp=CANARYCANARYCANARY; x",
        "GET /x?token=CANARYCANARY&y=1",
    ],
)
def test_secrets_in_the_words_of_libraries_are_left_out(text: str) -> None:
    assert "CANARY" in text
    assert "CANARY" not in safe(text)
    assert safe("an honest line of 7 words, x=1") == "an honest line of 7 words, x=1"


def test_no_secret_and_no_word_of_a_room_is_in_the_log_an_answer_or_an_address(
    start_server: Callable[..., Server], room: str
) -> None:
    secret, key = f"canary-secret-{uuid.uuid4().hex}", f"sk-canary{uuid.uuid4().hex}"
    env = {"SECRET_KEY": secret, "OPENAI_API_KEY": key, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    server = start_server(env=env)
    alice = Person.account(server, "Alice")
    second = alice.signs_in().json()["token"]
    wrong = f"wrong-{uuid.uuid4().hex}"
    for password in (wrong, f"{PASSWORD}x"):
        server.http("POST", "/api/v1/sessions", {"name": alice.name, "password": password})
    forged = f"forged-{uuid.uuid4().hex}"
    with pytest.raises(RefusedError):
        server.connect(token=forged)
    socket = alice.connects()
    socket.join(room)
    said = f"canary-body-{uuid.uuid4().hex}"
    socket.send(room, said)
    socket.send(room, f"@assistant {said}")
    socket.sees("message_changed", sender={"kind": "assistant"}, status="failed", timeout=60)
    socket.refused("message", {"room": room, "client_id": "x", "body": said, "more": said})
    socket.raw("4x" + said)
    socket.is_closed_by_server()
    nasty = {
        "User-Agent": NASTY.encode("utf-8", "replace").replace(b"\r\n", b" ").replace(b"\0", b"")
    }
    assert server.http("GET", f"/nowhere/{said}", headers=nasty).status_code in {400, 404}
    server.http("DELETE", "/api/v1/sessions/current", token=second)
    answers = [
        server.http("GET", path, token=alice.token).text
        for path in ("/api/v1/me", "/api/v1/sessions", "/", "/settings", f"/r/{room}", "/nowhere")
    ]
    server.terminate()
    log = server.log
    secrets = [secret, key, alice.token, second, PASSWORD, wrong, forged]
    for word in [*secrets, said]:
        assert word not in log
    for word in (secret, key, alice.token, second, PASSWORD):
        assert not [text for text in answers if word in text]
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert {line["message"] for line in lines} >= {"signed in", "a sign-in was refused"}
    assert [line for line in lines if line.get("person") == alice.id]
    odd = [line for line in log.splitlines() if line and not line.startswith(("{", "chatapp: "))]
    assert not [line for line in odd if "serving on" not in line], odd
