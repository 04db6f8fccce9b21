"""Scripts in upstream's style, run by hand as `python run.py`: files go to the current folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from core_helpers import events, kinds, make_spec, manifest, run_script, script_env

SCAFFOLD = '''#!/usr/bin/env python3
# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "pydantic>=2.0",
#   "rich>=13.0",
# ]
# ///
"""word-count workflow."""

from pydantic import BaseModel, Field

from raw_runtime import BaseWorkflow, step, retry
from raw_runtime.context import WorkflowContext
from raw_runtime.decorators import cache_step
from raw_runtime.approval import wait_for_approval, wait_for_webhook


class WordCountParams(BaseModel):
    """Workflow parameters - defines CLI arguments."""
    text: str = Field(..., description="Text to count")
    upper: bool = Field(default=False, description="Shout")


class ParsedInput(BaseModel):
    words: list[str]


class ProcessedResult(BaseModel):
    count: int


class WordCount(BaseWorkflow[WordCountParams]):
    """Counts words."""

    def __init__(self, params: WordCountParams, context: WorkflowContext | None = None) -> None:
        super().__init__(params, context)
        self._my_counter = 0

    @step("parse")
    @retry(retries=3, backoff="exponential", base_delay=1.0)
    def parse(self) -> ParsedInput:
        return ParsedInput(words=self.params.text.split())

    @step("process")
    @cache_step
    def process(self, parsed: ParsedInput) -> ProcessedResult:
        self.log(f"words {parsed.words}")
        return ProcessedResult(count=len(parsed.words))

    def run(self) -> int:
        parsed = self.parse()
        result = self.process(parsed)
        self.save("result.json", result)
        return 0


if __name__ == "__main__":
    WordCount.main()
'''

HEAD = """
from pydantic import BaseModel
from raw_runtime import *
class P(BaseModel):
    n: int = 0
class W(BaseWorkflow[P]):
"""
TAIL = """
if __name__ == "__main__":
    W.main()
