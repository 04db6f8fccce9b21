"""`raw show`: lists, details and logs, whatever the files hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_support import GREET, Project, read_pid


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


CONFIG = """\
id: greet
name: Greet people
version: 1.10
status: tested
created_at: 2026-01-02T03:04:05Z
description:
  intent: |
    Say hello
    to somebody
  inputs:
    - {name: name, type: string, description: Whom to greet, default: you}
    - {name: times, type: integer, description: How often, default: 1}
    - just a word
  outputs:
    - {name: text, type: string}
steps:
  - {id: greet, name: Greet, description: Puts the words together, tool: words}
"""


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table; two spaces part them."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()]


def test_a_project_without_workflows_says_so(project: Project) -> None:
    done = project.raw("show")
    assert (done.returncode, done.stdout) == (
        0,
        'No workflows found. Make one: raw create NAME --intent "what it does"\n',
    )


def test_workflows_are_listed_in_columns(project: Project) -> None:
    (project.add("greet") / "config.yaml").write_text(CONFIG)
    project.add("a-workflow-with-a-long-name")
    done = project.raw("show")
    assert done.returncode == 0
    assert rows(done.stdout) == [
        ["ID", "NAME", "VERSION", "CREATED", "LAST RUN"],
        ["a-workflow-with-a-long-name", "-", "-", "-", "never"],
        ["greet", "Greet people", "1.10", "2026-01-02 03:04", "never"],
    ]
    starts = {line.index("never") for line in done.stdout.splitlines()[1:]}
    assert starts == {done.stdout.splitlines()[0].index("LAST RUN")}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "just text",
        "id: [",
        "created_at: 2026-01-02 03:04:05\nversion: 1.0",
        "name: {a: b}\nversion: [1]\ndescription: [x]",
        "description:\n  intent:\n  inputs: 5\n  outputs: {a: 1}\nsteps: word\n",
        "name: &a [*a]",
        "id: !!python/object/apply:os.system ['true']",
        "a: " + "[" * 3000,
    ],
)
def test_no_config_file_can_break_it(project: Project, text: str) -> None:
    (project.add("odd") / "config.yaml").write_text(text)
    for args in (("show",), ("show", "odd")):
        done = project.raw(*args)
        assert (done.returncode, done.stderr) == (0, "")
        assert "odd" in done.stdout


def test_a_config_file_that_is_no_text_cannot_break_it(project: Project) -> None:
    (project.add("odd") / "config.yaml").write_bytes(b"name: \xff\xfe\x00\x1b[31m\n")
    done = project.raw("show", "odd")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


def test_details_hold_all_there_is(project: Project) -> None:
    (project.add("greet") / "config.yaml").write_text(CONFIG)
    done = project.raw("show", "greet")
    assert done.returncode == 0
    for text in (
        "  Name:     Greet people\n",
        "  Status:   tested\n",
        "  Version:  1.10\n",
        "  Created:  2026-01-02 03:04\n",
        "  Intent:   Say hello to somebody\n",
        "    name   string   Whom to greet (default: you)\n",
        "    times  integer  How often (default: 1)\n",
        "    Greet  words  Puts the words together\n",
        "    text  string",
        "  No runs yet: raw run greet\n",
    ):
        assert text in done.stdout


def test_runs_are_listed_newest_first_with_their_end(project: Project) -> None:
    project.add("greet")
    project.raw("run", "greet")
    project.raw("run", "greet", "--code", "3")
    done = project.raw("show", "greet")
    first, second = project.runs("greet")
    table = rows(done.stdout.split("Last runs:\n")[1])
    assert table[0] == ["RUN", "STARTED", "STATUS", "EXIT", "SECONDS", "MESSAGE"]
    assert [row[0] for row in table[1:]] == [second.name, first.name]
    assert [row[2:4] for row in table[1:]] == [["failed", "3"], ["success", "0"]]
    assert [row[5] for row in table[1:]] == ["It went wrong", "Greeted"]
    assert f"failed {second.name[:4]}-" in project.raw("show").stdout


def test_only_the_last_ten_runs_are_listed(project: Project) -> None:
    folder = project.add("greet") / "runs"
    for number in range(12):
        run = folder / f"20260101-0000{number:02}-abcdef"
        run.mkdir(parents=True)
        (run / "manifest.json").write_text(json.dumps({"status": "success", "exit_code": 0, "duration_seconds": 1}))
    done = project.raw("show", "greet")
    assert "Last 10 of 12 runs:" in done.stdout
    assert done.stdout.count("-abcdef") == 10
    assert "2026-01-01 00:00:11  success  0     1.00" in done.stdout


def test_a_broken_manifest_cannot_break_it(project: Project) -> None:
    run = project.add("greet") / "runs" / "20260101-000000-abcdef"
    run.mkdir(parents=True)
    (run / "manifest.json").write_text("{")
    done = project.raw("show", "greet")
    assert (done.returncode, done.stderr) == (0, "")
    assert run.name in done.stdout


def test_an_unknown_name_is_refused(project: Project) -> None:
    project.add("greet")
    done = project.raw("show", "greeet")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "raw: Workflow 'greeet' not found. Did you mean greet?\n"


def test_tools_are_listed_searched_and_shown(project: Project) -> None:
    for name, about in (("mail", "Send e-mail by SMTP"), ("storage", "Keep files in S3")):
        folder = project.root / "tools" / name
        folder.mkdir()
        (folder / "config.yaml").write_text(f"name: {name}\nversion: 2.0\nstatus: tested\ndescription: {about}\n")
    (project.root / "tools" / "__pycache__").mkdir()
    done = project.raw("show", "tools")
    assert rows(done.stdout)[1:] == [
        ["mail", "2.0", "tested", "-", "Send e-mail by SMTP"],
        ["storage", "2.0", "tested", "-", "Keep files in S3"],
    ]
    assert [row[0] for row in rows(project.raw("show", "tools", "-s", "FILES s3").stdout)[1:]] == ["storage"]
    assert project.raw("show", "tools", "--search", "nothing").stdout == "No tool holds 'nothing'.\n"
    assert "  Use it:   from tools import mail\n" in project.raw("show", "mail").stdout


def test_workflows_are_searched(project: Project) -> None:
    (project.add("greet") / "config.yaml").write_text(CONFIG)
    project.add("other")
    done = project.raw("show", "--search", "somebody HELLO")
    assert [row[0] for row in rows(done.stdout)[1:]] == ["greet"]


def test_validate_goes_by_its_findings(project: Project) -> None:
    project.add("greet")
    assert project.raw("show", "greet", "--validate").returncode == 0
    project.add("broken", "def f(:\n")
    done = project.raw("show", "broken", "-v")
    assert done.returncode == 1
    assert "Syntax error in run.py" in done.stdout + done.stderr


def test_validate_and_logs_need_an_id(project: Project) -> None:
    assert project.raw("show", "--validate").stderr == "raw: --validate needs a workflow's id: raw show ID\n"
    assert project.raw("show", "--logs").stderr == "raw: --logs needs a workflow's id: raw show ID\n"


def test_logs_are_the_last_lines_of_the_newest_run(project: Project) -> None:
    project.add("count", "import sys\nfor i in range(60):\n    print(sys.argv[1], i)\n")
    project.raw("run", "count", "old")
    project.raw("run", "count", "new")
    assert project.raw("show", "count", "--logs").stdout == "".join(f"new {i}\n" for i in range(10, 60))
    assert project.raw("show", "count", "-l", "-n", "2").stdout == "new 58\nnew 59\n"
    assert project.raw("show", "count", "--lines=0").stdout == ""
    done = project.raw("show", "count", "-n", "few")
    assert (done.returncode, done.stderr) == (2, "raw: --lines: 'few' is not a number of lines.\n")


def test_without_runs_there_are_no_logs(project: Project) -> None:
    project.add("greet")
    assert project.raw("show", "greet", "-l").stdout == "No runs yet: raw run greet\n"


def test_logs_are_followed_to_the_end_of_the_run(project: Project) -> None:
    folder = project.add(
        "slow",
        "import os, time\nfrom pathlib import Path\nhere = Path(__file__).parent\n"
        "print('begun', flush=True)\n(here / 'pid').write_text(str(os.getpid()))\n"
        "while not (here / 'go').exists():\n    time.sleep(0.02)\nprint('ended')\n",
    )
    with project.start("run", "slow") as run:
        read_pid(folder / "pid")
        with project.start("show", "slow", "--logs", "--follow") as show:
            assert show.stdout is not None
            assert show.stdout.readline() == b"begun\n"
            assert show.poll() is None
            (folder / "go").touch()
            assert show.stdout.read() == b"ended\n"
            assert show.wait(timeout=60) == 0
        run.communicate(timeout=60)


def test_a_run_of_upstream_is_shown_too(project: Project) -> None:
    run = project.add("old", GREET) / "runs" / "20260110-120000"
    run.mkdir(parents=True)
    flat = {"workflow_id": "old", "run_id": run.name, "exit_code": 1, "duration_seconds": 2.5, "status": "failed"}
    (run / "manifest.json").write_text(json.dumps(flat))
    table = rows(project.raw("show", "old").stdout.split("Last runs:\n")[1])
    assert table[1] == ["20260110-120000", "2026-01-10 12:00:00", "failed", "1", "2.50"]
