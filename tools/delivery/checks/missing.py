"""What people were told of what they had missed."""

from __future__ import annotations

from collections import defaultdict

from .evidence import Evidence, Finding, check

OF_MESSAGES = {"message", "edit", "delete", "mark", "reaction", "run"}


@check("missed: exactly that, once, in order")
def missed(evidence: Evidence, finding: Finding) -> None:
    """The answer to "since N" has each message that changed since then once, by its last number until there, in order."""
    changes = {slug: _changes(evidence, slug) for slug in evidence.rooms}
    for caught in evidence.record.missed:
        finding.looked_at += 1
        where = f"{caught.room}, connection {caught.connection}, since {caught.since}"
        numbers = [number for _, number in caught.found]
        if numbers != sorted(set(numbers)):
            finding.add(f"{where}: {numbers} do not rise")
        if numbers and not caught.since < numbers[0] <= numbers[-1] <= caught.number:
            finding.add(f"{where}: {numbers[0]} to {numbers[-1]}, asked was until {caught.number}")
        if (told := changes[caught.room]) is not None:
            wanted = {
                place: number
                for number, place in told[caught.since : caught.number]
                if place is not None
            }
            if wanted != dict(caught.found):
                finding.add(f"{where}: {_difference(wanted, dict(caught.found))}")


def _changes(evidence: Evidence, slug: str) -> list[tuple[int, int | None]] | None:
    """(number, place of the message that it changed) of each change, from 1; None when the database was not asked."""
    changes = evidence.rooms[slug].changes
    if changes is None:
        return None
    return [
        (number, int(subject) if kind in OF_MESSAGES else None) for number, kind, subject in changes
    ]


def _difference(wanted: dict[int, int], found: dict[int, int]) -> str:
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place in sorted({*wanted, *found}):
        if place not in found:
            places["not told"].append(place)
        elif place not in wanted:
            places["had not changed"].append(place)
        elif wanted[place] != found[place]:
            places["another number"].append(place)
    return "; ".join(f"{how}: {where[:5]}" for how, where in places.items())
