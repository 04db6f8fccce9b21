"""Candidates, as activities look them up."""

from __future__ import annotations

import uuid

from temporalio.exceptions import ApplicationError

from db.models import Candidate
from db.repositories import candidates
from db.session import Database


def gone(candidate_id: str) -> ApplicationError:
    """Return the error for a candidate who was erased: nothing more can be done, however often it is tried."""
    return ApplicationError(f"There is no candidate {candidate_id}.", type="CandidateGone", non_retryable=True)


async def find_candidate(database: Database, candidate_id: str) -> Candidate:
    """Return a candidate.

    Raises:
        ApplicationError: CandidateGone, not tried again.
        DatabaseUnavailableError: later perhaps.
    """
    async with database.session(read_only=True) as session:
        row = await candidates.get(session, uuid.UUID(candidate_id))
    if row is None:
        raise gone(candidate_id)
    return row
