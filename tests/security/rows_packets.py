"""What they send: packets, frames, events and payloads that are none."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from contextlib import closing

import pytest

from tests.transport.wire import BINARY, PING, PONG, TEXT, frame

from .lines import POLLING, WEBSOCKET
from .world import World, row

MB = 1 << 20
PLACEHOLDER = '451-/chat,["message",{"_placeholder":true,"num":-1}]'
MESSAGE = '["message",{"room":"%s","client_id":"%s","body":%s}]'


@row(6, both=True, everywhere=True, off={"connect_is_no_event": "was taken"})
def an_event_named_connect_is_unknown(world: World, transport: str) -> None:
    alice, eve = world.guest("Alice"), world.talk(transport, "Eve")
    stolen = json.dumps({"token": alice["token"]})
    assert eve.code(1, f'["connect",{stolen}]') == "unknown_event"
    assert eve.code(2, '["disconnect",{}]') == "unknown_event"
    assert eve.call("join", {"room": world.room}, 3)["ok"]
    said = eve.raw(4, MESSAGE % (world.room, "a", '"who am I"'))
    assert said["message"]["sender"] == eve.user


@row(20, off={"frame_size": "was not refused"})
def a_hundred_megabytes_are_refused_by_their_header(world: World) -> None:
    before = world.memory()
    wire = world.wire()
    wire.send(frame(TEXT, b"", length=100 * MB))
    try:
        assert wire.close_code() == 1009
    except TimeoutError:
        pytest.fail("a frame of 100 MB was not refused when its size was known")
    # Also when the sender does not wait for an answer, and in pieces that are each within the limit.
    for many in (
        [frame(TEXT, bytes(MB), length=100 * MB)],
        [frame(TEXT, bytes(60_000), final=False)],
    ):
        other = world.wire()
        try:
            other.send(*many)
            for _ in range(99):
                other.send(bytes(MB) if len(many[0]) > MB else frame(0, bytes(60_000), final=False))
        except ConnectionError:
            pass
        other.close()
    assert world.memory() - before < 20 * MB
    assert world.talk(WEBSOCKET, "Alice").user["name"] == "Alice"


@row(20)
def compression_is_not_agreed_to_and_not_unpacked(world: World) -> None:
    wire = world.wire("Sec-WebSocket-Extensions: permessage-deflate\r\n")
    assert wire.status == 101
    assert "extensions" not in wire.head.lower()
    bomb = b"\x78\x9c" + bytes(60_000)
    wire.send(frame(TEXT, bomb, reserved=4))
    assert wire.close_code() == 1002


@row(21, off={"request_size": "was not answered"})
def a_long_poll_that_says_too_much_is_refused_before_it_is_read(world: World) -> None:
    talk = world.talk(POLLING, "Alice")
    sid = talk.line.session.sid  # type: ignore[attr-defined]
    with closing(socket.create_connection(("127.0.0.1", world.server.port))) as sender:
        sender.settimeout(world.patience)
        sender.sendall(
            f"POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\n"
            f"Content-Length: {64 * 1024 + 1}\r\n\r\n".encode()
        )
        try:
            answer = sender.recv(1000)
        except TimeoutError:
            pytest.fail("a request of more than 64 KiB was not answered")
        assert b" 413 " in answer, answer
    talk.is_kept()
    longest = MESSAGE % (world.room, "a", json.dumps("x" * 60_000))
    code = talk.raw(5, longest)["error"]["code"]
    assert code in {"not_found", "too_long"}  # read, and judged by its content


@row(22, both=True, off={"attachments_are_bounded": "it was not closed"})
def announced_attachments_are_not_waited_for(world: World, transport: str) -> None:
    for packet in (
        '459999999999-/chat,1["message",{"_placeholder":true,"num":0}]',
        '451-/chat,1["message",{"_placeholder":true,"num":0}]',
        '4599999999999999999999-/chat,["x"]',
        '469-/chat,1["x"]',
    ):
        talk = world.talk(transport, "Eve")
        talk.line.say(packet)
        talk.is_closed()
    world.talk(transport, "Alice").is_kept()


@row(23, both=True, off={"garbage_closes": "it was not closed"})
def what_is_no_packet_closes(world: World, transport: str) -> None:
    for packet in ("x", "", "4", "49", PLACEHOLDER, "2", "0{}", "40/nowhere,", "42/else,[]", "4x"):
        talk = world.talk(transport, "Eve")
        if packet == "40/nowhere,":
            talk.line.say(packet)
            talk.until("44/nowhere,")
            talk.is_kept()
            continue
        talk.line.say(packet)
        talk.is_closed()
    world.talk(transport, "Alice").is_kept()


@row(23)
def binary_that_nobody_announced_closes(world: World) -> None:
    talk = world.talk(WEBSOCKET, "Eve")
    talk.line.wire.send(frame(BINARY, b"surprise"))  # type: ignore[attr-defined]
    talk.is_closed()
    other = world.talk(POLLING, "Eve")
    other.line.say("bAAEC")
    other.is_closed()


BAD_JSON = (
    '{"a":1}',
    "[",
    '["join"',
    '["join",{"room":}]',
    "[]",
    "[5,{}]",
    "[null,{}]",
    '[["join"],{}]',
    '{"0":"join","1":{"room":"x"}}',
    "null",
    '"join"',
    "",
    '["join",{"room":"x"}',
    '["join" {"room":"x"}]',
    "['join',{}]",
    '["join",undefined]',
    '["join",{"room":"x"}]]',
)


@row(24, both=True, off={"refusals_are_answered": "nothing came"})
def what_is_no_event_is_answered(world: World, transport: str) -> None:
    talk = world.talk(transport, "Eve")
    for number, text in enumerate(BAD_JSON, 10):
        assert talk.code(number, text) == "bad_request", text
    talk.is_kept()
    assert talk.call("join", {"room": world.room})["ok"]


@row(25, both=True, off={"refusals_are_answered": "nothing came"})
def an_unknown_event_and_a_wrong_number_of_payloads_are_answered(
    world: World, transport: str
) -> None:
    talk = world.talk(transport, "Eve")
    for number, name in enumerate(("nonsense", "", "hello", "room_changed", "JOIN", "연결"), 10):
        assert talk.code(number, json.dumps([name, {}])) == "unknown_event"
    right = f'{{"room":"{world.room}"}}'
    for number, text in enumerate(
        ('["join"]', f'["join",{right},{right}]', '["join",{},null]'), 30
    ):
        assert talk.code(number, text) == "bad_request", text
    assert talk.raw(50, f'["join",{right}]')["ok"]


@row(
    25,
    both=True,
    off={"faults_are_answered": "nothing came"},
    fault="fault_in_history",
)
def a_fault_is_answered_without_a_word_of_what_it_was(world: World, transport: str) -> None:
    talk = world.talk(transport, "Alice")
    talk.call("join", {"room": world.room})
    answer = talk.call("history", {"room": world.room}, 2)
    assert answer["error"]["code"] == "internal"
    assert "canary" not in json.dumps(answer)
    assert "Traceback" not in json.dumps(answer)
    assert answer["error"]["request_id"] in world.server.log
    talk.is_kept()


@row(26, both=True, off={"strict_json": "was taken"})
def a_number_that_json_does_not_have_is_refused(world: World, transport: str) -> None:
    room = world.room
    eve, bob = world.talk(transport, "Eve"), world.connect("Bob")
    bob.join(room)
    assert eve.call("join", {"room": room})["ok"]
    for number, bad in enumerate(("NaN", "Infinity", "-Infinity", "1e999", "-1e999"), 10):
        assert eve.code(number, f'["typing",{{"room":"{room}","typing":{bad}}}]') == "bad_request"
        assert eve.code(number + 20, f'["read",{{"room":"{room}","seq":{bad}}}]') == "bad_request"
        assert eve.code(number + 40, MESSAGE % (room, "x", bad)) == "bad_request"
    assert eve.raw(90, f'["typing",{{"room":"{room}","typing":true}}]')["ok"]
    bob.sees("typing", typing=True)
    assert not [frame for frame in bob.frames if "NaN" in str(frame) or "Infinity" in str(frame)]


@row(27, both=True, off={"strict_json": "not as a bad request"})
def deep_nesting_and_huge_integers_are_refused(world: World, transport: str) -> None:
    room = world.room
    talk = world.talk(transport, "Eve")
    assert talk.call("join", {"room": room})["ok"]
    deep = "[" * 900 + "]" * 900
    mapped = '{"a":' * 900 + "1" + "}" * 900
    for number, bad in enumerate((deep, mapped, "9" * 5_000, "[" * 17 + "]" * 17, str(2**53)), 10):
        read = f'["read",{{"room":"{room}","seq":{bad}}}]'
        answer = talk.raw(number, read)
        assert answer.get("error", {}).get("code") == "bad_request", (
            f"not as a bad request: {bad[:40]}"
        )
    assert talk.code(40, deep) == "bad_request"
    assert talk.code(41, f'["typing",{{"room":"{room}","typing":{deep}}}]') == "bad_request"
    assert talk.raw(42, f'["read",{{"room":"{room}","seq":{2**53 - 1}}}]')["ok"]


@row(28, both=True, everywhere=True, off={"nul_is_refused": "was taken|internal|unavailable"})
def nul_and_lone_surrogates_are_refused(world: World, transport: str) -> None:
    room = world.room
    talk = world.talk(transport, "Eve")
    assert talk.call("join", {"room": room})["ok"]
    for number, bad in enumerate(
        ('"a\\u0000b"', '"\\ud800"', '"a\\udc00b"', '"\\udc00\\ud800"'), 10
    ):
        assert talk.code(number, MESSAGE % (room, f"x{number}", bad)) == "bad_request", bad
    nul = '["edit",{"message_id":"1-1","body":"\\u0000"}]'
    assert talk.code(30, nul) == "bad_request"
    good = talk.raw(31, MESSAGE % (room, "good", '"\\ud83d\\ude00 \\\\u0000"'))
    assert good["message"]["body"] == "\U0001f600 \\u0000"


@row(33, both=True)
def a_strange_room_name_is_told_what_is_allowed(world: World, transport: str) -> None:
    talk = world.talk(transport, "Eve")
    names = ("x" * 10_000, "../etc", "a b", "a/b", "😀", "a:b", "room:1", ".", "a\nb", "%2e", "")
    for number, name in enumerate(names, 10):
        answer = talk.call("join", {"room": name}, number)
        assert answer["error"]["code"] == "bad_request", name
        if 0 < len(name) < 200:
            assert "letters" in answer["error"]["message"], answer
        posted = talk.call("message", {"room": name, "client_id": "a", "body": "x"}, number + 50)
        assert posted["error"]["code"] == "bad_request", name
    assert talk.call("join", {"room": f"{world.room}-방_1"}, 99)["ok"]


@row(30)
def events_in_a_row_are_allowed_until_the_limit(world: World) -> None:
    """The limits as they are, and the closing behind them: test_limits.py. Here: without limits nothing is refused."""
    talk = world.talk(WEBSOCKET, "Alice")
    began = time.monotonic()
    talk.line.say(*(f'42/chat,{n}["leave",{{"room":"nowhere"}}]' for n in range(1, 301)))
    assert talk.ack(300)["error"]["code"] == "not_found"
    assert time.monotonic() - began < 60


@row(30, both=True, off={"chatter_is_counted": "it was not closed"})
def a_flood_of_what_is_no_event_is_closed(world: World, transport: str) -> None:
    for packet in ("3", "6", "40/nowhere,", "43/chat,1[]"):
        talk = world.talk(transport, "Eve")
        talk.line.say(*[packet] * 10)
        talk.is_kept()
        with contextlib.suppress(OSError):
            talk.line.say(*[packet] * 150)
        talk.is_closed()


FRAGMENTS = '42/chat,1["leave",{"room":"%s"}]' % ("x" * 900)


@row(30, off={"chatter_is_counted": "was not closed"})
def a_flood_of_control_frames_or_fragments_is_closed(world: World) -> None:
    token = world.guest("Eve")["token"]
    pieces = [frame(0, letter.encode(), final=False) for letter in FRAGMENTS[1:]]
    whole = [frame(TEXT, FRAGMENTS[:1].encode(), final=False), *pieces, frame(0, b"")]
    good = world.wire().enter(token)
    good.send(*[frame(PING, b"x"), frame(PONG, b"x")] * 20, *whole)
    assert "bad_request" in good.until("43/chat,1")  # they were put together: no room is called so
    for name, many in (
        ("pings", [frame(PING, b"x")] * 200),
        ("pongs", [frame(PONG, b"")] * 200),
        ("empty fragments", [whole[0], *[frame(0, b"", final=False)] * 2_000]),
    ):
        wire = world.wire().enter(token)
        with contextlib.suppress(OSError):
            wire.send(*many)
        try:
            assert wire.close_code() == 1008
        except TimeoutError:
            pytest.fail(f"a flood of {name} was not closed")
