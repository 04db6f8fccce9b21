"""A process of the tests' own, about a submission: what fills the outbox also in a house that has no process yet."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from api.events import take_event
from api.intake import take_start
from api.schemas import SubmissionIn
from api.tests.errand_workflow import ERRAND_PROCESS, ErrandProcess, Word
from api.tests.support import FORM, Running
from db.base import EntityRow
from db.repositories import submissions
from db.repositories.events import EntityEvent
from db.types import new_id
from workflows.inputs import Body, text
from workflows.temporal.contracts import ProcessInput
from workflows.temporal.processes import Incoming, Process, Start, processes


class WordIn(Body):
    """What an errand is told."""

    word: Annotated[str, text(40)]


def _make_row(given: SubmissionIn) -> EntityRow:
    return submissions.make(**given.model_dump())


def _word_event(entity_id: uuid.UUID, key: str, body: bytes, given: WordIn, by: str) -> EntityEvent:  # noqa: ARG001
    return EntityEvent(
        entity_type="submission",
        entity_id=entity_id,
        source="word",
        event_id=key,
        body=body,
        name="told",
        detail={"word": given.word},
        target=ERRAND.target(entity_id),
    )


ERRAND = Process(
    name="errand",
    entity="submission",
    workflow=ERRAND_PROCESS,
    load=lambda: ErrandProcess,
    make_input=lambda entity_id, search_attributes: ProcessInput(
        entity_type="submission", entity_id=entity_id, search_attributes=search_attributes
    ),
    activities=lambda _: [],
    start=Start("errand", SubmissionIn, _make_row),
    incoming=(Incoming("word", WordIn, _word_event, "tell", Word),),
)


@contextmanager
def known_errands() -> Iterator[None]:
    """Let the system know errands, as it knows what stands in workflows/temporal/processes."""
    processes()[ERRAND.name] = ERRAND
    try:
        yield
    finally:
        del processes()[ERRAND.name]


async def begin(api: Running) -> str:
    """Take what begins an errand, as the route of a process does; return the submission's id."""
    body = json.dumps(FORM).encode()
    answer = await take_start(api.context, ERRAND, str(new_id()), body, SubmissionIn(**FORM))
    assert answer.status_code == 202
    return str(json.loads(bytes(answer.body))["id"])


async def tell(api: Running, submission_id: str, *words: str, key: str | None = None) -> None:
    """Take what an errand is told, word by word, as the route of a webhook does."""
    for word in words:
        event = _word_event(uuid.UUID(submission_id), key or str(new_id()), word.encode(), WordIn(word=word), "")
        await take_event(api.context, event)
