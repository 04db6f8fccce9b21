"""The worker's log and figures: the SDK's own, in the form of everything else's."""

from __future__ import annotations

import http.client
import logging
import socket
from collections.abc import Mapping
from typing import Any

from temporalio import activity, workflow
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

import logs
from db.entities import entity_type
from workflows.temporal.contracts import ENDED_METRIC
from workflows.temporal.processes import processes

LOOPBACK = "127.0.0.1"
_PORT_TRIES = 5
_SCRAPE_SECONDS = 3.0
# Ids and names; other fields of the SDK's records may quote failures, which hold what people wrote.
_ACTIVITY_FIELDS = ("workflow_id", "workflow_run_id", "activity_type", "attempt")
_WORKFLOW_FIELDS = ("workflow_id", "run_id", "workflow_type", "attempt")
_CORE_FIELDS = ("workflow_id", "run_id", "task_queue", "namespace", "retry_after", "attempt")


class TemporalFields(logging.Filter):
    """Gives the SDK's records, and those of activities and workflows, the ids they belong to as fields."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the fields; every record passes."""
        found: dict[str, Any] = {}
        found |= _pick(getattr(record, "temporal_activity", None), _ACTIVITY_FIELDS)
        found |= _pick(getattr(record, "temporal_workflow", None), _WORKFLOW_FIELDS)
        if (core := getattr(record, "temporal_log", None)) is not None:
            found |= _pick(core.fields, _CORE_FIELDS)
        if found:
            record.fields = {**found, **getattr(record, "fields", {})}
        return True


def _pick(given: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given} if isinstance(given, Mapping) else {}


def configure_logging(level: str) -> None:
    """Write one line of JSON for each thing that is logged, to standard error."""
    logs.configure_logging(level)
    for handler in logging.getLogger().handlers:
        handler.addFilter(TemporalFields())
    # The ids come as fields, not as text in the message.
    activity.logger.activity_info_on_message = False
    workflow.logger.workflow_info_on_message = False


class Telemetry:
    """The SDK's runtime of this process, whose figures can be read here; make one before the first client."""

    def __init__(self, *, metrics: bool) -> None:
        """Start the runtime.

        Args:
            metrics: whether to keep figures. The SDK serves them on a port of its own, which is a free one on the
                loopback interface; `scrape` reads them there.

        Raises:
            OSError: no port was free.
        """
        self._port: int | None = None
        for left in reversed(range(_PORT_TRIES)):
            port = _free_port() if metrics else None
            try:
                self.runtime = Runtime(telemetry=_config(port))
            except ValueError as error:
                # Another process took the port in between.
                if not left:
                    raise OSError(str(error)) from None
            else:
                self._port = port
                break

    def show_zeros(self, namespace: str, task_queue: str) -> None:
        """Show the ends of processes as zeros from the start, or Prometheus would see no rise to the first of each."""
        labels = {"namespace": namespace, "task_queue": task_queue}
        counter = self.runtime.metric_meter.with_additional_attributes(labels).create_counter(*ENDED_METRIC)
        for process in processes().values():
            for status in entity_type(process.entity).final:
                counter.add(0, {"workflow_type": process.workflow, "process": process.name, "status": status})

    def scrape(self) -> bytes:
        """Return the figures in Prometheus' text format; it blocks, for three seconds at most.

        Raises:
            OSError: the SDK's exporter does not answer.
        """
        if self._port is None:
            return b""
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=_SCRAPE_SECONDS)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read()
        except http.client.HTTPException as error:
            raise OSError(f"the SDK's exporter answered wrongly ({type(error).__name__})") from None
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _config(port: int | None) -> TelemetryConfig:
    forwarding = LogForwardingConfig(
        logger=logging.getLogger("temporalio"),
        append_target_to_name=False,
        prepend_target_on_message=False,
        append_log_fields_to_message=False,
    )
    return TelemetryConfig(
        logging=LoggingConfig(filter=TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding),
        metrics=None
        if port is None
        else PrometheusConfig(bind_address=f"{LOOPBACK}:{port}", durations_as_seconds=True),
    )
