"""Which Temporal workflows and activities a worker runs; the one list that worker, validation and tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workflows.temporal.processes import processes
from workflows.temporal.resources import Resources


def workflow_types() -> list[type]:
    """Return the Temporal workflow classes."""
    from workflows.temporal.outbox_sweep import OutboxSweep

    return [*(process.load() for process in processes().values()), OutboxSweep]


def activities(resources: Resources) -> list[Callable[..., Any]]:
    """Return the activities, bound to what they work with.

    Raises:
        SettingsError: a setting of a process is wrong.
    """
    from workflows.temporal.activities import Activities

    own = [activity for process in processes().values() for activity in process.activities(resources)]
    return [*Activities(resources).all(), *own]
