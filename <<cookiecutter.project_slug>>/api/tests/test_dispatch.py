from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.settings import ApiSettings
from api.tests.conftest import settings_of
from api.tests.errands import begin, tell
from api.tests.support import Client, Running, is_problem, running, until
from db.delivery import UndeliverableError
from db.repositories.outbox import OutboxLease

pytestmark = pytest.mark.anyio


class Recording:
    """A target that keeps what it is given, and refuses as a test says."""

    def __init__(self) -> None:
        self.delivered: list[OutboxLease] = []
        self.tries: list[OutboxLease] = []
        self.down = False
        self.poison: str | None = None
        self.never: str | None = None
        self.seconds = 0.0

    async def deliver(self, entry: OutboxLease) -> None:
        self.tries.append(entry)
        await asyncio.sleep(self.seconds)
        if self.down or entry.payload.get("word") == self.poison is not None:
            raise ConnectionError("the target is away")
        if entry.payload.get("word") == self.never is not None:
            raise UndeliverableError("it knows no such word")
        self.delivered.append(entry)

    def words(self) -> list[str]:
        return [entry.payload.get("word", entry.kind) for entry in self.delivered]


async def entries(api: Running, status: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.client.get("/outbox", status=status)).json()["items"]
    return items


async def all_delivered(api: Running, number: int) -> None:
    async with asyncio.timeout(60):
        while len(await entries(api, "delivered")) < number:
            await asyncio.sleep(0.02)


async def test_entries_go_out_at_once_and_in_order(settings: ApiSettings) -> None:
    target = Recording()
    async with running(settings_of(settings.database_url, poll_seconds=600), target=target) as api:
        submission_id = await begin(api)
        await tell(api, submission_id, "first", "second", "last")
        await all_delivered(api, 4)
        assert target.words() == ["start", "first", "second", "last"]
        assert [entry.attempt for entry in target.delivered] == [1] * 4
        timeline = (await api.client.get(f"/submissions/{submission_id}")).json()["timeline"]
    assert [item["event"] for item in timeline].count("delivered") == 4


async def test_while_the_target_is_away_entries_are_tried_again_in_order(settings: ApiSettings) -> None:
    target = Recording()
    target.down = True
    async with running(settings, target=target) as api:
        submission_id = await begin(api)
        await tell(api, submission_id, "first", "last")
        await until(lambda: len(target.tries) >= 3)
        assert {entry.kind for entry in target.tries} == {"start"}
        target.down = False
        await all_delivered(api, 3)
    assert target.words() == ["start", "first", "last"]


async def test_poison_is_parked_visible_and_holds_up_its_target_only(settings: ApiSettings) -> None:
    target = Recording()
    target.poison = "first"
    async with running(settings_of(settings.database_url, outbox_max_attempts=3), target=target) as api:
        poisoned, healthy = await begin(api), await begin(api)
        await tell(api, poisoned, "first", "last")
        await tell(api, healthy, "second")
        await all_delivered(api, 3)
        await until(lambda: sum(entry.payload.get("word") == "first" for entry in target.tries) == 3)
        async with asyncio.timeout(60):
            while not (parked := await entries(api, "parked")):
                await asyncio.sleep(0.02)
        assert len(parked) == 1
        assert (parked[0]["attempts"], parked[0]["next_attempt_at"]) == (3, None)
        assert "ConnectionError: the target is away" in parked[0]["last_error"]
        assert "last" not in target.words()
        metrics = (await api.client.http.get("/metrics")).text
        assert 'outbox_entries{status="parked"} 1.0' in metrics
        assert 'outbox_entries{status="pending"} 1.0' in metrics

        target.poison = None
        answer = await api.client.post(f"/outbox/{parked[0]['id']}/retry", None)
        assert answer.status_code == 200, answer.text
        assert answer.json()["attempts"] == 0
        await all_delivered(api, 5)
        timeline = (await api.client.get(f"/submissions/{poisoned}")).json()["timeline"]
        assert {"parked", "requeued"} <= {item["event"] for item in timeline}
        is_problem(await api.client.post(f"/outbox/{parked[0]['id']}/retry", None), 409)
    assert [word for word in target.words() if word != "second"] == ["start", "start", "first", "last"]


async def test_what_can_never_be_taken_is_parked_at_once(settings: ApiSettings) -> None:
    target = Recording()
    target.never = "first"
    async with running(settings, target=target) as api:
        await tell(api, await begin(api), "first")
        async with asyncio.timeout(60):
            while not (parked := await entries(api, "parked")):
                await asyncio.sleep(0.02)
    assert (parked[0]["attempts"], parked[0]["last_error"]) == (1, "UndeliverableError: it knows no such word")


async def test_a_delivery_that_hangs_is_ended_and_tried_again(settings: ApiSettings) -> None:
    target = Recording()
    target.seconds = 30
    async with running(settings_of(settings.database_url, lease_seconds=1), target=target) as api:
        await begin(api)
        await until(lambda: len(target.tries) == 1)
        target.seconds = 0
        await all_delivered(api, 1)
    assert len(target.tries) == 2


async def test_two_dispatchers_deliver_each_entry_once(settings: ApiSettings) -> None:
    target = Recording()
    target.seconds = 0.002
    async with running(settings, target=target) as one, running(settings, target=target) as two:
        for number in range(10):
            await begin((one, two)[number % 2])
        await all_delivered(one, 10)
    assert len({entry.target for entry in target.delivered}) == len(target.delivered) == 10


async def test_without_a_target_entries_wait_and_readyz_says_so(api: Running) -> None:
    await begin(api)
    answer = await api.client.http.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["parts"]["outbox"] == "no target is configured: entries wait (1 pending, 0 parked)"
    assert len(await entries(api, "pending")) == 1


async def test_an_unknown_entry_is_not_found(client: Client) -> None:
    is_problem(await client.post("/outbox/0190163d-8694-739b-aea5-966c26f8ad91/retry", None), 404)
