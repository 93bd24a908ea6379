"""Every case of the protocol's two reference suites (Engine.IO 4, Socket.IO 5), told in our own words.

The suites run against a server of their own; here it is tests/transport/reference_app.py, on eventlet with our WebSocket
and on threads with the library's. They open `/engine.io/` in the first and `/socket.io/` in the second; the Engine.IO
half that the second repeats runs on both. Where they wait so long and look, we wait until it is so.

Not repeated here: who connects to no namespace at all is closed (test_sessions.py).
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.waiting import eventually

from .conftest import ChatServer
from .wire import BINARY, TEXT, Polling, Wire, frame

APP = "tests.transport.reference_app:create_app"
RUNTIMES = ("eventlet", "threading")
BOTH = pytest.mark.parametrize("path", ["/engine.io/", "/socket.io/"])
WEBSOCKET = "?EIO=4&transport=websocket"
ENGINE = "/engine.io/"


class Reference(ChatServer):
    """The server of the suites, and clients that speak to either of its paths."""

    def socket(self, path: str = "/socket.io/", sid: str | None = None) -> Wire:
        """A WebSocket; without `sid` its session is open."""
        wire = self.wire(path=path + WEBSOCKET, sid=sid)
        assert wire.status == 101
        if sid is None:
            assert wire.next_text().startswith("0")
        return wire

    def session(self, path: str) -> Polling:
        """A session over long-polling."""
        session = Polling(self.port, path=path)
        self.clients.append(session)
        return session

    def status(self, method: str, path: str) -> int:
        """What a request by hand is answered with."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with closing(connection):
            connection.request(method, path)
            return connection.getresponse().status

    def waits_in_a_poll(self) -> None:
        """A poll has arrived, and has nothing to bring."""
        eventually(lambda: self.state()["polling"] == 1, what="a poll waits")

    def leave(self) -> None:
        while self.clients:
            self.clients.pop().close()
        self.holds(sessions=0)


def serving(ping: str, pong: str) -> object:
    @pytest.fixture(scope="module", params=RUNTIMES)
    def running(
        request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[Reference]:
        env = {"REFERENCE_PING": ping, "REFERENCE_PONG": pong}
        server = Reference(tmp_path_factory.mktemp("reference"), request.param, env, APP)
        yield server
        server.close()

    return running


# Without a ping in the way; with pings that may be answered late, as on a machine that is busy; and as the suites have it.
quiet_server = serving("60", "60")
beating_server = serving("0.3", "60")
strict_server = serving("0.3", "0.2")


@pytest.fixture
def quiet(quiet_server: Reference) -> Iterator[Reference]:
    yield quiet_server
    quiet_server.leave()


@pytest.fixture
def beating(beating_server: Reference) -> Iterator[Reference]:
    yield beating_server
    beating_server.leave()


@pytest.fixture
def strict(strict_server: Reference) -> Iterator[Reference]:
    yield strict_server
    strict_server.leave()


# The handshake of Engine.IO


def is_offer(offer: dict[str, object], upgrades: list[str]) -> None:
    assert isinstance(offer.pop("sid"), str)
    assert offer == {
        "upgrades": upgrades,
        "pingInterval": 300,
        "pingTimeout": 200,
        "maxPayload": 1_000_000,
    }


@BOTH
def test_a_session_opens_over_long_polling_and_says_its_terms(strict: Reference, path: str) -> None:
    is_offer(strict.session(path).offer, ["websocket"])


@BOTH
def test_a_session_opens_over_websocket_and_says_its_terms(strict: Reference, path: str) -> None:
    wire = strict.wire(path=path + WEBSOCKET)
    opened = wire.next_text()
    assert opened[0] == "0"
    is_offer(json.loads(opened[1:]), [])


@BOTH
@pytest.mark.parametrize(
    ("method", "query"),
    [
        pytest.param("GET", "?transport=polling", id="no version"),
        pytest.param("GET", "?EIO=abc&transport=polling", id="no such version"),
        pytest.param("GET", "?EIO=4", id="no transport"),
        pytest.param("GET", "?EIO=4&transport=abc", id="no such transport"),
        pytest.param("POST", "?EIO=4&transport=polling", id="a POST without a session"),
        pytest.param("PUT", "?EIO=4&transport=polling", id="no such method"),
    ],
)
def test_no_session_opens_over_http(quiet: Reference, path: str, method: str, query: str) -> None:
    assert quiet.status(method, path + query) == 400
    assert quiet.state()["sessions"] == 0


@BOTH
@pytest.mark.parametrize(
    "query",
    [
        pytest.param("?transport=websocket", id="no version"),
        pytest.param("?EIO=abc&transport=websocket", id="no such version"),
        pytest.param("?EIO=4", id="no transport"),
        pytest.param("?EIO=4&transport=abc", id="no such transport"),
    ],
)
def test_no_session_opens_over_websocket(quiet: Reference, path: str, query: str) -> None:
    assert quiet.wire(path=path + query).status == 400
    assert quiet.state()["sessions"] == 0


# Messages of Engine.IO


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param("4hello", id="one text"),
        pytest.param("4test1\x1e4test2\x1e4test3", id="several texts"),
        pytest.param("4hello\x1ebAQIDBA==", id="text and binary"),
    ],
)
def test_what_is_posted_comes_back_with_the_next_polls(quiet: Reference, payload: str) -> None:
    session = quiet.session(ENGINE)
    sid = f"&sid={session.sid}"
    assert session.request("POST", sid, payload.encode()) == (200, "ok")

    wanted = payload.split("\x1e")
    packets: list[str] = []
    while len(packets) < len(
        wanted
    ):  # the suite asks for all in one poll; handlers need not be done by then
        packets += session.poll()
    assert packets == wanted


