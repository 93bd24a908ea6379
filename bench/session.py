"""What the measures share: the options, the generator, the book, and servers by name."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import peer_servers, product
from .book import Book
from .generator import Generator, Server
from .processes import Absent

# What a measure may fail of without ending the others.
FAULTS = (Absent, subprocess.SubprocessError, OSError)


@dataclass
class Session:
    """One run of `make bench`."""

    folder: Path
    generator: Generator
    book: Book
    people: Path  # what product.guests() has made
    peers: list[str]
    rounds: int
    seconds: float
    most: int  # no workload opens more connections
    _places: Iterator[int] = field(default_factory=itertools.count)

    def place(self) -> Path:
        """A folder of its own for a server."""
        place = self.folder / f"server-{next(self._places)}"
        place.mkdir()
        return place

    def serve(self, who: str) -> AbstractContextManager[Server]:
        """A server by name, freshly started."""
        if who == "chatapp":
            return product.chatapp(self.place(), self.people)
        return peer_servers.ALL[who].start(self.place())

    @contextmanager
    def trying(self, who: str, names: list[str]) -> Iterator[None]:
        """What fails for somebody is said once; a peer is then left out of what follows."""
        try:
            yield
        except FAULTS as error:
            text = str(error).splitlines()[-1] if str(error) else type(error).__name__
            say(f"  {who}: left out: {text}")
            self.book.absent[who] = text
            if who != "chatapp":
                names.remove(who)


def say(text: str) -> None:
    """Progress."""
    print(text, flush=True)
