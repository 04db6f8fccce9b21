"""Which Temporal workflows and activities a worker runs; the one list that worker, validation and tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workflows.temporal.resources import Resources


def workflow_types() -> list[type]:
    """Return the Temporal workflow classes."""
    from workflows.temporal.hiring_process import HiringProcess
    from workflows.temporal.outbox_sweep import OutboxSweep

    return [HiringProcess, OutboxSweep]


def activities(resources: Resources) -> list[Callable[..., Any]]:
    """Return the activities, bound to what they work with."""
    from workflows.temporal.activities import Activities

    return Activities(resources.settings, resources.database, resources.runner).all()
