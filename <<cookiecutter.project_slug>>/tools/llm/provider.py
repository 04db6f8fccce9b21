"""What a provider of answers must offer, and what it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Request:
    """One question: what to do (`task`, `instructions`), with what (`inputs`), and the shape of the answer.

    `task` is the workflow's id, for logs and settings; `instructions` is plain English for the model.
    """

    task: str
    instructions: str
    inputs: BaseModel
    output_type: type[BaseModel]

    def inputs_json(self) -> str:
        """Return the inputs as JSON text."""
        return self.inputs.model_dump_json()

    def output_schema(self) -> dict[str, Any]:
        """Return the JSON Schema that the answer must satisfy."""
        return self.output_type.model_json_schema()


@runtime_checkable
class Provider(Protocol):
    """Something that answers, a language model as a rule.

    `name` tells which one (`model:NAME` in results). Any exception of `answer` means "no answer": the
    workflow's heuristic steps in. A time limit is the provider's own business.
    """

    @property
    def name(self) -> str:
        """Return the name under which it is registered."""

    def answer(self, request: Request) -> BaseModel | Mapping[str, Any] | str | bytes:
        """Return the answer as a model, as a mapping, or as JSON text; it is validated by the caller."""
