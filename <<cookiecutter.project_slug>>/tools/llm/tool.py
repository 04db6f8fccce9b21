"""Ask the provider in use, else the heuristic, and say which of them answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from tools.llm.errors import LlmError
from tools.llm.provider import Provider, Request
from tools.llm.registry import Registry, registry

HEURISTIC = "heuristic"

InputT = TypeVar("InputT", bound=BaseModel)
OutputT = TypeVar("OutputT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Answer(Generic[OutputT]):
    """A validated answer; `answered_by` is "heuristic" or "model:NAME", `reason` says why that one."""

    value: OutputT
    answered_by: str
    reason: str


def answer(
    *,
    task: str,
    inputs: InputT,
    output_type: type[OutputT],
    heuristic: Callable[[InputT], OutputT],
    instructions: str = "",
    providers: Registry = registry,
) -> Answer[OutputT]:
    """Return the answer of the provider in use, or of `heuristic` when there is none or when it fails.

    What the heuristic raises is passed on: it is the workflow's own code.
    """
    provider = providers.current
    if provider is None:
        return Answer(heuristic(inputs), HEURISTIC, "No language model is in use.")
    try:
        raw = provider.answer(Request(task, instructions, inputs, output_type))
        value = _validated(raw, output_type)
    except Exception as error:
        # Whatever a model or its client does wrong, the run goes on; the text of the error may hold the
        # very data that was sent, so only its kind is told.
        return Answer(heuristic(inputs), HEURISTIC, f"{_label(provider)} gave no usable answer: {_kind(error)}.")
    return Answer(value, _label(provider), f"{_label(provider)} is in use.")


def _validated(raw: BaseModel | Mapping[str, Any] | str | bytes, output_type: type[OutputT]) -> OutputT:
    if isinstance(raw, str | bytes):
        return output_type.model_validate_json(raw)
    if isinstance(raw, BaseModel):
        # A model of another class is taken by its fields, one of the right class as it is.
        return output_type.model_validate(raw if isinstance(raw, output_type) else raw.model_dump())
    return output_type.model_validate(raw)


def _label(provider: Provider) -> str:
    return f"model:{provider.name}"


def _kind(error: Exception) -> str:
    if isinstance(error, LlmError):
        return str(error)
    if isinstance(error, ValidationError):
        fields = {".".join(str(part) for part in e["loc"]) or "the whole" for e in error.errors(include_input=False)}
        return f"it does not fit {error.title} ({', '.join(sorted(fields)[:5])})"
    return type(error).__name__
