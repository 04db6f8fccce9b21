from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

import pytest
from gate_support import add_workflow, call, command, environment, make_project
from test_gates_process import PATIENCE, is_dead, read_pid

from raw_runtime.project import Project

CONFIG = """\
    builder:
      gates:
        default: [good, bad, absent]
        optional:
          good: {command: "echo fine"}
          bad: {command: "echo '[/b] caf\\u00e9 \\u2717'; echo last words >&2; exit 3"}
          absent: {command: x, requires: [no-such-tool]}
          fine: {command: "true", static: true}
          loud: {command: "seq 1 100; exit 1"}
          hang: {command: "echo $$ > pid; sleep 1000", timeout_seconds: 500}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path, CONFIG)


def one_gate(root: Path, shell: str) -> Project:
    """A project with the gate x, whose command this is."""
    gates = {"default": ["x"], "optional": {"x": {"command": shell}}}
    return make_project(root, json.dumps({"builder": {"gates": gates}}))


class TestPlain:
    def test_lines_failures_table_and_verdict(self, project: Project) -> None:
        done = call(project, "gates")
        assert done.returncode == 1
        assert done.stderr == ""
        lines = done.stdout.splitlines()
        assert re.fullmatch(r"Running 3 gates, logs in \.raw/builds/[0-9a-f-]+/logs", lines[0])
        assert {line.split()[1] for line in lines[1:4]} == {"PASS", "FAIL", "SKIP"}
        block = lines[lines.index("FAIL bad: exit code 3") :]
        assert block[1:4] == [
            "  | $ echo '[/b] café ✗'; echo last words >&2; exit 3",
            "  | [/b] café ✗",
            "  | last words",
        ]
        assert re.fullmatch(r"  log: \.raw/builds/[0-9a-f-]+/logs/bad\.log", block[4])
        assert (project.root / block[4].removeprefix("  log: ")).is_file()
        assert block[5] == "  run it alone: raw gates bad"
        table = block[7:-2]
        assert [re.sub(r"\d+\.\d\d s", "T", line).split(maxsplit=3) for line in table] == [
            ["Gate", "State", "Time", "Detail"],
            ["good", "PASS", "T"],
            ["bad", "FAIL", "T", "exit code 3"],
            ["absent", "SKIP", "-", "no-such-tool is not installed: install no-such-tool, then raw gates absent"],
        ]
        assert len({line.index(word) for line, word in zip(table, ("State", "PASS", "FAIL", "SKIP"), strict=True)}) == 1
        assert lines[-1] == (
            "Gates: 1 passed, 1 failed, 1 skipped. Failed: bad. "
            "Not checked: absent (install no-such-tool, then raw gates absent)."
        )

    def test_a_failure_shows_only_its_last_lines(self, project: Project) -> None:
        lines = call(project, "gates", "loud").stdout.splitlines()
        assert [line for line in lines if line.startswith("  | ")] == [f"  | {n}" for n in range(86, 101)]

    def test_a_skip_is_no_failure_and_no_pass(self, project: Project) -> None:
        done = call(project, "gates", "absent")
        assert done.returncode == 0
        assert "PASS" not in done.stdout
        assert "0 passed, 0 failed, 1 skipped" in done.stdout.splitlines()[-1]

    def test_ascii_stdout(self, project: Project) -> None:
        done = call(project, "gates", env={"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
        assert done.returncode == 1
        assert done.stdout.isascii()
        assert "  | [/b] caf? ?" in done.stdout

    def test_escapes_in_output_do_not_reach_the_terminal(self, tmp_path: Path) -> None:
        shout = r"printf '\033[2J\033]0;t\007hi\r\n'; false"
        done = call(one_gate(tmp_path, shout), "gates")
        assert "  | hi\n" in done.stdout
        assert "\x1b" not in done.stdout

    def test_static(self, project: Project) -> None:
        done = call(project, "gates", "--static")
        assert done.returncode == 0
        last = done.stdout.splitlines()[-1]
        assert last.startswith("Gates: 1 passed, 0 failed, 3 skipped.")
        assert last.endswith("Not checked: good, bad, absent (uv sync, then raw gates good bad absent).")
        assert "needs the project's environment: uv sync, then raw gates good" in done.stdout

    def test_nothing_to_run(self, tmp_path: Path) -> None:
        done = call(make_project(tmp_path, "builder: {gates: {default: []}}\n"), "gates")
        assert (done.returncode, done.stdout) == (
            0,
            "Gates: 0 passed, 0 failed, 0 skipped. There was nothing to run.\n",
        )

    def test_a_reader_that_goes_away(self, project: Project) -> None:
        script = '"$@" | head -n 1'
        done = subprocess.run(
            ["/bin/sh", "-c", script, "sh", *command("gates", "good", "bad")],
            cwd=project.root,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr


class TestJson:
    def test_one_document_on_stdout_progress_on_stderr(self, project: Project) -> None:
        done = call(project, "gates", "--json")
        assert done.returncode == 1
        document = json.loads(done.stdout)
        assert done.stdout.count("\n") == 1
        assert (document["ok"], document["passed"], document["failed"], document["skipped"]) == (False, 1, 1, 1)
        assert [entry["gate"] for entry in document["gates"]] == ["good", "bad", "absent"]
        bad = document["gates"][1]
        assert (bad["status"], bad["exit_code"], bad["reason"]) == ("FAIL", 3, "exit code 3")
        assert (project.root / bad["log"]).is_file()
        assert document["gates"][2]["remedy"] == "install no-such-tool"
        saved = json.loads((project.root / document["folder"] / "result.json").read_text())
        assert saved == document
        assert "FAIL bad" in done.stderr

    def test_list(self, project: Project) -> None:
        done = call(project, "gates", "--list", "--json")
        gates = {entry["gate"]: entry for entry in json.loads(done.stdout)["gates"]}
        assert list(gates) == ["validate", "dry", "good", "bad", "absent", "fine", "loud", "hang"]
        assert gates["good"]["default"]
        assert not gates["loud"]["default"]
        assert gates["fine"]["static"]
        assert gates["absent"]["here"] == "skipped here: no-such-tool is not installed; install no-such-tool"
        assert not (project.raw_dir / "builds").exists()

    def test_list_in_plain(self, project: Project) -> None:
        rows = call(project, "gates", "--list").stdout.splitlines()
        assert rows[0].split() == ["Gate", "Runs", "Limit", "What"]
        assert rows[3].split() == ["good", "always", "300", "s", "echo", "fine"]
        assert rows[6].split() == ["fine", "--all", "300", "s", "true"]


class TestJunit:
    def test_it_parses_back(self, project: Project, tmp_path: Path) -> None:
        done = call(project, "gates", "--junit", "deep/er/report.xml")
        assert done.returncode == 1
        suite = ET.parse(tmp_path / "deep" / "er" / "report.xml").getroot()[0]
        assert {key: suite.get(key) for key in ("tests", "failures", "skipped", "errors")} == {
            "tests": "3",
            "failures": "1",
            "skipped": "1",
            "errors": "0",
        }
        assert [(case.get("name"), [child.tag for child in case]) for case in suite] == [
            ("good", ["system-out"]),
            ("bad", ["failure", "system-out"]),
            ("absent", ["skipped"]),
        ]
        failed = suite[1][0]
        assert failed.get("message") == "exit code 3"
        assert failed.text is not None
        assert "[/b] café ✗\nlast words" in failed.text
        assert "no-such-tool is not installed" in (suite[2][0].get("message") or "")

    def test_characters_that_xml_cannot_hold(self, tmp_path: Path) -> None:
        project = one_gate(tmp_path, r"printf '\000\013\377 ]]> <a>&'; false")
        assert call(project, "gates", "--junit", "r.xml").returncode == 1
        failed = ET.parse(tmp_path / "r.xml").getroot()[0][0][0]
        assert (failed.text or "").endswith("\ufffd ]]> <a>&")

    def test_a_place_that_cannot_be_written_is_told_before_anything_runs(self, project: Project) -> None:
        (project.root / "file").write_text("")
        done = call(project, "gates", "--junit", "file/report.xml")
        assert done.returncode == 2
        assert "--junit: file/report.xml cannot be written" in done.stderr
        assert not (project.raw_dir / "builds").exists()


class TestUsage:
    @pytest.mark.parametrize(
        ("argv", "text"),
        [
            (["god"], "No gate is called 'god'. Did you mean good?"),
            (["--al"], "unknown option --al. Did you mean --all"),
            (["--statik"], "unknown option --statik. Did you mean --static?"),
            (["--jobs", "0"], "'0' is no whole number above 0"),
            (["--jobs", "many"], "'many' is no whole number above 0"),
            (["--timeout-scale", "-1"], "'-1' is no number above 0"),
            (["--timeout-scale", "nan"], "'nan' is no number above 0"),
        ],
    )
    def test_wrong_words(self, project: Project, argv: list[str], text: str) -> None:
        done = call(project, "gates", *argv)
        assert done.returncode == 2
        assert text in done.stderr
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""

    def test_a_malformed_file(self, tmp_path: Path) -> None:
        done = call(make_project(tmp_path, "builder:\n"), "gates", "--json")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (".raw/config.yaml:1: builder is empty: it must be a mapping of `key: value` lines.\n")

    def test_help(self, project: Project) -> None:
        done = call(project, "gates", "--help")
        assert done.returncode == 0
        assert "--junit FILE" in done.stdout


class TestInterrupt:
    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
    def test_nothing_is_orphaned(self, project: Project, number: signal.Signals, code: int) -> None:
        with subprocess.Popen(
            command("gates", "--jobs", "1", "--junit", "r.xml", "hang", "good"),
            cwd=project.root,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: [signal.signal(n, signal.SIG_DFL) for n in (signal.SIGINT, signal.SIGHUP)],
        ) as running:
            pid = read_pid(project.root / "pid")
            running.send_signal(number)
            out, err = running.communicate(timeout=60)
        assert running.returncode == code
        assert err == ""
        assert is_dead(pid)
        assert out.splitlines()[-1].startswith("Interrupted: 0 passed, 1 failed, 1 skipped.")
        (result,) = (project.raw_dir / "builds").glob("*/result.json")
        document = json.loads(result.read_text())
        assert document["interrupted"] is True
        assert [(r["status"], r["exit_code"], r["reason"]) for r in document["gates"]] == [
            ("FAIL", 130, "interrupted"),
            ("SKIP", None, "interrupted before it started"),
        ]
        assert (project.root / "r.xml").stat().st_size > 0

    def test_at_whatever_moment_it_comes_there_is_a_verdict(self, tmp_path: Path) -> None:
        """The gate interrupts while the gates still start, or while their lines are printed."""
        project = make_project(
            tmp_path,
            """\
            builder:
              gates:
                optional:
                  stop: {command: "kill -INT $PPID; sleep 1000"}
                  good: {command: "true"}
            """,
        )
        for _ in range(8):
            done = call(project, "gates", "--jobs", "2", "good", "stop")
            assert (done.returncode, done.stderr) == (130, "")
            assert done.stdout.splitlines()[-1].startswith("Interrupted: ")

    def test_who_insists_need_not_read_the_verdict(self, tmp_path: Path) -> None:
        """Nobody reads, and the failures are more than a pipe holds."""
        shout = {"command": "for n in $(seq 15); do printf '%0300d\\n' $n; done; exit 1"}
        gates = {"default": [], "optional": {f"x{n}": shout for n in range(30)}}
        project = make_project(tmp_path, json.dumps({"builder": {"gates": gates}}))
        with subprocess.Popen(
            command("gates", "--all", "--jobs", "8"),
            cwd=project.root,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as running:
            deadline = time.monotonic() + PATIENCE
            while not list((project.raw_dir / "builds").glob("*/result.json")):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            for _ in range(3):
                time.sleep(0.5)
                assert running.poll() is None
                running.send_signal(signal.SIGTERM)
            assert running.wait(PATIENCE) == 130

    def test_not_even_when_it_is_killed_itself(self, project: Project) -> None:
        with subprocess.Popen(
            command("gates", "hang"),
            cwd=project.root,
            env=environment(),
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        ) as running:
            pid = read_pid(project.root / "pid")
            running.kill()
        assert is_dead(pid)


def on_terminal(project: Project, *argv: str, env: Mapping[str, str]) -> tuple[int, str]:
    """Run the command on a terminal of 120 columns; return its exit code and all it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    with subprocess.Popen(
        command("gates", *argv),
        cwd=project.root,
        env=environment({"TERM": "xterm-256color", "PYTHONUTF8": "1", **env}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as running:
        os.close(theirs)
        written = bytearray()
        while True:
            try:
                block = os.read(ours, 65536)
            except OSError:  # how Linux says that the other end is closed
                break
            if not block:
                break
            written += block
        os.close(ours)
        return running.wait(60), written.decode()


class TestTerminal:
    def test_a_live_table_then_the_final_one(self, project: Project) -> None:
        code, text = on_terminal(project, env={})
        assert code == 1
        assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1, "the cursor is hidden, and given back"
        assert "3/3 done" in text
        final = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text[text.index("\x1b[?25h") :])
        assert "  | [/b] café ✗\r\n" in final
        assert re.search(r"good +PASS +\d\.\d\d s", final)
        assert re.search(r"bad +FAIL +\d\.\d\d s +exit code 3", final)
        assert re.search(r"absent +SKIP +- +no-such-tool is not installed", final)
        assert "Gates: 1 passed, 1 failed, 1 skipped." in final.rstrip().splitlines()[-1]
        assert re.search(r"\x1b\[[0-9;]*3[0-7]m", text), "there are colours"

    def test_no_color(self, project: Project) -> None:
        _, text = on_terminal(project, env={"NO_COLOR": "1"})
        assert "\x1b[?25l" in text
        assert not re.search(r"\x1b\[(?:[0-9;]*;)?[34][0-8][;m]", text)

    @pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"CI": "true"}])
    def test_no_live_table_where_it_is_not_welcome(self, project: Project, env: dict[str, str]) -> None:
        code, text = on_terminal(project, env=env)
        assert code == 1
        assert "\x1b" not in text
        assert "FAIL bad: exit code 3" in text

    def test_an_ascii_terminal(self, project: Project) -> None:
        code, text = on_terminal(project, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"})
        assert code == 1
        assert text.isascii()


BARE = """\
import sys
for name in ("pydantic", "pydantic_core", "rich"):
    sys.modules[name] = None
from raw_runtime.gates.cli import main
from raw_runtime.project import find_project
sys.exit(main(sys.argv[1:], find_project()))
"""


def test_without_pydantic_and_rich_the_static_gates_still_run(tmp_path: Path) -> None:
    project = make_project(tmp_path, "builder: {gates: {optional: {compile: {command: python -c 1, static: true}}}}\n")
    add_workflow(project)
    for argv, dry in (
        (["--static"], "needs the project's environment"),
        (["--all"], "the Python module pydantic is not installed"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", BARE, "--json", *argv],
            cwd=project.root,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        results = {entry["gate"]: entry for entry in json.loads(done.stdout)["gates"]}
        assert {name: entry["status"] for name, entry in results.items()} == {
            "validate": "PASS",
            "dry": "SKIP",
            "compile": "PASS",
        }
        assert (results["dry"]["reason"], results["dry"]["remedy"]) == (dry, "uv sync")


def test_the_engine_is_light(project: Project) -> None:
    program = (
        "import sys\n"
        "from raw_runtime.gates.cli import main\n"
        "from raw_runtime.project import find_project\n"
        "main(['good'], find_project())\n"
        "print(sorted({'pydantic', 'rich', 'asyncio'} & sys.modules.keys()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project.root,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
