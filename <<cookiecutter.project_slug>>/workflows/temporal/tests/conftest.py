from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from workflows.temporal.tests.rehearsal import time_skipping


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """A server of the test's own: time is the server's, and two tests must not push each other's."""
    async with time_skipping() as environment:
        yield environment
