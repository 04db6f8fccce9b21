"""What the templates of the hiring process need."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from tools.email.values import Block, Line, Link, Values


class Person(Values):
    """The candidate, and what they applied for."""

    name: Line
    position: Line


class Scheduling(Person):
    """A candidate is to choose a time; `days_left` says how long they can."""

    scheduling_url: Link
    days_left: int | None = Field(default=None, ge=1)


class Call(Person):
    """A call at a time, and the calendar entry of it.

    `uid` is the same for every version of the entry (the candidate's id), `sequence` grows with each.
    `organizer` is the sender, settings.mail_from.
    """

    call_time: AwareDatetime
    uid: Line
    organizer: Line
    sequence: int = Field(default=0, ge=0)
    duration_minutes: int = Field(default=30, ge=5, le=480)

    def calendar_entry(self, to: str) -> str | None:
        """Return the call's entry."""
        from tools.email.invitation import calendar_entry

        return calendar_entry(self, to=to)


class Cancellation(Call):
    """A call that is off."""


class Withdrawal(Person):
    """What the recruiter is told when a candidate withdraws."""

    note: Block | None = None
    link: Link | None = None


MODELS: dict[str, type[Values]] = {
    "scheduling": Scheduling,
    "scheduling_reminder": Scheduling,
    "invitation": Call,
    "cancellation": Cancellation,
    "rejection": Person,
    "withdrawal": Withdrawal,
}
