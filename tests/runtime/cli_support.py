"""Small projects in a temporary folder, and the real `raw` command in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

RUNTIME_HOME = Path(__file__).resolve().parents[2] / "<<cookiecutter.project_slug>>"
LIMIT_SECONDS = 60

HEADER = """\
#!/usr/bin/env python3
# /// script
# requires-python = ">=3.10"
# dependencies = ["pydantic>=2.0", "rich>=13.0"]
# ///
"""
GREET = """\
from pydantic import BaseModel, Field
from raw_runtime import BaseWorkflow, step


class GreetParams(BaseModel):
    name: str = Field(default="you", description="Whom to greet")
    times: int = Field(default=1, ge=1)
    code: int = 0


class Greet(BaseWorkflow[GreetParams]):
    @step("greet")
    def greet(self) -> str:
        return ", ".join([f"Hello {self.params.name}"] * self.params.times)

    def run(self) -> int:
        text = self.greet()
        print(text)
        self.save("result.json", {"text": text})
        if self.params.code:
            return self.error("It went wrong", exit_code=self.params.code).exit_code
        return self.success("Greeted", data=text).exit_code


if __name__ == "__main__":
    Greet.main()
"""


class Project:
    """A project under `root`; `raw` runs the command in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / ".raw" / "workflows").mkdir(parents=True)
        (root / "tools").mkdir()
        (root / "tools" / "__init__.py").write_text('"""Tools."""\n')

    def add(self, name: str, body: str = GREET, header: str = HEADER) -> Path:
        """Add a workflow whose script is `header` and `body`."""
        folder = self.root / ".raw" / "workflows" / name
        folder.mkdir()
        (folder / "run.py").write_text(header + textwrap.dedent(body))
        return folder

    def workflow(self, name: str) -> Path:
        return self.root / ".raw" / "workflows" / name

    def runs(self, name: str) -> list[Path]:
        folder = self.workflow(name) / "runs"
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def manifest(self, name: str) -> dict[str, Any]:
        """Return the manifest of the workflow's only run."""
        (run,) = self.runs(name)
        data: dict[str, Any] = json.loads((run / "manifest.json").read_text())
        return data

    def env(self, **more: str) -> dict[str, str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("RAW_", "PYTEST", "COV_"))}
        env.pop("PYTHONUNBUFFERED", None)
        return env | {"PYTHONPATH": str(RUNTIME_HOME)} | more

    def raw(
        self, *args: str, cwd: Path | None = None, stdin: str | None = None, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `raw` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "raw_runtime", *args],
            cwd=cwd or self.root,
            env=self.env(**(env or {})),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
        )

    def start(self, *args: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start `raw` and return its process."""
        env = options.pop("env", None) or self.env()
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [sys.executable, "-m", "raw_runtime", *args], cwd=self.root, env=env, **(pipes | options)
        )


def run_out_of_time(project: Project, *args: str, began: Path) -> subprocess.CompletedProcess[str]:
    """Run `raw` with a time limit that lets the workflow write the file `began`, however busy this machine is."""
    for limit in ("1.5", "6", "24"):
        done = project.raw(*args, "--timeout", limit)
        assert done.returncode == 124
        if began.exists():
            break
        shutil.rmtree(project.workflow(args[1]) / "runs", ignore_errors=True)
    return done


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Return the first true value of `condition`; fail after a minute."""
    end = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for {what}")


def read_pid(path: Path) -> int:
    """Return the number in a file that a workflow writes, once it is there."""
    return int(wait_for(lambda: path.exists() and path.read_text().strip(), str(path)))


def is_alive(pid: int) -> bool:
    """True while the process lives; a zombie, which nobody has asked for yet, does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_gone(*pids: int) -> None:
    """Return once none of the processes lives."""
    wait_for(lambda: not any(is_alive(pid) for pid in pids), f"the end of {pids}")
