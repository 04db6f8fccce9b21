"""From what a user calls a thing to folder, module and class names."""

from __future__ import annotations

import builtins
import keyword
import re

from raw_runtime.errors import UsageError

LONGEST = 40
_TAKEN_CLASSES = frozenset({"BaseModel", "BaseWorkflow", "Counter", "Field", "None", "True", "False", *dir(builtins)})


def workflow_id(name: str) -> str:
    """Return the folder name for a workflow: lower case letters, digits and hyphens.

    Raises:
        UsageError: nothing is left of the name, it is too long, or it has a meaning of its own.
    """
    return _checked(name, _sanitize(name, "-"), "-flow")


def tool_name(name: str) -> str:
    """Return the module name for a tool: lower case letters, digits and underscores.

    Raises:
        UsageError: as `workflow_id`; also when it would begin with a digit, which no module can.
    """
    sanitized = _sanitize(name, "_")
    if sanitized[:1].isdigit():
        raise UsageError(f"A tool's name must begin with a letter, since it is imported: {name!r}")
    return _checked(name, sanitized, "_tool")


def class_name(workflow: str) -> str:
    """Return the class name for a workflow's id: `word-count` gives `WordCount`."""
    name = "".join(part.capitalize() for part in re.split(r"[^a-zA-Z0-9]+", workflow))
    if not name or name[0].isdigit():
        name = f"Workflow{name}"
    return f"{name}Workflow" if name in _TAKEN_CLASSES else name


def one_sentence(text: str, default: str) -> str:
    """Return the text as the first line of a docstring, or `default` when it does not lend itself to that.

    Other letters than ASCII, quotes and backslashes would need escapes, and linters ask about them: the full
    text stands in config.yaml and README.md anyway.
    """
    line = " ".join(text.split())
    if not line or len(line) > 90 or not line.isascii() or not line.isprintable() or set(line) & set('"\\`'):
        return default
    line = line[0].upper() + line[1:]
    return line if line[-1] in ".!?" else f"{line}."


def plain_text(text: str, option: str) -> str:
    """Return the text, stripped.

    Raises:
        UsageError: it holds bytes that are no UTF-8, which no file could take.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{option} is not UTF-8 text.") from None
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _sanitize(name: str, joint: str) -> str:
    words = re.sub(r"[\s_-]+", joint, name.strip().lower())
    words = re.sub(rf"[^a-z0-9{joint}]", "", words)
    return re.sub(rf"{joint}+", joint, words).strip(joint)


def _checked(name: str, sanitized: str, suffix: str) -> str:
    if not sanitized:
        raise UsageError(f"No name is left of {name!r}: use letters a to z and digits.")
    if len(sanitized) > LONGEST:
        raise UsageError(f"The name is too long: {len(sanitized)} characters, of at most {LONGEST}.")
    if keyword.iskeyword(sanitized) or sanitized in {"none", "true", "false", "tools"}:
        raise UsageError(f"{sanitized!r} has a meaning of its own. Take another name, such as {sanitized}{suffix}.")
    return sanitized
