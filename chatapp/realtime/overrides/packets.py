"""Socket.IO packets within bounds."""

from __future__ import annotations

from typing import Any

import engineio.packet
import msgspec
from socketio import packet

from chatapp.realtime import frames

# Attachments that one packet of another namespace may announce. Nothing on /chat is binary.
MAX_ATTACHMENTS = 10
MAX_DEPTH = 16


def frame_of(pkt: engineio.packet.Packet) -> bytes:
    """The finished WebSocket frame of an Engine.IO packet."""
    encoded = pkt.encode()
    if isinstance(encoded, bytes):
        return frames.raw_frame(frames.BINARY, encoded)
    return frames.raw_frame(frames.TEXT, encoded.encode())


class Garbage(Exception):
    """What a client sent is no packet; its transport is closed."""


class StrictJSON:
    """JSON as the standard has it. The original took NaN and 1e999, which break every JavaScript receiver."""

    @staticmethod
    def loads(text: str | bytes, **_options: Any) -> Any:
        value = msgspec.json.decode(text)
        _check_depth(value, MAX_DEPTH)
        return value

    @staticmethod
    def dumps(value: Any, **_options: Any) -> str:
        return msgspec.json.encode(value).decode()


def _check_depth(value: Any, left: int) -> None:
    if isinstance(value, (list, dict)):
        if not left:
            raise Garbage("nested too deep")
        for item in value.values() if isinstance(value, dict) else value:
            _check_depth(item, left - 1)


class ChatPacket(packet.Packet):  # type: ignore[misc]
    """A packet whose binary parts are bounded. The original believed any count, and any placeholder."""

    json = StrictJSON

    def decode(self, encoded_packet: Any) -> int:
        if not isinstance(encoded_packet, str):
            raise Garbage("a packet is text")
        count: int = super().decode(encoded_packet)
        if self.packet_type not in {packet.BINARY_EVENT, packet.BINARY_ACK}:
            return 0
        if not 0 < count <= (0 if self.namespace == frames.NAMESPACE else MAX_ATTACHMENTS):
            raise Garbage("that many attachments are not taken")
        return count

    def add_attachment(self, attachment: Any) -> bool:
        if not isinstance(attachment, bytes):
            raise Garbage("an attachment is binary")
        return bool(super().add_attachment(attachment))

    @classmethod
    def _reconstruct_binary_internal(cls, data: Any, attachments: list[bytes]) -> Any:
        if isinstance(data, dict) and data.get("_placeholder"):
            number = data.get("num")
            if type(number) is not int or not 0 <= number < len(attachments):
                raise Garbage("a placeholder names no attachment")
        return super()._reconstruct_binary_internal(data, attachments)
