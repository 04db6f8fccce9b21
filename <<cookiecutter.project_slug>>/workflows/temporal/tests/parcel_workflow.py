"""A process of the tests' own, about a parcel: small, and with everything that a process has."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from temporalio import workflow

from workflows.temporal.base import EntityProcess

with workflow.unsafe.imports_passed_through():
    from workflows.temporal.contracts import STATUS_QUERY, Contract, ProcessInput, ProcessStatus

PARCEL_PROCESS = "ParcelProcess"
SORTING, WAY = "sorting", "on_its_way"
LATE_AFTER, LOST_AFTER = timedelta(days=3), timedelta(days=7)


class ParcelInput(ProcessInput):
    """What it starts with."""

    wanted: int = 1


class Scan(Contract):
    """The parcel was seen somewhere."""

    event_id: str
    place: str


class Recall(Contract):
    """The sender wants it back."""

    event_id: str


class ParcelStatus(ProcessStatus):
    """The answer of the status query."""

    lane: int | None = None
    places: tuple[str, ...] = ()


class ParcelResult(Contract):
    """How it ended."""

    status: Literal["arrived", "lost", "returned", "failed"]
    reason: str = ""


@workflow.defn(name=PARCEL_PROCESS)
class ParcelProcess(EntityProcess[ParcelResult]):
    """Sorted, then seen as often as is wanted."""

    name = "parcel"
    first_stage = SORTING
    cancelled = "returned"

    @workflow.init
    def __init__(self, given: ParcelInput) -> None:
        super().__init__(given)
        self._given = given
        self._lane: int | None = None
        self._places: list[str] = []

    @workflow.run
    async def run(self, given: ParcelInput) -> ParcelResult:  # noqa: ARG002 - __init__ has it
        """Go through the process to one of its ends."""
        return await self._until_the_end()

    @workflow.signal
    def scan(self, event: Scan) -> None:
        """Take where it was seen."""
        if self._is_new(event.event_id):
            self._places.append(event.place)

    @workflow.signal
    def recall(self, event: Recall) -> None:
        """End the process."""
        self._stop(event.event_id, "recalled")

    @workflow.query(name=STATUS_QUERY)
    def status(self) -> ParcelStatus:
        """Say where it is."""
        return ParcelStatus(
            stage=self._stage,
            final=self._final,
            waiting_until=self._waiting_until,
            lane=self._lane,
            places=tuple(self._places),
        )

    async def _go(self) -> ParcelResult:
        await self._enter(SORTING, in_progress=True)
        self._lane = (await self._run_raw("sort", {"id": self._given.entity_id}, keep=["lane"]))["lane"]
        since = workflow.now()
        await self._enter(WAY)
        if not await self._until(self._has_arrived, since + LATE_AFTER):
            await self._notify("late", "A parcel is late")
        if await self._until(self._has_arrived, since + LOST_AFTER):
            return await self._end("arrived", "seen")
        return await self._end("lost", "not_seen")

    def _has_arrived(self) -> bool:
        return len(self._places) >= self._given.wanted

    async def _clean_up(self) -> None:
        await self._notify("returned", "A parcel goes back")

    def _result(self, status: str, reason: str) -> ParcelResult:
        return ParcelResult.model_validate({"status": status, "reason": reason})
