"""A process that is only in tests, about a submission: what fills the outbox in a house that has no process yet."""

from __future__ import annotations

import json
import uuid

from api.events import take_event
from api.intake import take_start
from api.schemas import SubmissionIn
from api.tests.support import FORM, Running
from db.base import EntityRow
from db.repositories import submissions
from db.repositories.events import EntityEvent
from db.types import new_id
from workflows.temporal.contracts import ProcessInput
from workflows.temporal.processes import Process, Start


def _make_row(given: SubmissionIn) -> EntityRow:
    return submissions.make(**given.model_dump())


ERRAND = Process(
    name="errand",
    entity="submission",
    workflow="Errand",
    # A target double gets it, so there is no class.
    load=lambda: type("Errand", (), {}),
    make_input=lambda entity_id, search_attributes: ProcessInput(
        entity_type="submission", entity_id=entity_id, search_attributes=search_attributes
    ),
    activities=lambda _: [],
    start=Start("errand", SubmissionIn, _make_row),
    incoming=(),
)


async def begin(api: Running) -> str:
    """Take what begins an errand, as the route of a process does; return the submission's id."""
    body = json.dumps(FORM).encode()
    answer = await take_start(api.context, ERRAND, str(new_id()), body, SubmissionIn(**FORM))
    assert answer.status_code == 202
    return str(json.loads(bytes(answer.body))["id"])


async def tell(api: Running, submission_id: str, *words: str) -> None:
    """Take events of an errand, as the route of a webhook does; each is a word."""
    entity_id = uuid.UUID(submission_id)
    for word in words:
        event = EntityEvent(
            entity_type=ERRAND.entity,
            entity_id=entity_id,
            source="tests",
            event_id=str(new_id()),
            body=word.encode(),
            name="told",
            detail={"word": word},
            target=ERRAND.target(entity_id),
        )
        assert (await take_event(api.context, event)).fresh
