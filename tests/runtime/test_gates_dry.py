"""The dry gate, through the real `raw run --dry`."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from gate_support import add_workflow, call, command, environment, make_project
from test_gates_process import is_dead, read_pid

from raw_runtime.gates import GateResult, run_gates
from raw_runtime.gates.model import FAIL, PASS, SKIP
from raw_runtime.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


def add(project: Project, name: str, dry_run: str | None) -> None:
    folder = add_workflow(project, name)
    if dry_run is not None:
        (folder / "dry_run.py").write_text(dry_run)


def dry(project: Project, scale: float = 1.0) -> tuple[GateResult, str]:
    (result,) = run_gates(project, ["dry"], timeout_scale=scale)
    return result, (project.root / (result.log or "none")).read_text() if result.log else ""


def test_every_workflow_runs_dry(project: Project) -> None:
    add(project, "a", "print('A is fine')\n")
    add(project, "b", "from run import Greet\nprint('B is fine:', Greet.__name__)\n")
    result, log = dry(project)
    assert (result.status, result.exit_code, result.reason) == (PASS, 0, ""), log
    assert log.index("== a: ok, ") < log.index("A is fine") < log.index("== b: ok, ") < log.index("B is fine: Greet")


def test_the_failed_ones_are_named_and_end_the_log(project: Project) -> None:
    add(project, "a", "import sys\nprint('it broke')\nsys.exit(5)\n")
    add(project, "b", "print('B is fine')\n")
    add(project, "c", None)
    result, log = dry(project)
    assert (result.status, result.exit_code, result.reason) == (FAIL, 5, "a (exit code 5), c (exit code 1)")
    assert log.index("B is fine") < log.index("it broke") < log.index("c has no dry_run.py")
    assert "raw run c --dry --init" in log


def test_a_dry_run_that_reaches_out_fails(project: Project) -> None:
    add(
        project, "a", "import socket\ntry:\n    socket.create_connection(('127.0.0.1', 9))\nexcept OSError:\n    pass\n"
    )
    result, log = dry(project)
    assert (result.status, result.reason) == (FAIL, "a (exit code 1)")
    assert "the network is shut" in log


def test_a_dry_run_that_hangs_is_ended(project: Project) -> None:
    add(project, "a", "import time\nprint('waiting', flush=True)\ntime.sleep(1000)\n")
    result, _ = dry(project, scale=0.05)
    assert (result.status, result.exit_code, result.reason) == (FAIL, 124, "a (timed out after 3 seconds)")


def test_no_workflows_is_no_pass(project: Project) -> None:
    result, _ = dry(project)
    assert result.status == SKIP


def test_an_interrupt_leaves_no_dry_run_behind(project: Project) -> None:
    add(project, "a", "import os, time\nopen('pid', 'w').write(f'{os.getpid()}\\n')\ntime.sleep(1000)\n")
    with subprocess.Popen(
        command("gates", "dry"),
        cwd=project.root,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        pid = read_pid(project.raw_dir / "workflows" / "a" / "pid")
        running.send_signal(signal.SIGTERM)
        out, _ = running.communicate(timeout=60)
    assert running.returncode == 143
    assert is_dead(pid)
    assert "FAIL" in out


def test_the_raw_command_has_the_gates(project: Project) -> None:
    add(project, "a", "print('fine')\n")
    done = call(project, "gates", "validate", "dry")
    assert done.returncode == 0, done.stdout + done.stderr
    through_raw = subprocess.run(
        [sys.executable, "-m", "raw_runtime", "gates"],
        cwd=project.root / ".raw" / "workflows" / "a",
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert through_raw.returncode == 0, through_raw.stderr
    assert through_raw.stdout.splitlines()[-1] == "Gates: 2 passed, 0 failed, 0 skipped."
