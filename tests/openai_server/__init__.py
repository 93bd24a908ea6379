"""A server that speaks the OpenAI protocol over real sockets and misbehaves on command.

It runs as a process of its own, so that it is the same server for tests on every runtime:

    with OpenAIServer() as ai:
        ai.will(behaviours.cut("half an ans"))
        ... point a client at ai.base_url ...
        assert ai.wait(0, "closed")
"""

from .client import OpenAIServer

__all__ = ["OpenAIServer"]
