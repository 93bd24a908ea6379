"""The assistants: who they are, who may set them up, and which of them are in a room."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from chatapp import runtime
from chatapp.errors import ChatError, not_found
from chatapp.ids import new_id
from chatapp.payloads import User
from chatapp.payloads import assistants as shapes
from chatapp.services import person_names
from chatapp.store import assistant_jobs, assistant_rows, members
from chatapp.store.assistant_rows import AssistantRow, RoomPolicy, Voice
from chatapp.store.reading import Seat
from chatapp.store.sql import Connection, Statement

from .providers import Providers

if TYPE_CHECKING:
    from chatapp.services.chat import Chat

KNOWN_ROOMS = 10_000  # whose assistants are remembered
KNOWN_S = 30.0  # what another worker changed is seen after that, should its word be lost

_ADMIN = Statement("SELECT is_admin FROM users WHERE id = :user")


@dataclass(frozen=True, slots=True)
class Company:
    """Who of a room's members is an assistant, and the rules by which they speak there."""

    policy: RoomPolicy
    voices: tuple[Voice, ...]


class Roster:
    """One per worker."""

    def __init__(self, chat: Chat, providers: Providers) -> None:
        self._chat, self._providers = chat, providers
        self._companies: dict[int, tuple[float, Company]] = {}
        self._general: list[AssistantRow] | None = None
        chat.rooms.member_changed.subscribe(
            lambda change: self.forget(change.room.id) if change.user.kind == "assistant" else None
        )
        chat.control.on("assistants_changed", lambda fields: self._forget(fields["room_id"]))

    # Who speaks in a room

    def known(self, room_id: int) -> Company | None:
        """The assistants of a room if they are remembered. Never waits."""
        found = self._companies.get(room_id)
        return found[1] if found and found[0] > time.monotonic() else None

    def company(self, room_id: int) -> Company:
        """The assistants of a room. Raises ChatError `not_found`."""
        known = self.known(room_id)
        if known is not None:
            return known
        with self._chat.db.snapshot() as db:
            company = read_company(db, room_id)
        self.remember(room_id, company)
        return company

    def remember(self, room_id: int, company: Company) -> None:
        """What was read of a room just now."""
        with runtime.turn:
            if len(self._companies) >= KNOWN_ROOMS:
                self._companies.clear()
            self._companies[room_id] = (time.monotonic() + KNOWN_S, company)

    def forget(self, room_id: int | None) -> None:
        """Something changed in a room, None for any number of them: all workers look again."""
        self._forget(room_id)
        self._chat.control.tell("assistants_changed", room_id=room_id)

    def _forget(self, room_id: int | None) -> None:
        if room_id is None:
            self._companies.clear()
        else:
            self._companies.pop(room_id, None)

    # What people see

    def of_room(self, user: User, slug: str) -> shapes.RoomAssistants:
        """The assistants of a room, for its member."""
        seat = self._chat.rooms.seat(user, slug)
        with self._chat.db.snapshot() as db:
            voices = assistant_rows.voices(db, seat.room_id)
            general = assistant_rows.general(db)
            policy = assistant_rows.policy(db, seat.room_id)
            queues = assistant_rows.queues(db, seat.room_id)
            admin = bool(db.value(_ADMIN, user=user.id))
        assert policy is not None
        here = {voice.assistant.user.id for voice in voices}
        return shapes.RoomAssistants(
            turns=policy.turns,  # type: ignore[arg-type]
            assistants=[
                shapes.RoomAssistant(
                    assistant=self._shape(voice.assistant),
                    speaks=voice.speaks,  # type: ignore[arg-type]
                    busy=queues.get(voice.assistant.user.id, (0, False))[1],
                    queued=queues.get(voice.assistant.user.id, (0, False))[0],
                )
                for voice in voices
            ],
            available=[self._shape(one) for one in general if one.user.id not in here],
            providers=self._providers.shapes(),
            may_edit=admin or _owns(seat),
            may_edit_all=admin,
            tokens_per_day=policy.tokens_per_day,
            cost_per_day=policy.cost_per_day,
        )

    def for_all_rooms(self, user: User) -> shapes.AssistantList:
        """The assistants that may be brought into every room."""
        with self._chat.db.snapshot() as db:
            general = assistant_rows.general(db)
            admin = bool(db.value(_ADMIN, user=user.id))
        return shapes.AssistantList(
            [self._shape(one) for one in general], self._providers.shapes(), admin
        )

    def _shape(self, row: AssistantRow) -> shapes.Assistant:
        return shapes.Assistant(
            id=row.user.id,
            name=row.user.name,
            avatar=row.avatar,
            persona=row.persona,
            provider=row.provider,
            model=row.model,
            temperature=row.temperature,
            tools=row.tools,
            room=row.slug,
            builtin=row.builtin,
            demo=self._providers.is_demo(row.provider),
            tokens_per_day=row.tokens_per_day,
            cost_per_day=row.cost_per_day,
        )

    # Setting up

    def add(
        self, user: User, new: shapes.NewAssistant, slug: str | None = None
    ) -> shapes.Assistant:
        """A new assistant: a room's own by its owner, one for all rooms by an admin.

        Raises ChatError: `forbidden`, `name_taken`, `bad_request`, `conflict`.
        """
        self._chat.limits.check("assistant", user.id)
        seat, admin = self._rights(user, slug)
        settings = {name: getattr(new, name) for name in assistant_jobs.FIELDS}
        self._check(settings, admin, new=True)
        who = User(new_id(), person_names.shown(new.name), "assistant")
        job = assistant_jobs.AddAssistant(
            who, person_names.keys(new.name), user, settings, seat.room_id if seat else None
        )
        row = self._chat.writer.run(job)
        if seat is not None:
            self.forget(seat.room_id)
        return self._shape(row)

    def edit(
        self, user: User, assistant_id: str, wanted: shapes.EditAssistant, slug: str | None = None
    ) -> shapes.Assistant:
        """Change an assistant, and when it speaks in a room."""
        self._chat.limits.check("assistant", user.id)
        seat, admin = self._rights(user, slug)
        row = self._row(assistant_id, seat)
        changes = {
            name: value
            for name in ("name", *assistant_jobs.FIELDS)
            if (value := getattr(wanted, name)) is not UNSET
        }
        name = changes.pop("name", None)
        if changes or name is not None:
            self._check_own(row, seat, admin)
            self._check(changes, admin)
            if name is not None and row.builtin and name != row.user.name:
                raise ChatError("conflict", "The assistant of every room keeps its name.")
        speaks = getattr(wanted, "speaks", UNSET)
        if seat is not None and speaks is not UNSET:
            self._chat.writer.run(
                assistant_jobs.SetSpeaks(seat.room_id, user, assistant_id, speaks)
            )
            self.forget(seat.room_id)
        if changes or name is not None:
            row = self._change(user, row, changes, name)
        return self._shape(row)

    def _change(
        self, user: User, row: AssistantRow, changes: Mapping[str, Any], name: str | None
    ) -> AssistantRow:
        shown = None if name is None else person_names.shown(name)
        keys = [] if name is None else person_names.keys(name)
        job = assistant_jobs.ChangeAssistant(row.user.id, user, changes, shown, keys, row.room_id)
        changed = self._chat.writer.run(job)
        self.forget(row.room_id)
        if changed.user != row.user:
            self._chat.people.changed.publish(changed.user)
        return changed

    def remove(self, user: User, assistant_id: str, slug: str | None = None) -> None:
        """An own assistant of the room is gone for good, another one leaves the room; without a room, gone for good."""
        seat, admin = self._rights(user, slug)
        row = self._row(assistant_id, seat)
        if row.builtin:
            raise ChatError("conflict", "The assistant of every room stays; it can be silent.")
        if seat is not None and row.room_id is None:
            self._chat.rooms.silence(user, assistant_id, [seat.room_id])
            change = self._chat.writer.run(
                members.RemoveMember(seat.room_id, user, assistant_id, admin)
            )
            self._chat.rooms.member_changed.publish(change)
            return
        self._check_own(row, seat, admin)
        with self._chat.db.snapshot() as db:
            room_ids = assistant_jobs.rooms_of(db, assistant_id)
        self._chat.rooms.silence(user, assistant_id, room_ids)
        job = assistant_jobs.RetireAssistant(assistant_id, user, room_ids)
        for change in self._chat.writer.run(job):
            self._chat.rooms.member_changed.publish(change)

    def set_turns(self, user: User, slug: str, wanted: shapes.EditTurns) -> shapes.RoomAssistants:
        """Who answers what mentions nobody; the room's own caps."""
        seat, admin = self._rights(user, slug)
        assert seat is not None
        changes = {
            name: value
            for name, value in msgspec.structs.asdict(wanted).items()
            if value is not UNSET
        }
        self._check_caps(changes, admin)
        self._chat.writer.run(assistant_jobs.SetTurns(seat.room_id, user, changes))
        self.forget(seat.room_id)
        return self.of_room(user, slug)

    # Rights and rules

    def may_set_up(self, user: User, slug: str) -> Seat:
        """The room, for who may set assistants up in it. Raises ChatError `forbidden`, `not_found`."""
        seat, _admin = self._rights(user, slug)
        assert seat is not None
        return seat

    def _rights(self, user: User, slug: str | None) -> tuple[Seat | None, bool]:
        """The room in which the user may set things up, None for the installation; and whether by an admin."""
        seat = None if slug is None else self._chat.rooms.seat(user, slug)
        with self._chat.db.snapshot() as db:
            admin = bool(db.value(_ADMIN, user=user.id))
        if not admin and (seat is None or not _owns(seat)):
            whom = "an administrator" if seat is None else "the room's owner"
            raise ChatError("forbidden", f"Assistants are set up by {whom}.")
        return seat, admin

    def _row(self, assistant_id: str, seat: Seat | None) -> AssistantRow:
        with self._chat.db.snapshot() as db:
            row = assistant_rows.one(db, assistant_id)
            if row is not None and seat is not None:
                there = {
                    voice.assistant.user.id for voice in assistant_rows.voices(db, seat.room_id)
                }
                row = row if assistant_id in there else None
            if row is not None and seat is None and row.room_id is not None:
                row = None  # a room's own is found through its room
        if row is None:
            raise not_found("assistant")
        return row

    def _check_own(self, row: AssistantRow, seat: Seat | None, admin: bool) -> None:
        if row.room_id is None and not admin:
            raise ChatError("forbidden", "An assistant of all rooms is set up by an administrator.")
        if seat is not None and row.room_id is None:
            raise ChatError("conflict", "An assistant of all rooms is not changed in one of them.")

    def _check(self, settings: Mapping[str, Any], admin: bool, new: bool = False) -> None:
        provider = settings.get("provider", "")
        if provider not in self._providers:
            raise ChatError("bad_request", "There is no such provider here.")
        if (avatar := settings.get("avatar")) is not None:
            _check_avatar(avatar)
        caps = {
            name: settings[name]
            for name in ("tokens_per_day", "cost_per_day")
            if name in settings and not (new and settings[name] is None)
        }
        if caps and not admin:
            raise ChatError("forbidden", "The caps of an assistant are set by an administrator.")

    def _check_caps(self, changes: Mapping[str, Any], admin: bool) -> None:
        if admin:
            return
        room = self._chat.settings.ai_budgets.room
        limits = {
            "tokens_per_day": room.tokens,
            "cost_per_day": None if room.cost is None else round(room.cost * 1_000_000),
        }
        for name, limit in limits.items():
            if name in changes and limit is not None and (changes[name] or 0) > limit:
                raise ChatError(
                    "forbidden",
                    "Only an administrator allows a room more than the installation does.",
                )


def read_company(db: Connection, room_id: int) -> Company:
    """The assistants of a room as they are stored. Raises ChatError `not_found`."""
    policy = assistant_rows.policy(db, room_id)
    if policy is None:
        raise not_found("room")
    return Company(policy, tuple(assistant_rows.voices(db, room_id)))


def _owns(seat: Seat) -> bool:
    return seat.role == "owner"


def _check_avatar(avatar: str) -> None:
    """A colour as #rrggbb, or something that is drawn and is no text."""
    if avatar.startswith("#"):
        digits = avatar[1:]
        if len(digits) == 6 and all(digit in "0123456789abcdef" for digit in digits):
            return
    elif len(avatar) <= 16 and not any(
        letter.isalpha() or letter.isspace() or letter in "<>&\"'" or not letter.isprintable()
        for letter in avatar.replace("\u200d", "").replace("\ufe0f", "")
    ):
        return
    raise ChatError("bad_request", "An avatar is an emoji, or a colour as #rrggbb.")
