from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.settings import ApiSettings
from api.tests.conftest import settings_of
from api.tests.support import FORM, Running, in_process_runner, running, until
from db.entities.submission import Submission
from db.repositories import submissions
from db.types import utc_now
from raw_runtime.result import RunResult

pytestmark = pytest.mark.anyio


def result(code: int = 0, value: Any = None, message: str = "") -> RunResult:
    status = "success" if code == 0 else "error"
    return RunResult("analyze", "run", "", status, code, message, value)


class Scripted:
    """A runner that does what a test says, run by run; the last word holds for all further runs."""

    def __init__(self, *script: RunResult | Exception, seconds: float = 0.0) -> None:
        self.script = list(script)
        self.seconds = seconds
        self.started: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.go = asyncio.Event()
        self.go.set()

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:  # noqa: ARG002
        self.started.append(params["id"])
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.go.wait()
            await asyncio.sleep(self.seconds)
        finally:
            self.at_once -= 1
        word = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(word, Exception):
            raise word
        return word

    async def aclose(self) -> None:
        pass


async def submit(api: Running, number: int = 1) -> list[str]:
    answers = [await api.client.send("/webhooks/submit", FORM) for _ in range(number)]
    return [answer.json()["url"] for answer in answers]


def events(document: dict[str, Any]) -> list[str]:
    return [item["event"] for item in document["timeline"]]


async def test_a_webhook_wakes_the_coordinator(settings: ApiSettings) -> None:
    """With ten minutes between two looks, a submission still runs at once."""
    async with running(settings_of(settings.database_url, poll_seconds=600)) as api:
        [url] = await submit(api)
        assert (await api.client.ended(url))["status"] == "complete"


async def test_what_another_process_stored_is_found_by_looking(settings: ApiSettings) -> None:
    async with (
        running(settings_of(settings.database_url, submission_concurrency=0)) as taker,
        running(settings) as runner,
    ):
        [url] = await submit(taker)
        assert (await runner.client.ended(url))["status"] == "complete"


async def test_no_more_run_at_a_time_than_may(settings: ApiSettings) -> None:
    scripted = Scripted(result(value={}), seconds=0.01)
    async with running(settings_of(settings.database_url, submission_concurrency=3), runner=scripted) as api:
        for url in await submit(api, 12):
            await api.client.ended(url)
    assert scripted.most_at_once <= 3
    assert len(scripted.started) == len(set(scripted.started)) == 12


async def test_two_applications_never_run_one_submission_both(settings: ApiSettings) -> None:
    one, two = Scripted(result(value={}), seconds=0.005), Scripted(result(value={}), seconds=0.005)
    async with running(settings, runner=one) as first, running(settings, runner=two) as second:
        urls = await submit(first, 15) + await submit(second, 15)
        for url in urls:
            assert (await first.client.ended(url))["attempts"] == 1
    assert len(one.started) + len(two.started) == 30
    assert not set(one.started) & set(two.started)


async def test_a_failed_run_is_tried_again(settings: ApiSettings) -> None:
    scripted = Scripted(result(1, message="No luck"), ConnectionError("secret of ann"), result(value={"category": "x"}))
    async with running(settings, runner=scripted) as api:
        [url] = await submit(api)
        document = await api.client.ended(url)
    assert (document["status"], document["attempts"], document["error"]) == ("complete", 3, None)
    assert events(document) == ["received", "started", "retry", "started", "retry", "started", "complete"]


async def test_after_so_many_runs_it_is_failed_with_the_reason(settings: ApiSettings) -> None:
    scripted = Scripted(result(124, message="Timed out"))
    async with running(settings_of(settings.database_url, submission_max_attempts=2), runner=scripted) as api:
        [url] = await submit(api)
        document = await api.client.ended(url)
    assert (document["status"], document["attempts"]) == ("failed", 2)
    assert document["error"] == "Timed out (exit code 124)"
    assert events(document)[-1] == "failed"


async def test_wrong_params_are_not_tried_again(settings: ApiSettings) -> None:
    async with running(settings, runner=Scripted(result(2, message="--text (text): too long"))) as api:
        [url] = await submit(api)
        document = await api.client.ended(url)
    assert (document["status"], document["attempts"]) == ("failed", 1)


