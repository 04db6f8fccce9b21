"""What bodies that come in are made of, over HTTP or by hand.

Names of fields are fixed (clients rely on them); fields may be added.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

ID = "0190163d-8694-739b-aea5-966c26f8ad91"

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_EARLIEST, _LATEST = 2000, 2200


def _rfc3339(value: Any) -> Any:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise PydanticCustomError("rfc3339", "Give a time with its offset, such as 2030-05-06T14:30:00+02:00.")
    return value


def _plausible(at: datetime) -> datetime:
    if not _EARLIEST <= at.year < _LATEST:
        raise PydanticCustomError("year", "Give a time between the years 2000 and 2200.")
    return at


def text(longest: int) -> StringConstraints:
    """Return the bounds of a text that must not be empty."""
    return StringConstraints(min_length=1, max_length=longest)


Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()./-]{3,30}$")]
Day = date
"""A day, as RFC 3339 writes it: 2030-05-06."""

Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""A whole number that the database can hold."""

Number = Annotated[float, Field(allow_inf_nan=False)]
"""A finite number."""

Moment = Annotated[
    AwareDatetime,
    Field(strict=False),
    BeforeValidator(_rfc3339, json_schema_input_type=AwareDatetime),
    AfterValidator(_plausible),
]
"""A time with its offset, as RFC 3339 writes it."""


class Body(BaseModel):
    """A body that comes in: JSON types are taken as they are, fields that we do not know are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)


class NoteIn(Body):
    """A person's word that says why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "As agreed on the telephone."}]})

    note: Annotated[str, StringConstraints(max_length=2000)] = ""