"""


def body(text: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in text.strip("\n").splitlines()) + TAIL


def test_the_scaffold_form(tmp_path: Path) -> None:
    done = run_script(SCAFFOLD, tmp_path, "--text", "[/b] <script> {{x}} 日本")
    assert (done.returncode, done.stderr) == (0, "")
    assert "  words ['[/b]', '<script>', '{{x}}', '日本']\n" in done.stdout
    assert "Starting workflow: WordCount" in done.stdout
    assert "Saved result.json" in done.stdout
    assert "Workflow completed successfully" in done.stdout
    assert {p.name for p in tmp_path.iterdir()} == {"run.py", "results", "output.log", "events.jsonl", "manifest.json"}
    assert json.loads((tmp_path / "results" / "result.json").read_text()) == {"count": 4}
    data = manifest(tmp_path)
    assert data["workflow"]["id"] == data["workflow"]["short_name"] == "WordCount"
    assert data["run"]["run_id"].startswith("run_20")
    assert data["run"]["parameters"] == {"text": "<str, 22 chars>", "upper": False}
    assert [s["name"] for s in data["steps"]] == ["parse", "process"]
    assert kinds(tmp_path) == [
        "workflow.started",
        "workflow.provenance",
        "step.started",
        "step.completed",
        "step.started",
        "step.completed",
        "artifact.created",
        "workflow.completed",
    ]
    assert "Saved file: " in (tmp_path / "output.log").read_text()


def test_scaffold_flags(tmp_path: Path) -> None:
    missing = run_script(SCAFFOLD, tmp_path)
    assert missing.returncode == 2
    assert missing.stderr == "Error: --text (text): is required\n"
    unknown = run_script(SCAFFOLD, tmp_path, "--txt", "x")
    assert unknown.returncode == 2
    assert "Did you mean --text?" in unknown.stderr
    helped = run_script(SCAFFOLD, tmp_path, "--help")
    assert helped.returncode == 0
    assert "Text to count (required)" in helped.stdout
    assert {p.name for p in tmp_path.iterdir()} == {"run.py"}


@pytest.mark.parametrize("argument", ["--text=\udcff", "--text=a\udc80b"])
def test_bytes_that_are_no_text_end_without_a_traceback(tmp_path: Path, argument: str) -> None:
    (tmp_path / "run.py").write_text(SCAFFOLD)
    done = subprocess.run(
        [os.fsencode(sys.executable), b"run.py", os.fsencode(argument)],
        cwd=tmp_path,
        env=script_env(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"--text: is not UTF-8 text" in done.stderr


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("def run(self) -> int:\n    return 0", 0, "success"),
        ("def run(self) -> int:\n    return 5", 5, "failed"),
        ("def run(self):\n    return WorkflowResult.success('w')", 0, "success"),
        ("def run(self):\n    return self.error('rate limit', exit_code=3)", 3, "failed"),
        ("def run(self):\n    return self.success('w', data={'a': 1}).exit_code", 0, "success"),
        ("def run(self):\n    pass", 0, "success"),
        ("async def run(self):\n    return 0", 0, "success"),
        ("def run(self):\n    raise SystemExit(7)", 7, "failed"),
        ("def run(self):\n    1 / 0", 1, "failed"),
        (
            (
                "@step('a')\nasync def a(self):\n    return 4\n"
                "def run(self):\n    import asyncio\n    return asyncio.run(self.a()) - 4"
            ),
            0,
            "success",
        ),
    ],
)
def test_returns_by_hand(tmp_path: Path, text: str, code: int, status: str) -> None:
    done = run_script(body(text), tmp_path)
    assert done.returncode == code, done.stderr
    assert manifest(tmp_path)["run"]["status"] == status
    assert manifest(tmp_path)["exit_code"] == code
    assert kinds(tmp_path)[-1] == ("workflow.completed" if code == 0 else "workflow.failed")


def test_an_exception_is_one_line_and_a_traceback(tmp_path: Path) -> None:
    done = run_script(body("def run(self):\n    raise ValueError('no [/b] such')"), tmp_path)
    assert "  Error: no [/b] such (ValueError, at run.py:8)\n" in done.stdout
    assert done.stderr.startswith("Traceback (most recent call last)")
    assert manifest(tmp_path)["message"] == "no [/b] such (ValueError, at run.py:8)"


def test_ascii_output_does_not_crash(tmp_path: Path) -> None:
    text = (
        "def run(self):\n    print('\\u2713 \\u65e5')\n    self.log('\\u2713')\n    self.save('a', 'b')\n    return 0"
    )
    done = run_script(body(text), tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert "? ?\n" in done.stdout
    assert "\u2713" in (tmp_path / "output.log").read_text(encoding="utf-8")


def test_dotenv_is_loaded_and_what_is_set_wins(tmp_path: Path) -> None:
    (tmp_path / ".raw").mkdir()
    (tmp_path / ".env").write_text("# note\nONE='from file'\nexport TWO=\"2\"\nTHREE=file\nEMPTY=\nbad line\n")
    (tmp_path / "sub").mkdir()
    text = "def run(self):\n    import os\n    self.save('result.json', [os.getenv(n) for n in NAMES])"
    text = text.replace("NAMES", "('ONE', 'TWO', 'THREE', 'EMPTY')")
    done = run_script(body(text), tmp_path / "sub", THREE="set", HOME="/nonexistent")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "sub" / "results" / "result.json").read_text())
    assert found == ["from file", "2", "set", None]


@pytest.mark.parametrize(("there", "expected"), [(True, "named file"), (False, None)])
def test_a_named_file_stands_for_dotenv(tmp_path: Path, there: bool, expected: str | None) -> None:
    (tmp_path / ".raw").mkdir()
    (tmp_path / ".env").write_text("ONE=from .env\n")
    if there:
        (tmp_path / "named.env").write_text("ONE=named file\n")
    text = "def run(self):\n    import os\n    self.save('result.json', [os.getenv('ONE')])"
    done = run_script(body(text), tmp_path, ENV_FILE=str(tmp_path / "named.env"))
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "results" / "result.json").read_text()) == [expected]


APPROVE = body("""
def run(self):
    decision = wait_for_approval("Deploy?", step_name="deploy", timeout_seconds=WAIT, context={"who": "Jane Doe"})
    self.save("result.json", decision)
    return 0 if decision == "approve" else 9
""")


def ask(tmp_path: Path, wait: str, answer: str | None) -> subprocess.CompletedProcess[str]:
    """Run with the answer on standard input; None keeps standard input open and silent."""
    (tmp_path / "run.py").write_text(APPROVE.replace("WAIT", wait))
    read, write = os.pipe()
    if answer is not None:
        os.write(write, answer.encode())
        os.close(write)
    try:
        return subprocess.run(
            [sys.executable, "run.py"],
            cwd=tmp_path,
            env=script_env(),
            stdin=read,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    finally:
        os.close(read)
        if answer is None:
            os.close(write)


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("perhaps\nyes\n", 0), ("n\n", 9), ("\n", 9)])
def test_approval_on_the_terminal(tmp_path: Path, answer: str, code: int) -> None:
    done = ask(tmp_path, "30", answer)
    assert done.returncode == code, done.stderr
    assert "Approval required: deploy\n  Deploy?\n  who: Jane Doe\n" in done.stdout
    assert [k for k in kinds(tmp_path) if k.startswith("approval")] == ["approval.requested", "approval.received"]
    assert "Jane" not in (tmp_path / "events.jsonl").read_text()


def test_approval_times_out(tmp_path: Path) -> None:
    done = ask(tmp_path, "0.2", None)
    assert done.returncode == 1
    assert "No answer to 'deploy' within 0.2 s." in done.stdout
    assert next(e for e in events(tmp_path) if e["event_type"] == "approval.timeout")["timeout_seconds"] == 0.2


def test_approval_with_nobody_there(tmp_path: Path) -> None:
    done = ask(tmp_path, "None", "")
    assert done.returncode == 1
    assert "there is no input" in done.stdout


def test_automatic_approval_and_options(tmp_path: Path) -> None:
    text = """
