"""Who a request comes from when a proxy passes it on: believed only if the proxy is one of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def parse_networks(texts: Iterable[str]) -> list[IPv4Network | IPv6Network]:
    """Addresses (10.0.0.7) and networks (10.0.0.0/8). Raises ValueError."""
    return [ip_network(text, strict=False) for text in texts]


def place(address: str) -> str:
    """What limits count by: an IPv4 address, and of IPv6 the network of /64 that one visitor has for themselves, with
    as many addresses in it as they like. "unknown" for none."""
    if ":" not in address:
        return address or "unknown"
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    # So IPv4 comes to a socket that listens on both.
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"


def behind_proxies(app: Application, networks: Iterable[str]) -> Application:
    """`app` with REMOTE_ADDR and the scheme as the proxies in `networks` saw them.

    X-Forwarded-For grows to the right: the last address in it that is not a proxy of ours is the client's, and what
    stands left of that anybody may have written. A worker's unix socket lies in a folder that only our own proxy may
    enter, so what comes through it (REMOTE_ADDR is empty) is believed.
    """
    trusted = parse_networks(networks)

    def is_ours(address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return not address
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in trusted)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if is_ours(environ.get("REMOTE_ADDR", "")):
            hops = [hop.strip() for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
            client = next((hop for hop in reversed(hops) if hop and not is_ours(hop)), None)
            if client:
                environ["REMOTE_ADDR"] = client
            if environ.get("HTTP_X_FORWARDED_PROTO") in ("http", "https"):
                environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
        return app(environ, start_response)

    return application
