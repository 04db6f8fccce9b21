"""Reads the system's database for RAW workflows, at the edge: in `run()`, never inside a step.

It can only read. Nothing but this file is imported until a record is asked for. In run.py write
`from tools import records`.
"""

from tools.records.edge import completed
from tools.records.reader import (
    CallRecord,
    CandidateRecord,
    RecordsError,
    SubmissionRecord,
    call,
    candidate,
    submission,
)
from tools.records.walk import History, histories

__all__ = [
    "CallRecord",
    "CandidateRecord",
    "History",
    "RecordsError",
    "SubmissionRecord",
    "call",
    "candidate",
    "completed",
    "histories",
    "submission",
]
