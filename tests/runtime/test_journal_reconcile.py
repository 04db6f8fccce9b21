from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from core_helpers import events, kinds, make_spec, manifest, run, script_env
from pydantic import BaseModel

from raw_runtime import BaseWorkflow, Manifest, reconcile_run
from raw_runtime.reconcile import finish_run

SCRIPT = """
import os, time
from pydantic import BaseModel
from raw_runtime import BaseWorkflow, step

class P(BaseModel):
    cv: str = "personal words"

class Killed(BaseWorkflow[P]):
    @step("first")
    def first(self) -> int:
        return 1

    @step("second")
    def second(self) -> int:
        print("ready", flush=True)
        time.sleep(60)
        return 2

    def run(self) -> int:
        self.save("result.json", {"first": self.first()})
        return self.second()

if __name__ == "__main__":
    Killed.main()
"""


def start(tmp_path: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start the script as a supervisor does; return once it is in its second step."""
    spec = make_spec(tmp_path)
    script = tmp_path / ".raw" / "workflows" / "demo" / "run.py"
    script.write_text(SCRIPT)
    fd = spec.open_fd()
    process = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=spec.run_dir,
        env=script_env(RAW_RUN_FD=str(fd)),
        pass_fds=[fd],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    os.close(fd)
    assert process.stdout is not None
    for line in process.stdout:
        if line == "ready\n":
            break
    return process, Path(spec.run_dir)


def test_a_killed_run_is_marked_as_crashed(tmp_path: Path) -> None:
    process, run_dir = start(tmp_path)
    try:
        assert reconcile_run(run_dir) == "running"
        assert not (run_dir / "manifest.json").exists()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
    assert reconcile_run(run_dir) == "crashed"
    last = events(run_dir)[-1]
    assert last["event_type"] == "workflow.failed"
    assert last["error"].startswith("CRASHED: ")
    data = manifest(run_dir)
    assert (data["run"]["status"], data["status"], data["workflow_id"], data["exit_code"]) == (
        "crashed",
        "crashed",
        "demo",
        1,
    )
    assert [(s["name"], s["status"]) for s in data["steps"]] == [("first", "success"), ("second", "running")]
    assert data["result"] == {"first": 1}
    assert data["artifact_paths"] == ["results/result.json"]
    assert Manifest.model_validate(data).run.parameters == {"cv": "<str, 14 chars>"}
    before = (run_dir / "events.jsonl").read_bytes()
    assert reconcile_run(run_dir) == "crashed"
    assert (run_dir / "events.jsonl").read_bytes() == before


def test_the_parent_says_how_a_run_ended(tmp_path: Path) -> None:
    process, run_dir = start(tmp_path)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    data = finish_run(
        run_dir, status="failed", error="Timed out after 3 s", exit_code=124, message="Timed out: last words"
    )
    assert (data["exit_code"], data["status"], data["run"]["status"]) == (124, "failed", "failed")
    assert data["message"] == "Timed out: last words"
    assert manifest(run_dir) == data
    assert events(run_dir)[-1]["error"] == "Timed out after 3 s"
    assert reconcile_run(run_dir) == "failed"


def test_an_interrupted_run_is_cancelled(tmp_path: Path) -> None:
    process, run_dir = start(tmp_path)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert reconcile_run(run_dir) == "cancelled"
    data = manifest(run_dir)
    assert (data["exit_code"], data["message"], data["status"]) == (130, "Workflow cancelled", "failed")
    assert kinds(run_dir)[-2:] == ["step.failed", "workflow.failed"]


class Params(BaseModel):
    pass


class Fine(BaseWorkflow[Params]):
    def run(self) -> int:
        return self.success("fine").exit_code


def test_an_ended_run_keeps_its_end(tmp_path: Path) -> None:
    result = run(Fine, tmp_path)
    run_dir = Path(result.run_dir)
    before = (run_dir / "manifest.json").read_bytes(), (run_dir / "events.jsonl").read_bytes()
    assert reconcile_run(run_dir) == "success"
    assert finish_run(run_dir, status="failed", error="late", exit_code=124)["exit_code"] == 0
    assert before == ((run_dir / "manifest.json").read_bytes(), (run_dir / "events.jsonl").read_bytes())


@pytest.mark.parametrize("left", [b"", b'{"half'])
def test_an_end_without_a_manifest_is_taken_from_the_journal(tmp_path: Path, left: bytes) -> None:
    run_dir = Path(run(Fine, tmp_path).run_dir)
    (run_dir / "manifest.json").write_bytes(left)
    assert reconcile_run(run_dir) == "success"
    assert (manifest(run_dir)["exit_code"], manifest(run_dir)["status"]) == (0, "success")


def test_a_run_that_has_not_begun(tmp_path: Path) -> None:
    run_dir = Path(make_spec(tmp_path).run_dir)
    assert reconcile_run(run_dir) == "pending"
    assert not (run_dir / "manifest.json").exists()
    old = time.time() - 3600
    os.utime(run_dir, (old, old))
    assert reconcile_run(run_dir) == "crashed"
    data = manifest(run_dir)
    assert (data["workflow_id"], data["run_id"]) == ("demo", run_dir.name)
    assert Manifest.model_validate(data).run.status.value == "crashed"


def test_a_process_that_died_before_its_first_event(tmp_path: Path) -> None:
    run_dir = Path(make_spec(tmp_path).run_dir)
    data = finish_run(
        run_dir, status="crashed", error="Killed by SIGSEGV", exit_code=139, message="Killed by SIGSEGV: x"
    )
    assert (data["exit_code"], data["message"], data["signal"]) == (139, "Killed by SIGSEGV: x", "error")
    assert json.loads((run_dir / "manifest.json").read_text()) == data


def test_the_command_needs_no_pydantic_for_this() -> None:
    code = (
        "import sys, raw_runtime.reconcile; print(sorted({'pydantic', 'asyncio', 'rich', 'yaml'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], env=script_env(), capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"
