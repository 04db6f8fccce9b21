"""Params, results, and what the steps of generate-report hand to each other."""

from __future__ import annotations

import datetime as dt
import json
import re
import zoneinfo
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from report_words import resolve, words_of

from tools import prose

NAMED_PERIODS = ("today", "yesterday", "this-week", "last-week", "last-month")


def _aware(value: dt.datetime) -> dt.datetime:
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value


class Event(BaseModel):
    """Something that happened to an entity; a time without offset is UTC."""

    at: dt.datetime
    event: prose.Text

    _aware = field_validator("at")(_aware)


class Row(BaseModel):
    """An entity. More keys may be there; they are not read."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: prose.Text
    name: prose.Text | None = None
    status: prose.Text
    group: prose.Text = ""
    created_at: dt.datetime
    updated_at: dt.datetime | None = None
    events: list[Event] = []

    _aware = field_validator("created_at", "updated_at")(lambda value: value and _aware(value))


def _rows(value: Any, info: ValidationInfo) -> Any:
    """Take JSON text too; and the group under its own name, such as `form`, where the entity has one."""
    rows, entity = _rows_from_json(value), info.data.get("entity")
    group = words_of(entity).group if entity else None
    if group is None or not isinstance(rows, list):
        return rows
    named = group.one
    return [{"group": row[named], **row} if isinstance(row, dict) and named in row else row for row in rows]


def _rows_from_json(value: Any) -> Any:
    """Take JSON text too, whole or a row each: that is how a command-line flag brings it."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not any(isinstance(text, str) for text in texts):
        return value
    rows: list[Any] = []
    for text in texts:
        try:
            parsed = json.loads(text) if isinstance(text, str) else text
        except ValueError:
            raise ValueError("must be a JSON array of rows with id, status, created_at") from None
        rows.extend(parsed if isinstance(parsed, list) else [parsed])
    return rows


class ReportParams(BaseModel):
    """Report on the entities of a period: figures as JSON, and a page with charts."""

    id: prose.Text = Field(default="sample", description="Correlation id, echoed in the result")
    entity: str = Field(
        default="",
        validate_default=True,
        description="What it is about: the name of a file in entities/; the default is the one that says so",
    )
    rows: Annotated[list[Row] | None, BeforeValidator(_rows)] = Field(
        default=None,
        description="The entities, as JSON; else those of the database; else sample data, which the report says",
    )
    date: str = Field(
        default="today", description="today, yesterday, this-week, last-week, last-month, or a day as YYYY-MM-DD"
    )
    start: dt.date | None = Field(default=None, description="First day; with end, instead of date")
    end: dt.date | None = Field(default=None, description="Last day, included")
    now: dt.datetime | None = Field(default=None, description="What counts as now; without it the clock is read")
    timezone: str | None = Field(
        default=None, description="Where days begin and end, such as Europe/Berlin; else REPORT_TIMEZONE, else UTC"
    )
    title: prose.Text | None = Field(default=None, description="Heading of the report; else the entities' own")
    show_names: bool = Field(default=False, description="Name those that wait, instead of their ids only")
    stuck_days: float = Field(
        default=8.0, gt=0, le=3650, description="What is in progress and was not moved for more days than this is stuck"
    )
    publish: bool | None = Field(
        default=None,
        description="Store the report and tell people of it; without this, only if it is about the database",
    )
    resend: bool = Field(default=False, description="Tell those of it again who were told before")

    _aware = field_validator("now")(lambda value: value and _aware(value))

    @field_validator("entity")
    @classmethod
    def _known_entity(cls, value: str) -> str:
        return resolve(value)

    @field_validator("date")
    @classmethod
    def _known_date(cls, value: str) -> str:
        if value not in NAMED_PERIODS:
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
                raise ValueError(f"must be {', '.join(NAMED_PERIODS)}, or a day as YYYY-MM-DD")
            try:
                dt.date.fromisoformat(value)
            except ValueError:
                raise ValueError("there is no such day") from None
        return value

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str | None) -> str | None:
        if value is not None:
            zone(value)
        return value

    @model_validator(mode="after")
    def _in_order(self) -> ReportParams:
        if (self.start is None) != (self.end is None):
            raise ValueError("start and end go together: give both, or date alone")
        if self.start and self.end and self.end < self.start:
            raise ValueError("end must not be before start")
        return self


def zone(name: str) -> dt.tzinfo:
    """Return the time zone of this name.

    Raises:
        ValueError: there is none.
    """
    if name == "UTC":
        return dt.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be the name of a time zone, such as Europe/Berlin or UTC") from None


class Period(BaseModel):
    """From `start`, up to but without `end`; `label` in words. `previous_start` begins the one to compare with."""

    start: dt.datetime
    end: dt.datetime
    previous_start: dt.datetime
    now: dt.datetime
    label: str


class Count(BaseModel):
    """How many, of what; `share` of the whole from 0 to 1."""

    name: str
    count: int
    share: float


class StageTime(BaseModel):
    """How long it took to leave a stage, of those that left it in the period, in hours."""

    stage: str
    count: int
    median_hours: float
    p90_hours: float


class Week(BaseModel):
    """An ISO week: what came in, and how those that ended in it ended; `outcomes` has every final status."""

    week: str
    monday: dt.date
    received: int
    completed: int
    not_completed: int
    outcomes: dict[str, int]


class Grouped(BaseModel):
    """A group: received and completed in the period, and in progress at its end."""

    group: str
    received: int
    completed: int
    in_progress: int


class Waiting(BaseModel):
    """An entity in progress that nobody and nothing has moved for longest."""

    id: str
    name: str | None
    group: str
    status: str
    days: float
    stuck: bool


class Totals(BaseModel):
    """The figures at the top, each with the one of the period before; `completed` came to the good end."""

    received: int
    received_before: int
    finished: int
    finished_before: int
    completed: int
    in_progress: int
    stuck: int
    median_days_to_finish: float | None
    rows: int


class ReportData(BaseModel):
    """Everything that the report shows; `source` is where the entities come from: given, database or sample."""

    entity: str
    title: str
    period: Period
    timezone: str
    source: str
    sample: bool
    stuck_days: float
    totals: Totals
    funnel: list[Count]
    outcomes: list[Count]
    statuses: list[Count]
    time_in_stage: list[StageTime]
    by_week: list[Week]
    by_group: list[Grouped]
    waiting: list[Waiting]


class Comment(BaseModel):
    """What stands out, in one to five sentences."""

    sentences: list[str]


class Commented(BaseModel):
    """The comment, and who wrote it."""

    comment: Comment
    answered_by: str
    answer_reason: str


class ReportResult(ReportData):
    """The outcome; the page is saved beside it as report.html. `published`: links to page and figures, if they were."""

    id: str
    comment: list[str]
    answered_by: str
    answer_reason: str
    files: list[str]
    published: list[str] = []
