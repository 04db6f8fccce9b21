"""Reads the system's database for RAW workflows, at the edge: in `run()`, before the first step; never inside a step.

It can only read. Nothing but this file is imported until a record is asked for. In run.py write
`from tools import records`.
"""

from tools.records.reader import CandidateRecord, RecordsError, SubmissionRecord, candidate, submission

__all__ = ["CandidateRecord", "RecordsError", "SubmissionRecord", "candidate", "submission"]
