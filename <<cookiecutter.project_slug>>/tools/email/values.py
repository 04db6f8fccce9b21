"""What each template needs, checked, and cleaned so that no value can reach beyond its place.

Further templates have theirs in modules beside this one whose names end with `values`, each with its `MODELS`.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

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


def _web_or_file(value: str) -> str:
    return value if value.startswith("file:///") else _web(value)


Line = Annotated[str, StringConstraints(min_length=1, max_length=300), BeforeValidator(_line)]
Block = Annotated[str, StringConstraints(min_length=1, max_length=50_000), BeforeValidator(_block)]
Link = Annotated[Line, AfterValidator(_web)]
# Links with a signature are long; without a bucket a report is a file of this machine.
ReportLink = Annotated[
    str, StringConstraints(min_length=1, max_length=4000), BeforeValidator(_line), AfterValidator(_web_or_file)
]


class Values(BaseModel):
    """Values of a template; nothing else may be given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def calendar_entry(self, to: str) -> str | None:
        """Return the calendar entry that goes with the mail to this address; None if none does."""


class Report(Values):
    """A report that is ready: its headline figures, and where the whole is."""

    subject: Line
    summary: Block
    link: ReportLink


MODELS: dict[str, type[Values]] = {"report": Report}
