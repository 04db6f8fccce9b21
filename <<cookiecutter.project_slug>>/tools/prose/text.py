"""The type of a param that takes text from people."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from tools.prose.clean import clean


def _clean_if_text(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_clean_if_text)]
"""A string that is cleaned before it is validated, so that lone surrogates and NUL are no error."""
