"""The RAW workflows end to end, through the `raw` command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RawRun = Callable[..., Any]
PROJECT = Path(__file__).resolve().parents[1]

# The workflow's name, and the param that takes a person's text.
TEXTS = [
    pair
    for file in sorted(Path(__file__).parent.glob("texts*.json"))
    for pair in json.loads(file.read_text(encoding="utf-8")).items()
]
HOSTILE = "[/b] <script>alert(1)</script> {{x}} {% y %} ${HOME} %s %(n)s `id` $(id) '; DROP TABLE x; -- "
HOSTILE += "\x00\x1b[31m \u202e مرحبا \u202c 👩\u200d💻"
WORKFLOWS = sorted(p.parent.name for p in (PROJECT / ".raw" / "workflows").glob("*/run.py"))


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_bare_run_succeeds(workflow: str, raw_run: RawRun) -> None:
    done = raw_run(workflow)
    assert done.code == 0, done.stderr
    assert done.document is not None
    assert done.document["status"] == "success"


@pytest.mark.slow
@pytest.mark.parametrize(("workflow", "param"), TEXTS)
def test_the_id_is_echoed(workflow: str, param: str, raw_run: RawRun) -> None:
    # Where there is a database, an id without a text stands for what is stored under it.
    done = raw_run(workflow, "--id", "correlation-1", f"--{param.replace('_', '-')}", "Ann: Where is my invoice?")
    assert done.code == 0, done.stderr
    assert done.document is not None
    assert done.result["id"] == "correlation-1"
    assert done.result["answered_by"] == "heuristic"
    assert "results/result.json" in done.document["artifacts"]


@pytest.mark.slow
@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_the_mocks_are_as_expected_with_the_network_shut(workflow: str, project: Path) -> None:
    command = [sys.executable, "-m", "raw_runtime", "run", workflow, "--dry"]
    done = subprocess.run(
        command,
        cwd=project,
        env={"PYTHONPATH": str(PROJECT), "PATH": ""},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


@pytest.mark.parametrize(("workflow", "param"), TEXTS)
def test_hostile_text_is_text_and_stays_out_of_the_log(workflow: str, param: str, raw_run: RawRun) -> None:
    done = raw_run(workflow, params={param: HOSTILE, "id": "[/b]"})
    assert done.code == 0, done.stderr
    assert done.result["id"] == "[/b]"
    assert "DROP TABLE" not in done.stderr
    assert done.document is not None
    run_dir = Path(done.document["run_dir"])
    for name in ("output.log", "events.jsonl"):
        assert "DROP TABLE" not in (run_dir / name).read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(("workflow", "param"), TEXTS)
def test_text_on_the_command_line_is_text_too(workflow: str, param: str, raw_run: RawRun) -> None:
    text = HOSTILE.replace("\x00", "")  # no argument can hold it
    assert raw_run(workflow, f"--{param.replace('_', '-')}={text}").code == 0


@pytest.mark.slow
@pytest.mark.parametrize(("workflow", "param"), TEXTS)
def test_two_megabytes_go_through(workflow: str, param: str, raw_run: RawRun) -> None:
    done = raw_run(workflow, params={param: "Python, invoices and calls. " * 75_000})
    assert done.code == 0, done.stderr
    assert done.result["truncated"] is True


@pytest.mark.slow
@pytest.mark.parametrize(("workflow", "param"), TEXTS)
def test_an_empty_text_fails_with_a_plain_sentence(workflow: str, param: str, raw_run: RawRun) -> None:
    done = raw_run(workflow, params={param: " \n\t\u200b\x00"})
    assert done.code == 1
    assert done.document is not None
    assert done.document["status"] == "error"
    assert done.document["message"].startswith(f"{param} is empty: give")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("params", "named"), [({"text": None}, "text"), ({"form": ["a"]}, "form"), ({"txt": "a"}, "txt")]
)
def test_wrong_params_are_named(params: dict[str, Any], named: str, raw_run: RawRun) -> None:
    done = raw_run("analyze", params=params)
    assert done.code == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_same_params_give_the_same_result(raw_run: RawRun) -> None:
    assert raw_run("analyze").result == raw_run("analyze").result
