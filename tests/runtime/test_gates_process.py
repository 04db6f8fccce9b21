from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from raw_runtime.gates import process
from raw_runtime.gates.process import Cancel, Ended, run_command

PATIENCE = 60.0


def run(folder: Path, command: str, *, timeout: float = PATIENCE, cancel: Cancel | None = None) -> tuple[Ended, str]:
    log = folder / "gate.log"
    end = run_command(
        ["/bin/sh", "-c", command],
        cwd=folder,
        environ=dict(os.environ),
        log=log,
        timeout=timeout,
        cancel=cancel or Cancel(),
    )
    return end, log.read_text(errors="replace")


def read_pid(path: Path) -> int:
    """Wait for a process to write its id."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text()).endswith("\n"):
            return int(text)
        time.sleep(0.01)
    raise AssertionError(f"{path.name} was not written")


def is_dead(pid: int) -> bool:
    """Wait for the process to be gone, or a zombie that its new parent has yet to reap."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize(
    ("command", "code", "reason"),
    [
        ("true", 0, ""),
        ("exit 3", 3, "exit code 3"),
        ("no-such-program-anywhere", 127, "exit code 127: command not found"),
        ("kill -KILL $$", 137, "killed by SIGKILL"),
        ("kill -SEGV $$", 139, "killed by SIGSEGV"),
    ],
)
def test_exit_codes(tmp_path: Path, command: str, code: int, reason: str) -> None:
    end, _ = run(tmp_path, command)
    assert (end.exit_code, end.reason) == (code, reason)


def test_output_of_both_streams_goes_to_the_log_in_order(tmp_path: Path) -> None:
    _, log = run(tmp_path, "echo one; echo two >&2; echo three")
    assert log == "one\ntwo\nthree\n"


def test_stdin_is_empty_and_the_folder_is_right(tmp_path: Path) -> None:
    end, log = run(tmp_path, "cat; pwd")
    assert (end.exit_code, log.strip()) == (0, str(tmp_path))


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    end = run_command(
        [str(tmp_path / "none")], cwd=tmp_path, environ={}, log=tmp_path / "log", timeout=1, cancel=Cancel()
    )
    assert (end.exit_code, end.reason) == (126, "it could not be started: No such file or directory")


FAMILY = """
sleep 1000 &
echo $! > child
setsid sh -c 'echo $$ > session; exec sleep 1000' &
(setsid sh -c 'echo $$ > daemon; exec sleep 1000' &)
wait
"""


def test_a_timeout_kills_children_sessions_and_daemons(tmp_path: Path) -> None:
    family = [tmp_path / name for name in ("child", "session", "daemon")]
    # Long enough for all of them to begin on this machine, however busy it is.
    for timeout in (1, 5, 25):
        end, log = run(tmp_path, FAMILY, timeout=timeout)
        assert (end.exit_code, end.reason) == (124, f"timed out after {timeout} seconds")
        assert log.endswith(f"timed out after {timeout} seconds\n")
        if all(path.exists() for path in family):
            break
    assert all(is_dead(read_pid(path)) for path in family)


def test_who_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)
    script = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid()); time.sleep(999)"
    )
    cancel = Cancel()
    ended: list[Ended] = []
    command = f"{sys.executable} -uc '{script}' > stubborn"
    thread = threading.Thread(target=lambda: ended.append(run(tmp_path, command, cancel=cancel)[0]))
    thread.start()
    pid = read_pid(tmp_path / "stubborn")
    cancel()
    thread.join(PATIENCE)
    assert (ended[0].exit_code, ended[0].reason) == (130, "interrupted")
    assert is_dead(pid)


def test_sigterm_comes_first_so_that_a_command_can_clean_up(tmp_path: Path) -> None:
    cancel = Cancel()
    ended: list[Ended] = []
    command = "trap 'echo cleaned up; exit 0' TERM; echo $$ > ready; while :; do sleep 0.01; done"
    thread = threading.Thread(target=lambda: ended.append(run(tmp_path, command, cancel=cancel)[0]))
    thread.start()
    read_pid(tmp_path / "ready")
    cancel()
    thread.join(PATIENCE)
    assert ended[0].exit_code == 130
    assert "cleaned up" in (tmp_path / "gate.log").read_text()


def test_insisting_does_not_wait_for_the_grace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 10 * PATIENCE)
    cancel = Cancel()
    thread = threading.Thread(
        target=run,
        args=(tmp_path, "trap '' TERM; echo $$ > ready; while :; do sleep 0.01; done"),
        kwargs={"cancel": cancel},
    )
    thread.start()
    pid = read_pid(tmp_path / "ready")
    cancel()
    assert not cancel.hard
    cancel()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert is_dead(pid)


def test_what_a_finished_command_left_in_its_group_is_ended(tmp_path: Path) -> None:
    end, _ = run(tmp_path, "sleep 1000 & echo $! > left; exit 0")
    assert end.exit_code == 0
    assert is_dead(read_pid(tmp_path / "left"))


def test_a_log_that_grows_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MAX_LOG_BYTES", 1_000_000)
    end, _ = run(tmp_path, "yes")
    assert (end.exit_code, end.reason) == (1, "wrote more than 1 MB")
