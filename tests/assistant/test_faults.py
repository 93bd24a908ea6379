"""What becomes of a provider's failures, each with the real openai client against a server that misbehaves."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest

from chatapp.assistant import capabilities, completions, faults
from chatapp.assistant.completions import ChatCompletions
from chatapp.assistant.context import Prompt
from tests.assistant.calls import KEY, failed, said
from tests.openai_server import OpenAIServer, behaviours


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (
            behaviours.refusal(401, "invalid_api_key", f"Incorrect API key: {KEY}"),
            "ai_misconfigured",
        ),
        (behaviours.refusal(403), "ai_misconfigured"),
        (behaviours.refusal(400, "unsupported_value"), "ai_misconfigured"),
        (behaviours.refusal(404, "model_not_found"), "ai_model_missing"),
        (behaviours.refusal(429, "rate_limit_exceeded"), "ai_busy"),
        (behaviours.refusal(429, "insufficient_quota"), "ai_quota"),
        (behaviours.html(), "ai_incomplete"),
        (behaviours.cut("half an"), "ai_incomplete"),
        (behaviours.no_done("all of it"), "ai_incomplete"),
        (behaviours.dropped("half an"), "ai_incomplete"),
        (behaviours.reset("half an"), "ai_incomplete"),
        (behaviours.unfinished("half an"), "ai_incomplete"),
        (behaviours.bad_json("half an"), "ai_incomplete"),
        (behaviours.error_in_stream("half an"), "ai_unavailable"),
        (behaviours.stream(behaviours.chunk({}, "stop"), behaviours.DONE), "ai_incomplete"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_failure_has_its_code_and_is_not_tried_again(
    ai: OpenAIServer,
    provider: ChatCompletions,
    prompt: Prompt,
    behaviour: behaviours.Behaviour,
    code: str,
) -> None:
    ai.will(behaviour)
    text, error = failed(provider, prompt)
    assert error.code == code
    expected = "".join(
        piece["choices"][0]["delta"].get("content", "") for piece in _chunks_before_fault(behaviour)
    )
    assert text == expected
    assert len(ai.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_a_failing_server_is_asked_three_times(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt, impatient: None, status: int
) -> None:
    ai.will(*[behaviours.refusal(status)] * 3)
    assert failed(provider, prompt)[1].code == "ai_unavailable"
    assert len(ai.requests) == 3


def test_a_server_that_recovers_answers(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt, impatient: None
) -> None:
    ai.will(behaviours.refusal(500), behaviours.reset(), behaviours.answer("Here I am."))
    assert said(provider, prompt)[0] == "Here I am."


def test_nothing_is_tried_again_after_the_first_token(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt, impatient: None
) -> None:
    ai.will(behaviours.reset("half an"))
    assert failed(provider, prompt)[0] == "half an"
    assert len(ai.requests) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "42"}, 42),
        ({"retry_after_ms": "5500"}, 5.5),
        ({}, faults.BUSY_RETRY_S),
        ({"retry_after": "Fri, 20 Nov 2026 14:02:03 GMT"}, faults.BUSY_RETRY_S),
        ({"retry_after": "1e999"}, faults.BUSY_RETRY_S),
    ],
)
def test_a_busy_provider_says_when_to_come_back(
    ai: OpenAIServer,
    provider: ChatCompletions,
    prompt: Prompt,
    headers: dict[str, str],
    seconds: float,
) -> None:
    ai.will(behaviours.refusal(429, "rate_limit_exceeded", **headers))
    assert failed(provider, prompt)[1].retry_after == seconds


def test_a_busy_provider_is_asked_again_when_the_wait_is_short(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    ai.will(behaviours.refusal(429, "rate_limit_exceeded", retry_after_ms="20"))
    assert said(provider, prompt)[0] == "I am the test model."


@pytest.mark.parametrize(
    "refusal",
    [
        behaviours.refusal(400, "context_length_exceeded"),
        behaviours.refusal(400, None, "This model's maximum context length is 8192 tokens."),
        behaviours.refusal(400, None, "the request exceeds the available context size"),
    ],
)
def test_a_prompt_that_is_too_long_is_told_apart(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt, refusal: behaviours.Behaviour
) -> None:
    ai.will(refusal)
    with pytest.raises(faults.ContextTooLong):
        said(provider, prompt)


def test_a_server_that_does_not_know_stream_options_is_asked_without(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt
) -> None:
    ai.will(behaviours.refusal(400, None, "Unrecognized request argument: stream_options"))
    assert said(provider, prompt)[0] == "I am the test model."
    said(provider, prompt)
    assert ["stream_options" in request["body"] for request in ai.requests] == [True, False, False]


def test_nobody_listening_is_unavailable(
    connect: Callable[..., ChatCompletions], prompt: Prompt, impatient: None
) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        provider = connect(url=f"http://127.0.0.1:{reserved.getsockname()[1]}/v1")
        assert failed(provider, prompt)[1].code == "ai_unavailable"


# Time-outs


def test_silence_in_the_middle_ends_the_call(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt, impatient: None
) -> None:
    ai.will(behaviours.stall("half an"))
    text, error = failed(provider, prompt)
    assert (text, error.code) == ("half an", "ai_unavailable")
    assert ai.wait(0, "closed")


@pytest.mark.parametrize("behaviour", [behaviours.silent(), behaviours.pinging()])
def test_the_first_token_is_awaited_for_so_long_and_comments_are_none(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt, behaviour: behaviours.Behaviour
) -> None:
    provider.capabilities = capabilities.Capabilities(8192, 1024, first_token_s=0.3)
    ai.will(behaviour)
    text, error = failed(provider, prompt)
    assert (text, error.code) == ("", "ai_unavailable")
    assert len(ai.requests) == 1
    assert ai.wait(0, "closed")


def test_a_model_that_thinks_aloud_keeps_the_call_alive_and_is_not_shown(
    ai: OpenAIServer, provider: ChatCompletions, prompt: Prompt, impatient: None
) -> None:
    provider.capabilities = capabilities.Capabilities(8192, 1024, first_token_s=0.2)
    thought = [behaviours.chunk({"reasoning_content": "hm"}), ["wait", 0.1]]
    ai.will(
        behaviours.stream(
            *thought * 5, *behaviours.words("Four."), behaviours.chunk({}, "stop"), behaviours.DONE
        )
    )
    assert said(provider, prompt)[0] == "Four."


def test_an_endless_answer_is_cut_by_its_length(
    ai: OpenAIServer,
    provider: ChatCompletions,
    prompt: Prompt,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(completions, "MAX_ANSWER", 5_000)
    ai.will(behaviours.endless())
    text, error = failed(provider, prompt)
    assert (len(text), error.code) == (5_000, "ai_incomplete")
    assert ai.wait(0, "closed")


def test_an_endless_answer_is_cut_by_the_clock(
    ai: OpenAIServer,
    provider: ChatCompletions,
    prompt: Prompt,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(completions, "TOTAL_S", 0.5)
    ai.will(behaviours.endless(pace=0.02))
    text, error = failed(provider, prompt)
    assert text.startswith("and on and on")
    assert error.code == "ai_incomplete"
    assert ai.wait(0, "closed")


def _chunks_before_fault(behaviour: behaviours.Behaviour) -> list[dict[str, object]]:
    found = []
    for step in behaviour["steps"]:
        if step[0] == "send" and step[1].startswith("data: {"):
            try:
                data = json.loads(step[1][6:])
            except ValueError:
                break
            if "choices" in data:
                found.append(data)
    return found
