"""Where the outbox goes: a start becomes a Temporal workflow, a signal becomes a signal, each as often as it takes.

Whatever is delivered twice counts once: a second start finds the workflow that is there (or was: a closed one is not
started again), and a signal carries its event's id, which the process remembers.

What happens to a signal whose process is not there depends on what the server says:

- The process has ended: that is a late event, and delivered. The timeline says `signal_after_end`.
- The server does not know the process. The outbox keeps the order of a target, so its start was delivered before: the
  process has ended and its history is past the namespace's retention, or the server has lost its data. Neither can be
  mended by trying again, and starting anew would repeat what a person was already told. So it is delivered too, and the
  timeline says `signal_without_process`: with an entity whose status is not final, that means lost data.
- There is no such namespace: nothing can be delivered now, and everything is tried again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, TypeVar

from pydantic import ValidationError
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from db.delivery import TargetAwayError, UndeliverableError
from db.repositories.outbox import OutboxLease
from settings import Settings
from workflows.temporal.client import why_away
from workflows.temporal.contracts import Contract
from workflows.temporal.processes import Process, process_of_target
from workflows.temporal.setup import has_search_attributes

# The SDK's own bounds do not hold while the server is gone.
CALL_SECONDS = 3.0
# Search attributes that the server does not have yet may be added while this process runs.
_ASK_AGAIN_SECONDS = 60.0

# The server, or the way to it, is at fault, and not what we ask for.
_AWAY = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.ABORTED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.UNAUTHENTICATED,
        RPCStatusCode.PERMISSION_DENIED,
        RPCStatusCode.UNIMPLEMENTED,
        RPCStatusCode.NOT_FOUND,
    }
)

_ResultT = TypeVar("_ResultT")


class TemporalTarget:
    """Delivers entries of the outbox to Temporal."""

    def __init__(self, client: Client, settings: Settings) -> None:
        """Ask nothing of the server yet.

        Args:
            client: may be lazy: while the server is away, entries are retried.
            settings: of them, the task queue.
        """
        self._client = client
        self._settings = settings
        self._search_attributes = False
        self._ask_after = 0.0

    async def deliver(self, entry: OutboxLease) -> str | None:
        """Start or signal; return the timeline's word for a signal that found no running process.

        Raises:
            UndeliverableError: the entry is not one that a process can be told.
            TargetAwayError: the server is away, or does not let us in.
            RPCError: anything else that the server said.
        """
        if entry.kind == "start":
            await self._start(entry)
            return None
        return await self._signal(entry)

    async def ping(self) -> None:
        """Ask whether processes could be started now.

        Raises:
            TargetAwayError: not now; the text says why.
        """
        request = DescribeNamespaceRequest(namespace=self._client.namespace)
        try:
            await _bounded(self._client.workflow_service.describe_namespace(request))
        except RPCError as error:
            raise _away(error) from None

    async def _start(self, entry: OutboxLease) -> None:
        process = process_for(entry)
        given = process.make_input(str(entry.entity_id), await self._has_search_attributes())
        try:
            await _bounded(
                self._client.start_workflow(
                    process.workflow,
                    given,
                    id=entry.target,
                    task_queue=self._settings.temporal_task_queue,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                )
            )
        except WorkflowAlreadyStartedError:
            # It has ended since an earlier delivery that we did not see succeed.
            return
        except RPCError as error:
            raise _explained(error) from None

    async def _signal(self, entry: OutboxLease) -> str | None:
        name, event = signal_of(entry)
        try:
            await _bounded(self._client.get_workflow_handle(entry.target).signal(name, event))
        except RPCError as error:
            if (told := _why_not_there(error)) is None:
                raise _explained(error) from None
            return told
        return None

    async def _has_search_attributes(self) -> bool:
        """Ask once; where the server has none, ask again now and then."""
        if not self._search_attributes and time.monotonic() >= self._ask_after:
            try:
                self._search_attributes = await _bounded(has_search_attributes(self._client))
            except RPCError as error:
                raise _explained(error) from None
            self._ask_after = time.monotonic() + _ASK_AGAIN_SECONDS
        return self._search_attributes


def process_for(entry: OutboxLease) -> Process:
    """Return the process that an entry is for.

    Raises:
        UndeliverableError: there is none; code that had it may be deployed again.
    """
    process = process_of_target(entry.target)
    if process is None:
        raise UndeliverableError(f"no process is called as the workflow id {entry.target[:100]!r} begins")
    return process


def signal_of(entry: OutboxLease) -> tuple[str, Contract]:
    """Return the signal that an entry stands for, and its argument.

    Raises:
        UndeliverableError: there is none, or its payload does not fit; the text names the fields and no value.
    """
    source = entry.payload.get("event")
    known = process_for(entry).incoming_of(source) if isinstance(source, str) else None
    if entry.kind != "signal" or known is None:
        raise UndeliverableError(f"kind {entry.kind!r} with event {str(source)[:40]!r} is nothing that a process knows")
    try:
        return str(known.signal), known.payload.model_validate(entry.payload)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        words = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
        raise UndeliverableError(f"the payload of event {source!r} does not fit: {words}") from None


async def _bounded(call: Awaitable[_ResultT]) -> _ResultT:
    """Wait for the server, not for long.

    Raises:
        TargetAwayError: no answer, or no connection.
        RPCError: what it answered.
    """
    try:
        return await asyncio.wait_for(call, CALL_SECONDS)
    except TimeoutError:
        raise TargetAwayError(f"Temporal did not answer within {CALL_SECONDS:g} seconds") from None
    except RuntimeError as error:
        # A lazy client connects here, and says so when it cannot.
        raise _away(error) from None


def _details(error: RPCError) -> set[str]:
    """Return the names of the failures that the server attached: its own word on what was not found."""
    details: Any = error.grpc_status.details
    return {str(detail.type_url).rpartition(".")[2] for detail in details}


def _why_not_there(error: RPCError) -> str | None:
    """Return the timeline's word for a process that takes no signal any more; None if that is not what was said.

    NOT_FOUND alone does not say it: a namespace may be missing, or a proxy may know no such path. Temporal's server
    attaches what was not found; the test server does not, and is known by its words.
    """
    if error.status != RPCStatusCode.NOT_FOUND:
        return None
    words = str(error).lower()
    if "NotFoundFailure" not in _details(error) and not words.startswith(("completed workflow", "execution not found")):
        return None
    return "signal_after_end" if "completed" in words else "signal_without_process"


def _explained(error: RPCError) -> Exception:
    """Return the error that says whose fault it is."""
    if error.status == RPCStatusCode.INVALID_ARGUMENT:
        # The server's words are of ids, names and sizes.
        return UndeliverableError(f"Temporal refuses it: {str(error)[:200]}")
    return _away(error) if error.status in _AWAY else error


def _away(error: RuntimeError | RPCError) -> TargetAwayError:
    return TargetAwayError(f"Temporal {why_away(error).rstrip('.')}")
