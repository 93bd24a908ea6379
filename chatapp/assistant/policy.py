"""Who answers a message: decided from the message alone, so that nothing is read for the many that concern nobody."""

from __future__ import annotations

from collections.abc import Iterable

from chatapp.payloads import Message, User


def answers(message: Message, assistants: Iterable[User], direct: bool = False) -> list[User]:
    """Which of a room's assistants answer a new message, in their order.

    A person is answered by who is mentioned (the store of mentions leaves out code and quotes) and by whom the person
    replies to; in a `direct` room with an assistant always. An assistant is answered by those it mentions, never by
    itself: replies and direct rooms would make two of them talk for ever.
    """
    mentioned = {span.user_id for span in message.mentions}
    if message.sender.kind not in ("assistant", "system"):
        if message.reply_to and message.reply_to.sender.kind == "assistant":
            mentioned.add(message.reply_to.sender.id)
    elif message.sender.kind == "system":
        return []
    else:
        direct = False
    return [
        assistant
        for assistant in assistants
        if assistant.id != message.sender.id and (direct or assistant.id in mentioned)
    ]
