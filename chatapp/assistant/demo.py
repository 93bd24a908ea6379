"""The provider of an installation that has none: answers by rules, so that everything can be tried without a key.

It is no AI and says so. It knows only what stands in the prompt: who is here and what was said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from chatapp import runtime

from . import demo_texts, faults
from .capabilities import Capabilities
from .context import Prompt, ToolCall, Turn, estimate, tokens
from .provider import PIECE_EVERY_S, PLAIN, Finish, Manner, Stopped

THINKING_S = 0.4  # long enough to see the state, short enough not to wait
RECENT = 5  # messages it repeats when asked what was said
QUOTE = 80  # code points of each
PERSONA = 160  # code points of how it was set up

FAULTS = {
    "busy": "ai_busy",
    "quota": "ai_quota",
    "unavailable": "ai_unavailable",
    "misconfigured": "ai_misconfigured",
    "model": "ai_model_missing",
    "incomplete": "ai_incomplete",
    "long": "ai_too_long",
}
_FAIL = re.compile(rf"\bfail\s+({'|'.join(FAULTS)})\b", re.IGNORECASE)
_BREAK = re.compile(r"\bbreak off\b|끊어", re.IGNORECASE)
BROKEN_AFTER = 12  # words
_SEARCH = re.compile(r"\bsearch(?: for)?\s+(.+)|(\S.*?)(?:을|를)? (?:찾아|검색)", re.IGNORECASE)
_RENAME = re.compile(r"\brename the room to\s+(.+)|방 이름을\s+(\S.*?)(?:으로|로)\s", re.IGNORECASE)
_PASS_ON = re.compile(
    r"\bask\s+@?(\w+)\s+(?:about\s+)?(.+)|@?(\S+?)(?:에게|한테)\s+(.+?)\s*물어", re.IGNORECASE
)

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
    capabilities = Capabilities(window=8_192, max_output=2_048, tools=True)

    def __init__(self, pace: float = PIECE_EVERY_S) -> None:
        """`pace`: seconds a word; 0 in tests."""
        self._pace = pace

    def call(self, prompt: Prompt, manner: Manner = PLAIN) -> _Call:  # noqa: ARG002 - rules have none
        return _Call(prompt, self._pace)

    def close(self) -> None:
        """Nothing is open."""


class _Call:
    """Says its text word by word."""

    def __init__(self, prompt: Prompt, pace: float) -> None:
        self._prompt, self._pace = prompt, pace
        self._stop = runtime.Event()

    def stop(self) -> None:
        self._stop.set()

    def run(self, on_text: Callable[[str], None]) -> Finish:
        prompt, asked = self._prompt, _asked(self._prompt)
        fault = None if prompt.task else _FAIL.search(asked)
        if fault is not None:
            raise faults.failure(FAULTS[fault[1].lower()])
        wanted = _tool(prompt, asked)
        if wanted is not None:
            return Finish("tool_calls", estimate(prompt), 1, (wanted,))
        text = answer(prompt)
        if prompt.prefix:
            text = text.removeprefix(prompt.prefix)
        breaks = not prompt.task and not prompt.prefix and _BREAK.search(asked)
        pause = min(THINKING_S, self._pace * 10)
        for number, word in enumerate(_words(text)):
            if self._stop.wait(pause):
                raise Stopped
            if breaks and number == BROKEN_AFTER:
                raise faults.failure("ai_incomplete")
            on_text(word)
            pause = self._pace
        return Finish("stop", estimate(prompt), tokens(text))


def _tool(prompt: Prompt, asked: str) -> ToolCall | None:
    """The tool that the question asks for, if it was not used yet."""
    if not prompt.tools or prompt.exchanges:
        return None
    for name, field, pattern in (
        ("rename_room", "name", _RENAME),
        ("search_room", "query", _SEARCH),
    ):
        match = pattern.search(asked)
        if match is not None:
            value = next(group for group in match.groups() if group).strip(" .?!\"'")
            return ToolCall(f"demo_{name}", name, json.dumps({field: value[:80]}))
    return None


def _asked(prompt: Prompt) -> str:
    return prompt.question.text.replace(f"@{prompt.assistant}", " ").strip()


def _words(text: str) -> Iterator[str]:
    """`text` in pieces that end after white space."""
    yield from re.findall(r"\S+\s*|\s+", text)


def answer(prompt: Prompt) -> str:
    """What the rules say to the prompt's question, in Korean when it was asked in Korean."""
    if prompt.task == "catch_up":
        return _points(prompt.turns[:-1])
    asked = _asked(prompt)
    texts = demo_texts.KOREAN if _HANGUL.search(asked) else demo_texts.ENGLISH
    opening = texts["no_ai"]
    if prompt.persona:
        opening += "\n\n" + texts["persona"].format(
            name=_plain(prompt.assistant), persona=_plain(prompt.persona)[:PERSONA]
        )
    if prompt.exchanges:
        return f"{opening}\n\n{_told(prompt, texts)}"
    passed = _PASS_ON.search(asked)
    if passed is not None:
        whom, what = (group for group in passed.groups() if group)
        said = texts["pass_on"].format(name=whom, what=_plain(what)[:QUOTE])
        return f"{opening}\n\n{said}"
    rule = next((name for name, pattern in _RULES if pattern.search(asked)), "other")
    body = texts[rule].format(
        room=_plain(prompt.room),
        asker=_plain(prompt.question.name),
        people=", ".join(_plain(name) for name in prompt.people) or texts["nobody"],
        said=_said(prompt.turns[:-1]) or texts["nothing"],
        question=_plain(asked)[:QUOTE],
    )
    return f"{opening}\n\n{body}"


def _told(prompt: Prompt, texts: dict[str, str]) -> str:
    """What the tool answered, as it was told to a model."""
    exchange = prompt.exchanges[-1]
    if exchange.calls[0].name != "search_room":
        return texts["used"].format(result=_plain(exchange.results[0]))
    lines = []
    for line in exchange.results[0].split("\n"):
        try:
            one = json.loads(line)
        except ValueError:
            continue
        lines.append(f"- **{_plain(one['name'])}**: {_plain(one['text'])[:QUOTE]}")
    return texts["found"].format(said="\n".join(lines) or texts["nothing"])


def _said(turns: tuple[Turn, ...]) -> str:
    lines = [one for one in turns if not one.own][-RECENT:]
    return "\n".join(f"- **{_plain(one.name)}**: {_plain(one.text)[:QUOTE]}" for one in lines)


def _points(turns: tuple[Turn, ...]) -> str:
    """A line for each of the latest messages, with its id: the rules know no other importance."""
    return "\n".join(
        f"- {_plain(one.name)}: {_plain(one.text)[:QUOTE]} [{one.id}]" for one in turns[-RECENT:]
    )


def _plain(text: str) -> str:
    """On one line, without what Markdown or a mention would make something of."""
    return re.sub(r"[\\`*_{}\[\]<>#|@~\s]+", " ", text).strip()
