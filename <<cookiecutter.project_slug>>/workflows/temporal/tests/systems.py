"""`dev` and `demo` as a user starts them, and what they leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from settings import ROOT
from workflows.temporal.dev.system import api_part, free_ports

LIMIT_SECONDS = 180.0


class Command:
    """A command of `python -m workflows.temporal`, in a session of its own, with ports and a folder of its own."""

    def __init__(self, folder: Path, *words: str, **variables: str) -> None:
        self.folder = folder
        self.log = folder / "output.log"
        self.temporal, self.ui, self.health, self.api = free_ports(4)
        self.pids: dict[int, str] = {}
        part = api_part()
        env = {
            # The second lets a gate that runs out of time end this process too.
            **{name: os.environ[name] for name in ("PATH", "RAW_GATES_COMMAND") if name in os.environ},
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(folder),
            "ENV_FILE": str(folder / "none.env"),
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'app.db'}",
            "DEV_FOLDER": str(folder / "dev"),
            "TEMPORAL_ADDRESS": f"127.0.0.1:{self.temporal}",
            "TEMPORAL_UI_URL": f"http://localhost:{self.ui}",
            "WORKER_HEALTH_PORT": str(self.health),
            **({part.PORT_VARIABLE: str(self.api), **part.fresh_variables()} if part else {}),
            **variables,
        }
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "workflows.temporal", *words],
                cwd=ROOT,
                env=env,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def text(self) -> str:
        """Return what it has written."""
        return self.log.read_text(errors="replace")

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something holds, while it runs."""
        until = time.monotonic() + LIMIT_SECONDS
        while not condition():
            assert self.process.poll() is None, f"it ended before {what}:\n{self.text()}"
            assert time.monotonic() < until, f"{what} did not come:\n{self.text()}"
            time.sleep(0.1)
        self.pids |= descendants(self.process.pid)

    def until_says(self, words: str) -> None:
        """Wait for words in its output."""
        self.until(lambda: words in self.text(), repr(words))

    def pid_of(self, words: str) -> int:
        """Return the process that it started with these words in its command; of several the outermost."""
        found = [pid for pid, command in descendants(self.process.pid).items() if words in command]
        assert found, f"no {words} in {descendants(self.process.pid)}"
        return found[0]

    def ended(self) -> int:
        """Wait for its end; return its exit code."""
        return self.process.wait(LIMIT_SECONDS)

    def left(self) -> dict[int, str]:
        """Return what it started and is still there."""
        now = processes()
        return {pid: command for pid, command in self.pids.items() if pid in now and now[pid][1] == command}


def processes() -> dict[int, tuple[int, str]]:
    """Return all processes of this machine that are not dead: pid, parent's pid and command."""
    done = subprocess.run(["ps", "-eo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True)
    rows = (line.split(None, 3) for line in done.stdout.splitlines())
    return {int(row[0]): (int(row[1]), row[3]) for row in rows if len(row) == 4 and not row[2].startswith("Z")}


def descendants(pid: int) -> dict[int, str]:
    """Return what a process started, and what those started, by pid: the command."""
    now = processes()
    found: dict[int, str] = {}
    parents = {pid}
    while parents:
        children = {child: command for child, (parent, command) in now.items() if parent in parents}
        found |= children
        parents = set(children)
    return found


@contextmanager
def running(folder: Path, *words: str, **variables: str) -> Iterator[Command]:
    """Give a command that runs, and end it afterwards with all it started."""
    command = Command(folder, *words, **variables)
    try:
        yield command
    finally:
        command.pids |= descendants(command.process.pid)
        if command.process.poll() is None:
            command.process.send_signal(signal.SIGTERM)
            try:
                command.process.wait(30)
            except subprocess.TimeoutExpired:
                command.process.kill()
                command.process.wait()
        for pid in command.left():
            os.kill(pid, signal.SIGKILL)
