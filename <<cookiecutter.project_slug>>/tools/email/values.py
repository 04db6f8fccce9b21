"""What each template needs, checked, and cleaned so that no value can reach beyond its place."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from tools.email.text import one_line, whole


def _line(value: object) -> object:
    return one_line(value) if isinstance(value, str) else value


def _block(value: object) -> object:
    return whole(value).strip() if isinstance(value, str) else value


def _web(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a link that starts with https:// or http://")
    return value


Line = Annotated[str, StringConstraints(min_length=1, max_length=300), BeforeValidator(_line)]
Block = Annotated[str, StringConstraints(min_length=1, max_length=50_000), BeforeValidator(_block)]
Link = Annotated[Line, AfterValidator(_web)]


class Values(BaseModel):
    """Values of a template; nothing else may be given."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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


class Withdrawal(Person):
    """What the recruiter is told when a candidate withdraws."""

    note: Block | None = None
    link: Link | None = None


class Report(Values):
    """A report that is ready: its headline figures, and where the whole is."""

    subject: Line
    summary: Block
    link: Link


MODELS: dict[str, type[Values]] = {
    "scheduling": Scheduling,
    "scheduling_reminder": Scheduling,
    "invitation": Call,
    "cancellation": Call,
    "rejection": Person,
    "withdrawal": Withdrawal,
    "report": Report,
}
