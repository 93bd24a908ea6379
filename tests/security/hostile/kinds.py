"""What bad clients do: each kind is one try, from its connection to its end; it is tried again for ever."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable

from .line import Line

Try = Callable[["Attacker"], Awaitable[None]]
KINDS: dict[str, Try] = {}
# These hold what they opened, or go on for long: their tries do not end within a short time.
PATIENT = {
    "floods",
    "floods_with_much",
    "fuzzes",
    "never_comes_in",
    "never_reads",
    "says_bad_events",
    "trickles",
    "types_without_end",
}


def kind(act: Try) -> Try:
    """One kind, by the function's name."""
    KINDS[act.__name__] = act
    return act


class Attacker:
    """One bad client. `rooms` are those of the good clients; `tries` counts what it did."""

    def __init__(self, number: int, port: int, address: str, rooms: list[str], calm: float) -> None:
        self.number, self.port, self.address, self.rooms = number, port, address, rooms
        self.calm = calm  # seconds between two tries
        self.tries = self.refusals = 0
        self.begun, self.tried = asyncio.Event(), asyncio.Event()
        self._token = ""

    @property
    def room(self) -> str:
        """One where good clients talk."""
        return self.rooms[self.number % len(self.rooms)]

    @contextlib.asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        line = await Line.open(self.port, self.address)
        self.begun.set()
        try:
            yield line
        finally:
            line.close()

    @contextlib.asynccontextmanager
    async def inside(self) -> AsyncIterator[Line]:
        """A WebSocket of somebody on /chat."""
        token = await self.token()
        async with self.line() as line:
            await line.websocket()
            await line.enter(token)
            yield line

    async def token(self) -> str:
        """Of a guest; the same one each time."""
        if not self._token:
            async with self.line() as line:
                body = json.dumps({"name": f"Eve {self.number}"}).encode()
                path, headers = "/api/v1/guests", "Content-Type: application/json\r\n"
                status, answer = await line.request("POST", path, body, headers)
                self._token = json.loads(answer)["token"] if status == 201 else ""
        return self._token

    async def goes_on(self, act: Try) -> None:
        """Try again and again."""
        while True:
            try:
                await act(self)
            except Exception:  # noqa: BLE001 - an attacker is not put off by anything
                self.refusals += 1
            self.tries += 1
            self.tried.set()
            await asyncio.sleep(self.calm)


@kind
async def floods(eve: Attacker) -> None:
    """Events as fast as the network takes them."""
    async with eve.inside() as line:
        ending = asyncio.ensure_future(line.end())
        leave = [f'42/chat,{number}["leave",{{"room":"nowhere"}}]' for number in range(50)]
        while not ending.done():
            line.say(*leave)
            await line.sent()
            await asyncio.sleep(0.05)  # a thousand a second


@kind
async def floods_with_much(eve: Attacker) -> None:
    """Messages of 60 KB, which are too long."""
    async with eve.inside() as line:
        ending = asyncio.ensure_future(line.end())
        message = {"room": eve.room, "client_id": "x", "body": "x" * 60_000}
        while not ending.done():
            line.say(f"42/chat,1{json.dumps(['message', message])}")
            await line.sent()
            await asyncio.sleep(0.01)


@kind
async def says_nonsense(eve: Attacker) -> None:
    """Packets that are none."""
    async with eve.line() as line:
        await line.websocket()
        line.say(("x", "", "451-/chat,[]", "0{}", "42/else,[]")[eve.tries % 5])
        await line.end()


@kind
async def says_bad_events(eve: Attacker) -> None:
    """Events that are none, from somebody who is in."""
    bad = (
        '["nonsense",{}]',
        '{"a":1}',
        '["join",{"room":1e999}]',
        '["join",' + "[" * 900,
        '["read"]',
    )
    async with eve.inside() as line:
        while True:
            line.say(*(f"42/chat,{number}{text}" for number, text in enumerate(bad)))
            await line.until(f"43/chat,{len(bad) - 1}[")


GOOD = (
    '42/chat,1["join",{"room":"fuzzed"}]',
    '42/chat,2["message",{"room":"fuzzed","client_id":"a","body":"text"}]',
    '42/chat,3["history",{"room":"fuzzed","before":9,"limit":20}]',
    '42/chat,4["react",{"message_id":"1-1","emoji":"+1","on":true}]',
    '42/chat,["typing",{"room":"fuzzed","typing":true}]',
    '40/chat,{"token":"none"}',
    "41/chat,",
    "3",
)


