"""Runs that hang, flood, die or are interrupted: nothing is left alive, nothing open, nothing unbounded."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from cli_support import GREET, Project, read_pid, run_out_of_time, wait_for, wait_gone

from raw_runtime.outputlog import LIMIT_BYTES, TAIL_BYTES, OutputLog, has_supervisor

HANG = """\
import os, signal, subprocess, sys, time
from pathlib import Path
from pydantic import BaseModel
from raw_runtime import BaseWorkflow, step

HERE = Path(__file__).parent


class P(BaseModel):
    stubborn: bool = False


class Hang(BaseWorkflow[P]):
    @step("hang")
    def hang(self) -> int:
        if self.params.stubborn:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        child = subprocess.Popen(["sleep", "300"])
        (HERE / "grandchild.pid").write_text(str(child.pid))
        (HERE / "child.pid").write_text(str(os.getpid()))
        print("hanging now", flush=True)
        time.sleep(300)
        return 0

    def run(self) -> int:
        return self.hang()


if __name__ == "__main__":
    Hang.main()
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.add("hang", HANG)
    return project


def pids(project: Project) -> tuple[int, int]:
    folder = project.workflow("hang")
    return read_pid(folder / "child.pid"), read_pid(folder / "grandchild.pid")


def last_event(project: Project) -> dict[str, str]:
    (run,) = project.runs("hang")
    event: dict[str, str] = json.loads((run / "events.jsonl").read_text().splitlines()[-1])["event"]
    return event


@pytest.mark.parametrize("args", [(), ("--stubborn",)])
def test_a_run_out_of_time_ends_with_all_it_started(project: Project, args: tuple[str, ...]) -> None:
    done = run_out_of_time(project, "run", "hang", "--json", *args, began=project.workflow("hang") / "child.pid")
    wait_gone(*pids(project))
    result = json.loads(done.stdout)
    assert (result["exit_code"], result["status"]) == (124, "error")
    assert re.match(r"timed out after [0-9.]+ s\. Last output: ", result["message"])
    assert "hanging now" in result["message"]
    manifest = project.manifest("hang")
    assert (manifest["status"], manifest["run"]["status"], manifest["exit_code"]) == ("failed", "failed", 124)
    assert last_event(project)["event_type"] == "workflow.failed"
    assert last_event(project)["error"].startswith("timed out after ")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_is_passed_on(project: Project, number: signal.Signals, code: int) -> None:
    with project.start("run", "hang", "--json") as process:
        children = pids(project)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code
    wait_gone(*children)
    assert json.loads(out)["exit_code"] == code
    assert b"raw_runtime/cli" not in err  # the workflow may tell where it was, raw does not
    assert project.manifest("hang")["run"]["status"] == "cancelled"


def test_a_second_signal_ends_a_run_that_takes_no_notice(project: Project) -> None:
    with project.start("run", "hang", "--stubborn") as process:
        children = pids(project)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode in (130, 143)
    wait_gone(*children)


def test_when_raw_is_killed_its_run_dies_and_is_found_crashed(project: Project) -> None:
    with project.start("run", "hang") as process:
        children = pids(project)
        process.kill()
        process.communicate(timeout=60)
    wait_gone(*children)
    shown = project.raw("show", "hang")
    assert shown.returncode == 0
    (run,) = project.runs("hang")
    assert any(run.name in line and " crashed " in line for line in shown.stdout.splitlines()), shown.stdout
    assert last_event(project)["error"].startswith("CRASHED: ")
    assert "crashed" in project.raw("show").stdout


def test_a_run_that_goes_on_is_not_taken_for_crashed(project: Project) -> None:
    with project.start("run", "hang") as process:
        pids(project)
        assert " running " in project.raw("show", "hang").stdout
        process.terminate()
        process.communicate(timeout=60)
    assert " cancelled " in project.raw("show", "hang").stdout


def test_a_killed_child_ends_what_it_had_started(project: Project) -> None:
    with project.start("run", "hang", "--json") as process:
        child, grandchild = pids(project)
        os.kill(child, signal.SIGKILL)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 137
    wait_gone(grandchild)
    assert json.loads(out)["message"].startswith("killed by SIGKILL")


def test_nothing_stays_behind_after_a_normal_end(project: Project) -> None:
    project.add(
        "leaver",
        "import subprocess\nfrom pathlib import Path\n"
        "p = subprocess.Popen(['sleep', '300'])\n"
        "(Path(__file__).parent / 'pid').write_text(str(p.pid))\nprint('bye')\n",
    )
    with project.start("run", "leaver") as process:
        out, _ = process.communicate(timeout=60)
        assert psutil.pid_exists(process.pid) is False
    assert (process.returncode, out) == (0, b"bye\n")
    wait_gone(read_pid(project.workflow("leaver") / "pid"))