def test_a_payload_of_unknown_form_ends_the_session(quiet: Reference) -> None:
    session = quiet.session(ENGINE)
    assert session.post("abc") == 400
    assert session.request("GET", f"&sid={session.sid}")[0] == 400


def test_a_second_poll_ends_the_session_and_both_polls(quiet: Reference) -> None:
    session = quiet.session(ENGINE)
    first: list[tuple[int, str]] = []
    sid = f"&sid={session.sid}"
    poll = threading.Thread(target=lambda: first.append(session.request("GET", sid)))
    poll.start()
    quiet.waits_in_a_poll()

    assert session.request("GET", f"{sid}&t=burst")[0] == 400
    poll.join(20)

    assert first == [(200, "1")]
    assert session.request("GET", sid)[0] == 400


def test_text_comes_back_over_websocket(quiet: Reference) -> None:
    wire = quiet.socket(ENGINE)
    wire.say("4hello")
    assert wire.next_text() == "4hello"


def test_binary_comes_back_over_websocket(quiet: Reference) -> None:
    wire = quiet.socket(ENGINE)
    wire.send(frame(BINARY, b"\1\2\3\4"))
    assert wire.next_frame() == (BINARY, b"\1\2\3\4")


def test_a_packet_of_unknown_form_ends_the_websocket(quiet: Reference) -> None:
    wire = quiet.socket(ENGINE)
    wire.say("abc")
    wire.is_cut()


# The heartbeat


@BOTH
def test_pings_come_with_polls_and_pongs_are_posted(beating: Reference, path: str) -> None:
    session = beating.session(path)
    for _ in range(3):
        assert session.request("GET", f"&sid={session.sid}") == (200, "2")
        assert session.post("3") == 200


@BOTH
def test_pings_and_pongs_go_over_websocket(beating: Reference, path: str) -> None:
    wire = beating.socket(path)
    for _ in range(3):
        assert wire.next_frame() == (TEXT, b"2")
        wire.say("3")


@BOTH
def test_who_does_not_answer_a_ping_loses_the_session(strict: Reference, path: str) -> None:
    session = strict.session(path)
    eventually(lambda: session.request("GET", f"&sid={session.sid}")[0] == 400)


@BOTH
def test_who_does_not_answer_a_ping_loses_the_websocket(strict: Reference, path: str) -> None:
    strict.socket(path).is_cut()


# The end


@BOTH
def test_a_close_ends_the_poll_that_waits_and_the_session(quiet: Reference, path: str) -> None:
    session = quiet.session(path)
    sid = f"&sid={session.sid}"
    first: list[tuple[int, str]] = []
    poll = threading.Thread(target=lambda: first.append(session.request("GET", sid)))
    poll.start()
    quiet.waits_in_a_poll()

    assert session.post("1") == 200
    poll.join(20)

    assert first == [(200, "6")]
    assert session.request("GET", sid)[0] == 400


@BOTH
def test_a_close_ends_the_websocket(quiet: Reference, path: str) -> None:
    wire = quiet.socket(path)
    wire.say("1")
    wire.is_cut()


# Upgrades


def test_a_session_moves_to_a_websocket(quiet: Reference) -> None:
    session = quiet.session(ENGINE)
    wire = quiet.socket(ENGINE, session.sid)
    wire.say("2probe")
    assert wire.next_text() == "3probe"
    # The poll that is under way, or the next, ends with a NOOP.
    assert session.request("GET", f"&sid={session.sid}") == (200, "6")
    wire.say("5", "4hello")
    assert wire.next_text() == "4hello"


@BOTH
def test_after_an_upgrade_long_polling_is_refused(quiet: Reference, path: str) -> None:
    session = quiet.session(path)
    wire = quiet.socket(path, session.sid)
    wire.say("2probe", "5")
    assert wire.next_text() == "3probe"
    eventually(lambda: session.request("GET", f"&sid={session.sid}")[0] == 400)
    still_there(wire, path)


