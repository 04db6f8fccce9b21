"""Effects on the world, once: each is claimed in the database before it is done, and settled afterwards.

A worker that is killed between the two leaves a claim that nobody settled. The next try asks the other side whether
the effect happened. Where that can be known, it is neither lost nor repeated. Where it cannot (a mail server does not
tell), it is done again under the same identity (a mail's Message-ID), and the timeline says that it is uncertain.

While the claim's owner may still be at it, nobody else is: an attempt that Temporal takes for lost may yet go on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.exceptions import ApplicationError

from db.repositories import effects, entities, timeline
from db.session import Database
from db.types import utc_now
from tools.email import EmailError
from tools.slack import SlackError
from tools.telephony import TelephonyError
from workflows.temporal.activities.entities import Whose, gone

ToolError = (EmailError, SlackError, TelephonyError)

Detail = Mapping[str, Any]

# Longer than any tool takes (a call, 30 s), shorter than an attempt may take: whose attempt ran out need not wait.
LONGEST = timedelta(seconds=45)
# As long as the process pauses by itself at most.
_LONGEST_WAIT = 600.0


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect.

    Attributes:
        key: its idempotency key.
        kind: such as "mail", "call" or "slack"; the timeline says mail_sent, call_placed, slack_sent, and of others
            what they are with `_done`.
        entity: whose timeline; None for an effect of no entity.
        do: does it and returns what is to be remembered.
        find: given the time of the unsettled claim, returns what is to be remembered if it happened, False if it did
            not, None if that cannot be known.
        detail: what the timeline says of it beside.
        shown: names of what `do` returned that the timeline says too.
        settle: writes more, in the transaction that settles it.
    """

    key: str
    kind: str
    entity: Whose | None
    do: Callable[[], Awaitable[Detail]]
    find: Callable[[datetime], Awaitable[Detail | bool | None]]
    detail: Detail = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    settle: Callable[[AsyncSession, Detail], Awaitable[None]] | None = None


_DONE = {"mail": "mail_sent", "call": "call_placed", "slack": "slack_sent"}


class Ledger:
    """The ledger of effects in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def once(self, effect: Effect) -> Detail:
        """Do an effect unless it was done, and return what is remembered of it.

        Raises:
            ApplicationError: the other side refuses, for good (not tried again) or for now; or the entity is gone.
            DatabaseUnavailableError: nothing was done, or it was and the next try finds out.
        """
        begun = await self._begin(effect)
        if begun.status == "done":
            return begun.detail or {}
        if not begun.fresh and not begun.taken:
            raise _underway(begun.updated_at)
        try:
            if begun.taken:
                found = await effect.find(begun.created_at)
                if isinstance(found, Mapping):
                    return await self._settle(effect, found, {"found_again": True})
                if found is None:
                    await self._tell_uncertain(effect)
            detail = await effect.do()
        except ToolError as error:
            await self._leave(effect.key, begun, error)
            raise application_error(error) from None
        return await self._settle(effect, detail, {})

    async def _begin(self, effect: Effect) -> effects.Begun:
        kind, id_ = effect.entity or (None, None)
        async with self._database.session() as session:
            if effect.entity is not None and not await entities.exists(session, *effect.entity):
                raise gone(effect.entity)
            return await effects.begin(session, effect.key, effect.kind, kind, id_, longest=LONGEST)

    async def _settle(self, effect: Effect, detail: Detail, told: Detail) -> Detail:
        async with self._database.session() as session:
            await effects.finish(session, effect.key, "done", detail)
            told = {**effect.detail, **told, **{name: detail[name] for name in effect.shown}}
            await self._tell(session, effect, _DONE.get(effect.kind, f"{effect.kind}_done"), effect.key, told)
            if effect.settle is not None:
                await effect.settle(session, detail)
        return detail

    async def _tell_uncertain(self, effect: Effect) -> None:
        async with self._database.session() as session:
            why = "A worker ended before it could say whether this was sent; it is sent again."
            await self._tell(
                session,
                effect,
                f"{effect.kind}_uncertain",
                f"{effect.key}:uncertain",
                {**effect.detail, "why": why},
            )

    async def _tell(self, session: AsyncSession, effect: Effect, event: str, key: str, detail: Detail) -> None:
        if effect.entity is not None:
            await timeline.add_once(session, *effect.entity, event, detail, key=key)

    async def _leave(self, key: str, begun: effects.Begun, error: EmailError | SlackError | TelephonyError) -> None:
        """Let the next try begin at once; the claim stays only where the effect may have happened."""
        async with self._database.session() as session:
            if begun.fresh and not error.uncertain:
                await effects.release(session, key)
            else:
                await effects.finish(session, key, "unknown")


def _underway(since: datetime) -> ApplicationError:
    left = max(LONGEST - (utc_now() - since), timedelta(0)) + timedelta(seconds=1)
    return ApplicationError(
        "Another attempt may still be at it: the next one comes when it cannot be any more.",
        type="EffectUnderway",
        next_retry_delay=left,
    )


def application_error(error: EmailError | SlackError | TelephonyError) -> ApplicationError:
    """Return what Temporal is told of a tool's error: its sentence, which holds nothing private, and whether to retry.

    The wait that the other side asked for is kept, up to a limit: whoever asks a little early is told so again.
    """
    wait = None if isinstance(error, EmailError) else error.retry_after
    return ApplicationError(
        str(error),
        type=type(error).__name__,
        non_retryable=not error.retryable,
        next_retry_delay=timedelta(seconds=min(wait, _LONGEST_WAIT)) if wait and error.retryable else None,
    )
