"""config.yaml of workflows and tools, read for display: whatever is in it, showing it does not fail."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


def read_config(folder: Path) -> dict[str, Any]:
    """Return config.yaml as strings, lists and dicts; {} when it is missing, empty or broken.

    Every scalar stays the text that stands there: a version 1.0 is no float, a timestamp no datetime.
    """
    import yaml

    # It makes strings only, so it is even safer than the "safe" loader.
    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        data = yaml.load((folder / "config.yaml").read_text(encoding="utf-8", errors="replace"), Loader=loader)  # noqa: S506
    except (OSError, yaml.YAMLError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def text_of(config: dict[str, Any], key: str, default: str = "-") -> str:
    """Return a scalar as one clean line; `default` when it is missing, empty or no scalar."""
    value = config.get(key)
    return clean(value) or default if isinstance(value, str) else default


def intent_of(config: dict[str, Any]) -> str:
    """Return what a workflow or tool is for: `description`, or its `intent`."""
    description = config.get("description")
    if isinstance(description, dict):
        return text_of(description, "intent", "")
    return text_of(config, "description", "")


def moment(text: str) -> str:
    """Return a timestamp as `YYYY-MM-DD HH:MM` if it is one, else as it stands."""
    import datetime

    try:
        return datetime.datetime.fromisoformat(text.strip().replace("Z", "+00:00")).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return text


def clean(text: str) -> str:
    """Return text in one line, without control characters, which a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