@BOTH
def test_after_an_upgrade_a_second_websocket_is_closed(quiet: Reference, path: str) -> None:
    session = quiet.session(path)
    wire = quiet.socket(path, session.sid)
    wire.say("2probe", "5")
    assert wire.next_text() == "3probe"
    quiet.socket(path, session.sid).is_cut()
    still_there(wire, path)


def still_there(wire: Wire, path: str) -> None:
    wire.say("4hello" if path == ENGINE else "40")
    assert wire.next_text().startswith("4hello" if path == ENGINE else "40{")


# Namespaces of Socket.IO


@pytest.mark.parametrize(
    ("connect", "prefix", "auth"),
    [
        pytest.param("40", "40", '42["auth",{}]', id="the main one"),
        pytest.param('40{"token":"123"}', "40", '42["auth",{"token":"123"}]', id="with auth"),
        pytest.param("40/custom,", "40/custom,", '42/custom,["auth",{}]', id="another"),
        pytest.param(
            '40/custom,{"token":"abc"}',
            "40/custom,",
            '42/custom,["auth",{"token":"abc"}]',
            id="another with auth",
        ),
    ],
)
def test_who_connects_is_given_an_id_and_its_auth_was_read(
    quiet: Reference, connect: str, prefix: str, auth: str
) -> None:
    wire = quiet.socket()
    wire.say(connect)
    answer = wire.next_text()
    assert answer.startswith(prefix)
    accepted = json.loads(answer.removeprefix(prefix))
    assert list(accepted) == ["sid"]
    assert isinstance(accepted["sid"], str)
    assert wire.next_text() == auth


def test_a_namespace_that_nobody_serves_is_refused(quiet: Reference) -> None:
    wire = quiet.socket()
    wire.say("40/random")
    assert wire.next_text() == '44/random,{"message":"Invalid namespace"}'


def test_a_handshake_that_is_none_ends_the_websocket(quiet: Reference) -> None:
    wire = quiet.socket()
    wire.say("4abc")
    wire.is_cut()


def connected(server: Reference) -> Wire:
    wire = server.socket()
    wire.say("40")
    assert wire.next_text().startswith("40{")
    assert wire.next_text() == '42["auth",{}]'
    return wire


def test_who_leaves_the_main_namespace_keeps_the_transport(beating: Reference) -> None:
    wire = connected(beating)
    wire.say("41")
    for _ in range(2):
        assert wire.next_frame() == (TEXT, b"2")
        wire.say("3")


def test_who_leaves_another_namespace_stays_in_the_main_one(quiet: Reference) -> None:
    wire = connected(quiet)
    wire.say("40/custom")
    assert wire.next_text().startswith("40/custom,{")
    assert wire.next_text() == '42/custom,["auth",{}]'
    wire.say("41/custom", '42["message","message to main namespace"]')
    assert wire.next_text() == '42["message-back","message to main namespace"]'


# Events of Socket.IO

TWO = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        pytest.param(
            '42["message",1,"2",{"3":[true]}]', '42["message-back",1,"2",{"3":[true]}]', id="event"
        ),
        pytest.param(
            '42456["message-with-ack",1,"2",{"3":[false]}]',
            '43456[1,"2",{"3":[false]}]',
            id="event with an ack",
        ),
    ],
)
def test_a_text_event_is_handled(quiet: Reference, sent: str, answer: str) -> None:
    wire = connected(quiet)
    wire.say(sent)
    assert wire.next_text() == answer


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        pytest.param(f'452-["message",{TWO}]', f'452-["message-back",{TWO}]', id="event"),
        pytest.param(f'452-789["message-with-ack",{TWO}]', f"462-789[{TWO}]", id="with an ack"),
    ],
)
def test_an_event_with_attachments_is_handled(quiet: Reference, sent: str, answer: str) -> None:
    wire = connected(quiet)
    wire.send(frame(TEXT, sent.encode()), frame(BINARY, b"\1\2\3"), frame(BINARY, b"\4\5\6"))
    assert [wire.next_frame() for _ in range(3)] == [
        (TEXT, answer.encode()),
        (BINARY, b"\1\2\3"),
        (BINARY, b"\4\5\6"),
    ]


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param("4abc", id="no such packet"),
        pytest.param("42{}", id="a payload that is no list"),
        pytest.param('42abc["message-with-ack",1,"2",{"3":[false]}]', id="an ack id that is none"),
    ],
)
def test_a_packet_of_unknown_form_ends_the_connection(quiet: Reference, packet: str) -> None:
    wire = connected(quiet)
    wire.say(packet)
    wire.is_cut()
