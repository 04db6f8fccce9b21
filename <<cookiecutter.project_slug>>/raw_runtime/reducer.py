"""From a journal back to a manifest, for runs whose process is gone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from raw_runtime.journal import JournalReader
from raw_runtime.manifest import assemble
from raw_runtime.stamps import RAW_VERSION, iso, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from raw_runtime.models import Manifest

CRASHED = "CRASHED: "


class JournalFold:
    """What a journal's events add up to. A second workflow.started begins anew: scripts run by hand share a file."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self.started: dict[str, Any] | None = None
        self.ended: dict[str, Any] | None = None
        self.last_at: str | None = None
        self._provenance: dict[str, Any] | None = None
        self._steps: list[dict[str, Any]] = []
        self._artifacts: dict[str, dict[str, Any]] = {}

    @property
    def status(self) -> str:
        """The run's status: running as long as no event tells of an end."""
        if self.ended is None:
            return "running"
        if self.ended["event_type"] == "workflow.completed":
            return "success"
        return "crashed" if str(self.ended.get("error", "")).startswith(CRASHED) else "failed"

    @property
    def error(self) -> str | None:
        """What went wrong; None after a success."""
        if self.ended is None or self.status == "success":
            return None
        return str(self.ended.get("error", "Unknown error")).removeprefix(CRASHED)

    def add_all(self, events: Iterable[dict[str, Any]]) -> JournalFold:
        """Take events in their order; return self."""
        for event in events:
            self.add(event)
        return self

    def add(self, event: dict[str, Any]) -> None:
        """Take one event; those that a manifest does not show are passed over."""
        kind = str(event.get("event_type"))
        if kind == "workflow.started":
            self._reset()
            self.started = event
        elif kind == "workflow.provenance":
            self._provenance = event
        elif kind in ("workflow.completed", "workflow.failed"):
            self.ended = event
        elif kind == "artifact.created" and "path" in event:
            self._artifacts[event["path"]] = {
                "type": event.get("artifact_type", "unknown"),
                "path": event["path"],
                "size_bytes": event.get("size_bytes"),
            }
        elif kind.startswith("step.") or kind == "cache.hit":
            self._add_step(kind, event)
        self.last_at = event.get("timestamp") or self.last_at

    def _add_step(self, kind: str, event: dict[str, Any]) -> None:
        name, at = str(event.get("step_name")), event.get("timestamp")
        if kind == "step.started":
            self._steps.append({"name": name, "status": "running", "started_at": at, "retries": 0, "cached": False})
            return
        if kind == "step.retry":
            # The event names the function, which need not be called as the step is: count in the newest open one.
            for step in reversed(self._steps):
                if step["status"] == "running":
                    step["retries"] += 1
                    break
            return
        if kind == "cache.hit":
            for step in self._steps:
                if step["name"] == name and step["status"] == "running":
                    step["cached"] = True
                    return
            row = {"name": name, "status": "success", "started_at": at, "ended_at": at, "duration_seconds": 0.0}
            self._steps.append({**row, "retries": 0, "cached": True})
            return
        status = {"step.completed": "success", "step.failed": "failed", "step.skipped": "skipped"}.get(kind)
        if status is None:
            return
        found = next((s for s in self._steps if s["name"] == name and s["status"] == "running"), None)
        if found is None or kind == "step.skipped":
            found = {"name": name, "started_at": at, "retries": 0, "cached": False}
        else:
            # A manifest has the steps in the order in which they ended.
            self._steps = [step for step in self._steps if step is not found]
        self._steps.append(found)
        found.update(
            status=status,
            ended_at=at,
            duration_seconds=event.get("duration_seconds", 0.0),
            error=event.get("error") or event.get("reason"),
        )

    def manifest(self) -> dict[str, Any]:
        """Return the nested form as JSON values.

        Raises:
            ValueError: no event tells of a start.
        """
        start = self.started
        if start is None:
            raise ValueError("Missing required workflow metadata (workflow.started event)")
        provenance = self._provenance or {}
        status = self.status
        ended_at = str((self.ended or {}).get("timestamp") or iso(utc_now()))
        name = start.get("workflow_name") or start.get("workflow_id")
        return assemble(
            workflow={
                "id": start.get("workflow_id"),
                "short_name": name,
                "version": start.get("workflow_version") or "1.0.0",
                "created_at": start.get("timestamp"),
            },
            run={
                "run_id": start.get("run_id"),
                "workflow_id": start.get("workflow_id"),
                "started_at": start.get("timestamp"),
                "ended_at": ended_at,
                "status": status,
                "duration_seconds": _seconds(str(start.get("timestamp")), ended_at),
                "parameters": start.get("parameters", {}),
                "environment": {
                    "hostname": provenance.get("hostname") or "unknown",
                    "python_version": provenance.get("python_version") or "unknown",
                    "raw_version": provenance.get("raw_version") or RAW_VERSION,
                    "working_directory": provenance.get("working_directory") or "unknown",
                },
            },
            steps=self._steps,
            artifacts=list(self._artifacts.values()),
            logs={"stdout": "output.log"},
            provenance={key: provenance.get(key) for key in _PROVENANCE} if provenance else None,
            error=self.error,
        )


_PROVENANCE = (
    "git_sha",
    "git_branch",
    "git_dirty",
    "workflow_hash",
    "tool_versions",
    "config_snapshot",
    "resumed_from",
)


def _seconds(start: str, end: str) -> float:
    try:
        return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


class ManifestReducer:
    """Folds a journal into a manifest model."""

    def reduce_from_file(self, journal_path: Path) -> Manifest:
        """Return the manifest of the journal's last run.

        Raises:
            ValueError: the journal is empty or tells of no start.
        """
        events = JournalReader(Path(journal_path)).read_events()
        if not events:
            raise ValueError(f"Journal is empty: {journal_path}")
        return self.reduce_from_events(events)

    def reduce_from_events(self, events: list[dict[str, Any]]) -> Manifest:
        """Return the manifest that these events add up to.

        Raises:
            ValueError: there are none, or none tells of a start.
        """
        from raw_runtime.models import Manifest

        if not events:
            raise ValueError("No events to reduce")
        return Manifest.model_validate(JournalFold().add_all(events).manifest())


__all__ = ["JournalFold", "ManifestReducer"]
