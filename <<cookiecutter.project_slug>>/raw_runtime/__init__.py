"""RAW runtime: pure workflows of typed params, steps and results.

Names are loaded when they are first used, so that `import raw_runtime` costs nothing.
"""

from __future__ import annotations

# Without `import typing`: it costs the `raw` command a tenth of its own start-up time.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from raw_runtime.approval import (
        ApprovalHandler,
        AutoApprovalHandler,
        ConsoleApprovalHandler,
        get_approval_handler,
        set_approval_handler,
        wait_for_approval,
        wait_for_approval_async,
        wait_for_webhook,
    )
    from raw_runtime.base import BaseWorkflow, cache, retry, step
    from raw_runtime.bus import EventBus, LocalEventBus, NullEventBus
    from raw_runtime.context import WorkflowContext, get_workflow_context, set_workflow_context
    from raw_runtime.decorators import cache_step, conditional, raw_step
    from raw_runtime.env import ensure_env_loaded, load_dotenv
    from raw_runtime.events import (
        ApprovalReceivedEvent,
        ApprovalRequestedEvent,
        ApprovalTimeoutEvent,
        ArtifactCreatedEvent,
        BaseEvent,
        CacheHitEvent,
        CacheMissEvent,
        Event,
        EventType,
        StepCompletedEvent,
        StepFailedEvent,
        StepRetryEvent,
        StepSkippedEvent,
        StepStartedEvent,
        WorkflowCompletedEvent,
        WorkflowFailedEvent,
        WorkflowProvenanceEvent,
        WorkflowStartedEvent,
        WorkflowTriggeredEvent,
    )
    from raw_runtime.handlers import ConsoleEventHandler, JournalEventHandler
    from raw_runtime.journal import JournalReader, JournalWriter, LocalJournalWriter
    from raw_runtime.manifest import (
        LocalManifestWriter,
        ManifestBuilder,
        ManifestWriter,
        get_manifest_writer,
        set_manifest_writer,
    )
    from raw_runtime.models import (
        Artifact,
        EnvironmentInfo,
        LogsInfo,
        Manifest,
        ProvenanceInfo,
        RunInfo,
        RunStatus,
        StepResult,
        StepStatus,
        ToolMetadata,
        WorkflowInfo,
    )
    from raw_runtime.protocols.logger import (
        ListLogger,
        NullLogger,
        RichConsoleLogger,
        WorkflowLogger,
        get_logger,
        set_logger,
    )
    from raw_runtime.provenance import (
        capture_provenance,
        get_config_snapshot,
        get_environment_info,
        get_git_info,
        get_workflow_hash,
    )
    from raw_runtime.reconcile import reconcile_run
    from raw_runtime.reducer import ManifestReducer
    from raw_runtime.resume import configure_context_for_resume, prepare_resume_state
    from raw_runtime.signals import CompletionSignal, WorkflowResult

__version__ = "0.1.0"

__all__ = [
    "ApprovalHandler",
    "ApprovalReceivedEvent",
    "ApprovalRequestedEvent",
    "ApprovalTimeoutEvent",
    "Artifact",
    "ArtifactCreatedEvent",
    "AutoApprovalHandler",
    "BaseEvent",
    "BaseWorkflow",
    "CacheHitEvent",
    "CacheMissEvent",
    "CompletionSignal",
    "ConsoleApprovalHandler",
    "ConsoleEventHandler",
    "EnvironmentInfo",
    "Event",
    "EventBus",
    "EventType",
    "JournalEventHandler",
    "JournalReader",
    "JournalWriter",
    "ListLogger",
    "LocalEventBus",
    "LocalJournalWriter",
    "LocalManifestWriter",
    "LogsInfo",
    "Manifest",
    "ManifestBuilder",
    "ManifestReducer",
    "ManifestWriter",
    "NullEventBus",
    "NullLogger",
    "ProvenanceInfo",
    "RichConsoleLogger",
    "RunInfo",
    "RunStatus",
    "StepCompletedEvent",
    "StepFailedEvent",
    "StepResult",
    "StepRetryEvent",
    "StepSkippedEvent",
    "StepStartedEvent",
    "StepStatus",
    "ToolMetadata",
    "WorkflowCompletedEvent",
    "WorkflowContext",
    "WorkflowFailedEvent",
    "WorkflowInfo",
    "WorkflowLogger",
    "WorkflowProvenanceEvent",
    "WorkflowResult",
    "WorkflowStartedEvent",
    "WorkflowTriggeredEvent",
    "cache",
    "cache_step",
    "capture_provenance",
    "conditional",
    "configure_context_for_resume",
    "ensure_env_loaded",
    "get_approval_handler",
    "get_config_snapshot",
    "get_environment_info",
    "get_git_info",
    "get_logger",
    "get_manifest_writer",
    "get_workflow_context",
    "get_workflow_hash",
    "load_dotenv",
    "prepare_resume_state",
    "raw_step",
    "reconcile_run",
    "retry",
    "set_approval_handler",
    "set_logger",
    "set_manifest_writer",
    "set_workflow_context",
    "step",
    "wait_for_approval",
    "wait_for_approval_async",
    "wait_for_webhook",
]