def run(self):
    set_approval_handler(AutoApprovalHandler("blue"))
    import asyncio
    async def both():
        return await wait_for_approval_async("Which?", options=["red", "blue"])
    assert wait_for_approval("Which?", options=["red", "blue"]) == asyncio.run(both()) == "blue"
    return 0
"""
    done = run_script(body(text), tmp_path)
    assert done.returncode == 0, done.stderr
    assert kinds(tmp_path).count("approval.received") == 2


def test_wait_for_webhook_says_what_to_do(tmp_path: Path) -> None:
    done = run_script(body("def run(self):\n    wait_for_webhook('data', timeout_seconds=1)"), tmp_path)
    assert done.returncode == 1
    assert "Let the webhook start the run" in manifest(tmp_path)["message"]
    assert "RuntimeError" in done.stderr


def supervised(tmp_path: Path, script: str, *args: str, **spec_fields: object) -> tuple[int, str, Path]:
    spec = make_spec(tmp_path, str(spec_fields.pop("run_id", "one")), **spec_fields)
    path = tmp_path / ".raw" / "workflows" / "demo" / "run.py"
    path.write_text(script)
    fd = spec.open_fd()
    try:
        done = subprocess.run(
            [sys.executable, str(path), *args],
            cwd=tmp_path,
            env=script_env(RAW_RUN_FD=str(fd)),
            pass_fds=[fd],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(fd)
    return done.returncode, done.stderr, Path(spec.run_dir)


def test_a_supervised_run_goes_to_its_folder(tmp_path: Path) -> None:
    code, err, run_dir = supervised(tmp_path, SCAFFOLD, "--upper", params={"text": "a b c"})
    assert code == 0, err
    data = manifest(run_dir)
    assert (data["workflow_id"], data["run_id"], data["result"]) == ("demo", "one", {"count": 3})
    assert json.loads((run_dir / "params.json").read_text()) == {"text": "a b c", "upper": True}
    assert {p.name for p in tmp_path.iterdir()} == {".raw"}
    assert not (run_dir / "output.log").exists()


def test_a_refused_run_says_why_in_its_manifest(tmp_path: Path) -> None:
    code, err, run_dir = supervised(tmp_path, SCAFFOLD, params={"text": 3})
    assert code == 2
    data = manifest(run_dir)
    assert (data["exit_code"], data["signal"], data["status"]) == (2, "error", "failed")
    assert "--text (text): " in data["message"]
    assert data["message"] in err


FAILS_ONCE = body("""
@step("first")
def first(self) -> int:
    print("first runs", flush=True)
    return 1
def run(self):
    self.first()
    from pathlib import Path
    return 0 if Path("now").exists() else 1
""").replace("n: int = 0", "n: int = 0\n    text: str = ''")


def test_resume_takes_the_params_of_the_earlier_run(tmp_path: Path) -> None:
    code, _, first = supervised(tmp_path, FAILS_ONCE, "--n", "7", "--text", "words")
    assert code == 1
    (tmp_path / "now").touch()
    code, err, second = supervised(tmp_path, FAILS_ONCE, run_id="two", resume_from=str(first))
    assert code == 0, err
    assert "step.skipped" in kinds(second)
    assert json.loads((second / "params.json").read_text()) == {"n": 7, "text": "words"}
    code, err, _ = supervised(tmp_path, FAILS_ONCE, "--n", "7", run_id="three", resume_from=str(first))
    assert code == 0, err
    code, err, _ = supervised(tmp_path, FAILS_ONCE, "--n", "8", run_id="four", resume_from=str(first))
    assert code == 2
    assert "A resumed run keeps the params of run one, and n differs" in err
    (first / "params.json").unlink()
    code, err, _ = supervised(tmp_path, FAILS_ONCE, run_id="five", resume_from=str(first))
    assert code == 2
    assert "Run one cannot be resumed" in err


def test_a_folder_that_cannot_be_written_is_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where a folder should be")
    done = run_script(body("def run(self):\n    return 0"), tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: the run cannot be kept in {tmp_path}: ")
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_fails_the_run_and_not_its_record(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text(
        body("def run(self):\n    for n in range(100000):\n        print(n)\n    return 0")
    )
    process = subprocess.Popen(
        [sys.executable, "run.py"], cwd=tmp_path, env=script_env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(timeout=60) == 1
    assert "BrokenPipeError" in err
    assert "Exception ignored" not in err
    assert "BrokenPipeError" in manifest(tmp_path)["message"]


def test_import_brings_in_nothing_heavy() -> None:
    code = (
        "import pydantic, pydantic.main, sys; before = set(sys.modules)\n"
        "import raw_runtime, raw_runtime.base, raw_runtime.entrypoint\n"
        "print(sorted({'rich', 'yaml', 'asyncio', 'argparse', 'traceback', 'subprocess', 'raw_runtime.events',"
        " 'raw_runtime.models', 'difflib', 'logging'} & (set(sys.modules) - before)))"
    )
    out = subprocess.run([sys.executable, "-c", code], env=script_env(), capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"
