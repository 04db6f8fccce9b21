"""Loads workflows in the SDK's sandbox, and replays recorded histories with the code as it is now. Needs no server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig
from temporalio.worker import (
    Interceptor,
    Replayer,
    StartActivityInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle

from workflows.temporal.validation.histories import Recorded


@dataclass(frozen=True, slots=True)
class Started:
    """An activity that the code started while it was replayed."""

    name: str
    summary: str = ""

    def __str__(self) -> str:
        return self.name + (f" ({self.summary})" if self.summary else "")


@dataclass(frozen=True, slots=True)
class Replay:
    """What the replay of a history came to, and which activities the code started meanwhile, in order."""

    recorded: Recorded
    failure: BaseException | None
    started: tuple[Started, ...]


def quiet_runtime() -> None:
    """Make the SDK's core write errors alone: its warnings go to standard output."""
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter="ERROR"))))


async def load_in_sandbox(kind: type) -> None:
    """Load a workflow as a worker does.

    Raises:
        RuntimeError: the sandbox refuses it; the reason is its cause.
    """

    async def none() -> AsyncIterator[WorkflowHistory]:
        nothing: tuple[WorkflowHistory, ...] = ()
        for history in nothing:
            yield history

    await Replayer(workflows=[kind], data_converter=pydantic_data_converter).replay_workflows(none())


async def replay(
    kinds: Sequence[type], histories: Iterable[Recorded], begin: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Replay]:
    """Replay histories one after the other, each by code that is loaded anew.

    Args:
        kinds: the workflows.
        histories: not encrypted, so that no key is needed.
        begin: told the name of each as it begins.
    """
    watch = _Watch()
    given = list(histories)

    async def feed() -> AsyncIterator[WorkflowHistory]:
        for recorded in given:
            watch.started.clear()
            begin(recorded.name)
            yield WorkflowHistory.from_json(recorded.workflow_id, recorded.text)

    replayer = Replayer(workflows=kinds, data_converter=pydantic_data_converter, interceptors=[watch])
    position = 0
    async with replayer.workflow_replay_iterator(feed()) as results:
        async for result in results:
            yield Replay(given[position], result.replay_failure, tuple(watch.started))
            position += 1


class _Watch(Interceptor):
    """Writes down the activities that the code starts: the SDK's words on a difference do not always say which."""

    def __init__(self) -> None:
        self.started: list[Started] = []

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002, ARG002 - the SDK's names
        started = self.started

        class Outbound(WorkflowOutboundInterceptor):
            def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:  # noqa: A002
                started.append(Started(str(input.activity), input.summary or ""))
                return super().start_activity(input)

            def start_local_activity(self, input: StartLocalActivityInput) -> ActivityHandle[Any]:  # noqa: A002
                started.append(Started(str(input.activity)))
                return super().start_local_activity(input)

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(Outbound(outbound))

        return Inbound
