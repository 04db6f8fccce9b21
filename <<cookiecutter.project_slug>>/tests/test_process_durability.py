"""The promise of processes, with everything real: whatever is killed, all end as they should, each effect once."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.tests.hiring import RECRUITER
from api.tests.people import Person, Plan, Telephones, apply, live, schedule
from api.tests.whole import Whole, whole_system
from db import testing
from db.entities.candidate import CANDIDATE_FINAL, Candidate
from db.models import Effect, TimelineEvent
from db.session import Database
from tools.email.testing import Fault as SmtpFault
from tools.telephony.testing import ENDED
from tools.telephony.testing import Fault as TwilioFault
from workflows.temporal.hiring_contracts import Stage
from workflows.temporal.tests.fetched import history_of, leaks, task_failures
from workflows.temporal.tests.servers import needs_server

pytestmark = [pytest.mark.anyio, pytest.mark.server, needs_server]

MIX: dict[Plan, int] = {
    "completed": 14,
    "rejected": 7,
    "not_qualified": 7,
    "no_show": 8,
    "withdrawn": 7,
    "expired": 7,
}
# The waits of days, shortened; those that nobody should come to the end of are long.
HURRIED = {
    "HIRING_SCHEDULE_REMINDER": "PT8S",
    "HIRING_SCHEDULE_LIMIT": "PT40S",
    "HIRING_CALL_LIMIT": "PT10M",
    "HIRING_CALL_RETRY": "PT3S",
    "HIRING_CALL_ATTEMPTS": "2",
    "HIRING_TRANSCRIPT_LIMIT": "PT10M",
    "HIRING_DECISION_ESCALATION": "PT5S",
    "HIRING_DECISION_LIMIT": "PT30M",
    "RECRUITER_EMAIL": RECRUITER,
}
# An attempt of an activity that died with its worker is given up after a minute, so the last kill costs as much.
LIMIT_SECONDS = 300.0
_DATES = r"( awaiting_schedule)?( awaiting_call_time)+"
WAYS: dict[Plan, str] = {
    "completed": rf"analysing{_DATES} calling summarising awaiting_decision completed",
    "rejected": rf"analysing{_DATES} calling summarising awaiting_decision rejected",
    "not_qualified": r"analysing rejected",
    "no_show": rf"analysing{_DATES} calling awaiting_retry calling no_show",
    "withdrawn": r"(analysing( awaiting_schedule)?( awaiting_call_time)? )?withdrawn",
    "expired": r"analysing awaiting_schedule expired",
}
# How many mails of a kind, how many at most.
MAILS: dict[Plan, dict[str, tuple[int, int]]] = {
    "completed": {"scheduling": (1, 1), "invitation": (1, 2), "scheduling_reminder": (0, 1)},
    "rejected": {"scheduling": (1, 1), "invitation": (1, 2), "scheduling_reminder": (0, 1), "rejection": (1, 1)},
    "not_qualified": {"rejection": (1, 1)},
    "no_show": {"scheduling": (1, 1), "invitation": (1, 1), "scheduling_reminder": (0, 1)},
    "withdrawn": {
        "scheduling": (0, 1),
        "invitation": (0, 1),
        "scheduling_reminder": (0, 1),
        "withdrawal": (1, 1),
    },
    "expired": {"scheduling": (1, 1), "scheduling_reminder": (1, 1)},
}
CALLS: dict[Plan, int] = {"completed": 1, "rejected": 1, "no_show": 2}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=testing.kinds())
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    async with testing.migrated_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(testing.settings_for(url))
    yield database
    await database.dispose()


async def statuses(database: Database) -> dict[str, str]:
    async with database.session(read_only=True) as session:
        return {str(row.id): row.status for row in (await session.execute(select(Candidate.id, Candidate.status)))}


async def in_flight(database: Database) -> int:
    return sum(status not in CANDIDATE_FINAL for status in (await statuses(database)).values())


async def timelines(database: Database) -> dict[str, list[TimelineEvent]]:
    found: dict[str, list[TimelineEvent]] = {}
    async with database.session(read_only=True) as session:
        for event in await session.scalars(select(TimelineEvent).order_by(TimelineEvent.at, TimelineEvent.id)):
            found.setdefault(str(event.entity_id), []).append(event)
    return found


async def all_end(database: Database, people: list[Person], seconds: float = LIMIT_SECONDS) -> None:
    """Wait until all have ended; after `seconds` say who has not, and where they are."""
    deadline = time.monotonic() + seconds
    while True:
        now = await statuses(database)
        left = [person for person in people if now.get(person.id) not in CANDIDATE_FINAL]
        if not left:
            return
        if time.monotonic() > deadline:
            told = await timelines(database)
            where = [f"{one.plan} {one.id}: {[event.event for event in told.get(one.id, [])]}" for one in left]
            pytest.fail(f"{len(left)} processes have not ended within {seconds:g} s:\n" + "\n".join(where))
        await asyncio.sleep(0.2)


async def together(whole: Whole, people: list[Person], *others: Coroutine[Any, Any, Any], hang_up: bool = True) -> None:
    """Let all live, and others do what they do; whatever fails there fails here."""
    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group:
        phones = group.create_task(Telephones(whole, people, hang_up=hang_up).run())
        work = [group.create_task(other) for other in others]
        await asyncio.wait(work)
        phones.cancel()


async def when(condition: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"Waited {seconds:g} s for {what}."
        await asyncio.sleep(0.01)


async def histories_are_clean(whole: Whole, people: list[Person]) -> int:
    """Assert that no workflow task failed, and that nobody's own words are in a history; return the events' number."""
    client = await whole.temporal.client()
    number = 0
    for person in people:
        history = await history_of(client, f"hiring-{person.id}")
        number += len(history.events)
        assert task_failures(history) == [], f"{person.plan} {person.id}"
        assert leaks(history, [*person.private, "people.example.com"]) == [], f"{person.plan} {person.id}"
        # The search itself finds what is there.
        assert leaks(history, [person.id, "HiringProcess"]) == [person.id, "HiringProcess"]
    return number


@pytest.mark.slow
async def test_killed_in_turn_all_processes_end_as_they_should_with_each_effect_once(
    url: str, database: Database, tmp_path: Path
) -> None:
    plans = [plan for plan, number in MIX.items() for _ in range(number)]
    random.shuffle(plans)
    people = [Person(number, plan) for number, plan in enumerate(plans)]
    flying: list[int] = []
    began = time.monotonic()

    async with whole_system(url, tmp_path, **HURRIED) as whole:

        async def arrives(person: Person) -> None:
            await asyncio.sleep(random.uniform(0, 6))
            await live(whole, person)

        async def havoc() -> None:
            await when(lambda: sum(bool(person.id) for person in people) >= 30, "30 applications")
            for mails, kill in ((8, whole.kill_worker), (16, whole.kill_api), (24, whole.kill_temporal)):
                await when(lambda mails=mails: len(whole.smtp.mails) >= mails, f"{mails} mails")  # type: ignore[misc]
                flying.append(await in_flight(database))
                await kill()

        await together(
            whole, people, *(arrives(person) for person in people), havoc(), all_arrived_end(database, people)
        )
        seconds = time.monotonic() - began
        events = await histories_are_clean(whole, people)
        # Time for a second copy, were there one.
        await asyncio.sleep(1)

    now, told = await statuses(database), await timelines(database)
    assert {person.id: now[person.id] for person in people} == {person.id: person.status for person in people}
    assert len(now) == len(people)
    assert min(flying) >= 20, f"too few were in flight when something was killed: {flying}"
    stages = {stage.value for stage in Stage}
    for person in people:
        way = " ".join(event.event for event in told[person.id] if event.event in stages)
        assert re.fullmatch(WAYS[person.plan], way), f"{person.plan} {person.id}: {way}"
    repeats = await effects_are_once(database, whole, people, told)
    print(
        f"\n{database.settings.database_url.partition(':')[0]}: {len(people)} processes in {seconds:.0f} s, "
        f"kills {whole.kills} with {flying} in flight, {len(whole.smtp.mails)} mails, {len(whole.twilio.calls)} calls, "
        f"{len(whole.slack.messages)} notices, {whole.sender.repeats} webhooks sent again, "
        f"{repeats} effects uncertain or repeated, {events} events in histories"
    )


async def all_arrived_end(database: Database, people: list[Person]) -> None:
    await when(lambda: all(person.id for person in people), "every application to be acknowledged")
    await all_end(database, people)


async def effects_are_once(
    database: Database, whole: Whole, people: list[Person], told: dict[str, list[TimelineEvent]]
) -> dict[str, int]:
    """Assert that each effect happened once; a mail or notice twice only where the timeline owns up to it."""
    async with database.session(read_only=True) as session:
        effects = list(await session.scalars(select(Effect)))
    mails = Counter(mail.message_id.partition("@")[0] for mail in whole.smtp.mails)
    notices = Counter(str(message["text"]) for message in whole.slack.messages)
    repeats: Counter[str] = Counter()
    assert sum(effect.kind == "slack" for effect in effects) == len(notices)
    for person in people:
        own = [effect for effect in effects if effect.entity_id == uuid.UUID(person.id)]
        events = Counter(event.event for event in told[person.id])
        # A withdrawal does not wait for what is on its way: whether that happened may stay unknown.
        open_keys = [effect.key for effect in own if effect.status != "done"]
        assert len(open_keys) <= (person.plan == "withdrawn"), open_keys

        kinds: Counter[str] = Counter()
        uncertain = Counter(
            (event.detail or {})["mail"] for event in told[person.id] if event.event == "mail_uncertain"
        )
        for effect in (effect for effect in own if effect.kind == "mail"):
            template = effect.key.split(":")[2]
            kinds[template] += effect.status == "done"
            copies = mails.pop(hashlib.sha256(effect.key.encode()).hexdigest()[:32], 0)
            assert copies or effect.status != "done", f"{effect.key} was never sent"
            assert copies <= 1 or uncertain[template], f"{effect.key} came {copies} times, and the timeline is silent"
            repeats["mails twice"] += copies > 1
        repeats["mail_uncertain"] += uncertain.total()
        assert events["mail_sent"] == kinds.total()
        least_and_most = MAILS[person.plan]
        assert set(kinds) <= set(least_and_most), f"{person.plan}: {kinds}"
        for template, (least, most) in least_and_most.items():
            assert least <= kinds[template] <= most, f"{person.plan}: {template} {kinds[template]} times"

        placed = {sid for sid, call in whole.twilio.calls.items() if call.to == person.phone}
        recorded = [(effect.detail or {})["call_sid"] for effect in own if effect.kind == "call"]
        assert len(recorded) == len(set(recorded)) == CALLS.get(person.plan, 0)
        assert placed == set(recorded), "a call that nobody knows of was placed, and billed"
        assert events["call_placed"] == len(recorded)
        repeats["calls found again"] += sum(
            bool((event.detail or {}).get("found_again")) for event in told[person.id] if event.event == "call_placed"
        )

        unsure = events["slack_uncertain"]
        repeats["slack_uncertain"] += unsure
        own_notices = {text: number for text, number in notices.items() if person.id in text}
        assert events["slack_sent"] == sum(effect.kind == "slack" and effect.status == "done" for effect in own)
        assert sum(own_notices.values()) <= len(own_notices) + unsure, own_notices
        assert (f"A candidate withdrew: {whole.api.base}/candidates/{person.id}" in own_notices) == (
            person.plan == "withdrawn"
        )
    assert not mails, f"mails that no process knows of: {mails}"
    return {name: number for name, number in repeats.items() if number}


STORM: dict[Plan, int] = {"completed": 22, "not_qualified": 4, "expired": 4}


async def test_a_storm_of_withdrawals_leaves_nothing_open(url: str, database: Database, tmp_path: Path) -> None:
    """Withdrawals at any moment, also while a mail or a call is on its way; calls go on until somebody ends them."""
    people = [Person(number, plan) for number, plan in enumerate(p for p, many in STORM.items() for _ in range(many))]
    answers: dict[str, int] = {}
    began = time.monotonic()
    waits = {**HURRIED, "HIRING_SCHEDULE_REMINDER": "PT2S", "HIRING_SCHEDULE_LIMIT": "PT6S"}

    async with whole_system(url, tmp_path, **waits) as whole:
        # Slow services, so that there is always something on its way.
        whole.smtp.fail("DATA", SmtpFault(delay_seconds=1, done=True), times=40)
        whole.twilio.fail(TwilioFault(delay_seconds=1, done=True, method="POST"), times=8)

        async def withdraws(person: Person) -> None:
            await asyncio.sleep(random.uniform(0, 3))
            await apply(whole, person)
            if person.plan == "completed":
                await schedule(whole, person, "scheduled", datetime.now(UTC) + timedelta(seconds=random.uniform(0, 3)))
                if person.number % 2:
                    calls = whole.twilio.calls
                    await when(lambda: any(call.to == person.phone for call in calls.values()), "a call")
            if person.plan == "not_qualified" and person.number % 2:
                await all_end(database, [person])
            await asyncio.sleep(random.choice((0.0, random.uniform(0, 6))))
            path = f"/candidates/{person.id}/withdrawal"
            answers[person.id] = await whole.sender.person(path, {"note": f"because{person.number}x"}, "enough")

        storm = (withdraws(person) for person in people)
        await together(whole, people, *storm, all_arrived_end(database, people), hang_up=False)
        seconds = time.monotonic() - began
        events = await histories_are_clean(whole, people)
        open_calls = [call for call in whole.twilio.calls.values() if call.status not in ENDED]
        number_of_calls = len(whole.twilio.calls)

    assert open_calls == []
    now = await statuses(database)
    for person in people:
        late = {"not_qualified": "rejected", "expired": "expired"}.get(person.plan, "withdrawn")
        allowed = {"withdrawn", late} if answers[person.id] == 202 else {late}
        assert now[person.id] in allowed, f"{person.plan} was answered {answers[person.id]}, and is {now[person.id]}"
    print(
        f"\n{database.settings.database_url.partition(':')[0]}: {len(people)} withdrawals in {seconds:.0f} s, "
        f"{dict(Counter(now.values()))}, {number_of_calls} calls, {events} events in histories"
    )
