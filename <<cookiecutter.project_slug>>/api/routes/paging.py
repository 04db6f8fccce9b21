"""Query parameters that every list has."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.problems import Problem, invalid
from db.repositories.paging import MAX_LIMIT, CursorError

Cursor = Annotated[
    str | None,
    Query(pattern="^[A-Za-z0-9_-]{21}[AQgw]$", description="`next_cursor` of the page before; none: the first page."),
]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows of a page.")]


def bad_cursor(error: CursorError) -> Problem:
    """Return the answer to a cursor that no page gave out."""
    return invalid([{"field": "cursor", "message": str(error)}], "invalid-parameter")
