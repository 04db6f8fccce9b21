"""manifest.json: upstream's nested form, and at its top level the flat keys that `raw run` adds.

This module makes plain values, without pydantic, because the `raw` command writes manifests too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from raw_runtime.files import write_atomic
from raw_runtime.provenance import describe_environment
from raw_runtime.redact import redact_params
from raw_runtime.stamps import iso, utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from raw_runtime.models import Artifact, Manifest, RunStatus, StepResult

FILE_NAME = "manifest.json"


def assemble(
    *,
    workflow: Mapping[str, Any],
    run: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]] = (),
    artifacts: Sequence[Mapping[str, Any]] = (),
    logs: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    """Return the nested form; keys whose value is None are left out, as upstream does."""
    nested = {
        "schema_version": "1.0.0",
        "workflow": _present(workflow),
        "run": _present(run),
        "steps": [_present(step) for step in steps],
        "artifacts": [_present(artifact) for artifact in artifacts],
        "logs": _present(logs or {}),
        "provenance": _present(provenance) if provenance else None,
        "error": error,
    }
    return _present(nested)


def add_flat(
    manifest: Mapping[str, Any],
    *,
    workflow_id: str,
    exit_code: int,
    message: str,
    signal: str | None = None,
    result: Any = None,
    traceparent: str | None = None,
) -> dict[str, Any]:
    """Return the manifest with the flat keys; `workflow_id` is the workflow's folder.

    `args` is always empty: values of params are kept in params.json only.
    """
    run = manifest["run"]
    status = "success" if run["status"] == "success" else run["status"] if run["status"] == "crashed" else "failed"
    return {
        **manifest,
        "workflow_id": workflow_id,
        "run_id": run["run_id"],
        "started_at": run["started_at"],
        "exit_code": exit_code,
        "duration_seconds": run.get("duration_seconds", 0.0),
        "args": [],
        "status": status,
        "signal": signal or ("success" if exit_code == 0 else "error"),
        "message": message,
        "result": result,
        "artifact_paths": [artifact["path"] for artifact in manifest["artifacts"]],
        **({} if traceparent is None else {"traceparent": traceparent}),
    }


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def write_manifest(run_dir: Path, manifest: Mapping[str, Any], *, durable: bool = False) -> None:
    """Write manifest.json in one go."""
    text = json.dumps(manifest, indent=2, default=str)
    write_atomic(run_dir / FILE_NAME, text.encode(), durable=durable)


def read_manifest(run_dir: Path) -> dict[str, Any] | None:
    """Return manifest.json; None when there is none, or none that can be read."""
    try:
        data = json.loads((run_dir / FILE_NAME).read_bytes())
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


class ManifestWriter(Protocol):
    """What keeps a manifest."""

    def write(self, manifest: Manifest, path: Path) -> None:
        """Keep the manifest; `path` is where a local one goes."""


class LocalManifestWriter:
    """Writes the nested form as JSON."""

    def write(self, manifest: Manifest, path: Path) -> None:
        """Write the manifest to `path`."""
        write_atomic(path, manifest.model_dump_json(indent=2, exclude_none=True).encode())


class ManifestBuilder:
    """Makes the manifest of one run from what its context has recorded."""

    def __init__(
        self,
        workflow_id: str,
        short_name: str,
        started_at: datetime,
        run_id: str,
        parameters: Mapping[str, Any] | None = None,
        workflow_dir: Path | None = None,
        version: str | None = None,
    ) -> None:
        self.workflow_id = workflow_id
        self.short_name = short_name
        self.started_at = started_at
        self.run_id = run_id
        self.parameters = dict(parameters or {})
        self.workflow_dir = workflow_dir
        self.version = version or "1.0.0"

    def build_dict(
        self,
        steps: Sequence[Mapping[str, Any]],
        artifacts: Sequence[Mapping[str, Any]],
        status: str,
        error: str | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the nested form as JSON values, ended now, as it is written: params by type and size."""
        now = utc_now()
        started = iso(self.started_at)
        environment = describe_environment()
        known = {key: value for key, value in (provenance or {}).items() if key not in environment}
        return assemble(
            workflow={
                "id": self.workflow_id,
                "short_name": self.short_name,
                "version": self.version,
                "created_at": started,
            },
            run={
                "run_id": self.run_id,
                "workflow_id": self.workflow_id,
                "started_at": started,
                "ended_at": iso(now),
                "status": status,
                "duration_seconds": (now - self.started_at).total_seconds(),
                "parameters": redact_params(self.parameters),
                "environment": environment,
            },
            steps=steps,
            artifacts=artifacts,
            logs={"stdout": str(self.workflow_dir / "output.log")} if self.workflow_dir else None,
            provenance=known or None,
            error=error,
        )

    def build(
        self,
        steps: Sequence[StepResult],
        artifacts: Sequence[Artifact],
        status: RunStatus,
        error: str | None = None,
    ) -> Manifest:
        """Return the nested form as a model, ended now, with params and results whole; it stays in memory."""
        from raw_runtime.models import Manifest

        manifest = Manifest.model_validate(self.build_dict([], [], status.value, error))
        manifest.run.parameters = dict(self.parameters)
        manifest.steps, manifest.artifacts = list(steps), list(artifacts)
        return manifest


_writer: ManifestWriter | None = None


def get_manifest_writer() -> ManifestWriter:
    """Return the writer of contexts that were given none."""
    return _writer or LocalManifestWriter()


def set_manifest_writer(writer: ManifestWriter | None) -> None:
    """Set the writer of contexts that are given none; None: the local one."""
    global _writer
    _writer = writer


def has_custom_writer() -> bool:
    """True when `set_manifest_writer` has named one."""
    return _writer is not None
