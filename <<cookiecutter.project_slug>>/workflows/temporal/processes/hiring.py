"""The hiring process, as the rest of the system knows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from configuration.hiring import hiring_settings
from db.base import EntityRow
from db.repositories import candidates
from workflows.hiring_events import (
    CALENDAR,
    CALL_COMPLETED,
    DECISION,
    TWILIO,
    WITHDRAWAL,
    calendar_event,
    call_event,
    decision_event,
    withdrawal_event,
)
from workflows.hiring_inputs import CalendarIn, CallCompletedIn, CandidateIn, DecisionIn, WithdrawalIn
from workflows.temporal.hiring_contracts import (
    HIRING_PROCESS,
    CalendarEvent,
    CallEvent,
    Decision,
    Durations,
    HiringInput,
    Signal,
    Withdrawal,
)
from workflows.temporal.processes.kinds import Incoming, Process, Start
from workflows.temporal.resources import Resources


def _load() -> type:
    from workflows.temporal.hiring_process import HiringProcess

    return HiringProcess


def _make_input(candidate_id: str, search_attributes: bool) -> HiringInput:
    settings = hiring_settings()
    return HiringInput(
        entity_type="candidate",
        entity_id=candidate_id,
        search_attributes=search_attributes,
        durations=Durations(**{name: getattr(settings, f"hiring_{name}") for name in Durations.model_fields}),
        call_attempts=settings.hiring_call_attempts,
    )


def _activities(resources: Resources) -> list[Callable[..., Any]]:
    from workflows.temporal.activities.hiring import HiringActivities

    return HiringActivities(resources).all()


def _make_row(given: CandidateIn) -> EntityRow:
    return candidates.make(**given.model_dump())


PROCESS = Process(
    name="hiring",
    entity="candidate",
    workflow=HIRING_PROCESS,
    load=_load,
    make_input=_make_input,
    activities=_activities,
    start=Start("cv-submission", CandidateIn, _make_row),
    incoming=(
        Incoming(
            CALENDAR,
            CalendarIn,
            lambda _, key, body, given, by: calendar_event(key, body, given),  # noqa: ARG005
            Signal.CALENDAR,
            CalendarEvent,
            id_field="candidate_id",
        ),
        Incoming(
            CALL_COMPLETED,
            CallCompletedIn,
            lambda _, key, body, given, by: call_event(CALL_COMPLETED, key, body, given),  # noqa: ARG005
            Signal.CALL,
            CallEvent,
            id_field="candidate_id",
        ),
        Incoming(
            TWILIO,
            CallCompletedIn,
            lambda _, key, body, given, by: call_event(TWILIO, key, body, given),  # noqa: ARG005
            Signal.CALL,
            CallEvent,
            id_field="candidate_id",
            by_hand=False,
        ),
        Incoming(DECISION, DecisionIn, decision_event, Signal.DECISION, Decision),
        Incoming(WITHDRAWAL, WithdrawalIn, withdrawal_event, Signal.WITHDRAWAL, Withdrawal),
    ),
)
