"""`python -m workflows.temporal send`: tells a hiring process by hand what a webhook or a person would."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import get_args

from db.repositories import events
from db.repositories.events import CandidateEvent, Write
from db.repositories.intake import hiring_target
from db.types import new_id
from settings import Settings
from workflows import events as incoming
from workflows.inputs import CalendarIn, CallCompletedIn, CallStatus, DecisionIn, WithdrawalIn
from workflows.temporal import by_hand
from workflows.temporal.start_command import read_text

_NAMES = {
    "candidate_id": "CANDIDATE_ID",
    "call_time": "--at",
    "call_sid": "CALL_SID",
    "transcript": "--transcript",
    "note": "--note",
}


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m workflows.temporal send",
        description="Store an event of a candidate and signal it. With Temporal away it is signalled later.",
    )
    kinds = parser.add_subparsers(dest="event", required=True, metavar="EVENT")

    def add(event: str, words: str) -> argparse.ArgumentParser:
        one = kinds.add_parser(event, help=words, description=words)
        by_hand.add_key(one)
        one.add_argument("candidate_id", metavar="CANDIDATE_ID")
        return one

    calendar = add("calendar", "a call was scheduled, rescheduled or cancelled")
    calendar.add_argument("type", choices=("scheduled", "rescheduled", "cancelled"))
    calendar.add_argument("--at", metavar="TIME", help="when, with its offset: 2030-05-06T14:30:00+02:00")
    call = add("call", "how a call is or ended")
    call.add_argument("call_sid", metavar="CALL_SID", help="the telephony provider's id of the call")
    call.add_argument("status", choices=get_args(CallStatus))
    call.add_argument("--transcript", metavar="FILE", help="what was said, as plain text in UTF-8; -: standard input")
    decision = add("decision", "a person has decided")
    decision.add_argument("decision", choices=("approve", "reject"))
    for one in (decision, add("withdrawal", "the candidate does not want to go on")):
        one.add_argument("--note", help="why; it is shown in the timeline")
    return parser


def main(argv: Sequence[str]) -> int:
    """Send an event; 0 stored, 1 not stored, 2 wrong usage or settings."""
    arguments = make_parser().parse_args(argv)
    return by_hand.run(f"send {arguments.event}", lambda settings: _send(settings, arguments))


async def _send(settings: Settings, arguments: argparse.Namespace) -> int:
    event, write = event_of(arguments)
    async with by_hand.opened(settings) as database:
        async with database.session() as session:
            accepted = await events.take(session, event, by_hand.address(settings, event.candidate_id), write)
        if not accepted.fresh:
            print("It was taken before, under this --id.")
        if not event.signal:
            print("Stored. The process is told how the call ends.")
            return 0
        print(await by_hand.deliver_now(database, settings, hiring_target(event.candidate_id)))
    return 0


def event_of(arguments: argparse.Namespace) -> tuple[CandidateEvent, Write | None]:
    """Return what is to be stored.

    Raises:
        WrongInputError: an argument is wrong.
    """
    key = arguments.id or str(new_id())
    person = {"candidate_id": arguments.candidate_id}
    if arguments.event == "calendar":
        values = {**person, "type": arguments.type, "call_time": arguments.at}
        calendar, body = by_hand.checked(CalendarIn, values, _NAMES)
        return incoming.calendar_event(key, body, calendar), None
    if arguments.event == "call":
        transcript = read_text("--transcript", arguments.transcript) if arguments.transcript else None
        values = {**person, "call_sid": arguments.call_sid, "status": arguments.status, "transcript": transcript}
        call, body = by_hand.checked(CallCompletedIn, values, _NAMES)
        return incoming.call_event(incoming.CALL_COMPLETED, key, body, call)
    # Of a person's word the candidate is not in the body: that is checked by itself.
    whom, _ = by_hand.checked(by_hand.Whom, person, _NAMES)
    if arguments.event == "decision":
        decision, body = by_hand.checked(DecisionIn, {"decision": arguments.decision, "note": arguments.note}, _NAMES)
        return incoming.decision_event(whom.candidate_id, key, body, decision, by_hand.SOURCE), None
    withdrawal, body = by_hand.checked(WithdrawalIn, {"note": arguments.note}, _NAMES)
    return incoming.withdrawal_event(whom.candidate_id, key, body, withdrawal, by_hand.SOURCE), None
