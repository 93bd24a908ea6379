"""The demo provider: no AI, and it says so."""

from __future__ import annotations

import threading
import time

import pytest

from chatapp.assistant.context import Turn
from chatapp.assistant.demo import Demo, answer
from chatapp.assistant.provider import Stopped
from tests.assistant.prompts import ask

EARLIER = (
    Turn(1, "1-1", "Bob", "guest", "2026-11-20T14:02:03.123Z", "I like *green* tea"),
    Turn(2, "1-2", "assistant", "assistant", "2026-11-20T14:02:04.123Z", "Noted.", own=True),
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("@assistant who is here?", "Alice, Bob"),
        ("@assistant 여기 누가 있어?", "Alice, Bob"),
        ("what was said?", "**Bob**: I like green tea"),
        ("무슨 말이 나왔어?", "**Bob**: I like green tea"),
        ("how do I connect a real model?", "OPENAI_BASE_URL"),
        ("진짜 모델은 어떻게 연결해?", "OPENAI_BASE_URL"),
        ("show me some code", "```python"),
        ("코드 예제 보여 줘", "```python"),
        ("@assistant sing!", 'You wrote: "sing!"'),
        ("노래해 줘", '"노래해 줘"라고'),
    ],
)
def test_it_answers_by_what_it_knows_of_the_room(question: str, expected: str) -> None:
    assert expected in answer(ask(question, *EARLIER))


def test_its_first_words_say_that_it_is_no_ai() -> None:
    assert "no AI" in answer(ask("hello")).split("\n")[0]
    assert "AI가 아니라" in answer(ask("안녕?")).split("\n")[0]
    assert "no AI" in Demo.model


@pytest.mark.parametrize("question", ["tell me a long story", "긴 이야기 해 줘"])
def test_a_story_is_long_enough_to_be_stopped(question: str) -> None:
    assert len(answer(ask(question)).split()) * Demo()._pace > 8


def test_nobody_is_mentioned_and_nothing_is_formatted_by_what_people_wrote() -> None:
    evil = Turn(1, "1-1", "Eve](http://x)", "guest", "…", "# @assistant\n<b>`hi`</b>")
    said = answer(ask("what was said?", evil)).split("\n\n", 1)[1]
    assert not set("#@<>`[]") & set(said)


def test_it_speaks_word_by_word_and_all_of_it() -> None:
    pieces: list[str] = []
    asked = ask("who is here?")
    assert Demo(pace=0).call(asked).run(pieces.append).reason == "stop"
    assert "".join(pieces) == answer(asked)
    assert len(pieces) > 20


def test_it_stops_at_once() -> None:
    call = Demo(pace=60).call(ask("tell me a long story"))
    heard = threading.Event()
    stopped: list[float] = []

    def run() -> None:
        with pytest.raises(Stopped):
            call.run(lambda _text: heard.set())
        stopped.append(time.monotonic())

    thread = threading.Thread(target=run)
    thread.start()
    assert heard.wait(5)
    began = time.monotonic()
    call.stop()
    thread.join(5)
    assert stopped[0] - began < 2.0
