"""A network whose packets can really be dropped: a client's namespace behind a router's, which forwards or does not.

    host h ── r (router) r ── c (client)

With forwarding off the router discards what comes, without a word to anybody: both ends have a half-open connection.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

CLONE_NEWNET = 0x40000000
FIRST_NET, NETS = 10, 200  # of 10.0.0.0/8
_numbers = itertools.count(1)


def possible() -> bool:
    """Whether this process may make namespaces."""
    if os.geteuid() != 0:
        return False
    name = f"chatapp{os.getpid()}"
    made = _ip("netns", "add", name, check=False)
    if made:
        _ip("netns", "del", name)
    return made


def _ip(*words: str, check: bool = True) -> bool:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, f"ip {' '.join(words)}: {done.stderr}"
    return done.returncode == 0


def _link_to(router: str) -> tuple[int, str]:
    """Link this machine with a router; (number of a net that no other link has, name of the link)."""
    for offset in range(NETS):
        net = FIRST_NET + (os.getpid() + offset) % NETS
        link = f"chatapp{net}"
        ends = ("link", "add", link, "type", "veth", "peer", "name", "r0", "netns", router)
        if _ip(*ends, check=False):
            return net, link
    raise AssertionError("every net has a link of its name")


class Namespaces:
    """`host` is this machine as the client sees it."""

    def __init__(self) -> None:
        number = next(_numbers)
        tag = f"{os.getpid() % 100000}x{number}"
        self._router, self._client = router, client = f"r{tag}", f"c{tag}"
        for name in (router, client):
            _ip("netns", "add", name)
        net, self._link = _link_to(router)
        link = self._link
        self.host = f"10.{net}.0.1"
        self.client_net = f"10.{net}.1"
        _ip(
            "-n", router, "link", "add", "r1", "type", "veth", "peer", "name", "c0", "netns", client
        )
        _ip("addr", "add", f"{self.host}/24", "dev", link)
        _ip("link", "set", link, "up")
        for name, device, address in (
            (router, "r0", f"10.{net}.0.2"),
            (router, "r1", f"{self.client_net}.1"),
            (client, "c0", f"{self.client_net}.2"),
        ):
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", device)
            _ip("-n", name, "link", "set", device, "up")
        _ip("-n", client, "route", "add", "default", "via", f"{self.client_net}.1")
        _ip("route", "add", f"{self.client_net}.0/24", "via", f"10.{net}.0.2")
        self.mend()

    def _forward(self, on: bool) -> None:
        command = f"echo {int(on)} > /proc/sys/net/ipv4/ip_forward"
        subprocess.run(
            ["ip", "netns", "exec", self._router, "sh", "-c", command], check=True, timeout=10
        )

    def drop(self) -> None:
        """From now on every packet in both directions is lost."""
        self._forward(False)

    def mend(self) -> None:
        self._forward(True)

    def dial(self, port: int) -> socket.socket:
        """A connection to the host's port, made in the client's namespace. Raises OSError."""
        made: list[socket.socket] = []

        def enter() -> None:  # the namespace is a thread's own; the socket keeps it
            with Path("/run/netns", self._client).open() as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) == 0:
                    made.append(socket.socket())

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        assert made, "the namespace could not be entered"
        made[0].settimeout(5)
        try:
            made[0].connect((self.host, port))
        except OSError:
            made[0].close()
            raise
        made[0].setblocking(False)
        return made[0]

    def close(self) -> None:
        for name in (self._client, self._router):
            _ip("netns", "del", name, check=False)
        _ip("link", "del", self._link, check=False)


@contextlib.contextmanager
def namespaces() -> Iterator[Namespaces]:
    """A client's network."""
    made = Namespaces()
    try:
        yield made
    finally:
        made.close()
