"""What happens to an entity from outside, for the routes: stored by db/repositories/events.py, then passed on."""

from __future__ import annotations

import asyncio

from api.context import Context
from api.problems import Problem
from db.entities import entity_type
from db.repositories import events
from db.repositories.events import EntityEvent
from db.repositories.inbox import Accepted, BodyMismatchError


async def take_event(context: Context, event: EntityEvent) -> Accepted:
    """Store the event, or return the answer that it got when it came first.

    Raises:
        Problem: 404 for an unknown entity; 409 when the event's id came before with another body, or when the
            entity must be open and is not.
        DatabaseUnavailableError: nothing is known to be stored.
    """
    url = context.url(f"/{entity_type(event.entity_type).plural}/{event.entity_id}")
    try:
        async with asyncio.timeout(context.settings.database_timeout_seconds), context.database.session() as session:
            accepted = await events.take(session, event, url)
    except events.UnknownEntityError as error:
        raise Problem(404, "not-found", str(error)) from None
    except events.FinalStatusError as error:
        raise Problem(409, "final", str(error)) from None
    except BodyMismatchError:
        raise Problem(409, "conflict", "This id was used before, with another body.") from None
    if accepted.fresh:
        context.dispatcher.wake()
    return accepted
