"""The figures: every measured value, by section, row, who and what, and the file they are kept in."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

# section -> row -> who -> metric -> one value a round
Figures = dict[str, dict[str, dict[str, dict[str, list[float]]]]]


class Book:
    """Figures of a run, over those of earlier runs. A section that is measured again begins afresh."""

    def __init__(self) -> None:
        self.figures: Figures = {}
        self.runs: dict[str, dict[str, str]] = {}  # section -> when, command, machine, versions
        self.absent: dict[str, str] = {}  # who -> why
        self._fresh: set[str] = set()

    def begin(self, section: str, run: dict[str, str]) -> None:
        """A section is measured now, under these circumstances."""
        self.figures[section] = {}
        self.runs[section] = run
        self._fresh.add(section)

    def add(self, section: str, row: str, who: str, **values: float) -> None:
        """One round's values of somebody in a row."""
        mine = self.figures[section].setdefault(row, {}).setdefault(who, {})
        for metric, value in values.items():
            mine.setdefault(metric, []).append(round(value, 4))

    def median(self, section: str, row: str, who: str, metric: str) -> float | None:
        """The median over the rounds; None if it was not measured."""
        values = self.figures.get(section, {}).get(row, {}).get(who, {}).get(metric)
        return statistics.median(values) if values else None

    def ratio(self, section: str, row: str, metric: str, ours: str, theirs: str) -> float | None:
        """The median of one by the median of the other."""
        mine = self.median(section, row, ours, metric)
        other = self.median(section, row, theirs, metric)
        return None if mine is None or not other else mine / other

    def rounds(self, section: str) -> int:
        """How many values a figure of the section has at most."""
        found = self.figures.get(section, {})
        return max(
            (
                len(values)
                for row in found.values()
                for who in row.values()
                for values in who.values()
            ),
            default=0,
        )

    def save(self, file: Path) -> None:
        """Write it as JSON."""
        data = {"runs": self.runs, "absent": self.absent, "figures": self.figures}
        file.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")

    @classmethod
    def load(cls, file: Path) -> Book:
        """Read it; an empty book if there is none."""
        book = cls()
        if file.exists():
            data: dict[str, Any] = json.loads(file.read_text())
            book.runs, book.absent = data["runs"], data["absent"]
            book.figures = data["figures"]
        return book
