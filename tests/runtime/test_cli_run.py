"""`raw run`: what goes in, what comes out, and how mistakes are refused."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cli_support import GREET, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.add("greet")
    return project


def test_output_passes_through_verbatim(project: Project) -> None:
    done = project.raw("run", "greet", "--name", "[/b] <script> {{x}} \x1b[1m")
    assert done.returncode == 0
    assert "\nHello [/b] <script> {{x}} \x1b[1m\n" in f"\n{done.stdout}"
    assert "greet: success in " in done.stderr


def test_a_run_leaves_a_private_folder_with_all_that_belongs_to_it(project: Project) -> None:
    script = (project.workflow("greet") / "run.py").read_bytes()
    assert project.raw("run", "greet").returncode == 0
    (run,) = project.runs("greet")
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    assert {"events.jsonl", "manifest.json", "output.log", "params.json", "results"} <= {p.name for p in run.iterdir()}
    assert "Hello you" in (run / "output.log").read_text()
    manifest = project.manifest("greet")
    assert (manifest["workflow_id"], manifest["run_id"], manifest["exit_code"]) == ("greet", run.name, 0)
    assert (project.workflow("greet") / "run.py").read_bytes() == script


def test_json_is_the_only_line_on_stdout(project: Project) -> None:
    done = project.raw("run", "greet", "--json", "--name", "Ada\nLovelace")
    assert done.returncode == 0
    result = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert result["result"] == {"text": "Hello Ada\nLovelace"}
    assert (result["workflow"], result["status"], result["exit_code"], result["message"]) == (
        "greet",
        "success",
        0,
        "Greeted",
    )
    assert result["artifacts"] == ["results/result.json"]
    assert Path(result["run_dir"]).name == result["run_id"]
    assert "Hello Ada" in done.stderr


def test_a_failure_keeps_its_own_code_and_words(project: Project) -> None:
    done = project.raw("run", "greet", "--json", "--code", "7")
    assert done.returncode == 7
    result = json.loads(done.stdout)
    assert (result["status"], result["exit_code"], result["message"]) == ("error", 7, "It went wrong")


@pytest.mark.parametrize(
    "args",
    [
        ("--json", "greet", "--name", "A", "--times", "2"),
        ("greet", "--name", "A", "--json", "--times=2"),
        ("greet", "--name=A", "--times", "2", "--json", "--timeout", "60"),
        ("--timeout=60", "--json", "greet", "--", "--name", "A", "--times", "2"),
    ],
)
def test_own_options_stand_anywhere_and_the_rest_goes_to_the_workflow(project: Project, args: tuple[str, ...]) -> None:
    done = project.raw("run", *args)
    assert json.loads(done.stdout)["result"] == {"text": "Hello A, Hello A"}


def test_two_hyphens_hand_over_what_raw_would_take(project: Project) -> None:
    project.add(
        "plain",
        "import sys\nimport json\nfrom pathlib import Path\n"
        "Path('results/result.json').write_text(json.dumps(sys.argv[1:]))\n",
    )
    done = project.raw("run", "plain", "--json", "--a", "--", "--json", "--dry", "--")
    assert json.loads(done.stdout)["result"] == ["--a", "--json", "--dry", "--"]


def test_params_come_from_a_file_and_flags_win(project: Project) -> None:
    (project.root / "params.json").write_text('\ufeff{"name": "File", "times": 2}', encoding="utf-8")
    done = project.raw("run", "greet", "--params", "params.json", "--times", "1", "--json")
    assert json.loads(done.stdout)["result"] == {"text": "Hello File"}


def test_params_come_from_stdin_and_may_be_larger_than_an_argument(project: Project) -> None:
    done = project.raw("run", "greet", "--params", "-", "--json", stdin=json.dumps({"name": "x" * 300_000}))
    assert len(json.loads(done.stdout)["result"]["text"]) == 300_006


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"name": "A",\n  "times" 2}', "is not valid JSON: line 2, column 11: Expecting ':' delimiter"),
        ("[1, 2]", 'must hold a JSON object such as {"text": "..."}, not a list.'),
        ("null", "not null."),
        ("", "is not valid JSON: line 1, column 1"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_params_that_are_no_json_object_are_refused(project: Project, text: str, message: str) -> None:
    (project.root / "p.json").write_text(text)
    done = project.raw("run", "greet", "--params", "p.json")
    assert done.returncode == 2
    assert done.stderr.startswith("raw: --params: p.json ")
    assert message in done.stderr
    assert project.runs("greet") == []


def test_a_missing_params_file_is_named(project: Project) -> None:
    done = project.raw("run", "greet", "--params", "none.json")
    assert (done.returncode, done.stderr) == (2, "raw: --params: cannot read none.json: No such file or directory\n")


def test_params_in_another_encoding_are_refused(project: Project) -> None:
    (project.root / "p.json").write_bytes(b'{"name": "\xe9"}')
    done = project.raw("run", "greet", "--params", "p.json")
    assert (done.returncode, done.stderr) == (2, "raw: --params: p.json is not UTF-8 text (byte 10).\n")


def test_an_unknown_workflow_names_the_near_one(project: Project) -> None:
    done = project.raw("run", "gret")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "raw: Workflow 'gret' not found. Did you mean greet?\n"


def test_with_json_an_unknown_workflow_is_a_result_too(project: Project) -> None:
    done = project.raw("run", "gret", "--json")
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert (result["exit_code"], result["status"]) == (1, "error")
    assert "Did you mean greet?" in result["message"]


@pytest.mark.parametrize("name", ["../workflows/greet", "gre", "..", "greet/", "."])
def test_names_are_matched_whole(project: Project, name: str) -> None:
    done = project.raw("run", name)
    assert done.returncode == 1
    assert "not found" in done.stderr


@pytest.mark.parametrize(
    ("args", "field"),
    [
        (("--nam3", "x"), "--nam3"),
        (("--times", "many"), "--times"),
        (("--times", "0"), "--times"),
        (("--name",), "--name"),
    ],
)
def test_wrong_flags_are_usage_errors_that_name_the_flag(project: Project, args: tuple[str, ...], field: str) -> None:
    done = project.raw("run", "greet", *args)
    assert done.returncode == 2
    assert field in done.stderr
    assert "Traceback" not in done.stderr
    assert project.runs("greet") == []


def test_with_json_a_wrong_param_is_a_result_with_code_2(project: Project) -> None:
    done = project.raw("run", "greet", "--json", "--times", "many")
    assert done.returncode == 2
    result = json.loads(done.stdout)
    assert (result["exit_code"], result["status"], result["run_dir"]) == (2, "error", "")
    assert "--times" in result["message"]


def test_a_missing_param_is_named(project: Project) -> None:
    project.add("strict", GREET.replace('name: str = Field(default="you", ', "name: str = Field("))
    done = project.raw("run", "strict")
    assert done.returncode == 2
    assert "--name" in done.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("greet", "--timeout", "soon"), "raw: --timeout: 'soon' is not a time in seconds, such as 30 or 0.5.\n"),
        (("greet", "--timeout", "-1"), "raw: --timeout: '-1' is not a time"),
        (("greet", "--timeout", "nan"), "raw: --timeout: 'nan' is not a time"),
        (("greet", "--params"), "raw: --params needs a value: --params FILE|-\n"),
        (("greet", "--json=yes"), "raw: --json takes no value.\n"),
        (("greet", "--init"), "raw: --init goes with --dry"),
        (("greet", "--dry", "--resume", "last"), "raw: --dry and --resume exclude each other"),
        (("--name", "A", "greet"), "raw: Unknown option '--name' before the workflow's id."),
    ],
)
def test_wrong_use_of_its_own_options_is_refused(project: Project, args: tuple[str, ...], message: str) -> None:
    done = project.raw("run", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)


def test_without_an_id_the_workflows_are_listed(project: Project) -> None:
    done = project.raw("run")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Which workflow? raw run ID\n  greet\n"


def test_help_shows_the_flags_of_the_workflow_and_of_raw(project: Project) -> None:
    done = project.raw("run", "greet", "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: raw run greet ")
    assert "--name" in done.stdout
    assert "Whom to greet" in done.stdout
    assert "--params FILE|-" in done.stdout
    assert project.runs("greet") == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def broken(:\n", "SyntaxError"),
        ("import no_such_module_anywhere\n", "no_such_module_anywhere"),
        ("raise RuntimeError('at import')\n", "at import"),
    ],
)
def test_a_broken_script_fails_with_its_reason(project: Project, body: str, message: str) -> None:
    project.add("broken", body)
    done = project.raw("run", "broken", "--json")
    assert done.returncode == 1
    assert message in json.loads(done.stdout)["message"]
    assert project.manifest("broken")["status"] == "failed"


def test_a_workflow_without_a_script_is_refused(project: Project) -> None:
    (project.workflow("greet") / "run.py").unlink()
    done = project.raw("run", "greet")
    assert done.returncode == 1
    assert done.stderr.startswith("raw: greet has no run.py (looked for ")


def test_it_works_from_any_folder_of_the_project(project: Project) -> None:
    deep = project.root / "a" / "b"
    deep.mkdir(parents=True)
    assert project.raw("run", "greet", cwd=deep).returncode == 0


def test_tools_of_the_project_are_importable(project: Project) -> None:
    (project.root / "tools" / "shout.py").write_text("def up(text: str) -> str:\n    return text.upper()\n")
    project.add("tooled", "from tools import shout\nprint(shout.up('loud'))\n")
    done = project.raw("run", "tooled")
    assert (done.returncode, done.stdout) == (0, "LOUD\n")


def test_stdin_goes_to_the_workflow(project: Project) -> None:
    project.add("ask", "print(input()[::-1])\n")
    assert project.raw("run", "ask", stdin="word\n").stdout == "drow\n"


def test_a_script_that_is_no_workflow_runs_and_is_recorded(project: Project) -> None:
    project.add(
        "plain", "from pathlib import Path\nPath('results/result.json').write_text('[1]')\nraise SystemExit(5)\n"
    )
    done = project.raw("run", "plain", "--json")
    assert done.returncode == 5
    result = json.loads(done.stdout)
    assert (result["result"], result["artifacts"], result["status"]) == ([1], ["results/result.json"], "error")
    manifest = project.manifest("plain")
    assert (manifest["exit_code"], manifest["status"], manifest["run"]["status"]) == (5, "failed", "failed")


def test_runs_at_the_same_time_have_folders_of_their_own(project: Project) -> None:
    processes = [project.start("run", "greet", "--name", f"n{i}", "--json") for i in range(4)]
    results = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    assert len({result["run_dir"] for result in results}) == 4
    assert {result["result"]["text"] for result in results} == {f"Hello n{i}" for i in range(4)}
    for result in results:
        saved = json.loads((Path(result["run_dir"]) / "results" / "result.json").read_text())
        assert saved == result["result"]


def test_a_killed_workflow_is_named_with_its_signal_and_last_lines(project: Project) -> None:
    body = GREET.replace(
        "        print(text)\n", "        print('nearly done')\n        import os; os.kill(os.getpid(), 9)\n"
    )
    project.add("doomed", body)
    done = project.raw("run", "doomed", "--json")
    assert done.returncode == 137
    result = json.loads(done.stdout)
    assert result["exit_code"] == 137
    assert result["message"].startswith("killed by SIGKILL. Last output: ")
    assert "nearly done" in result["message"]
    manifest = project.manifest("doomed")
    assert (manifest["run"]["status"], manifest["exit_code"]) == ("crashed", 137)
    events = [
        json.loads(line)["event"] for line in (project.runs("doomed")[0] / "events.jsonl").read_text().splitlines()
    ]
    assert events[-1]["event_type"] == "workflow.failed"
    assert events[-1]["error"].startswith("CRASHED: killed by SIGKILL")


def test_what_the_process_did_counts_more_than_what_it_recorded(project: Project) -> None:
    project.add(
        "late",
        GREET.replace(
            "    Greet.main()\n", "    import atexit, os\n    atexit.register(os._exit, 9)\n    Greet.main()\n"
        ),
    )
    done = project.raw("run", "late", "--json")
    assert done.returncode == 9
    assert json.loads(done.stdout)["status"] == "error"
    assert project.manifest("late")["exit_code"] == 9


def test_a_folder_that_cannot_be_written_is_named(project: Project) -> None:
    (project.workflow("greet") / "runs").write_text("in the way")
    done = project.raw("run", "greet")
    assert done.returncode == 1
    assert done.stderr.startswith("raw: Cannot make a run directory in ")
    assert "RAW_RUNS_DIR" in done.stderr


def test_runs_go_where_they_are_told_to(project: Project, tmp_path: Path) -> None:
    elsewhere = tmp_path / "not yet there"
    done = project.raw("run", "greet", "--json", env={"RAW_RUNS_DIR": str(elsewhere)})
    assert done.returncode == 0, done.stderr
    assert not (project.workflow("greet") / "runs").exists()
    [run] = (elsewhere / "greet" / "runs").iterdir()
    assert (run / "manifest.json").exists()
    shown = project.raw("show", "greet", env={"RAW_RUNS_DIR": str(elsewhere)})
    assert run.name in shown.stdout

    project.raw("run", "greet", env={"RAW_RUNS_DIR": "runs-of-all"})
    assert len(list((project.root / "runs-of-all/greet/runs").iterdir())) == 1
