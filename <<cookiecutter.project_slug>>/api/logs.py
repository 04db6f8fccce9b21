"""The log of a process that uvicorn serves."""

from __future__ import annotations

import logging
from typing import TextIO

import logs


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Send every logger through the project's formatter to `stream` (standard error), uvicorn's too.

    uvicorn's access log goes: ours has the request id and no raw path.
    """
    logs.configure_logging(level, stream)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = name != "uvicorn.access"
        logger.disabled = name == "uvicorn.access"
