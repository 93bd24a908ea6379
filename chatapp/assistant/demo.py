"""The provider of an installation that has none: answers by rules, so that everything can be tried without a key.

It is no AI and says so. It knows only what stands in the prompt: who is here and what was said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from chatapp import runtime

from . import demo_texts
from .capabilities import Capabilities
from .context import Prompt, Turn
from .provider import PIECE_EVERY_S, PLAIN, Finish, Manner, Stopped

THINKING_S = 0.4  # long enough to see the state, short enough not to wait
RECENT = 5  # messages it repeats when asked what was said
QUOTE = 80  # code points of each

_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")

# What is asked for, tried in this order; both languages, since people mix them.
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("story", r"\b(long|story|tale|stop)\b|긴|길게|이야기|멈"),
        (
            "connect",
            r"\b(connect|model|api|key|ollama|openai|configure|set ?up)\b|연결|모델|키|설정",
        ),
        ("people", r"\bwho\b|\bpeople\b|누가|누구|사람|멤버"),
        (
            "said",
            r"\b(said|summar\w+|recap|miss|happened|history)\b|요약|뭐라|무슨 (말|얘기)|대화|놓",
        ),
        ("code", r"\b(code|markdown|example|format)\b|코드|예제|마크다운|서식"),
    )
)


class Demo:
    """See provider.Provider."""

    name = "demo"
    model = "demo (no AI)"
    capabilities = Capabilities(window=8_192, max_output=2_048)

    def __init__(self, pace: float = PIECE_EVERY_S) -> None:
        """`pace`: seconds a word; 0 in tests."""
        self._pace = pace

    def call(self, prompt: Prompt, manner: Manner = PLAIN) -> _Call:  # noqa: ARG002 - rules have none
        return _Call(answer(prompt), self._pace)

    def close(self) -> None:
        """Nothing is open."""


class _Call:
    """Says its text word by word."""

    def __init__(self, text: str, pace: float) -> None:
        self._text, self._pace = text, pace
        self._stop = runtime.Event()

    def stop(self) -> None:
        self._stop.set()

    def run(self, on_text: Callable[[str], None]) -> Finish:
        pause = min(THINKING_S, self._pace * 10)
        for word in _words(self._text):
            if self._stop.wait(pause):
                raise Stopped
            on_text(word)
            pause = self._pace
        return Finish("stop")


def _words(text: str) -> Iterator[str]:
    """`text` in pieces that end after white space."""
    yield from re.findall(r"\S+\s*|\s+", text)


def answer(prompt: Prompt) -> str:
    """What the rules say to the prompt's question, in Korean when it was asked in Korean."""
    asked = prompt.question.text
    texts = demo_texts.KOREAN if _HANGUL.search(asked) else demo_texts.ENGLISH
    asked = asked.replace(f"@{prompt.assistant}", " ").strip()
    rule = next((name for name, pattern in _RULES if pattern.search(asked)), "other")
    body = texts[rule].format(
        room=_plain(prompt.room),
        asker=_plain(prompt.question.name),
        people=", ".join(_plain(name) for name in prompt.people) or texts["nobody"],
        said=_said(prompt.turns[:-1]) or texts["nothing"],
        question=_plain(asked)[:QUOTE],
    )
    return f"{texts['no_ai']}\n\n{body}"


def _said(turns: tuple[Turn, ...]) -> str:
    lines = [one for one in turns if not one.own][-RECENT:]
    return "\n".join(f"- **{_plain(one.name)}**: {_plain(one.text)[:QUOTE]}" for one in lines)


def _plain(text: str) -> str:
    """On one line, without what Markdown or a mention would make something of."""
    return re.sub(r"[\\`*_{}\[\]<>#|@~\s]+", " ", text).strip()