async def test_a_result_that_is_no_object_is_wrapped(settings: ApiSettings) -> None:
    async with running(settings, runner=Scripted(result(value=[1, "a\x00\ud800", float("nan")]))) as api:
        [url] = await submit(api)
        document = await api.client.ended(url)
    assert document["result"] == {"value": [1, "a\ufffd\ufffd", None]}


async def test_at_the_end_leases_are_given_back(settings: ApiSettings) -> None:
    slow = Scripted(result(value={}))
    slow.go.clear()
    ending = settings_of(settings.database_url, shutdown_seconds=0, submission_concurrency=2)
    async with running(ending, runner=slow) as api:
        urls = await submit(api, 5)
        await until(lambda: len(slow.started) == 2)
    async with running(settings) as api:
        for url in urls:
            document = await api.client.ended(url)
            assert (document["status"], document["attempts"]) == ("complete", 1)
            assert events(document)[-2:] == ["started", "complete"]


async def test_what_runs_may_end_within_the_grace(settings: ApiSettings) -> None:
    slow = Scripted(result(value={"done": True}), seconds=0.2)
    async with running(settings_of(settings.database_url, shutdown_seconds=5), runner=slow) as api:
        [url] = await submit(api)
        await until(lambda: slow.at_once == 1)
    async with running(settings, runner=Scripted(result(1))) as api:
        document = (await api.client.get(url)).json()
    assert document["result"] == {"done": True}


async def test_a_lease_that_ran_out_is_taken_over_and_the_late_result_is_lost(settings: ApiSettings) -> None:
    late = Scripted(result(value={"by": "late"}))
    late.go.clear()
    async with running(settings, runner=late) as first:
        [url] = await submit(first)
        await until(lambda: late.at_once == 1)
        # As if the first process had stopped for longer than its lease.
        async with first.context.database.session() as session:
            [lease] = await submissions.lease_batch(session, "another", 1, 60, utc_now() + timedelta(seconds=100))
            assert await submissions.complete(session, lease, {"by": "another"})
        late.go.set()
        await until(lambda: late.at_once == 0 and first.context.coordinator.alive)
        document = await first.client.ended(url)
    assert document["result"] == {"by": "another"}


async def test_what_ends_every_process_that_runs_it_is_failed(settings: ApiSettings) -> None:
    limits = {"submission_max_attempts": 2, "submission_concurrency": 0}
    async with running(settings_of(settings.database_url, **limits)) as api:
        [url] = await submit(api)
        for hours in (1, 2, 3):
            # As if each process that took it had died.
            async with api.context.database.session() as session:
                then = utc_now() + timedelta(hours=hours)
                leases = await submissions.lease_batch(session, "dying", 1, 60, then, max_attempts=2)
            assert len(leases) == (1 if hours < 3 else 0)
        document = (await api.client.get(url)).json()
    assert (document["status"], document["attempts"]) == ("failed", 2)
    assert events(document)[-1] == "failed"


async def test_a_long_run_keeps_its_lease(settings: ApiSettings) -> None:
    slow = Scripted(result(value={}))
    slow.go.clear()
    async with running(settings_of(settings.database_url, lease_seconds=4), runner=slow) as api:

        async def lease_until() -> datetime:
            async with api.context.database.session(read_only=True) as session:
                row = (await session.scalars(select(Submission))).one()
            assert row.lease_until is not None
            return row.lease_until

        [url] = await submit(api)
        await until(lambda: slow.at_once == 1)
        first = await lease_until()
        async with asyncio.timeout(60):
            while await lease_until() == first:
                await asyncio.sleep(0.05)
        # As another process would, when the first lease would have run out.
        async with api.context.database.session() as session:
            assert await submissions.lease_batch(session, "another", 1, 60, first) == []
        slow.go.set()
        document = await api.client.ended(url)
    assert (document["attempts"], len(slow.started)) == (1, 1)


async def test_the_run_s_folder_goes_once_its_result_is_stored(settings: ApiSettings) -> None:
    kept: list[RunResult] = []
    real = in_process_runner()

    class Watching:
        async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:
            kept.append(await real.run(name, params, timeout=timeout))
            return kept[-1]

        async def aclose(self) -> None:
            await real.aclose()

    async with running(settings, runner=Watching()) as api:
        [url] = await submit(api)
        await api.client.ended(url)
        await until(lambda: not Path(kept[0].run_dir).exists())
    assert kept[0].run_dir
