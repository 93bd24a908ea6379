"""The adapter with the real openai client against a real server: what it says, and how it stops."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chatapp import config
from chatapp.assistant import capabilities, completions
from chatapp.assistant.completions import ChatCompletions
from chatapp.assistant.context import Prompt
from chatapp.assistant.provider import PIECE_EVERY_S, Finish
from chatapp.assistant.providers import choose
from tests.assistant.calls import KEY, Running, failed, said
from tests.openai_server import OpenAIServer, behaviours


def test_an_answer_comes_in_pieces_with_its_finish_and_usage(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    ai.will(behaviours.answer("It is half past two."))
    assert said(provider, prompt) == ("It is half past two.", Finish("stop", 11, 7))
    [request] = ai.requests
    assert request["authorization"] == f"Bearer {KEY}"
    assert request["body"]["stream"] is True
    assert request["body"]["model"] == "test"


def test_people_are_told_a_providers_name_as_the_settings_have_it_and_no_address(
    tmp_path: Path,
) -> None:
    settings = config.load(
        {
            "CHATAPP_DATA_DIR": str(tmp_path),
            "OPENAI_BASE_URL": "http://10.1.2.3:8000/v1",
            "CHATAPP_AI_PROVIDERS": '{"local": {"base_url": "http://models.internal/v1"}}',
        }
    )
    providers = choose(settings)
    assert [(name, one.name) for name, one in providers.items()] == [
        (name, name) for name in ("openai", "local", "demo")
    ]
    providers.close()


def test_the_connection_is_used_again(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    for _ in range(3):
        said(provider, prompt)
    assert len({request["peer"] for request in ai.requests}) == 1


def test_a_server_may_want_no_key(connect: Callable[..., ChatCompletions], prompt: Prompt) -> None:
    assert said(connect(key=None), prompt)[0] == "I am the test model."


def test_the_first_model_of_the_server_is_used_when_none_is_set(
    ai: OpenAIServer, connect: Callable[..., ChatCompletions], prompt: Prompt
) -> None:
    provider = connect(model=None)
    said(provider, prompt)
    assert provider.model == "test"
    assert ai.requests[0]["body"]["model"] == "test"


def test_the_proxy_of_the_environment_is_used_unless_it_says_not_to(
    ai: OpenAIServer,
    connect: Callable[..., ChatCompletions],
    prompt: Prompt,
    impatient: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", ai.base_url.removesuffix("/v1"))
    monkeypatch.setenv("no_proxy", "127.0.0.1,direct.invalid")
    assert said(connect(url="http://model.invalid/v1"), prompt)[0] == "I am the test model."
    assert len(ai.requests) == 1
    assert failed(connect(url="http://direct.invalid/v1"), prompt)[1].code == "ai_unavailable"
    assert len(ai.requests) == 1


def test_text_that_came_is_passed_on_while_the_rest_is_awaited(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    ai.will(behaviours.gated("one ", "two"))
    running = Running(provider.call(prompt))
    running.wait_for("one ")
    ai.release()
    running.wait_for("one two")
    ai.release()
    assert running.result() == Finish("stop", 11, 7)


def test_what_arrives_together_goes_together(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    ai.will(behaviours.answer(" ".join(["word"] * 400), pace=0.001))
    pieces: list[str] = []
    started = time.monotonic()
    provider.call(prompt).run(pieces.append)
    took = time.monotonic() - started
    assert len("".join(pieces)) == 400 * 5 - 1
    assert len(pieces) <= took / PIECE_EVERY_S + 2


def test_characters_split_between_packets_stay_whole(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    event = behaviours.chunk({"content": "안녕 🎉"})[1].encode()
    event = (
        event.decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16").encode()
    )
    bytewise = [["raw", bytes([byte]).hex()] for byte in event]
    ai.will(behaviours.stream(*bytewise, behaviours.chunk({}, "stop"), behaviours.DONE))
    assert said(provider, prompt)[0] == "안녕 🎉"


def test_nul_characters_that_no_database_takes_are_left_out(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    ai.will(behaviours.answer("to\0gether \0 again"))
    assert said(provider, prompt)[0] == "together  again"


# Stopping


def test_stop_ends_the_read_at_once_and_closes_the_connection(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    ai.will(behaviours.stall("Once upon a"))
    running = Running(provider.call(prompt))
    running.wait_for("Once upon a")
    running.stop_within(5)  # a silence is waited out for much longer
    assert ai.wait(0, "closed")


def test_stop_ends_a_call_that_has_no_answer_yet(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    ai.will(behaviours.silent())
    running = Running(provider.call(prompt))
    assert ai.wait(0, "open")
    running.stop_within(5)  # a silence is waited out for much longer
    assert ai.wait(0, "closed")


def test_stop_reaches_a_call_on_a_used_connection(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    said(provider, prompt)
    ai.will(behaviours.silent())
    running = Running(provider.call(prompt))
    assert ai.wait(1, "open")
    running.stop_within(5)  # a silence is waited out for much longer
    assert ai.wait(1, "closed")


def test_a_late_stop_does_not_touch_the_next_call_on_the_connection(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    first = provider.call(prompt)
    first.run(lambda _text: None)
    ai.will(behaviours.gated("still here"))
    running = Running(provider.call(prompt))
    running.wait_for("still here")
    first.stop()
    ai.release()
    assert running.result().reason == "stop"


def test_stop_ends_the_wait_before_a_retry(
    ai: OpenAIServer,
    provider: ChatCompletions,
    prompt: Prompt,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(completions, "RETRY_AFTER_S", (20.0,))
    ai.will(behaviours.refusal(500))
    running = Running(provider.call(prompt))
    assert ai.wait(0, "finished")
    running.stop_within(5)  # a silence is waited out for much longer


# Dialects


def test_null_choices_and_deltas_are_passed_over(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    ai.will(behaviours.null_choices("All is well."))
    assert said(provider, prompt) == ("All is well.", Finish("stop", 11, 7))


def test_ollama_may_end_without_a_reason(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    provider.capabilities = capabilities.OLLAMA
    ai.will(behaviours.unfinished("All is well."))
    assert said(provider, prompt)[0] == "All is well."


def test_lines_may_end_with_crlf_and_lack_the_space(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    steps = [
        ["send", text.replace("\n", "\r\n").replace("data: ", "data:")]
        for _, text in [
            *behaviours.words("All is well."),
            behaviours.chunk({}, "stop"),
            behaviours.DONE,
        ]
    ]
    ai.will(behaviours.stream(*steps))
    assert said(provider, prompt)[0] == "All is well."


@pytest.mark.parametrize(
    ("url", "window", "first_token"),
    [
        ("https://api.openai.com/v1", 128_000, 60),
        ("http://127.0.0.1:11434/v1", 4_096, 180),
        ("http://ollama:11434/v1", 4_096, 180),
        ("http://192.168.1.7:8000/v1", 8_192, 180),
        ("http://llm.internal/v1", 8_192, 180),
        ("https://openrouter.ai/api/v1", 8_192, 60),
    ],
)
def test_a_provider_is_known_by_its_address(url: str, window: int, first_token: float) -> None:
    found = capabilities.of(url)
    assert (found.window, found.first_token_s) == (window, first_token)
