"""The flags of a workflow: one `--field-name` for each field of its params model.

- bool: `--flag`, `--no-flag`, `--flag=true|false`;
- list, tuple or set of simple values: `--tags a b c` (`--tags` alone is empty; given again, the last one wins);
- dict, model, or a list of these: one value, as JSON;
- anything else: one value, as text, which the model makes its type of.

A value may begin with `-` or span lines; only one that looks like a flag (`--word`) needs the form `--flag=value`.
"""

from __future__ import annotations

import enum
import json
import re
import types
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from raw_runtime.errors import ParamsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic.fields import FieldInfo

_FLAG = re.compile(r"--[A-Za-z][A-Za-z0-9_-]*(=.*)?", re.DOTALL)
_LISTS = (list, tuple, set, frozenset)
_TRUE = ("true", "1", "yes", "on")
_FALSE = ("false", "0", "no", "off")


class Flag:
    """One flag. `kind` is bool, list, json, maybe_json (JSON when it reads as an object or list, else text) or text."""

    __slots__ = ("choices", "field", "info", "kind", "name")

    def __init__(self, name: str, field: str, kind: str, info: FieldInfo, choices: tuple[Any, ...] = ()) -> None:
        self.name = name
        self.field = field
        self.kind = kind
        self.info = info
        self.choices = choices


def flags_of(model: type[BaseModel]) -> dict[str, Flag]:
    """Return the model's flags by name (`--field-name`), in the order of its fields."""
    flags = [_flag(field, info) for field, info in model.model_fields.items()]
    return {flag.name: flag for flag in flags}


def _flag(field: str, info: FieldInfo) -> Flag:
    kind, choices = _kind(info.annotation)
    return Flag(f"--{field.replace('_', '-')}", field, kind, info, choices)


def _kind(annotation: Any) -> tuple[str, tuple[Any, ...]]:
    options = _options(annotation)
    if len(options) != 1:
        complex_too = any(_kind(option)[0] in ("json", "maybe_json", "list") for option in options)
        return ("maybe_json" if complex_too else "text"), ()
    kind = options[0]
    origin = get_origin(kind)
    if origin is Literal:
        return "text", get_args(kind)
    if kind is bool:
        return "bool", ()
    outer = origin or kind
    if outer in _LISTS or (isinstance(outer, type) and issubclass(outer, _LISTS)):
        inner = [_kind(arg)[0] for arg in get_args(kind) if arg is not Ellipsis]
        return ("json" if any(k in ("json", "maybe_json", "list") for k in inner) else "list"), ()
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "text", tuple(member.value for member in kind)
    if isinstance(outer, type) and (issubclass(outer, dict | BaseModel) or hasattr(outer, "__dataclass_fields__")):
        return "json", ()
    if getattr(outer, "__name__", "") in ("Mapping", "MutableMapping", "Sequence", "Iterable") and origin is not None:
        return "json", ()
    return "text", ()


