"""The context of a run: what its steps and saved files are recorded in."""

from __future__ import annotations

import threading
from contextvars import ContextVar, Token
from pathlib import Path
from typing import TYPE_CHECKING

from raw_runtime.manifest import ManifestBuilder, get_manifest_writer, has_custom_writer, write_manifest
from raw_runtime.provenance import capture_provenance
from raw_runtime.redact import redact_params
from raw_runtime.stamps import hand_run_id, iso, new_event_id, utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from raw_runtime.bus import EventBus
    from raw_runtime.events import BaseEvent
    from raw_runtime.journal import LocalJournalWriter
    from raw_runtime.manifest import ManifestWriter
    from raw_runtime.models import Artifact, Manifest, RunStatus, StepResult
    from raw_runtime.resume import ResumeState
    from raw_runtime.steplog import StepLog

_current: ContextVar[WorkflowContext | None] = ContextVar("raw_workflow_context", default=None)


def get_workflow_context() -> WorkflowContext | None:
    """Return the context of the run that goes on here; None outside one."""
    return _current.get()


def set_workflow_context(context: WorkflowContext | None) -> None:
    """Make `context` the one of this thread or task."""
    _current.set(context)


class WorkflowContext:
    """Records one run. As a context manager it is the current one, and tells of the start.

    `workflow_id` and `short_name` are the class's name; `workflow_dir` is the folder of the run, where
    manifest.json goes (None: it is not written). Steps and saved files may come from several threads.
    """

    def __init__(
        self,
        workflow_id: str,
        short_name: str,
        parameters: Mapping[str, Any] | None = None,
        workflow_dir: Path | None = None,
        event_bus: EventBus | None = None,
        workflow_version: str | None = None,
        manifest_writer: ManifestWriter | None = None,
        *,
        run_id: str | None = None,
        journal: LocalJournalWriter | None = None,
        step_log: StepLog | None = None,
        resume: ResumeState | None = None,
        project_root: Path | None = None,
        log_file: Path | None = None,
        durable: bool = False,
    ) -> None:
        self.workflow_id = workflow_id
        self.short_name = short_name
        self.parameters = dict(parameters or {})
        self.workflow_dir = Path(workflow_dir) if workflow_dir is not None else None
        self.workflow_version = workflow_version
        self.started_at = utc_now()
        self.run_timestamp = self.started_at.strftime("%Y%m%d%H%M%S")
        self.run_id = run_id or hand_run_id(self.started_at)
        self.journal = journal
        self.step_log = step_log
        self.resume = resume
        self.project_root = project_root
        self.log_file = log_file
        self.durable = durable
        self.resume_completed_steps: set[str] = set(resume.names) if resume else set()
        self.resumed_from_run_id: str | None = resume.run_id if resume else None
        self.provenance: dict[str, Any] | None = None
        self._event_bus = event_bus
        self._manifest_writer = manifest_writer
        self._rows: list[dict[str, Any]] = []
        self._files: dict[str, dict[str, Any]] = {}
        self._calls: dict[str, int] = {}
        self._lock = threading.Lock()
        self._tokens: list[Token[WorkflowContext | None]] = []

    # -- events

    def emit(self, event: BaseEvent) -> None:
        """Journal an event model and hand it to the bus."""
        if self.journal is not None:
            self.journal.write_event(event)
        if self._event_bus is not None:
            self._event_bus.emit(event)

    def record(self, event_type: str, **fields: Any) -> None:
        """Journal an event given by its fields; the model is only made when somebody hears the bus."""
        heard = self._event_bus is not None and getattr(self._event_bus, "is_heard", True)
        if self.journal is None and not heard:
            return
        event = {
            "event_id": new_event_id(),
            "event_type": event_type,
            "timestamp": iso(utc_now()),
            "workflow_id": self.workflow_id,
            "run_id": self.run_id,
            **fields,
        }
        if self.journal is not None:
            self.journal.write(event)
        if heard and self._event_bus is not None:
            from raw_runtime.events import event_from_dict

            self._event_bus.emit(event_from_dict(event))

    # -- steps

    def next_ordinal(self, name: str) -> int:
        """Return which call of the step this is, from 1."""
        with self._lock:
            self._calls[name] = number = self._calls.get(name, 0) + 1
            return number

    def add_row(self, row: dict[str, Any]) -> None:
        """Record a step by the fields of StepResult; `value` holds what it returned."""
        self._rows.append(row)

    def add_step_result(self, step: StepResult) -> None:
        """Record a step."""
        self._rows.append({**step.model_dump(mode="json", exclude={"result"}), "value": step.result})

    def skip_step(self, name: str, reason: str | None = None) -> None:
        """Record a step that did not run."""
        now = iso(utc_now())
        self._rows.append(
            {
                "name": name,
                "status": "skipped",
                "started_at": now,
                "ended_at": now,
                "duration_seconds": 0.0,
                "error": reason,
            }
        )

    @property
    def _steps(self) -> list[StepResult]:
        return self.get_steps()

    def get_steps(self) -> list[StepResult]:
        """Return the recorded steps, with their results as JSON values."""
        from raw_runtime.codec import serialize_result
        from raw_runtime.models import StepResult

        return [
            StepResult.model_validate(
                {**{k: v for k, v in row.items() if k != "value"}, "result": serialize_result(row.get("value"))}
            )
            for row in list(self._rows)
        ]

    # -- files

    def add_artifact(self, artifact_type: str, path: Path | str) -> None:
        """Record a saved file; one that was recorded before is recorded anew, with its new size."""
        path = Path(path)
        try:
            size: int | None = path.stat().st_size
        except OSError:
            size = None
        name = str(path)
        if self.workflow_dir is not None and path.is_absolute() and path.is_relative_to(self.workflow_dir):
            name = str(path.relative_to(self.workflow_dir))
        with self._lock:
            self._files[name] = {"type": artifact_type, "path": name, "size_bytes": size}
        self.record("artifact.created", artifact_type=artifact_type, path=name, size_bytes=size)

    @property
    def _artifacts(self) -> list[Artifact]:
        return self.get_artifacts()

    def get_artifacts(self) -> list[Artifact]:
        """Return the recorded files."""
        from raw_runtime.models import Artifact

        return [Artifact.model_validate(file) for file in list(self._files.values())]

    # -- the end

    def build_manifest_dict(self, status: str, error: str | None = None) -> dict[str, Any]:
        """Return the nested manifest as JSON values; step results by type and size only."""
        from raw_runtime.redact import redact

        steps = []
        for row in list(self._rows):
            step = {key: value for key, value in row.items() if key != "value"}
            step.setdefault("retries", 0)
            step.setdefault("cached", False)
            step["result"] = redact(row.get("value"))
            steps.append(step)
        return self._builder().build_dict(steps, list(self._files.values()), status, error, self.provenance)

    def _builder(self) -> ManifestBuilder:
        return ManifestBuilder(
            self.workflow_id,
            self.short_name,
            self.started_at,
            self.run_id,
            self.parameters,
            self.workflow_dir,
            self.workflow_version,
        )

    def build_manifest(self, status: RunStatus, error: str | None = None) -> Manifest:
        """Return the manifest as a model, with params and results whole: it stays in memory."""
        return self._builder().build(self.get_steps(), self.get_artifacts(), status, error)

    def record_end(self, status: str, error: str | None = None) -> None:
        """Tell of the end: workflow.completed for success, else workflow.failed."""
        duration = (utc_now() - self.started_at).total_seconds()
        if status == "success":
            self.record(
                "workflow.completed",
                duration_seconds=duration,
                step_count=len(self._rows),
                artifacts=list(self._files),
            )
            return
        failed = [row["name"] for row in self._rows if row["status"] == "failed"]
        self.record(
            "workflow.failed",
            error=error or ("Cancelled" if status == "cancelled" else "Unknown error"),
            failed_step=failed[-1] if failed else None,
            duration_seconds=duration,
        )

    def finalize(self, status: str = "success", error: str | None = None) -> Manifest:
        """Tell of the end, write manifest.json when there is a folder for it, and return the manifest."""
        from raw_runtime.models import RunStatus

        run_status = RunStatus(status)
        manifest = self.build_manifest(run_status, error)
        data = self.build_manifest_dict(run_status.value, error)
        self.record_end(run_status.value, error)
        self.save_manifest(data)
        return manifest

    def save_manifest(self, data: dict[str, Any]) -> None:
        """Write the manifest; a writer of the user's own gets the model."""
        if self.workflow_dir is None:
            return
        writer = self._manifest_writer
        if writer is None and not has_custom_writer():
            write_manifest(self.workflow_dir, data, durable=self.durable)
            return
        from raw_runtime.models import Manifest

        (writer or get_manifest_writer()).write(Manifest.model_validate(data), self.workflow_dir / "manifest.json")

    def __enter__(self) -> WorkflowContext:
        """Become the current context and tell of the start."""
        self._tokens.append(_current.set(self))
        self.record(
            "workflow.started",
            workflow_name=self.short_name,
            workflow_version=self.workflow_version,
            parameters=redact_params(self.parameters),
        )
        self.provenance = {
            **capture_provenance(start=self.project_root or self.workflow_dir),
            "resumed_from": self.resumed_from_run_id,
        }
        self.record("workflow.provenance", **self.provenance)
        return self

    def __exit__(self, *_: object) -> None:
        """Give way to the context that was current before."""
        _current.reset(self._tokens.pop())
