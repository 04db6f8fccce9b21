"""A project with workflows that succeed, fail, crash, hang and misbehave, and ways to look at processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from raw_runtime.executors.base import Executor
from raw_runtime.project import Project
from raw_runtime.result import RunResult

KINDS = ("inprocess", "pool", "subprocess")
ISOLATED = ("pool", "subprocess")
HOME = str(Path(__file__).parents[2] / "<<cookiecutter.project_slug>>")

ACTS = """\
#!/usr/bin/env python3
# /// script
# requires-python = ">=3.10"
# dependencies = ["pydantic>=2.0", "rich>=13.0"]
# ///
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

from pydantic import BaseModel, Field

from raw_runtime import BaseWorkflow, step


class Params(BaseModel):
    act: str = "ok"
    text: str = ""
    number: int = Field(default=1, ge=0)
    day: date = date(2026, 1, 2)
    items: list[str] = []
    note: str = ""


class Inner(BaseModel):
    name: str
    sizes: dict[str, int]


class Acts(BaseWorkflow[Params]):
    @step("act")
    def act(self) -> object:
        return getattr(self, self.params.act.replace("-", "_"))()

    def run(self) -> int:
        return self.act()

    def ok(self):
        self.save("result.json", {"text": self.params.text, "number": self.params.number, "day": self.params.day})
        self.save("more.txt", "more")
        return 0

    def echo_size(self):
        self.save("result.json", {"chars": len(self.params.text), "last": self.params.text[-3:]})
        return 0

    def code(self):
        return self.params.number

    def signal_result(self):
        return self.success("All well", {"inner": Inner(name="n", sizes={"a": 1}), "list": [1, [2, {"b": None}]]})

    def completes(self):
        return self.complete("Nothing to do")

    def error_result(self):
        return self.error("Not so well", 5)

    def raises(self):
        raise ValueError("a bad [/b] value")

    def exits(self):
        sys.exit(9)

    def wrong_type(self):
        return "text"

    def prints(self):
        print("zażółć \\N{SNOWMAN} line")
        print("to stderr", file=sys.stderr)
        return 0

    def floods(self):
        line = "x" * 99 + "\\n"
        for _ in range(21):
            sys.stdout.write(line * 10_000)
        print("the very end")
        return 0

    def os_exit(self):
        print("some words before", flush=True)
        os._exit(self.params.number)

    def killed(self):
        print("some words before", flush=True)
        os.kill(os.getpid(), self.params.number)
        time.sleep(30)

    def segfault(self):
        import ctypes

        ctypes.string_at(0)

    def hangs(self):
        Path(self.params.note).write_text(str(os.getpid())) if self.params.note else None
        time.sleep(60)
        return 0

    def hangs_with_children(self):
        own = subprocess.Popen(["sleep", "61"])
        away = subprocess.Popen(["sleep", "62"], start_new_session=True)
        below = subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 63 & wait"])
        time.sleep(0.2)
        Path(self.params.note).write_text(" ".join(str(pid) for pid in (os.getpid(), own.pid, away.pid, below.pid)))
        time.sleep(60)
        return 0

    def hangs_with_group(self):
        own = subprocess.Popen(["sleep", "65"])
        Path(self.params.note).write_text(f"{os.getpid()} {own.pid}")
        re.match("(a+)+$", "a" * 60 + "b")

    def ignores_term(self):
        Path(self.params.note).write_text(str(os.getpid()))
        while True:
            try:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(60)
            except BaseException:
                continue

    def cleans_up(self):
        Path(self.params.note).write_text("here")
        try:
            time.sleep(60)
        finally:
            Path(self.params.note).unlink()
        return 0

    def leaves_child(self):
        child = subprocess.Popen(["sleep", "64"])
        self.save("result.json", {"child": child.pid, "worker": os.getpid()})
        return 0

    def leaves_thread(self):
        threading.Thread(target=time.sleep, args=(64,), daemon=True).start()
        self.save("result.json", {"worker": os.getpid()})
        return 0

    def spoils(self):
        os.environ["SPOILT"] = "yes"
        os.environ.pop("PATH", None)
        os.chdir("/")
        sys.path.insert(0, "/nowhere")
        sys.stdout = sys.stderr = open(os.devnull, "w")
        random.seed(1)
        return 0

    def looks(self):
        found = {
            "spoilt": os.environ.get("SPOILT"),
            "path": "PATH" in os.environ,
            "cwd": os.getcwd() == str(self.context.workflow_dir),
            "nowhere": "/nowhere" in sys.path,
            "argv": sys.argv,
            "dotenv": os.environ.get("FROM_DOTENV"),
            "worker": os.getpid(),
        }
        print("seen")
        self.save("result.json", found)
        return 0

    def naps(self):
        began = time.monotonic()
        time.sleep(0.05)
        self.save("result.json", {"worker": os.getpid(), "from": began, "to": time.monotonic()})
        return 0

    def naps_long(self):
        time.sleep(0.5)
        return 0


if __name__ == "__main__":
    Acts.main()
"""


def make_project(root: Path) -> Project:
    """Return a project under `root` with the workflow `acts`."""
    (root / ".raw").mkdir(parents=True)
    (root / ".raw" / "config.yaml").write_text('version: "0.2.0"\n')
    add_workflow(root, "acts", ACTS)
    return Project(root)


def add_workflow(root: Path, name: str, source: str, **siblings: str) -> Path:
    """Write a workflow's folder, `siblings` being further modules in it; return it."""
    folder = root / ".raw" / "workflows" / name
    folder.mkdir(parents=True)
    (folder / "run.py").write_text(source, encoding="utf-8")
    for module, text in siblings.items():
        (folder / f"{module}.py").write_text(text)
    return folder


def simple_workflow(expression: str, imports: str = "") -> str:
    """Return the source of a workflow whose result is `{"value": expression}`."""
    return f"""\
from pydantic import BaseModel
from raw_runtime import BaseWorkflow
{imports}

class Params(BaseModel):
    text: str = ""


class Simple(BaseWorkflow[Params]):
    def run(self) -> int:
        self.save("result.json", {{"value": {expression}}})
        return 0


if __name__ == "__main__":
    Simple.main()
"""


def alive(pid: int) -> bool:
    """True when the process exists and is no zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until the condition holds; AssertionError when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)


def wait_gone(pids: Iterable[int], seconds: float = 60.0) -> None:
    """Wait until none of the processes is alive."""
    wait_until(lambda: not [pid for pid in pids if alive(pid)], seconds)


def read_pids(note: Path) -> list[int]:
    """Wait for the pids that a workflow writes down."""
    wait_until(lambda: note.exists() and note.read_text())
    return [int(word) for word in note.read_text().split()]


async def run_out_of_time(executor: Executor, act: str, note: Path) -> RunResult:
    """Run an act that hangs, with a timeout that lets it begin on this machine, however busy it is."""
    for timeout in (1.5, 6.0, 24.0):
        result = await executor.run("acts", {"act": act, "note": str(note)}, timeout=timeout)
        assert result.exit_code == 124
        if note.exists():
            break
    return result


def below(pid: int | None = None) -> list[int]:
    """Return the pids of all live processes under this one (default: the test's own)."""
    return [p.pid for p in psutil.Process(pid or os.getpid()).children(recursive=True) if alive(p.pid)]