def test_a_process_that_left_the_group_does_not_hold_the_run(project: Project) -> None:
    project.add(
        "daemon",
        "import subprocess\nfrom pathlib import Path\n"
        "p = subprocess.Popen(['sleep', '300'], start_new_session=True)\n"
        "(Path(__file__).parent / 'pid').write_text(str(p.pid))\nprint('bye')\n",
    )
    try:
        done = project.raw("run", "daemon")
        assert (done.returncode, done.stdout) == (0, "bye\n")
    finally:
        os.kill(read_pid(project.workflow("daemon") / "pid"), signal.SIGKILL)


FLOOD = GREET.replace(
    "        print(text)\n", "        for i in range(200_000):\n            print(f'{i:06} ' + 'x' * 92)\n"
)


def test_20_mb_of_output_pass_through_and_the_log_is_bounded(project: Project) -> None:
    project.add("flood", FLOOD)
    done = project.raw("run", "flood", "--name", "Ada")
    assert done.returncode == 0
    assert len(done.stdout) > 20_000_000
    lines = [line for line in done.stdout.splitlines() if line.endswith("xxx")]
    assert [int(line[:6]) for line in lines] == list(range(200_000))
    log = (project.runs("flood")[0] / "output.log").read_text()
    assert len(log) < LIMIT_BYTES + 200
    assert "bytes of output were dropped here]" in log
    assert "000000 xxx" in log
    assert "199999 xxx" in log


def test_output_is_seen_while_the_run_goes_on(project: Project) -> None:
    project.add("slow", "import time\nprint('first')\ntime.sleep(300)\n")
    with project.start("run", "slow") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"first\n"
        assert process.poll() is None
        log = wait_for(lambda: project.runs("slow"), "a run")[0] / "output.log"
        assert log.read_text() == "first\n"
        process.terminate()
        process.communicate(timeout=60)


def test_both_outputs_keep_their_own_way(project: Project) -> None:
    project.add("both", "import sys\nprint('to out')\nprint('to err', file=sys.stderr)\n")
    done = project.raw("run", "both")
    assert done.stdout == "to out\n"
    assert done.stderr.startswith("to err\n")
    assert set((project.runs("both")[0] / "output.log").read_text().split("\n")) == {"to out", "to err", ""}


def test_a_reader_that_goes_away_does_not_stop_the_run(project: Project) -> None:
    project.add("flood", FLOOD)
    with project.start("run", "flood") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=60)
    assert process.returncode == 0
    assert b"Traceback" not in err
    assert b"BrokenPipe" not in err
    assert project.manifest("flood")["result"] == {"text": "Hello you"}


def test_a_reader_that_stands_still_does_not_stop_the_clock(project: Project) -> None:
    project.add("flood", FLOOD.replace("200_000", "10**9"))
    read_end, write_end = os.pipe()
    try:
        with project.start("run", "flood", "--timeout", "1", stdout=write_end) as process:
            assert process.wait(timeout=60) == 124
            process.communicate()
    finally:
        os.close(read_end)
        os.close(write_end)


def test_a_closed_stdout_is_no_problem(project: Project) -> None:
    project.add("greet")
    command = f'exec "{sys.executable}" -m raw_runtime run greet >&-'
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=project.root, env=project.env(), stderr=subprocess.PIPE, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr


def test_no_helper_process_outlives_the_command(project: Project) -> None:
    with project.start("run", "hang") as process:
        children = pids(project)
        helpers = [p.pid for p in psutil.Process(process.pid).children(recursive=True)]
        assert set(children) < set(helpers)
        process.terminate()
        process.communicate(timeout=60)
    wait_gone(*helpers)


def test_a_signal_that_was_ignored_stays_ignored(project: Project) -> None:
    project.add("brief", "import time\nprint('up', flush=True)\ntime.sleep(1)\nprint('done')\n")
    command = f'trap "" HUP; exec "{sys.executable}" -m raw_runtime run brief'
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=project.root,
        env=project.env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.send_signal(signal.SIGHUP)
        assert process.stdout.read() == b"done\n"
        assert process.wait(timeout=60) == 0


def test_the_log_keeps_its_head_and_its_tail(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    log = OutputLog(path, limit=TAIL_BYTES + 10)
    log.write(b"0123456789" + b"a" * 100_000)
    assert has_supervisor(path)
    log.write(b"b" * 100_000 + b"\nend\n")
    log.close()
    data = path.read_bytes()
    assert not has_supervisor(path)
    assert data.startswith(b"0123456789\n[raw: ")
    assert data.endswith(b"b\nend\n")
    assert len(data) < TAIL_BYTES + 100
    dropped = int(data.split(b"[raw: ")[1].split()[0])
    assert dropped == 200_005 - TAIL_BYTES
    assert log.last_lines(1) == ["end"]


def test_a_log_below_its_limit_is_whole(tmp_path: Path) -> None:
    log = OutputLog(tmp_path / "output.log")
    for part in (b"one\n", b"two\n", b"x" * 400 + b"\n"):
        log.write(part)
    log.close()
    assert (tmp_path / "output.log").read_bytes() == b"one\ntwo\n" + b"x" * 400 + b"\n"
    assert log.last_lines(2) == ["two", "x" * 300 + "..."]
