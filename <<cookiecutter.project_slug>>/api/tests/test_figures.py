"""What the API's dashboard and alert rules ask for is what a running API shows."""

from __future__ import annotations

import pytest

from api.tests.support import FORM, Client
from workflows.temporal.tests.figures import asked, labels_in, names_in, shown

pytestmark = pytest.mark.anyio


async def test_the_api_shows_what_is_asked_for(client: Client) -> None:
    wanted = asked("api")
    assert len(wanted) >= 10
    assert (await client.send("/webhooks/submit", FORM)).status_code == 202
    figures = shown((await client.http.get("/metrics")).text)
    for name, expressions in wanted.items():
        assert name in figures, expressions
        for one in expressions:
            if len(names_in(one)) == 1:
                assert labels_in(one) <= figures[name], one
