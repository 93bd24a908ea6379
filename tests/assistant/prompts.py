"""Prompts for providers."""

from __future__ import annotations

from chatapp.assistant.context import Prompt, Turn


def ask(text: str, *earlier: Turn, people: tuple[str, ...] = ("Alice", "Bob")) -> Prompt:
    """A prompt with one question by Alice."""
    question = Turn(9, "1-9", "Alice", "person", "2026-11-20T14:02:03.123Z", text)
    return Prompt("assistant", "lobby", people, (*earlier, question))
