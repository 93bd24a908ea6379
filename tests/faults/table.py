"""The fault table: what each fault cost, printed at the end of the tests and written to test-results/.

`python -m tests.faults.table FILE…` prints one table of several faults.json: of rows that were run beside each other, each with
a `--fault-results FOLDER` of its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tools.delivery.verdict import Verdict


@dataclass
class Row:
    """One run of one fault."""

    fault: str
    acked: int
    lost: int
    duplicated: int
    out_of_order: int
    whole_s: float
    note: str


@dataclass
class Table:
    """Rows of one test or of all; `keep` is told of each that is added."""

    rows: list[Row] = field(default_factory=list)
    keep: Callable[[Row], object] = lambda _row: None

    def add(self, fault: str, verdict: Verdict, whole: float, note: str = "") -> None:
        """`whole`: seconds from the end of the fault until everybody had everything."""
        self.put(
            Row(
                fault,
                verdict.acked,
                verdict.lost,
                verdict.duplicated,
                verdict.out_of_order,
                round(whole, 2),
                note,
            )
        )

    def put(self, row: Row) -> None:
        """A run that the checker did not judge."""
        self.rows.append(row)
        self.keep(row)

    def lines(self) -> list[str]:
        """As Markdown; runs of the same fault are one line, with the longest time."""
        lines = [
            "| fault | runs | acked | lost | duplicated | out of order | whole after | |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for fault in dict.fromkeys(row.fault for row in self.rows):
            rows = [row for row in self.rows if row.fault == fault]
            sums = [
                sum(values)
                for values in zip(
                    *((row.acked, row.lost, row.duplicated, row.out_of_order) for row in rows),
                    strict=True,
                )
            ]
            worst = max(rows, key=lambda row: row.whole_s)
            counts = " | ".join(map(str, sums))
            lines.append(
                f"| {fault} | {len(rows)} | {counts} | {worst.whole_s:.1f} s | {worst.note} |"
            )
        return lines

    def write(self, folder: Path) -> Path:
        """Keep it; the path of the Markdown file."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "faults.json").write_text(
            json.dumps([asdict(row) for row in self.rows], indent=1)
        )
        path = folder / "faults.md"
        path.write_text("\n".join(self.lines()) + "\n")
        return path


if __name__ == "__main__":
    found = [row for name in sys.argv[1:] for row in json.loads(Path(name).read_text())]
    print(*Table([Row(**row) for row in found]).lines(), sep="\n")
