"""The Temporal worker, as the process `python -m workflows.temporal worker` and as tests make it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import PollerBehaviorSimpleMaximum, Worker, WorkerDeploymentConfig

from settings import Settings, SettingsError
from workflows.temporal.discretion import Discretion


def make_worker(
    client: Client,
    settings: Settings,
    *,
    workflows: Sequence[type],
    activities: Sequence[Callable[..., Any]],
    task_queue: str | None = None,
    **options: Any,
) -> Worker:
    """Return a worker that is not running yet.

    Args:
        client: a connected client with `client.data_converter(settings)`; a lazy one is refused.
        settings: task queue, limits, grace, and the deployment if there is one.
        workflows: Temporal workflow classes; they run in the SDK's sandbox, which passes pydantic through.
        activities: async activities.
        task_queue: another than the settings', for tests.
        options: further arguments of `temporalio.worker.Worker`, which win over those from the settings.

    Raises:
        SettingsError: only one of TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID is set.
    """
    given: dict[str, Any] = {
        "task_queue": task_queue or settings.temporal_task_queue,
        "workflows": workflows,
        "activities": activities,
        "max_concurrent_activities": settings.worker_activities,
        "graceful_shutdown_timeout": timedelta(seconds=settings.worker_grace_seconds),
        # The default, five pollers, asks four partitions with a single one that is not sticky: tasks wait for seconds.
        # Pollers that scale by themselves lose tasks when a worker ends in an orderly way: those wait for ten seconds.
        "workflow_task_poller_behavior": PollerBehaviorSimpleMaximum(20),
        "nonsticky_to_sticky_poll_ratio": 0.4,
        "activity_task_poller_behavior": PollerBehaviorSimpleMaximum(10),
        "deployment_config": deployment(settings),
        # A cancellation reaches an activity with the answer to a heartbeat: no later than this.
        "max_heartbeat_throttle_interval": timedelta(seconds=3),
        "interceptors": [Discretion()],
    }
    return Worker(client, **{**given, **options})


def deployment(settings: Settings) -> WorkerDeploymentConfig | None:
    """Return the Worker Versioning of these settings; None, and versions do not matter, when neither is set.

    A workflow that says nothing else is AUTO_UPGRADE: it moves to the new version when that becomes current. Processes
    here last for weeks and are written for that (`workflow.patched`, replayed by the gate), while PINNED ones would
    need every old version's workers kept for as long.

    Raises:
        SettingsError: only one of TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID is set.
    """
    name, build = settings.temporal_deployment_name, settings.temporal_worker_build_id
    if name is None and build is None:
        return None
    if name is None or build is None:
        missing = "TEMPORAL_DEPLOYMENT_NAME" if name is None else "TEMPORAL_WORKER_BUILD_ID"
        raise SettingsError(f"{missing} is missing: Worker Versioning needs both it and the other one.")
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=name, build_id=build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )
