"""JavaScript clients under Node: socket.io-client as anybody would use it, and the client of our pages."""

from __future__ import annotations

import pytest

from tests.support.node import FRONTEND, Node
from tests.support.server import Server

pytestmark = pytest.mark.node

# Vitest's own command is a script of a folder; here everything is started from its text.
LIVE_TESTS = """
import { startVitest } from "vitest/node";
const vitest = await startVitest("test", ["core.live"], { watch: false });
await vitest.close();
"""


def test_socket_io_client_talks_with_its_default_options(server: Server, node: Node) -> None:
    lines = node.run(FRONTEND / "test" / "live" / "contract.mjs", CHAT_URL=server.url)
    assert {"works": "polling, then the upgrade"} in lines
    assert lines[-1] == {"works": "done"}


def test_our_client_talks_is_cut_off_and_watches_the_assistant(server: Server, node: Node) -> None:
    node.run(LIVE_TESTS, timeout=100, CHAT_URL=server.url)
