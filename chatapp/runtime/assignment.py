"""What the supervisor tells a worker at its start, and where the files of a running server are."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


def worker_names(count: int, node: str = "") -> tuple[str, ...]:
    """w1, w2, …; with a node, `a.w1`, `a.w2`, …

    A worker that is started again keeps its name: it begins every Engine.IO sid made by it, and by it a request of
    that session finds the way back, from nginx on another machine too.
    """
    prefix = f"{node}." if node else ""
    return tuple(f"{prefix}w{number}" for number in range(1, count + 1))


@dataclass(frozen=True, slots=True)
class Assignment:
    """One worker's part. Descriptors are inherited ones."""

    name: str
    names: tuple[str, ...]  # of all workers of this supervisor, in the order of the status board
    folder: Path  # private to this server: the status board and the workers' unix sockets
    listener: int
    lifeline: int  # a pipe that ends when the supervisor does
    app: str  # module:factory; factory(settings, worker=name) makes the WSGI application
    proxies: tuple[str, ...] = ()  # networks whose X-Forwarded-For is believed

    @property
    def index(self) -> int:
        """This worker's place on the status board."""
        return self.names.index(self.name)

    def arguments(self) -> list[str]:
        """For the command line of the worker."""
        values = dataclasses.asdict(self)
        values["names"], values["proxies"] = ",".join(self.names), ",".join(self.proxies)
        return [f"--{key}={value}" for key, value in values.items()]

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> Assignment:
        """The opposite of arguments()."""
        parser = argparse.ArgumentParser()
        for field in dataclasses.fields(cls):
            parser.add_argument(f"--{field.name}", required=True)
        values = vars(parser.parse_args(arguments))
        return cls(
            name=values["name"],
            names=tuple(values["names"].split(",")),
            folder=Path(values["folder"]),
            listener=int(values["listener"]),
            lifeline=int(values["lifeline"]),
            app=values["app"],
            proxies=tuple(filter(None, values["proxies"].split(","))),
        )


def status_file(folder: Path) -> Path:
    """The status board of a server."""
    return folder / "status"


def http_socket(folder: Path, name: str) -> Path:
    """Where worker `name` speaks HTTP with a proxy on this machine."""
    return folder / f"{name}.sock"


def handover_socket(folder: Path, name: str) -> Path:
    """Where worker `name` takes over connections from its siblings."""
    return folder / f"{name}.take"
