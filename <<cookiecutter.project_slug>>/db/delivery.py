"""Delivery of the outbox: lease what is due, hand it over, write down what came of it. It knows nothing of the target.

The API's dispatcher and the sweep of stuck entries both do it through here, and so do commands that cannot wait for
either. However many do it at once, an entry is leased to one of them, and the entries of a target go out in order.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

import tracing
from db.repositories import outbox, timeline
from db.repositories.backoff import pause_after
from db.repositories.outbox import OutboxLease
from db.session import Database
from db.types import utc_now
from logs import describe
from settings import Settings

LONGEST_DELIVERY_SECONDS = 10.0

Outcome = Literal["delivered", "retried", "parked", "lost"]


class UndeliverableError(Exception):
    """The target will never take this entry: it is parked at once; the text says why, for an administrator."""


class TargetAwayError(Exception):
    """The target does not answer, or takes nothing now. The entry is not at fault: it is tried for as long as it takes.

    Any other error counts against the entry, which is parked after `outbox_max_attempts` of them.
    """


class Target(Protocol):
    """Where entries go. The same entry may come twice: `entry.dedupe_key` tells."""

    async def deliver(self, entry: OutboxLease) -> str | None:
        """Hand one entry over; when this returns, the target has it for good.

        Returns:
            The event that the timeline gets in place of "delivered", such as "signal_after_end"; None for that.

        Raises:
            UndeliverableError: it can never be taken.
            TargetAwayError: nothing can be taken now.
            Exception: anything else; it is tried again later, `outbox_max_attempts` times in all.
        """
        ...


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of one attempt; "lost": it took longer than its lease, so another owner has the entry now."""

    entry: OutboxLease
    outcome: Outcome
    error: Exception | None = None


def make_owner() -> str:
    """Return a name for an owner of leases that no other has, in any place and at any time."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"


async def deliver_due(
    database: Database,
    target: Target,
    settings: Settings,
    owner: str,
    *,
    older_than: timedelta | None = None,
    only: str | None = None,
    observe: Callable[[Delivered], None] | None = None,
) -> list[Delivered]:
    """Try what is due, `outbox_batch` entries at most, all at once; empty when nothing was.

    As only one entry of a target is tried at a time, call it again for as long as something was delivered.

    Args:
        database: where the outbox is.
        target: where its entries go.
        settings: batch, lease, attempts and back-off.
        owner: from `make_owner`, kept for as long as the process runs.
        older_than: only entries that were made at least so long ago.
        only: only entries of this target.
        observe: is told each outcome as it is written, in the task that made the attempt.

    Raises:
        DatabaseUnavailableError: outcomes could not be written: those leases run out, and the entries are tried again.
    """
    now = utc_now()
    async with database.session() as session:
        entries = await outbox.lease_batch(
            session,
            owner,
            settings.outbox_batch,
            settings.lease_seconds,
            now,
            made_before=None if older_than is None else now - older_than,
            only=only,
        )

    attempts = (_attempt(database, target, settings, entry, observe) for entry in entries)
    results = await asyncio.gather(*attempts, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if isinstance(result, Delivered)]


async def _attempt(
    database: Database,
    target: Target,
    settings: Settings,
    entry: OutboxLease,
    observe: Callable[[Delivered], None] | None,
) -> Delivered:
    with tracing.span(
        f"outbox {entry.kind}",
        kind="consumer",
        parent=entry.traceparent,
        attributes={"outbox.kind": entry.kind, "outbox.attempt": entry.attempt},
    ) as span:
        done = await _deliver(database, target, settings, entry)
        span.put({"outbox.outcome": done.outcome})
        if done.error is not None:
            span.fail()
        if observe is not None:
            observe(done)
        return done


async def _deliver(database: Database, target: Target, settings: Settings, entry: OutboxLease) -> Delivered:
    try:
        # A delivery that hangs ends well before another owner may take the entry over.
        async with asyncio.timeout(min(LONGEST_DELIVERY_SECONDS, settings.lease_seconds / 2)):
            told = await target.deliver(entry)
    except Exception as error:
        return Delivered(entry, await _failed(database, settings, entry, error), error)
    return Delivered(entry, await _write(database, entry, "delivered", outbox.delivered, told))


async def _failed(database: Database, settings: Settings, entry: OutboxLease, error: Exception) -> Outcome:
    reason = f"{describe(error)}: {error}"[:500]
    worn_out = entry.attempt >= settings.outbox_max_attempts and not isinstance(error, TargetAwayError)
    if isinstance(error, UndeliverableError) or worn_out:
        return await _write(database, entry, "parked", lambda session, lease: outbox.park(session, lease, reason))
    pause = pause_after(entry.attempt, base=settings.backoff_seconds, longest=settings.backoff_max_seconds)
    at = utc_now() + timedelta(seconds=pause)
    return await _write(
        database, entry, "retried", lambda session, lease: outbox.retry_later(session, lease, reason, at)
    )


async def _write(
    database: Database,
    entry: OutboxLease,
    outcome: Outcome,
    write: Callable[..., Awaitable[bool]],
    told: str | None = None,
) -> Outcome:
    async with database.session() as session:
        if not await write(session, entry):
            return "lost"
        if outcome != "retried":
            detail = {"kind": entry.kind, "target": entry.target, "attempt": entry.attempt}
            await timeline.add(session, entry.entity_type, entry.entity_id, told or outcome, detail)
    return outcome
