"""Other namespaces live by the library's own rules, binary events too, within bounds."""

from __future__ import annotations

import json

import pytest

from .conftest import ChatServer
from .wire import BINARY, TEXT, Wire, frame

ECHO = '451-/stock,1["echo",{"_placeholder":true,"num":0}]'


def stocked(chat: ChatServer) -> Wire:
    wire = chat.wire()
    wire.say("40/stock,")
    wire.until("40/stock,")
    return wire


def texts(*packets: str) -> list[bytes]:
    return [frame(TEXT, packet.encode()) for packet in packets]


def next_binary(wire: Wire) -> bytes:
    while (received := wire.next_frame())[0] != BINARY:
        pass
    return received[1]


def test_binary_events_and_their_acks_pass_over_websocket(chat: ChatServer) -> None:
    wire = stocked(chat)
    wire.send(*texts(ECHO), frame(BINARY, b"\x00\x01\x02"))
    assert wire.until("451-/stock,").startswith('451-/stock,["echoed",{"_placeholder":true')
    assert next_binary(wire) == b"\x00\x01\x02"
    assert wire.until("461-/stock,1[")
    assert next_binary(wire) == b"\x00\x01\x02"


def test_binary_events_pass_over_long_polling(chat: ChatServer) -> None:
    session = chat.polling()
    assert session.post("40/stock,") == 200
    session.until("40/stock,")
    assert session.post(ECHO, "bAAEC") == 200
    packets = session.until("461-/stock,1[")
    while packets.count("bAAEC") < 2:
        packets += session.poll()
    assert [packet for packet in packets if packet[:1] == "b"] == ["bAAEC", "bAAEC"]


def test_text_events_pass_beside_chat_on_one_transport(chat: ChatServer) -> None:
    wire = stocked(chat).enter()
    wire.say('42/stock,5["echo",{"a":[1,2.5,"x",null]}]', '42/chat,6["join",{"room":"r"}]')
    assert json.loads(wire.until("43/stock,5")[10:]) == [{"a": [1, 2.5, "x", None]}]
    wire.until("43/chat,6")


@pytest.mark.parametrize(
    "packets",
    [
        pytest.param(texts('459999999999-/stock,["echo",1]'), id="billions of attachments"),
        pytest.param(texts('4599999999999-/stock,["echo",1]'), id="more digits than allowed"),
        pytest.param(texts('4511-/stock,["echo",1]'), id="eleven attachments"),
        pytest.param(texts('450-/stock,["echo",1]'), id="a binary packet without any"),
        pytest.param(
            [*texts('451-/stock,["echo",{"_placeholder":true,"num":1}]'), frame(BINARY, b"x")],
            id="a placeholder beyond the end",
        ),
        pytest.param(
            [*texts('451-/stock,["echo",{"_placeholder":true,"num":-1}]'), frame(BINARY, b"x")],
            id="a negative placeholder",
        ),
        pytest.param(
            [*texts('451-/stock,["echo",{"_placeholder":true,"num":"0"}]'), frame(BINARY, b"x")],
            id="a placeholder that is no number",
        ),
        pytest.param(
            [*texts('451-/stock,["echo",{"_placeholder":true}]'), frame(BINARY, b"x")],
            id="a placeholder without a number",
        ),
        pytest.param(texts(ECHO, '42/stock,["echo",1]'), id="text for an attachment"),
        pytest.param([frame(BINARY, b"surprise")], id="an attachment of nothing"),
        pytest.param(texts('42/stock,{"echo":1}'), id="a dict for a list"),
        pytest.param(texts('42/stock,["echo",NaN]'), id="NaN"),
        pytest.param(texts('42/stock,["echo",1e999]'), id="1e999"),
        pytest.param(texts('42/stock,["echo",%s]' % ("9" * 5000)), id="huge integer"),
        pytest.param(texts(f'42/stock,["echo",{"[" * 20}{"]" * 20}]'), id="nested 20 deep"),
        pytest.param(texts('42/stock,["echo",%s' % ("[" * 9000)), id="nested without end"),
        pytest.param(texts("42/stock,[5]"), id="a number for a name"),
        pytest.param(texts('44/stock,{"message":"no"}'), id="CONNECT_ERROR from a client"),
        pytest.param(texts("48/stock,"), id="no such packet"),
        pytest.param(texts('42/elsewhere,["echo",1]'), id="a namespace that was not joined"),
        pytest.param(
            texts('451-/chat,["message",{"_placeholder":true,"num":0}]'), id="binary on /chat"
        ),
    ],
)
def test_what_is_no_packet_closes_and_frees(chat: ChatServer, packets: list[bytes]) -> None:
    wire = stocked(chat).enter()
    wire.say('42/stock,1["echo",true]')
    wire.until("43/stock,1")
    wire.send(*packets)
    wire.close_code()
    chat.holds_nothing()


def test_ten_attachments_are_taken(chat: ChatServer) -> None:
    wire = stocked(chat)
    places = ",".join(f'{{"_placeholder":true,"num":{n}}}' for n in range(10))
    wire.send(*texts(f'4510-/stock,1["echo",{places}]'), *(frame(BINARY, b"x") for _ in range(10)))
    wire.until("4610-/stock,1[")


def test_nesting_up_to_sixteen_is_taken(chat: ChatServer) -> None:
    wire = stocked(chat)
    wire.say(f'42/stock,1["echo",{"[" * 15}{"]" * 15}]')
    wire.until("43/stock,1")


def test_an_unfinished_binary_packet_is_freed_with_its_client(chat: ChatServer) -> None:
    wire = stocked(chat)
    wire.say(ECHO)
    chat.holds(binary=1)
    wire.close()
    chat.holds_nothing()


def test_an_event_named_connect_runs_no_handler_here_either(chat: ChatServer) -> None:
    wire = stocked(chat)
    wire.say('42/stock,1["connect",{"token":"root"}]', '42/stock,2["disconnect"]')
    assert '"unknown_event"' in wire.until("43/stock,1")
    assert '"unknown_event"' in wire.until("43/stock,2")
    wire.say('42/stock,3["echo",1]')
    assert wire.until("43/stock,3") == "43/stock,3[1]"
