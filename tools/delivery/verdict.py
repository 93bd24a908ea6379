"""The verdict on a run: a table of checks, and the figures of the fault table."""

from __future__ import annotations

import functools
from collections.abc import Callable

from . import checks
from .checks import Evidence, Finding


class Verdict:
    """What the checks found. `notes`: what did not become whole in time; `agreed`: seconds after that until cursors and lists were right."""

    def __init__(
        self, evidence: Evidence, healed: float, notes: list[str], agreed: float = 0.0
    ) -> None:
        self.evidence, self.healed, self.notes, self.agreed = evidence, healed, notes, agreed
        self.findings: list[Finding] = checks.run(evidence)

    @property
    def holds(self) -> bool:
        """Whether everything is as promised."""
        return not self.notes and not any(finding.wrong for finding in self.findings)

    def failed(self) -> set[str]:
        """The names of the checks that found something."""
        return {finding.name for finding in self.findings if finding.wrong}

    def must_hold(self) -> Verdict:
        """Raise AssertionError with the table unless it holds; returns itself."""
        assert self.holds, self.table()
        return self

    @functools.cached_property
    def acked(self) -> int:
        """Messages acknowledged."""
        return self.evidence.record.acked()

    @property
    def lost(self) -> int:
        """Acknowledged and not stored as said, or not shown to somebody."""
        return self._wrong(
            "acknowledged: stored once, as acknowledged", "folded: everybody shows what is stored"
        )

    @property
    def duplicated(self) -> int:
        """Stored twice, or told twice to one connection."""
        twice = self._examples("live: in order, once, without a hole", "came twice")
        return self._wrong("stored: nothing twice, nothing from nowhere") + twice

    @property
    def out_of_order(self) -> int:
        """Against real time, or against the numbers."""
        live = self._wrong("live: in order, once, without a hole")
        twice = self._examples("live: in order, once, without a hole", "came twice")
        return self._wrong("order: what was acknowledged before comes before") + live - twice

    def _wrong(self, *names: str) -> int:
        return sum(finding.wrong for finding in self.findings if finding.name in names)

    def _examples(self, name: str, word: str) -> int:
        found = [finding for finding in self.findings if finding.name == name]
        return sum(word in example for finding in found for example in finding.examples)

    def lateness(self, workers: Callable[[str], bool] = lambda _worker: True) -> float:
        """Seconds from an ack to its last receipt, on connections that stood all the while."""
        return checks.lateness(self.evidence, workers)

    def table(self) -> str:
        """For people."""
        lines = [f"{'check':<50} {'looked at':>10} {'wrong':>6}"]
        for finding in self.findings:
            lines.append(f"{finding.name:<50} {finding.looked_at:>10} {finding.wrong:>6}")
            lines += [f"    {example}" for example in finding.examples]
        record = self.evidence.record
        outcomes = {"ok": 0, "unknown": 0, "fail": 0}
        for sent in record.sent:
            outcomes[sent.outcome] += sent.kind == "message"
        lines.append(
            f"messages: {outcomes['ok']} acknowledged, {outcomes['unknown']} unknown, {outcomes['fail']} refused;"
            f" {len(record.receipts)} receipts on {len(record.sessions)} sessions,"
            f" {record.reconnections} reconnections, {record.refetches} refetches;"
            f" whole {self.healed:.1f} s after the last act, cursors and lists {self.agreed:.1f} s later"
        )
        lines += [f"not whole: {note}" for note in self.notes]
        return "\n".join(lines)
