"""The size of a pool and the life of its workers, from the environment."""

from __future__ import annotations

import os

from raw_runtime.errors import UsageError

ENV_SIZE = "RAW_POOL_SIZE"
ENV_MAX_RUNS = "RAW_POOL_MAX_RUNS"
DEFAULT_MAX_RUNS = 500


def default_size() -> int:
    """Return the number of CPUs this process may use, and 2 at least."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2, usable)


def positive_env(name: str, default: int) -> int:
    """Return the whole number that an environment variable holds.

    Raises:
        UsageError: it holds something else, or less than 1.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"{name} is {text!r}: give a whole number from 1 upwards, or leave it out for {default}.")
    return int(text)
