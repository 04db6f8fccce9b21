"""What the Temporal server must know beforehand: a search attribute, and the schedule of the outbox sweep."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import NamedTuple

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from settings import Settings
from workflows.temporal.contracts import OUTBOX_SWEEP, STAGE_ATTRIBUTE, SweepInput

SWEEP_ID = "outbox-sweep"
SWEEP_EVERY = timedelta(minutes=5)
# A sweep does all that an earlier one left, so after an outage one is enough.
_CATCHUP = timedelta(minutes=10)
_UPDATE_TRIES = 5

_KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
# The server does not know the call (the test server), or does not allow it (Temporal Cloud).
_LACKING = (RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED)


class Prepared(NamedTuple):
    """One thing that was prepared, or that the server lacks, in one plain sentence."""

    done: bool
    words: str


async def prepare(client: Client, settings: Settings) -> list[Prepared]:
    """Prepare the client's namespace; safe to repeat, and by many at once.

    What the server cannot do or does not allow is told, and the rest is done.

    Raises:
        RPCError: the server is away, or has no such namespace.
    """
    return [await _prepare_attribute(client), await _prepare_schedule(client, settings)]


async def has_search_attributes(client: Client) -> bool:
    """Return whether the server has our search attribute; False, too, where it does not let us ask.

    A new attribute may take a few seconds until every part of the server knows it.
    """
    try:
        return await _kind_of_attribute(client) == _KEYWORD
    except RPCError as error:
        if error.status in _LACKING:
            return False
        raise


async def _kind_of_attribute(client: Client) -> int | None:
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return listed.custom_attributes.get(STAGE_ATTRIBUTE)


async def _prepare_attribute(client: Client) -> Prepared:
    there = f"The search attribute {STAGE_ATTRIBUTE} is there."
    try:
        kind = await _kind_of_attribute(client)
        if kind is not None:
            wrong = f"There is a search attribute {STAGE_ATTRIBUTE} already, and it is no keyword: ours is left out."
            return Prepared(done=True, words=there) if kind == _KEYWORD else Prepared(done=False, words=wrong)
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes={STAGE_ATTRIBUTE: _KEYWORD})
        )
    except RPCError as error:
        if error.status == RPCStatusCode.ALREADY_EXISTS:
            return Prepared(done=True, words=there)
        if error.status not in _LACKING:
            raise
        return Prepared(
            done=False,
            words=f"This server does not let us add search attributes ({error.status.name}). Add {STAGE_ATTRIBUTE}, a "
            "keyword, by its own means; processes run without it, but cannot be searched by stage.",
        )
    return Prepared(done=True, words=f"The search attribute {STAGE_ATTRIBUTE} was added.")


async def _prepare_schedule(client: Client, settings: Settings) -> Prepared:
    every = f"every {SWEEP_EVERY.total_seconds() / 60:g} minutes, on the task queue {settings.temporal_task_queue}"
    try:
        created = await _create_or_update(client, sweep_schedule(settings))
    except RPCError as error:
        if error.status not in _LACKING:
            raise
        return Prepared(
            done=False,
            words=f"This server does not let us make schedules ({error.status.name}): nothing sweeps the outbox.",
        )
    return Prepared(done=True, words=f"The schedule {SWEEP_ID} {'was made' if created else 'is there'}: {every}.")


def sweep_schedule(settings: Settings) -> Schedule:
    """Return the schedule of the outbox sweep."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            OUTBOX_SWEEP, SweepInput(), id=SWEEP_ID, task_queue=settings.temporal_task_queue
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=SWEEP_EVERY)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_CATCHUP),
    )


async def _create_or_update(client: Client, wanted: Schedule) -> bool:
    """Return whether the schedule was made; one that is there gets our definition, and stays paused if it was."""
    try:
        await client.create_schedule(SWEEP_ID, wanted)
    except ScheduleAlreadyRunningError:
        pass
    else:
        return True

    def updated(given: ScheduleUpdateInput) -> ScheduleUpdate:
        wanted.state = given.description.schedule.state
        return ScheduleUpdate(schedule=wanted)

    for left in reversed(range(_UPDATE_TRIES)):
        try:
            await client.get_schedule_handle(SWEEP_ID).update(updated)
        except RPCError as error:
            # Another one updates it at this moment.
            if not left or error.status not in (RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.ABORTED):
                raise
            await asyncio.sleep(0.2)
        else:
            break
    return False
