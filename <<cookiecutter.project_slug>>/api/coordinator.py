"""Pattern 1: submissions are leased, run through RAW `analyze`, and end complete or failed.

A row belongs to one process at a time, by a lease that is extended while the run goes on. Runs are pure, so a row
whose process died is simply run again by another; a result is written only under the lease it was made under.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
import socket
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tracing
from api.background import Loop
from api.metrics import Metrics
from api.runs import Runner
from api.settings import ApiSettings
from db.repositories import submissions, timeline
from db.repositories.submissions import SubmissionLease
from db.session import Database, DatabaseUnavailableError
from logs import describe, entity_id_var
from raw_runtime.result import EXIT_USAGE, RunResult

logger = logging.getLogger("api.coordinator")

WORKFLOW = "analyze"
# Requests that are being answered at once, from which on runs step back.
BUSY = 8


def process_name() -> str:
    """Return a name for this process that no other has, in any place and at any time."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"


class Coordinator(Loop):
    """Runs pending submissions, at most `submission_concurrency` at a time (0: none, another process does)."""

    def __init__(self, database: Database, runner: Runner, settings: ApiSettings, metrics: Metrics) -> None:
        super().__init__("coordinator", settings.poll_seconds)
        self.owner = process_name()
        self._database = database
        self._runner = runner
        self._settings = settings
        self._metrics = metrics
        # Leased and not started yet: a batch at a time costs one transaction, not one a row.
        self._waiting: deque[SubmissionLease] = deque()
        self._running: dict[asyncio.Task[None], SubmissionLease] = {}
        self._keeper: asyncio.Task[None] | None = None

    @property
    def enabled(self) -> bool:
        """Whether this process runs submissions at all."""
        return self._settings.submission_concurrency > 0

    def start(self) -> None:
        """Begin."""
        if self.enabled:
            super().start()
            self._keeper = asyncio.create_task(self._keep_leases(), name="coordinator-leases")

    async def stop(self, grace: float) -> None:
        """Take no more; let what runs end within `grace` seconds, end the rest, and give its leases back."""
        await self.end()
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        unfinished = dict(self._running)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        left = [*unfinished.values(), *self._waiting]
        self._waiting.clear()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if left:
            try:
                async with self._database.session() as session:
                    held = [lease for lease in left if await submissions.release(session, [lease])]
                    for lease in held:
                        await timeline.add(session, "submission", lease.id, "given_back", {"attempt": lease.attempt})
            except DatabaseUnavailableError as error:
                logger.warning("leases were not given back; they run out by themselves", exc_info=error)
            else:
                self._metrics.submission_runs.labels("given_back").inc(len(held))
                logger.info("leases given back", extra={"fields": {"count": len(held)}})

    async def step(self) -> None:
        """Start what is leased, and lease more when nothing of it is left."""
        if not self._waiting and self._room() > 0:
            async with self._database.session() as session:
                leases = await submissions.lease_batch(
                    session,
                    self.owner,
                    self._settings.submission_concurrency,
                    self._settings.lease_seconds,
                    max_attempts=self._settings.submission_max_attempts,
                )
                for lease in leases:
                    await timeline.add(session, "submission", lease.id, "started", {"attempt": lease.attempt})
            self._waiting.extend(leases)
        self._start_waiting()

    def _room(self) -> int:
        """Return how many more may run now; while many senders wait for a 202, they go first, and one run goes on."""
        at_most = 1 if self._metrics.in_flight >= BUSY else self._settings.submission_concurrency
        return at_most - len(self._running)

    def _start_waiting(self) -> None:
        while self._waiting and self._room() > 0:
            lease = self._waiting.popleft()
            task = asyncio.create_task(self._run(lease), name=f"submission-{lease.id}")
            self._running[task] = lease
            task.add_done_callback(self._ended)
        self._metrics.submissions_in_flight.set(len(self._running))

    def _ended(self, task: asyncio.Task[None]) -> None:
        lease = self._running.pop(task)
        self._metrics.submissions_in_flight.set(len(self._running))
        if not self._stopping:
            self._start_waiting()
        if not task.cancelled() and (error := task.exception()) is not None:
            # The lease runs out, and the row is run again.
            logger.error("run lost", exc_info=error, extra={"fields": {"entity_id": str(lease.id)}})
        if not self._waiting:
            self.wake()

    async def _run(self, lease: SubmissionLease) -> None:
        entity_id_var.set(str(lease.id))
        attributes = {"submission.attempt": lease.attempt}
        with tracing.span("submission", kind="consumer", parent=lease.traceparent, attributes=attributes) as span:
            outcome = await self._run_leased(lease)
            span.put({"submission.outcome": outcome})
            if outcome != "complete":
                span.fail()

    async def _run_leased(self, lease: SubmissionLease) -> str:
        """Run a submission, and return what came of it."""
        started = time.monotonic()
        params = {"id": str(lease.id), "form": lease.form, "email": lease.email, "text": lease.text}
        try:
            result = await self._runner.run(WORKFLOW, params, timeout=self._settings.submission_timeout_seconds)
        except Exception as error:
            logger.warning("run failed", exc_info=error)
            outcome = await self._write(lease, None, f"{WORKFLOW} could not be run: {describe(error)}", retry=True)
            code = None
        else:
            code = result.exit_code
            if result.ok:
                outcome = await self._write(lease, _as_object(result.result), "", retry=False)
            else:
                # Params that are wrong once are wrong again.
                outcome = await self._write(lease, None, _reason(result), retry=code != EXIT_USAGE)
        # Counted at once: who sees the row complete may look at the figures next.
        self._metrics.submission_runs.labels(outcome).inc()
        if outcome == "complete":
            await asyncio.to_thread(_remove_run, result)
        fields = {
            "attempt": lease.attempt,
            "outcome": outcome,
            "exit_code": code,
            "ms": round((time.monotonic() - started) * 1000, 1),
        }
        logger.info("submission run", extra={"fields": fields})
        return outcome

    async def _write(self, lease: SubmissionLease, result: Mapping[str, Any] | None, error: str, *, retry: bool) -> str:
        """Write what came of a run; while the database is away, try again for as long as the lease is ours."""
        pause = 0.1
        while True:
            try:
                return await self._write_once(lease, result, error, retry=retry)
            except DatabaseUnavailableError:
                if pause > self._settings.lease_seconds:
                    raise
                await asyncio.sleep(pause)
                pause *= 2

    async def _write_once(
        self, lease: SubmissionLease, result: Mapping[str, Any] | None, error: str, *, retry: bool
    ) -> str:
        detail: dict[str, Any] = {"attempt": lease.attempt}
        async with self._database.session() as session:
            if result is not None:
                outcome = "complete" if await submissions.complete(session, lease, result) else "lost"
            else:
                outcome = await submissions.fail(
                    session,
                    lease,
                    error,
                    retry=retry,
                    max_attempts=self._settings.submission_max_attempts,
                    backoff_seconds=self._settings.backoff_seconds,
                    backoff_max_seconds=self._settings.backoff_max_seconds,
                )
            if outcome != "lost":
                await timeline.add(session, "submission", lease.id, outcome, detail)
        return outcome

    async def _keep_leases(self) -> None:
        """Extend the leases of what runs or waits; what is lost is ended here: another process has it now."""
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 3)
            held = [*self._running.values(), *self._waiting]
            if not held:
                continue
            try:
                async with self._database.session() as session:
                    lost = {
                        lease.id
                        for lease in held
                        if not await submissions.extend_lease(session, lease, self._settings.lease_seconds)
                    }
            except Exception as error:
                # Whatever it is, the next round tries again; a lease that runs out meanwhile loses its write.
                logger.warning("leases were not extended", exc_info=error)
                continue
            for lease in [lease for lease in self._waiting if lease.id in lost]:
                self._waiting.remove(lease)
            # A run that ended while we looked gave its lease up itself, and is no longer there.
            for task in [task for task, lease in self._running.items() if lease.id in lost]:
                task.cancel()
                self._metrics.submission_runs.labels("lost").inc()


def _as_object(result: Any) -> Mapping[str, Any]:
    return result if isinstance(result, dict) else {"value": result}


def _reason(result: RunResult) -> str:
    return f"{result.message or 'It failed without a word'} (exit code {result.exit_code})"[:1000]


def _remove_run(result: RunResult) -> None:
    """Remove the folder of a run whose result is in the database: it holds what a person wrote."""
    if result.run_dir and Path(result.run_dir).parent.name == "runs":
        shutil.rmtree(result.run_dir, ignore_errors=True)
