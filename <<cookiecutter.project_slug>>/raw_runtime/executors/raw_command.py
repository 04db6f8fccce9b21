"""One `raw run` command for each run: nothing is shared, and nothing is warm."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from time import monotonic
from typing import Any

from raw_runtime import launch, tracecontext
from raw_runtime.errors import RawError
from raw_runtime.executors.base import ProjectExecutor, checked
from raw_runtime.executors.pending import refusal
from raw_runtime.outputlog import OutputLog
from raw_runtime.processes import descendants, kill_all, kill_tree, signal_group
from raw_runtime.result import EXIT_FAILED, EXIT_TIMEOUT, RunResult
from raw_runtime.supervisor import GRACE_SECONDS

MAX_RESULT_BYTES = 256 * 1024 * 1024
_MODULE = "raw_runtime.executors.raw_child"
_CHUNK = 2**18
# For the run to end by itself; then for `raw` to kill it and to close its record.
_CANCEL_GRACE_SECONDS = (0.5, 3.0)
# `raw` keeps the time itself; this is for the case that it cannot.
_SPARE_SECONDS = GRACE_SECONDS + 10.0


class SubprocessExecutor(ProjectExecutor):
    """Runs each workflow by the command `raw run ID --json --params -`, in a session of its own.

    Slow (a Python start for each call) and independent of everything; as many at once as there are calls.
    """

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:
        """Run one workflow by the `raw` command and return what it came to; see `ProjectExecutor.run`."""
        workflow = self.project.workflow(name)
        try:
            text = json.dumps(checked(params, timeout)).encode()
        except RawError as error:
            return refusal(workflow.id, error)
        limit = [] if timeout is None else ["--timeout", repr(timeout)]
        lifeline_read, lifeline_write = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", _MODULE, str(lifeline_read), str(os.getpid())),
                *("run", "--json", "--params", "-", *limit, "--", workflow.id),
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                cwd=self.project.root,
                env=launch.environment(self.project.root) | tracecontext.variables(),
                pass_fds=[lifeline_read],
                start_new_session=True,
            )
            return await _outcome(process, workflow.id, text, timeout)
        except OSError as error:
            return refusal(workflow.id, RawError(f"The run could not be started: {error}"))
        finally:
            os.close(lifeline_read)
            os.close(lifeline_write)


async def _outcome(process: Process, workflow_id: str, text: bytes, timeout: float | None) -> RunResult:
    """Give the command its params and return what it says; end it when this is cancelled."""
    started = monotonic()
    try:
        async with asyncio.timeout(None if timeout is None else timeout + _SPARE_SECONDS):
            answer, errors, _ = await asyncio.gather(_read(process), _last_lines(process), _write(process, text))
            await process.wait()
    except TimeoutError:
        await _end(process)
        message = f"Timed out after {timeout:g} s, and the raw command did not end the run by itself"
        return RunResult(workflow_id, "", "", "error", EXIT_TIMEOUT, message, duration_seconds=monotonic() - started)
    except BaseException:
        await _end(process)
        raise
    return _result(answer) or _no_result(workflow_id, process.returncode or 0, errors, monotonic() - started)


async def _write(process: Process, text: bytes) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(text)
        await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()
    except ConnectionError:
        # It ended before it had read all; what it says tells why.
        return


async def _read(process: Process) -> bytes:
    """Return what the command printed on stdout, up to MAX_RESULT_BYTES; the rest is read and dropped."""
    assert process.stdout is not None
    kept = bytearray()
    while chunk := await process.stdout.read(_CHUNK):
        kept += chunk[: MAX_RESULT_BYTES - len(kept)]
    return bytes(kept)


async def _last_lines(process: Process) -> list[str]:
    """Return the last lines of stderr; `raw` has put all of it into output.log."""
    assert process.stderr is not None
    tail = OutputLog(None)
    while chunk := await process.stderr.read(_CHUNK):
        tail.write(chunk)
    return tail.last_lines()


def _result(answer: bytes) -> RunResult | None:
    try:
        return RunResult(**json.loads(answer))
    except (ValueError, TypeError):
        return None


def _no_result(workflow_id: str, code: int, lines: list[str], seconds: float) -> RunResult:
    code = 128 - code if code < 0 else code or EXIT_FAILED
    message = f"The raw command ended with exit code {code} and no result. Last output: {' | '.join(lines) or 'none'}"
    return RunResult(workflow_id, "", "", "error", code, message, duration_seconds=seconds)


async def _end(process: Process) -> None:
    """End the command, its run, and all that this started.

    The first SIGTERM asks `raw` to end the run, which closes the run's record; the second one, to kill it.
    """
    ending = asyncio.ensure_future(process.wait())
    known: dict[int, str] = {}
    try:
        for seconds in _CANCEL_GRACE_SECONDS:
            known |= descendants(process.pid)
            if process.returncode is None:
                signal_group(process.pid, signal.SIGTERM)
            await asyncio.wait({ending}, timeout=seconds)
    finally:
        if process.returncode is None:
            kill_tree(process.pid, known)
        kill_all(known)
    await ending
