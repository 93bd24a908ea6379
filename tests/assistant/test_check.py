"""check-assistant: what is wrong with a provider, in words."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import socket
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from chatapp.assistant import check
from tests.assistant.calls import KEY
from tests.openai_server import OpenAIServer, behaviours

ROOT = Path(__file__).resolve().parents[2]


def checked(tmp_path: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    """The command with these settings, without the second that a process of its own takes to start."""
    said, log = io.StringIO(), logging.getLogger("chatapp.assistant")
    settings = {"PATH": os.environ["PATH"], "CHATAPP_DATA_DIR": str(tmp_path), **environ}
    level = log.level
    with (
        mock.patch.dict(os.environ, settings, clear=True),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
    ):
        try:
            status = check.main(list(arguments))
        finally:
            log.setLevel(level)
    assert KEY not in said.getvalue()
    return status, said.getvalue()


def started(tmp_path: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    """The command as it is really run."""
    ran = subprocess.run(
        [sys.executable, "-m", "chatapp.assistant.check", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "CHATAPP_DATA_DIR": str(tmp_path), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert KEY not in ran.stdout + ran.stderr
    return ran.returncode, ran.stdout + ran.stderr


def connected(ai: OpenAIServer, **more: str) -> dict[str, str]:
    return {"OPENAI_BASE_URL": ai.base_url, "OPENAI_API_KEY": KEY, "OPENAI_MODEL": "test", **more}


def counted(prompt: int) -> behaviours.Behaviour:
    return behaviours.stream(
        *behaviours.words("one two three"),
        behaviours.chunk({}, "stop"),
        behaviours.usage(prompt, 3),
        behaviours.DONE,
    )


def test_a_good_provider_is_told_so(ai: OpenAIServer, tmp_path: Path) -> None:
    ai.will(counted(30), counted(60), counted(5_000))
    status, said = started(tmp_path, **connected(ai))
    assert status == 0, said
    for part in (
        "has the model test",
        "the first words after",
        "counts tokens (30 and 3",
        "reads as much",
    ):
        assert part in said
    assert "WRONG" not in said


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (
            behaviours.refusal(401, "invalid_api_key", f"Incorrect API key: {KEY}"),
            "the key was refused",
        ),
        (behaviours.refusal(404, "model_not_found"), "ollama pull"),
        (behaviours.refusal(429, "insufficient_quota"), "no credit left"),
        (behaviours.refusal(429, "rate_limit_exceeded", retry_after="42"), "come back in 42 s"),
        (behaviours.html(), "a proxy in between"),
        (behaviours.cut("half an"), "ends before the answer does"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    ai: OpenAIServer, tmp_path: Path, behaviour: behaviours.Behaviour, words: str
) -> None:
    ai.will(behaviour)
    status, said = checked(tmp_path, **connected(ai))
    assert status == 1, said
    assert words in said


def test_a_window_that_is_set_smaller_is_found(ai: OpenAIServer, tmp_path: Path) -> None:
    ai.will(counted(30), counted(60), counted(900))
    status, said = checked(tmp_path, **connected(ai))
    assert status == 1
    assert "cuts without a word" in said


def test_dialects_are_noted_and_are_no_fault(ai: OpenAIServer, tmp_path: Path) -> None:
    uncounted = behaviours.stream(
        *behaviours.words("one two"), behaviours.chunk({}, "stop"), behaviours.DONE
    )
    ai.will(uncounted, behaviours.refusal(400, None, "tools are not supported"), uncounted)
    status, said = checked(tmp_path, **connected(ai, OPENAI_MODEL="other"))
    assert status == 0, said
    for part in ("does not list the model other", "does not count tokens", "takes no tools"):
        assert part in said


def test_nobody_at_the_address(tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{reserved.getsockname()[1]}/v1"
        status, said = checked(tmp_path, OPENAI_BASE_URL=address, OPENAI_MODEL="test")
    assert status == 1
    assert said.count("Is the server running") == 1


def test_one_of_several_by_name(ai: OpenAIServer, tmp_path: Path) -> None:
    one = {"base_url": ai.base_url, "api_key_env": "THE_KEY", "model": "test"}
    settings = {"CHATAPP_AI_PROVIDERS": json.dumps({"ours": one}), "THE_KEY": KEY}
    ai.will(counted(30), counted(60), counted(5_000))
    status, said = checked(tmp_path, "ours", **connected(ai), **settings)
    assert (status, said.split(":")[0]) == (0, "ours")
    assert ai.requests[0]["authorization"] == f"Bearer {KEY}"
    assert checked(tmp_path, "theirs", **settings)[0] == 2


def test_without_settings_it_says_that_the_demo_answers(tmp_path: Path) -> None:
    status, said = checked(tmp_path)
    assert status == 0
    assert "demo" in said


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"CHATAPP_AI_PROVIDERS": '{"x": {"base_url": "ftp://x"}}'}, "base_url must be an address"),
        (
            {"CHATAPP_AI_PROVIDERS": '{"x": {"base_url": "http://x", "key": "sk-canary-1234"}}'},
            "key",
        ),
        (
            {"CHATAPP_AI_PROVIDERS": '{"x": {"base_url": "http://x", "api_key_env": "NO"}}'},
            "NO is not set",
        ),
        ({"CHATAPP_AI_PROVIDERS": "/nowhere.json"}, "cannot be read"),
        ({"CHATAPP_AI_PRICES": '{"m": [1]}'}, "CHATAPP_AI_PRICES"),
        ({"CHATAPP_AI_BUDGETS": '{"person": {"tokens": -1}}'}, "CHATAPP_AI_BUDGETS"),
        ({"CHATAPP_AI_AT_ONCE": "many"}, "CHATAPP_AI_AT_ONCE"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    status, said = checked(tmp_path, **settings)
    assert status == 2
    assert words in said
