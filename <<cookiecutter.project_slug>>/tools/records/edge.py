"""The edge of a workflow: params that name a record and bring no text of their own get the text that is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel

_ParamsT = TypeVar("_ParamsT", bound="BaseModel")


def completed(params: _ParamsT, text: str, read: Callable[[_ParamsT], Mapping[str, Any]]) -> _ParamsT:
    """Return the params, with what is stored under their id where they have an id and no text of their own.

    "No text" means the sample, which is the default; so does "no id". Call it in `run()`, before the first step: it
    reads the database, so it is no step, and a step sees params that are whole.

    Args:
        params: what the workflow was given.
        text: the field of the text.
        read: returns the fields to be set, from a record; they are checked as if they had been given.

    Raises:
        RecordsError: there is no such record, or the database could not be read; the text is one plain sentence.
    """
    sample: Any = type(params)()
    given: Any = params
    if given.id == sample.id or getattr(given, text) != getattr(sample, text):
        return params
    return type(params).model_validate({**dict(params), **read(params)})