@kind
async def fuzzes(eve: Attacker) -> None:
    """Good packets with letters that were changed, left out, repeated; each time others."""
    dice = random.Random(f"{eve.number} {eve.tries}")
    async with eve.inside() as line:
        ending = asyncio.ensure_future(line.end())
        while not ending.done():
            text = list(dice.choice(GOOD))
            for _ in range(dice.randrange(4)):
                at = dice.randrange(len(text))
                text[at : at + dice.randrange(3)] = dice.choice(
                    ("", '"', "[", "}", "0", "-", "é", "\0", "\\ud800", "999999999999", "x" * 999)
                )
                text = text or ["2"]
            line.say("".join(text))
            await line.sent()
            await asyncio.sleep(0.02)


@kind
async def announces_100_mb(eve: Attacker) -> None:
    async with eve.line() as line:
        await line.websocket()
        line.writer.write(b"\x81\xff" + (100 << 20).to_bytes(8) + bytes(4) + bytes(100_000))
        await line.end()


@kind
async def breaks_frames(eve: Attacker) -> None:
    """Unmasked, compressed, of no kind."""
    async with eve.line() as line:
        await line.websocket()
        line.writer.write((b"\x81\x01x", b"\xc1\x81\0\0\0\0x", b"\x83\x80\0\0\0\0")[eve.tries % 3])
        await line.end()


@kind
async def says_pongs_without_end(eve: Attacker) -> None:
    """Frames and packets that ask for nothing, from somebody who is in."""
    async with eve.inside() as line:
        ending = asyncio.ensure_future(line.end())
        pong, packet = b"\x8a\x80\0\0\0\0", b"\x81\x81\0\0\0\x003"
        while not ending.done():
            line.writer.write((pong + packet) * 20)
            await line.sent()
            await asyncio.sleep(0.01)


@kind
async def sends_shreds(eve: Attacker) -> None:
    """One message, a letter a frame, without an end."""
    async with eve.line() as line:
        await line.websocket()
        ending = asyncio.ensure_future(line.end())
        line.writer.write(b"\x01\x81\0\0\0\x004")
        while not ending.done():
            line.writer.write(b"\x00\x81\0\0\0\0x" * 100)
            await line.sent()
            await asyncio.sleep(0.01)


@kind
async def never_comes_in(eve: Attacker) -> None:
    async with eve.line() as line:
        await line.websocket()
        await line.end()


@kind
async def opens_polls(eve: Attacker) -> None:
    """Sessions of long-polling that nobody uses."""
    async with eve.line() as line:
        await line.request("GET", "/socket.io/?EIO=4&transport=polling")


@kind
async def polls_nonsense(eve: Attacker) -> None:
    async with eve.line() as line:
        _, text = await line.request("GET", "/socket.io/?EIO=4&transport=polling")
        sid = json.loads(text[1:])["sid"]
        path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
        await line.request("POST", path, b"4\x1ex\x1eb!!")


@kind
async def never_reads(eve: Attacker) -> None:
    """Sits in a room of good clients and takes nothing from the network."""
    async with eve.inside() as line:
        await line.call(1, "join", {"room": eve.room})
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(60)


@kind
async def trickles(eve: Attacker) -> None:
    """A head, byte for byte."""
    async with eve.line() as line:
        for letter in b"GET /" + b"a" * 600:
            line.writer.write(bytes((letter,)))
            await asyncio.sleep(0.2)
            if line.reader.at_eof():
                return


@kind
async def forges_tokens(eve: Attacker) -> None:
    async with eve.line() as line:
        await line.websocket()
        line.say('40/chat,{"token":"of-somebody-else"}')
        await line.end()


@kind
async def comes_and_goes(eve: Attacker) -> None:
    """In and out of a room of good clients, without a goodbye."""
    async with eve.inside() as line:
        await line.call(1, "join", {"room": eve.room})


@kind
async def types_without_end(eve: Attacker) -> None:
    """In a room of good clients."""
    async with eve.inside() as line:
        await line.call(1, "join", {"room": eve.room})
        for number in range(2, 1_000_000):
            await line.call(number, "typing", {"room": eve.room, "typing": number % 2 == 0})
            await asyncio.sleep(0.02)


@kind
async def comes_from_elsewhere(eve: Attacker) -> None:
    """A page of another site."""
    async with eve.line() as line:
        await line.websocket("Origin: https://evil.example\r\n")


@kind
async def asks_http(eve: Attacker) -> None:
    """What is not there, not allowed, or no request."""
    async with eve.line() as line:
        await line.request("GET", "/api/v1/rooms/none", headers="Authorization: Bearer x\r\n")
        await line.request("POST", "/api/v1/guests", b"{", "Content-Type: application/json\r\n")
        await line.request("GET", "/../../etc/passwd")
        await line.request("POST", "/api/v1/sessions", bytes(100_000))


@kind
async def tries_passwords(eve: Attacker) -> None:
    async with eve.line() as line:
        body = json.dumps({"name": f"admin {eve.tries}", "password": "password"}).encode()
        await line.request("POST", "/api/v1/sessions", body, "Content-Type: application/json\r\n")
