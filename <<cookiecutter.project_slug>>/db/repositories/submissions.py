"""Submissions: taken, leased to one process at a time, then complete or failed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import and_, case, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession

import tracing
from db.entities.submission import Submission
from db.repositories import entities, timeline
from db.repositories.backoff import pause_after
from db.repositories.paging import Page
from db.types import new_id, utc_now

DIED = "Every process that ran it ended before it was done, or took longer than its lease."


@dataclass(frozen=True, slots=True)
class SubmissionLease:
    """A submission that belongs to `owner` until `until`; `attempt` (1, 2, ...) tells this lease from earlier ones."""

    id: uuid.UUID
    form: str
    email: str
    text: str
    owner: str
    attempt: int
    until: datetime
    created_at: datetime
    traceparent: str | None = None


def make(
    *,
    form: str,
    email: str,
    text: str,
    id: uuid.UUID | None = None,  # noqa: A002
    now: datetime | None = None,
) -> Submission:
    """Return a pending submission, due at once, not stored yet."""
    now = now or utc_now()
    return Submission(
        id=id or new_id(),
        form=form,
        email=email,
        text=text,
        traceparent=tracing.traceparent(),
        status="pending",
        attempts=0,
        next_attempt_at=now,
        created_at=now,
        updated_at=now,
    )


async def create(
    session: AsyncSession,
    *,
    form: str,
    email: str,
    text: str,
    id: uuid.UUID | None = None,  # noqa: A002
    now: datetime | None = None,
) -> Submission:
    """Add a pending submission, due at once."""
    return await entities.add(session, make(form=form, email=email, text=text, id=id, now=now))


async def get(session: AsyncSession, id: uuid.UUID) -> Submission | None:  # noqa: A002
    """Return one submission, or None."""
    return await session.get(Submission, id)


async def list_page(
    session: AsyncSession,
    *,
    status: str | None = None,
    form: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Submission]:
    """Return one page, newest first, without the texts (reading `.text` of such a row raises).

    Raises:
        CursorError: no page gave the cursor out.
    """
    return await entities.list_page(
        session,
        Submission,
        status=status,
        where=[] if form is None else [Submission.form == form],
        without=[Submission.text],
        cursor=cursor,
        limit=limit,
    )


async def lease_batch(
    session: AsyncSession,
    owner: str,
    limit: int,
    lease_seconds: float,
    now: datetime | None = None,
    *,
    max_attempts: int = 5,
) -> list[SubmissionLease]:
    """Lease up to `limit` due submissions to `owner`, the longest due first; no row is ever leased to two owners.

    Due are pending rows whose back-off is over and running rows whose lease ran out. Such a row that has had
    `max_attempts` runs is failed instead of leased: something in it may be what ends processes.
    """
    now = now or utc_now()
    until = now + timedelta(seconds=lease_seconds)
    due = (
        select(Submission.id)
        .where(Submission.next_attempt_at <= now)
        .order_by(Submission.next_attempt_at, Submission.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # PostgreSQL; SQLite's writers are alone anyway
        .cte("due")
    )
    worn_out = Submission.attempts >= max_attempts
    rows = await session.execute(
        update(Submission)
        .where(Submission.id.in_(select(due.c.id)))
        .values(
            status=case((worn_out, "failed"), else_="running"),
            error=case((worn_out, DIED), else_=Submission.error),
            attempts=case((worn_out, Submission.attempts), else_=Submission.attempts + 1),
            lease_owner=case((worn_out, null()), else_=owner),
            lease_until=case((worn_out, null()), else_=until),
            next_attempt_at=case((worn_out, null()), else_=until),
            updated_at=now,
        )
        .returning(
            Submission.id,
            Submission.form,
            Submission.email,
            Submission.text,
            Submission.status,
            Submission.attempts,
            Submission.created_at,
            Submission.traceparent,
        )
        .execution_options(synchronize_session=False)
    )
    written = rows.all()
    for row in written:
        if row.status == "failed":
            await timeline.add(
                session, "submission", row.id, "failed", {"attempt": row.attempts, "reason": "died"}, at=now
            )
    leases = [
        SubmissionLease(
            row.id, row.form, row.email, row.text, owner, row.attempts, until, row.created_at, row.traceparent
        )
        for row in written
        if row.status == "running"
    ]
    return sorted(leases, key=lambda lease: (lease.created_at, lease.id))


def _is_held(lease: SubmissionLease) -> Any:
    return and_(
        Submission.id == lease.id,
        Submission.status == "running",
        Submission.lease_owner == lease.owner,
        Submission.attempts == lease.attempt,
    )


async def _write(session: AsyncSession, lease: SubmissionLease, values: Mapping[str, Any]) -> bool:
    written = await session.scalar(
        update(Submission)
        .where(_is_held(lease))
        .values(**values)
        .returning(Submission.id)
        .execution_options(synchronize_session=False)
    )
    return written is not None


async def extend_lease(
    session: AsyncSession, lease: SubmissionLease, lease_seconds: float, now: datetime | None = None
) -> bool:
    """Move the end of a lease to `lease_seconds` from now; False if it was lost, and the run should be given up."""
    now = now or utc_now()
    until = now + timedelta(seconds=lease_seconds)
    return await _write(session, lease, {"lease_until": until, "next_attempt_at": until, "updated_at": now})


async def complete(
    session: AsyncSession, lease: SubmissionLease, result: Mapping[str, Any], now: datetime | None = None
) -> bool:
    """Store the result; False, and nothing written, if the lease was lost."""
    free = {"lease_owner": None, "lease_until": None, "next_attempt_at": None}
    return await _write(
        session,
        lease,
        {"status": "complete", "result": dict(result), "error": None, "updated_at": now or utc_now(), **free},
    )


async def fail(
    session: AsyncSession,
    lease: SubmissionLease,
    error: str,
    now: datetime | None = None,
    *,
    retry: bool = True,
    max_attempts: int = 5,
    backoff_seconds: float = 1.0,
    backoff_max_seconds: float = 300.0,
) -> Literal["retry", "failed", "lost"]:
    """Record a run that failed: tried again later, or failed for good after `max_attempts` or with `retry=False`.

    "lost": the lease was lost, and nothing was written.
    """
    now = now or utc_now()
    values: dict[str, Any] = {"error": error, "lease_owner": None, "lease_until": None, "updated_at": now}
    again = retry and lease.attempt < max_attempts
    if again:
        pause = pause_after(lease.attempt, base=backoff_seconds, longest=backoff_max_seconds)
        values |= {"status": "pending", "next_attempt_at": now + timedelta(seconds=pause)}
    else:
        values |= {"status": "failed", "next_attempt_at": None}
    if not await _write(session, lease, values):
        return "lost"
    return "retry" if again else "failed"


async def release(session: AsyncSession, leases: Iterable[SubmissionLease], now: datetime | None = None) -> int:
    """Give leases back at a clean stop, as if never taken; return how many were still held."""
    now = now or utc_now()
    given = 0
    for lease in leases:
        given += await _write(
            session,
            lease,
            {
                "status": "pending",
                "attempts": lease.attempt - 1,
                "lease_owner": None,
                "lease_until": None,
                "next_attempt_at": now,
                "updated_at": now,
            },
        )
    return given