def _options(annotation: Any) -> list[Any]:
    """The types that a value may have, without None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _options(get_args(annotation)[0])
    if origin is Union or origin is types.UnionType:
        return [option for arg in get_args(annotation) if arg is not type(None) for option in _options(arg)]
    # `type X = ...` and NewType stand for another type.
    other = getattr(annotation, "__value__", None) or getattr(annotation, "__supertype__", None)
    return _options(other) if other is not None and not isinstance(annotation, type) else [annotation]


def parse_flags(flags: dict[str, Flag], argv: Sequence[str]) -> dict[str, Any]:
    """Return the values given, by field name, as text (or as JSON values for flags that take JSON).

    Raises:
        ParamsError: an unknown flag, a value without a flag or the other way round, or text that is not JSON.
    """
    values: dict[str, Any] = {}
    position = 0
    while position < len(argv):
        token = argv[position]
        position += 1
        if token == "--":  # noqa: S105 - ends the options of `raw`, which hands it on
            continue
        name, equals, text = token.partition("=")
        if _FLAG.fullmatch(token) is None:
            raise ParamsError(f"Unexpected argument {_short(token)}: every value needs a flag. {_known(flags)}")
        flag, negated = _find(flags, name)
        attached = text if equals else None
        if flag.kind == "bool":
            following = argv[position].lower() if attached is None and position < len(argv) else ""
            if attached is None and not negated and following in ("true", "false"):
                attached, position = following, position + 1
            values[flag.field] = _truth(flag, attached, negated)
        elif flag.kind == "list":
            items = [attached] if attached is not None else []
            while position < len(argv) and argv[position] != "--" and _is_value(argv[position]):
                items.append(argv[position])
                position += 1
            values[flag.field] = [check_text(flag.name, item) for item in items]
        else:
            if attached is None:
                if position >= len(argv) or not _is_value(argv[position]):
                    raise ParamsError(_no_value(flag, argv[position] if position < len(argv) else None))
                attached, position = argv[position], position + 1
            values[flag.field] = _value(flag, check_text(flag.name, attached))
    return values


def _is_value(token: str) -> bool:
    return _FLAG.fullmatch(token) is None


def _no_value(flag: Flag, following: str | None) -> str:
    text = f"{flag.name} ({flag.field}): needs a value"
    if following is None:
        return f"{text}."
    return f"{text}. If {_short(following)} is the value, write {flag.name}=..."


def _find(flags: dict[str, Flag], name: str) -> tuple[Flag, bool]:
    """Return the flag that a word names, in full or by its only possible beginning, and whether it begins with no."""
    names: dict[str, tuple[Flag, bool]] = {}
    for flag in flags.values():
        if flag.kind == "bool":
            names[f"--no-{flag.name[2:]}"] = (flag, True)
    # A field that is itself called no_... wins over the negation of another.
    names.update({flag.name: (flag, False) for flag in flags.values()})
    if name in names:
        return names[name]
    longer = [key for key in names if key.startswith(name)]
    if len(longer) == 1:
        return names[longer[0]]
    if longer:
        raise ParamsError(f"Flag {name} is ambiguous: it may be {', '.join(longer)}.")
    raise ParamsError(f"No such flag: {name}.{suggest(name.replace('_', '-'), list(names))} {_known(flags)}".strip())


def _known(flags: dict[str, Flag]) -> str:
    return f"Flags: {', '.join(flags)}." if flags else "This workflow takes no flags."


def suggest(name: str, known: Sequence[str]) -> str:
    """Return ` Did you mean x?` when a known name is near, else nothing."""
    import difflib

    # Dashes are common to all flags: they make no two of them alike.
    bare = {other.lstrip("-"): other for other in known}
    near = difflib.get_close_matches(name.lstrip("-"), list(bare), n=1, cutoff=0.6)
    return f" Did you mean {bare[near[0]]}?" if near else ""


def _truth(flag: Flag, text: str | None, negated: bool) -> bool:
    if text is None:
        return not negated
    if not negated and text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    shown = flag.name if not negated else f"--no-{flag.name[2:]}"
    raise ParamsError(
        f"{shown} ({flag.field}): takes no value, or =true or =false; write {flag.name} or {flag.name}=false."
    )


def _value(flag: Flag, text: str) -> Any:
    if flag.kind == "json":
        try:
            return json.loads(text)
        except ValueError as error:
            raise ParamsError(f"{flag.name} ({flag.field}): takes JSON, and this is not: {error}.") from None
    if flag.kind == "maybe_json" and text.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    # Literal[1, 2] and enums of numbers do not take text: give them the value that reads so.
    matching = [choice for choice in flag.choices if str(choice) == text]
    return matching[0] if matching else text


def check_text(name: str, text: str) -> str:
    """Return the text.

    Raises:
        ParamsError: it holds bytes that are not UTF-8 (Python gives these as lone surrogates).
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParamsError(f"{name}: is not UTF-8 text. Give it as UTF-8, or through --params FILE.") from None
    return text


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 40 else f"{shown[:37]}...'"


def add_to_argparse(add: Callable[..., Any], flags: dict[str, Flag], parser_class: Any) -> None:
    """Describe the flags to argparse, which lays out the help."""
    for flag in flags.values():
        info = flag.info
        words = [info.description] if info.description else []
        default: Any = None
        if info.is_required():
            words.append("(required)")
        elif info.default_factory is None:
            default = info.default
            if default is not None:
                words.append(f"(default: {_default(default)})")
        options: dict[str, Any] = {"help": " ".join(words).replace("%", "%%"), "default": default, "dest": flag.field}
        if flag.kind == "bool":
            options["action"] = parser_class.BooleanOptionalAction
        else:
            options["metavar"] = "JSON" if flag.kind == "json" else flag.field.upper()
            if flag.choices:
                options["metavar"] = "{" + ",".join(str(choice) for choice in flag.choices) + "}"
            if flag.kind == "list":
                options["nargs"] = "*"
        add(flag.name, **options)


def _default(value: Any) -> str:
    text = str(value.value if isinstance(value, enum.Enum) else value)
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."
