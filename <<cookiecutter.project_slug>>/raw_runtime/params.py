"""From flags or JSON to a workflow's params model, and from the model to JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raw_runtime.errors import ParamsError
from raw_runtime.flags import check_text, flags_of, parse_flags, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel, ValidationError

    from raw_runtime.base import BaseWorkflow


def validate_params(cls: type[BaseWorkflow[Any]], data: Mapping[str, Any]) -> BaseModel:
    """Return the workflow's params from JSON values, by field name (or alias).

    Raises:
        ParamsError: one line a field: `--due-date (due_date): what is wrong`.
    """
    model = cls._get_params_class()
    return _validate(model, _named(model, data))


def parse_argv(cls: type[BaseWorkflow[Any]], argv: Sequence[str], base: Mapping[str, Any] | None = None) -> BaseModel:
    """Return the workflow's params from flags, which win over `base` (JSON values by field name).

    `--help` or `-h` prints the flags and ends the process with 0 (SystemExit).

    Raises:
        ParamsError: wrong flags or values; the text names each field.
    """
    model = cls._get_params_class()
    flags = flags_of(model)
    if argv and _asks_help(argv):
        from raw_runtime.usage import build_parser

        build_parser(cls, model).print_help()
        raise SystemExit(0)
    given = parse_flags(flags, argv) if argv else {}
    return _validate(model, {**_named(model, base or {}), **given})


def _asks_help(argv: Sequence[str]) -> bool:
    if argv[0] in ("--help", "-h"):
        return True
    # Further on, -h may be the value of a flag: only the long form counts.
    return "--help" in argv


def _named(model: type[BaseModel], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data by field name."""
    if not hasattr(data, "items"):
        raise ParamsError(f"Params must be a JSON object, not a {type(data).__name__}.")
    names = {field: field for field in model.model_fields}
    for field, info in model.model_fields.items():
        for alias in (info.alias, info.validation_alias):
            if isinstance(alias, str):
                names.setdefault(alias, field)
    free = model.model_config.get("extra") == "allow"
    lines = [
        f"No such param: {key!r}.{suggest(str(key).replace('-', '_'), list(names))}"
        for key in data
        if key not in names and not free
    ]
    if lines:
        raise ParamsError("\n".join(lines))
    return {names.get(key, key): value for key, value in data.items()}


def _validate(model: type[BaseModel], data: dict[str, Any]) -> BaseModel:
    from pydantic import ValidationError

    for field, value in data.items():
        _check_texts(field, value)
    try:
        # Text from flags is to become numbers and dates, also in a strict model.
        relaxed = False if model.model_config.get("strict") else None
        return model.model_validate(data, strict=relaxed, by_alias=True, by_name=True)
    except ValidationError as error:
        raise ParamsError("\n".join(_lines(model, error))) from None


def _check_texts(field: str, value: Any) -> None:
    if isinstance(value, str):
        check_text(flag_and_field(field), value)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_texts(field, key)
            _check_texts(field, item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(field, item)


def flag_and_field(field: str) -> str:
    """Return how messages name a field: `--due-date (due_date)`."""
    return f"--{field.replace('_', '-')} ({field})"


def _lines(model: type[BaseModel], error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        place = [str(part) for part in item["loc"]]
        text = "is required" if item["type"] == "missing" else item["msg"]
        if not place:
            lines.append(text)
        elif place[0] in model.model_fields:
            inner = f" at {'.'.join(place[1:])}" if len(place) > 1 else ""
            lines.append(f"{flag_and_field(place[0])}{inner}: {text}")
        else:
            lines.append(f"{'.'.join(place)}: {text}")
    return list(dict.fromkeys(lines))
