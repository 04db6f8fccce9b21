"""What a history says of activities that fail in ways that nobody foresaw."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from db.session import DatabaseUnavailableError
from workflows.temporal.tests.fetched import leaks
from workflows.temporal.tests.servers import settings_for
from workflows.temporal.tests.tiny import HOLD, Hold, Tiny
from workflows.temporal.worker import make_worker

pytestmark = pytest.mark.anyio

ROW = "Failing row contains (Ann Quillfeather, +4930901820)"


def foreign() -> None:
    raise ValueError(ROW)


def caused() -> None:
    try:
        foreign()
    except ValueError as error:
        raise ApplicationError("The pool is broken.", type="Pool", non_retryable=True) from error


def ours() -> None:
    raise DatabaseUnavailableError("The database is not available: it is locked.")


@pytest.mark.parametrize(
    ("fail", "said"),
    [
        (foreign, "ValueError: its text is left out"),
        (caused, "The pool is broken."),
        (ours, "database is not available: it is locked"),
    ],
)
async def test_a_history_says_what_failed_and_quotes_nobody(
    environment: WorkflowEnvironment, fail: Callable[[], None], said: str
) -> None:
    @activity.defn(name=HOLD)
    async def failing(_: Hold) -> str:
        fail()
        return ""

    options: dict[str, Any] = {"workflows": [Tiny], "activities": [failing], "task_queue": "discretion"}
    async with make_worker(environment.client, settings_for(), **options):
        handle = await environment.client.start_workflow(
            Tiny.run, Hold(folder="", attempts=1), id=f"tiny-{uuid.uuid4()}", task_queue="discretion"
        )
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    history = await handle.fetch_history()
    assert leaks(history, ["Quillfeather", "4930901820", "Failing row"]) == []
    assert leaks(history, [said, f"in {fail.__name__}"]) == [said, f"in {fail.__name__}"]
