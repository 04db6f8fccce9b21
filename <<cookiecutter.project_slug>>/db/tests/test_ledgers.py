"""Effects, timeline and API keys."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text

from db.models import SCOPES
from db.repositories import api_keys, effects, submissions, timeline
from db.repositories.effects import Begun
from db.session import Database
from db.types import new_id, utc_now

pytestmark = pytest.mark.anyio


async def begin(database: Database, key: str, entity_id: uuid.UUID | None) -> Begun:
    async with database.session() as session:
        return await effects.begin(session, key, "mail", "submission" if entity_id else None, entity_id)


async def test_an_effect_is_begun_once(database: Database, entity_id: uuid.UUID) -> None:
    got = await asyncio.gather(*(begin(database, "mail-1", entity_id) for _ in range(20)))
    assert sorted(begun.fresh for begun in got) == [False] * 19 + [True]
    assert {begun.status for begun in got} == {"started"}


async def test_an_effect_that_is_done_stays_done(database: Database) -> None:
    assert (await begin(database, "report-mail", None)).fresh
    async with database.session() as session:
        assert await effects.finish(session, "report-mail", "unknown", {"error": "no answer"})
        assert await effects.finish(session, "report-mail", "done", {"message_id": "m1"})
        assert not await effects.finish(session, "report-mail", "unknown")
        assert not await effects.finish(session, "never begun")
    again = await begin(database, "report-mail", None)
    assert (again.fresh, again.status, again.detail) == (False, "done", {"message_id": "m1"})


async def test_an_effect_that_did_not_happen_is_begun_anew(database: Database) -> None:
    assert (await begin(database, "mail-2", None)).fresh
    async with database.session() as session:
        assert await effects.release(session, "mail-2")
        assert await effects.get(session, "mail-2") is None
    assert (await begin(database, "mail-2", None)).fresh
    async with database.session() as session:
        assert await effects.finish(session, "mail-2")
        assert not await effects.release(session, "mail-2")


async def test_an_unsettled_effect_is_taken_over_by_one(database: Database) -> None:
    longest = timedelta(seconds=45)

    async def take(seconds: float) -> Begun:
        async with database.session() as session:
            at = begun.created_at + timedelta(seconds=seconds)
            return await effects.begin(session, "call-1", "call", None, None, at, longest=longest)

    begun = await begin(database, "call-1", None)
    early = await take(44)
    assert (early.fresh, early.taken, early.status) == (False, False, "started")
    got = await asyncio.gather(*(take(45) for _ in range(20)))
    assert sorted(one.taken for one in got) == [False] * 19 + [True]
    assert {one.created_at for one in got} == {begun.created_at}
    assert not (await take(89)).taken
    async with database.session() as session:
        assert await effects.finish(session, "call-1", "unknown")
    assert (await take(89)).taken
    async with database.session() as session:
        assert await effects.finish(session, "call-1", "done", {"call_sid": "CA1"})
    last = await take(200)
    assert (last.taken, last.status, last.detail) == (False, "done", {"call_sid": "CA1"})


async def test_a_timeline_is_in_order_and_of_one_entity(database: Database, entity_id: uuid.UUID) -> None:
    now = utc_now()
    async with database.session() as session:
        other = await submissions.create(session, form="f", email="e", text="t")
        for number in range(5):
            at = now + timedelta(seconds=number)
            await timeline.add(session, "submission", entity_id, f"event-{number}", {"n": number}, at=at)
        await timeline.add(session, "submission", other.id, "elsewhere")
    async with database.session(read_only=True) as session:
        events = await timeline.list_for(session, entity_id)
        newest = await timeline.list_for(session, entity_id, limit=2)
    assert [(row.event, row.detail, row.at) for row in events] == [
        (f"event-{number}", {"n": number}, now + timedelta(seconds=number)) for number in range(5)
    ]
    assert [row.event for row in newest] == ["event-3", "event-4"]


async def test_an_event_with_a_key_is_added_once(database: Database, entity_id: uuid.UUID) -> None:
    async with database.session() as session:
        other = (await submissions.create(session, form="f", email="e", text="t")).id

    async def add(entity_id: uuid.UUID, key: str) -> bool:
        async with database.session() as session:
            return await timeline.add_once(session, "submission", entity_id, "analysed", {"n": 1}, key=key)

    assert sorted(await asyncio.gather(*(add(entity_id, "run-1:3") for _ in range(20)))) == [False] * 19 + [True]
    assert await add(entity_id, "run-1:4")
    assert await add(other, "run-1:3")
    async with database.session(read_only=True) as session:
        events = await timeline.list_for(session, entity_id)
    assert [(row.event, row.detail) for row in events] == [("analysed", {"n": 1})] * 2


async def test_a_key_is_known_by_its_hash_only(database: Database) -> None:
    async with database.session() as session:
        key, row = await api_keys.create(session, " reports ", ["run", "read", "read"])
    assert key.startswith(f"rsk_{row.id.hex}_")
    async with database.session(read_only=True) as session:
        principal = await api_keys.verify(session, key)
        stored = (await session.execute(text("SELECT * FROM api_keys"))).one()
    assert principal == api_keys.Principal(row.id, "reports", frozenset({"read", "run"}))
    assert key.rpartition("_")[2] not in str(stored)


async def test_wrong_expired_and_revoked_keys_are_nobody(database: Database) -> None:
    async with database.session() as session:
        key, row = await api_keys.create(session, "a", ["read"])
        other, _ = await api_keys.create(session, "b", ["admin"])
        brief, _ = await api_keys.create(session, "c", ["read"], expires_at=utc_now() + timedelta(seconds=60))
    secret = other.split("_", 2)[2]
    wrong = [
        "",
        "rsk",
        "rsk__",
        f"rsk_{row.id.hex}_",
        f"rsk_{row.id.hex}_{secret}",
        f"rsk_{new_id().hex}_{secret}",
        f"xyz{key[3:]}",
        key[:-1],
        key + "x",
        key.upper(),
        f"{key}\x00",
        "rsk_\ud800_\ud800",
        "rsk_" + "9" * 100_000,
    ]
    async with database.session() as session:
        for presented in wrong:
            assert await api_keys.verify(session, presented) is None, presented[:60]
        assert await api_keys.verify(session, brief) is not None
        assert await api_keys.verify(session, brief, now=utc_now() + timedelta(seconds=61)) is None
        assert await api_keys.verify(session, key) is not None
        assert await api_keys.revoke(session, row.id)
        assert not await api_keys.revoke(session, row.id)
        assert not await api_keys.revoke(session, new_id())
    async with database.session(read_only=True) as session:
        assert await api_keys.verify(session, key) is None
        states = {row.name: row.state(utc_now()) for row in await api_keys.list_all(session)}
    assert states == {"a": "revoked", "b": "active", "c": "active"}


async def test_bootstrap_keys_have_every_scope(database: Database) -> None:
    async with database.session(read_only=True) as session:
        principal = await api_keys.verify(session, "two", bootstrap=["one", "two"])
        assert principal == api_keys.Principal(None, "bootstrap", frozenset(SCOPES))
        assert await api_keys.verify(session, "three", bootstrap=["one", "two"]) is None
        assert await api_keys.verify(session, "", bootstrap=[]) is None


@pytest.mark.parametrize(
    ("name", "scopes", "sentence"), [("a", ["red"], "red"), ("a", [], "scope"), (" ", ["read"], "name")]
)
async def test_a_key_needs_a_name_and_known_scopes(
    database: Database, name: str, scopes: list[str], sentence: str
) -> None:
    async with database.session() as session:
        with pytest.raises(ValueError, match=sentence):
            await api_keys.create(session, name, scopes)
