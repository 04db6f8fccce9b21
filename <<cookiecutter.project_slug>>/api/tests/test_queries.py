from __future__ import annotations

import pytest

from api.settings import ApiSettings
from api.tests.conftest import settings_of
from api.tests.support import FORM, Client, is_problem, running

pytestmark = pytest.mark.anyio

UNKNOWN = "0190163d-8694-739b-aea5-966c26f8ad91"


async def test_an_unknown_id_is_not_found_and_a_wrong_one_invalid(client: Client) -> None:
    is_problem(await client.get(f"/submissions/{UNKNOWN}"), 404)
    for wrong in ("1", "%00", "x" * 300, "%F0%9F%98%80"):
        is_problem(await client.get(f"/submissions/{wrong}"), 422)


async def test_pages_follow_each_other_newest_first(settings: ApiSettings) -> None:
    async with running(settings_of(settings.database_url, submission_concurrency=0)) as api:
        sent = [(await api.client.send("/webhooks/submit", FORM)).json()["id"] for _ in range(5)]
        first = (await api.client.get("/submissions", limit=2)).json()
        # A row that comes meanwhile moves no page.
        await api.client.send("/webhooks/submit", FORM)
        second = (await api.client.get("/submissions", limit=2, cursor=first["next_cursor"])).json()
        third = (await api.client.get("/submissions", limit=2, cursor=second["next_cursor"])).json()
        pages = [item["id"] for page in (first, second, third) for item in page["items"]]
        assert pages == sent[::-1]
        assert third["next_cursor"] is None
        assert "text" not in first["items"][0]


async def test_lists_are_filtered(settings: ApiSettings) -> None:
    async with running(settings_of(settings.database_url, submission_concurrency=0)) as api:
        client = api.client
        await client.send("/webhooks/submit", FORM)
        await client.send("/webhooks/submit", {**FORM, "form": "support"})
        assert len((await client.get("/submissions", form="support")).json()["items"]) == 1
        assert len((await client.get("/submissions", status="pending")).json()["items"]) == 2
        assert (await client.get("/submissions", status="complete")).json() == {"items": [], "next_cursor": None}
        assert (await client.get("/submissions", form="order")).json()["items"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "A" * 65}, "cursor"),
        ({"cursor": "AAAA\x00"}, "cursor"),
        ({"limit": "0"}, "limit"),
        ({"limit": "9" * 400}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"status": "gone"}, "status"),
    ],
)
@pytest.mark.parametrize("path", ["/submissions", "/outbox"])
async def test_a_wrong_query_is_named(client: Client, path: str, query: dict[str, str], field: str) -> None:
    problem = is_problem(await client.get(path, **query), 422)
    assert [error["field"] for error in problem["errors"]] == [field]


async def test_a_filter_may_hold_anything(client: Client) -> None:
    for text in ("\x00", "'; drop table submissions; --", "\U0001f600", "%"):
        assert (await client.get("/submissions", form=text)).status_code == 200
