"""What the worker's dashboard and alert rules ask for is what a running worker shows."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowFailureError

from workflows.temporal.tests.figures import asked, labels_in, names_in, shown
from workflows.temporal.tests.servers import dev_server, needs_server, worker_process
from workflows.temporal.tests.tiny import Hold


def test_names_are_found_in_an_expression() -> None:
    expression = (
        'histogram_quantile(0.9, sum by (le, x) (rate(a_bucket{y=~"b|c"}[5m]))) > 0.5 * max(d_total) or vector(0)'
    )
    assert names_in(expression) == {"a_bucket", "d_total"}
    assert labels_in(expression) == {"le", "x", "y"}


@pytest.mark.anyio
@pytest.mark.server
@pytest.mark.slow
@needs_server
async def test_the_worker_shows_what_is_asked_for(tmp_path: Path) -> None:
    wanted = asked("worker")
    assert len(wanted) >= 10
    with dev_server(tmp_path) as temporal, worker_process(tmp_path, temporal.address) as worker:
        await worker.start()
        client = await temporal.client()
        # One that ends well, one that fails, and one whose task fails: its argument is none.
        given: dict[str, Any] = {"task_queue": worker.task_queue, "execution_timeout": timedelta(seconds=60)}
        assert await client.execute_workflow("Tiny", Hold(folder=str(tmp_path)), id="good", **given)
        with pytest.raises(WorkflowFailureError):
            await client.execute_workflow("Tiny", Hold(folder=str(tmp_path), fail=True), id="bad", **given)
        await client.start_workflow("Tiny", "nonsense", id="ugly", **given)
        figures: dict[str, set[str]] = {}
        until = time.monotonic() + 60
        while wanted.keys() - figures.keys() and time.monotonic() < until:
            await asyncio.sleep(0.2)
            figures = shown((await worker.get("/metrics"))[1])
    assert sorted(wanted.keys() - figures.keys()) == []
    for name, expressions in wanted.items():
        for one in expressions:
            if len(names_in(one)) == 1:
                assert labels_in(one) <= figures[name], one