_HOMES = {
    "ApprovalHandler": "approval",
    "AutoApprovalHandler": "approval",
    "ConsoleApprovalHandler": "approval",
    "get_approval_handler": "approval",
    "set_approval_handler": "approval",
    "wait_for_approval": "approval",
    "wait_for_approval_async": "approval",
    "wait_for_webhook": "approval",
    "BaseWorkflow": "base",
    "cache": "base",
    "retry": "base",
    "step": "base",
    "EventBus": "bus",
    "LocalEventBus": "bus",
    "NullEventBus": "bus",
    "WorkflowContext": "context",
    "get_workflow_context": "context",
    "set_workflow_context": "context",
    "cache_step": "decorators",
    "conditional": "decorators",
    "raw_step": "decorators",
    "ensure_env_loaded": "env",
    "load_dotenv": "env",
    "ApprovalReceivedEvent": "events",
    "ApprovalRequestedEvent": "events",
    "ApprovalTimeoutEvent": "events",
    "ArtifactCreatedEvent": "events",
    "BaseEvent": "events",
    "CacheHitEvent": "events",
    "CacheMissEvent": "events",
    "Event": "events",
    "EventType": "events",
    "StepCompletedEvent": "events",
    "StepFailedEvent": "events",
    "StepRetryEvent": "events",
    "StepSkippedEvent": "events",
    "StepStartedEvent": "events",
    "WorkflowCompletedEvent": "events",
    "WorkflowFailedEvent": "events",
    "WorkflowProvenanceEvent": "events",
    "WorkflowStartedEvent": "events",
    "WorkflowTriggeredEvent": "events",
    "ConsoleEventHandler": "handlers",
    "JournalEventHandler": "handlers",
    "JournalReader": "journal",
    "JournalWriter": "journal",
    "LocalJournalWriter": "journal",
    "LocalManifestWriter": "manifest",
    "ManifestBuilder": "manifest",
    "ManifestWriter": "manifest",
    "get_manifest_writer": "manifest",
    "set_manifest_writer": "manifest",
    "Artifact": "models",
    "EnvironmentInfo": "models",
    "LogsInfo": "models",
    "Manifest": "models",
    "ProvenanceInfo": "models",
    "RunInfo": "models",
    "RunStatus": "models",
    "StepResult": "models",
    "StepStatus": "models",
    "ToolMetadata": "models",
    "WorkflowInfo": "models",
    "ListLogger": "protocols.logger",
    "NullLogger": "protocols.logger",
    "RichConsoleLogger": "protocols.logger",
    "WorkflowLogger": "protocols.logger",
    "get_logger": "protocols.logger",
    "set_logger": "protocols.logger",
    "capture_provenance": "provenance",
    "get_config_snapshot": "provenance",
    "get_environment_info": "provenance",
    "get_git_info": "provenance",
    "get_workflow_hash": "provenance",
    "reconcile_run": "reconcile",
    "ManifestReducer": "reducer",
    "configure_context_for_resume": "resume",
    "prepare_resume_state": "resume",
    "CompletionSignal": "signals",
    "WorkflowResult": "signals",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
