"""The file that messages are written to while no webhook is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raw_runtime.files import PRIVATE, LineFile
from tools.slack.errors import SlackError

if TYPE_CHECKING:
    from configuration.slack import SlackSettings


def record(settings: SlackSettings, body: dict[str, Any]) -> Path:
    """Append a message to DEV_FOLDER/slack.jsonl: `at`, and what Slack would have been sent.

    Raises:
        SlackError: the file cannot be written.
    """
    path = settings.dev_path / "slack.jsonl"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = LineFile(path, PRIVATE)
        try:
            file.write(json.dumps({"at": datetime.now(UTC).isoformat(), **body}, ensure_ascii=False))
        finally:
            file.close()
    except OSError as error:
        raise SlackError(
            f"The message could not be written to {path} ({error.strerror}): set SLACK_WEBHOOK_URL, or DEV_FOLDER to a "
            "folder that can be written.",
            retryable=True,
        ) from error
    return path
