"""The parent's side of one worker process: start it, call it, end it with all that it started."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from raw_runtime.executors import wire
from raw_runtime.executors.spawn import spawn
from raw_runtime.outputlog import OutputLog
from raw_runtime.processes import descendants, kill_tree, signal_group

GRACE_SECONDS = 0.5
_DEATH_SECONDS = 5.0
_START_SECONDS = 60.0
# Linux lets an ordinary user make a pipe of 1 MB; ours has the default 64 KB.
_READ = 2**18
_DRAIN_READS = 4


class WorkerDiedError(Exception):
    """The worker ended without an answer; `returncode` is as in subprocess (negative: a signal).

    `before_run` says that it had not begun with the call yet, so that nothing was run.
    """

    def __init__(self, returncode: int, last_lines: list[str], *, timed_out: bool = False) -> None:
        super().__init__(f"worker ended with {returncode}")
        self.returncode = returncode
        self.last_lines = last_lines
        self.timed_out = timed_out
        self.before_run = False


class WorkerProcess:
    """A running worker; made by `start`, on the event loop that it is then used on."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, lifeline: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = process
        self._control = control
        self._lifeline = lifeline
        self._tail = OutputLog(None)
        self._run_output: OutputLog | None = None
        self._known: dict[int, str] = {}
        self._dead: asyncio.Future[int] = self._loop.create_future()
        self._receiving: asyncio.Future[dict[str, Any] | None] | None = None
        self._owner = os.getpid()
        self._closed = False
        self.runs = 0
        self.workflows: set[str] = set()
        assert process.stdout is not None
        self._output_fd = process.stdout.fileno()
        os.set_blocking(self._output_fd, False)
        self._loop.add_reader(self._output_fd, self._read_output)
        threading.Thread(target=self._wait_for_death, name=f"raw-wait-{process.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group and session."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """False as soon as its end is known."""
        return not self._dead.done() and not self._closed

    @classmethod
    async def start(cls, root: Path) -> WorkerProcess:
        """Start a worker for the project at `root` and wait until it is ready.

        Raises:
            WorkerDiedError: it ended before it was ready; its last lines say why.
        """
        worker = cls(*spawn(root))
        try:
            async with asyncio.timeout(_START_SECONDS):
                await worker._message()
        except TimeoutError:
            returncode = await worker.kill(grace=0)
            raise WorkerDiedError(returncode, [f"It was not ready within {_START_SECONDS:g} s."]) from None
        except BaseException:
            await asyncio.shield(worker.kill(grace=0))
            raise
        return worker

    async def call(self, request: dict[str, Any], log: Path, timeout: float | None) -> dict[str, Any]:
        """Send one run and return the answer; what is printed meanwhile goes to `log`.

        A call that is cancelled ends the worker before it raises.

        Raises:
            WorkerDiedError: the process ended in the middle of it, or was killed when `timeout` seconds were over.
        """
        output = self._run_output = OutputLog(log)
        self.runs += 1
        begun = False
        try:
            async with asyncio.timeout(timeout):
                # A worker that dies while it reads is found out by the wait for its answer.
                with suppress(ConnectionError):
                    await self._loop.sock_sendall(self._control, wire.encode(request))
                answer = await self._message()
                if answer["op"] == "begun":
                    begun = True
                    answer = await self._message()
            self._drain()
            return answer
        except TimeoutError:
            self._drain()
            lines = output.last_lines()  # not what it still prints about its end
            raise WorkerDiedError(await self.kill(), lines, timed_out=True) from None
        except WorkerDiedError as died:
            died.last_lines = output.last_lines()
            died.before_run = not begun
            raise
        except asyncio.CancelledError:
            await self.kill()
            raise
        finally:
            self._run_output = None
            output.close()

    async def kill(self, *, grace: float = GRACE_SECONDS) -> int:
        """End the worker and everything it started; return its return code.

        SIGTERM comes first, so that `finally` blocks run; SIGKILL comes after `grace` seconds, or at once
        when this call is cancelled.
        """
        try:
            if grace > 0 and not self._dead.done():
                self._known = descendants(self.pid)
                signal_group(self.pid, signal.SIGTERM)
                await asyncio.wait({self._dead}, timeout=grace)
            if not self._dead.done():
                kill_tree(self.pid, self._known)
                await asyncio.wait({self._dead}, timeout=_DEATH_SECONDS)
        finally:
            if not self._dead.done():
                kill_tree(self.pid, self._known)
            self._close()
        return self._dead.result() if self._dead.done() else -signal.SIGKILL

    async def retire(self) -> None:
        """Let an idle worker end by itself, which it does when its socket closes; kill it if it does not."""
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._known = descendants(self.pid)
        try:
            await asyncio.wait({self._dead}, timeout=GRACE_SECONDS)
        finally:
            await self.kill(grace=0)

    def kill_now(self) -> None:
        """End it without an event loop, at the end of the process; not at the end of a fork of it."""
        if not self._dead.done() and os.getpid() == self._owner:
            kill_tree(self.pid)

    async def _message(self) -> dict[str, Any]:
        receiving = self._receiving = asyncio.ensure_future(wire.receive_async(self._loop, self._control))
        try:
            # Both: a process that the workflow forked may hold the socket open after the worker's death.
            either: set[asyncio.Future[Any]] = {receiving, self._dead}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if receiving.done() and (message := receiving.result()) is not None:
                return message
        finally:
            receiving.cancel()
        await asyncio.wait({self._dead}, timeout=GRACE_SECONDS)
        returncode = await self.kill(grace=0)
        raise WorkerDiedError(returncode, self._tail.last_lines())

    def _wait_for_death(self) -> None:
        """Wait in a thread for the end; then, while the pid is still ours, end what the worker left behind."""
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        else:
            self._process.wait()
        kill_tree(self.pid, self._known)
        returncode = self._process.wait()
        with suppress(RuntimeError):  # the loop may be closed by now
            self._loop.call_soon_threadsafe(self._set_dead, returncode)

    def _set_dead(self, returncode: int) -> None:
        if not self._dead.done():
            self._dead.set_result(returncode)

    def _read_output(self) -> bool:
        """Take what is in the pipe, one read's worth; False when there was nothing."""
        try:
            data = os.read(self._output_fd, _READ)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._output_fd)
            return False
        self._tail.write(data)
        if self._run_output is not None:
            self._run_output.write(data)
        return True

    def _drain(self) -> None:
        """Take all that was printed before the answer (or the end) came: never more than a pipe holds."""
        for _ in range(_DRAIN_READS):
            if self._closed or not self._read_output():
                break

    def _close(self) -> None:
        if self._closed:
            return
        self._drain()
        self._closed = True
        self._loop.remove_reader(self._output_fd)
        assert self._process.stdout is not None
        self._process.stdout.close()
        os.close(self._lifeline)
        if self._receiving is None or self._receiving.done():
            self._control.close()
        else:
            # The loop still watches the socket: its number must not be free before it has stopped.
            self._receiving.add_done_callback(lambda _: self._control.close())
            self._receiving.cancel()
