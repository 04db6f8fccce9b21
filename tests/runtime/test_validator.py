from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from gate_support import CONFIG, GOOD, add_workflow, call, make_project, workflow_code

from raw_runtime.project import Project
from raw_runtime.validation import ValidationResult, WorkflowValidator
from raw_runtime.validation.cli import main


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


def check(project: Project, code: str, config: str | None = CONFIG) -> ValidationResult:
    return WorkflowValidator(project.root).validate(add_workflow(project, code=code, config=config))


def rules(result: ValidationResult) -> list[str]:
    return [finding.rule for finding in result.findings]


def test_a_good_workflow_has_no_finding_at_all(project: Project) -> None:
    result = check(project, GOOD)
    assert result.success
    assert result.findings == []


ERRORS = {
    "no block": (GOOD.replace("# /// script", "# script"), "Missing PEP 723 metadata block (# /// script)"),
    "no base": (GOOD.replace("BaseWorkflow", "Base"), "run.py must subclass BaseWorkflow"),
    "no run": (GOOD.replace("def run", "def go"), "Workflow class must implement run() method"),
    "async run": (GOOD.replace("def run", "async def run"), "Workflow class must implement run() method"),
    "tool": (
        GOOD.replace("GREETINGS =", "from tools.nope.x import y\nGREETINGS ="),
        "Tool not found: nope (imported from tools.nope.x)",
    ),
    "copied tool": (
        GOOD.replace("GREETINGS =", "import _tools.nope\nGREETINGS ="),
        "Tool not found: nope (imported from _tools.nope)",
    ),
    "our form": (
        GOOD.replace("GREETINGS =", "from tools import nope\nGREETINGS ="),
        "Tool not found: nope (imported from tools)",
    ),
}


@pytest.mark.parametrize(("code", "text"), ERRORS.values(), ids=ERRORS)
def test_errors_are_upstreams_own_sentences(project: Project, code: str, text: str) -> None:
    result = check(project, code)
    assert not result.success
    assert text in result.errors


WARNINGS = {
    "shebang": (GOOD.removeprefix("#!/usr/bin/env python3\n"), "Missing shebang line (#!/usr/bin/env python3)"),
    "no requires": (GOOD.replace("# requires-python", "# other"), "PEP 723: Missing requires-python"),
    "requires 3.11": (GOOD.replace(">=3.10", ">=3.11"), "PEP 723: Should require Python >=3.10"),
    "no dependencies": (GOOD.replace("# dependencies", "# needs"), "PEP 723: Missing dependencies list"),
    "no pydantic": (GOOD.replace('#   "pydantic>=2.0",\n', ""), "PEP 723: Missing pydantic dependency"),
    "no rich": (GOOD.replace('#   "rich>=13.0",\n', ""), "PEP 723: Missing rich dependency"),
    "single quotes": (GOOD.replace('"__main__"', "'__main__'"), "Missing main entry point (if __name__ == '__main__')"),
}


@pytest.mark.parametrize(("code", "text"), WARNINGS.values(), ids=WARNINGS)
def test_warnings_are_upstreams_own_sentences(project: Project, code: str, text: str) -> None:
    result = check(project, code)
    assert result.success
    assert result.warnings == [text]


def test_no_run_py(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    result = WorkflowValidator(project.root).validate(folder)
    assert result.errors == [f"run.py not found in {folder}"]


def test_a_syntax_error_names_its_line(project: Project) -> None:
    result = check(project, GOOD + "\ndef broken(:\n")
    assert len(result.errors) == 1
    assert result.errors[0].startswith("Syntax error in run.py: ")
    assert result.findings[0].line == GOOD.count("\n") + 2


@pytest.mark.parametrize(
    ("data", "start"),
    [
        (b"\xff\xfe\x00", "Failed to read run.py: "),
        (b"# coding: nonsense\n", "Failed to read run.py: "),
        (GOOD.encode() + b"\0", "Syntax error in run.py: "),
        (GOOD.encode() + b"x = " + b"(" * 5000 + b")" * 5000, "Syntax error in run.py: "),
    ],
)
def test_files_that_are_no_python(project: Project, data: bytes, start: str) -> None:
    folder = add_workflow(project)
    (folder / "run.py").write_bytes(data)
    result = WorkflowValidator(project.root).validate(folder)
    assert result.errors[-1].startswith(start)


def test_run_py_is_a_folder(project: Project, tmp_path: Path) -> None:
    (tmp_path / "w" / "run.py").mkdir(parents=True)
    result = WorkflowValidator(project.root).validate(tmp_path / "w")
    assert result.errors == ["Failed to read run.py: Is a directory"]


def test_tools_that_are_there(project: Project) -> None:
    for name in ("mail", "bare"):
        (project.root / "tools" / name).mkdir()
    (project.root / "tools" / "mail" / "__init__.py").write_text("")
    (project.root / "tools" / "single.py").write_text("")
    (project.root / "tools" / "__init__.py").write_text("ready = 1\n")
    code = GOOD.replace("GREETINGS =", "from tools import mail, single, ready\nimport tools.bare\nGREETINGS =")
    result = check(project, code)
    assert result.success
    assert result.warnings == ["Tool bare exists but missing __init__.py or .py file"]


def test_an_optional_tool_is_no_error(project: Project) -> None:
    code = GOOD.replace(
        "GREETINGS =", "try:\n    from tools import gone\nexcept ImportError:\n    gone = None\nGREETINGS ="
    )
    assert check(project, code).success


def test_no_tools_folder(tmp_path: Path) -> None:
    project = Project(tmp_path)
    result = check(project, GOOD)
    assert result.warnings == ["tools/ directory not found in project root"]


def test_not_executable(project: Project) -> None:
    folder = add_workflow(project)
    (folder / "run.py").chmod(0o644)
    result = WorkflowValidator(project.root).validate(folder)
    assert result.suggestions == ["run.py should be executable (chmod +x run.py)"]


CONFIGS = {
    "missing": (None, 0, "There is no config.yaml."),
    "empty": ("# nothing\n", 0, "It is empty"),
    "list": ("- a\n", 1, "It is no mapping"),
    "bad yaml": ("id: [a\nname: b\n", 2, "It is not valid YAML"),
    "given twice": (CONFIG + "id: other\n", 10, "the key 'id' is given twice (first in line 1)"),
    "unquoted date": (
        CONFIG.replace('"2026-01-10T09:00:00Z"', "2026-01-10T09:00:00Z"),
        5,
        "created_at is an unquoted date",
    ),
    "version": (CONFIG.replace('"1.0.0"', "1.0"), 3, "version is not a string"),
    "status": (CONFIG.replace("tested", "done"), 4, "status is 'done'"),
    "no id": (CONFIG.replace("id: greet\n", ""), 0, "id is missing"),
    "name is a number": (CONFIG.replace("name: greet\n", "name: 7\n", 1), 2, "name is not a text"),
    "no intent": (CONFIG.replace("intent", "purpose"), 7, "description.intent is missing"),
    "no description": (CONFIG[: CONFIG.index("description")], 0, "description.intent is missing"),
    "type": (CONFIG.replace("type: string", "type: strng"), 9, "description.inputs[0].type is 'strng'"),
    "inputs": (CONFIG[: CONFIG.index("    -")] + "    name: string\n", 9, "description.inputs is no list"),
    "impossible date": (CONFIG.replace("tested", "2026-99-99"), 4, "It is not valid YAML"),
}


@pytest.mark.parametrize(("config", "line", "text"), CONFIGS.values(), ids=CONFIGS)
def test_config_yaml(project: Project, config: str | None, line: int, text: str) -> None:
    result = check(project, GOOD, config)
    assert result.success
    (finding,) = result.findings
    assert (finding.rule, finding.file, finding.line) == ("config", "config.yaml", line)
    assert text in finding.message
    assert finding.remedy


def test_a_plain_description_is_the_intent(project: Project) -> None:
    config = CONFIG[: CONFIG.index("description")] + "description: Greet somebody\n"
    assert check(project, GOOD, config).findings == []


PORTABLE = {
    "tools import": (workflow_code(top="from tools.mail import send"), "tools-import", "from tools import mail"),
    "async run": (workflow_code("async def run(self): return 0"), "async-run", "def run(self) -> int:"),
    "init": (workflow_code("def __init__(self, params, context=None):\n    pass"), "init-logger", "logger=None"),
    "bare step": (workflow_code("@step\ndef a(self): return 1"), "decorator-form", '@step("a")'),
    "bare retry": (workflow_code("@retry\ndef a(self): return 1"), "decorator-form", "@retry()"),
    "cache()": (workflow_code("@cache(ttl=3)\ndef a(self): return 1"), "decorator-form", "Write @cache alone"),
    "required": (workflow_code(params="a: int = 1\nb: int"), "param-default", "sample"),
    "ellipsis": (workflow_code(params='a: int = Field(..., description="x")'), "param-default", "sample"),
    "bare Field": (workflow_code(params='a: int = Field(description="x")'), "param-default", "sample"),
}


@pytest.mark.parametrize(("code", "rule", "remedy"), PORTABLE.values(), ids=PORTABLE)
def test_forms_that_upstream_misreads(project: Project, code: str, rule: str, remedy: str) -> None:
    (project.root / "tools" / "mail").mkdir()
    (project.root / "tools" / "mail" / "__init__.py").write_text("")
    result = check(project, code)
    assert result.success
    (finding,) = result.findings
    assert finding.rule == rule
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    "code",
    [
        workflow_code("def __init__(self, params, context=None, logger=None):\n    pass"),
        workflow_code("def __init__(self, params, **kwargs):\n    pass"),
        workflow_code("@retry(retries=2)\n@cache\ndef a(self): return 1"),
        workflow_code(
            params="a: list[str] = Field(default_factory=list)\nb: int = Field(1, ge=0)\nc: int = Field(default=2)"
        ),
    ],
)
def test_forms_that_upstream_takes(project: Project, code: str) -> None:
    assert check(project, code).findings == []


@pytest.mark.parametrize(
    ("run", "word"),
    [
        ("return self.success('ok')", "a WorkflowResult"),
        ("result = self.error('no', 3)\nreturn result", "a WorkflowResult"),
        ("return 0 if self.work() else self.error('no')", "a WorkflowResult"),
        ("return", "None"),
        ("return True", "a bool"),
        ("return self.work() == 1", "a bool"),
        ("return 'done'", "a str"),
        ("return {'a': 1}", "no int"),
        ("self.work()", "without a return"),
        ("if self.work():\n    return 0", "without a return"),
        ("for x in []:\n    return 0", "without a return"),
        ("try:\n    return 0\nexcept OSError:\n    pass", "without a return"),
        ("yield 1", "generator"),
    ],
)
def test_what_run_returns(project: Project, run: str, word: str) -> None:
    result = check(project, workflow_code(run=run))
    assert rules(result) == ["run-return"]
    assert word in result.findings[0].message


@pytest.mark.parametrize(
    "run",
    [
        "return self.success('ok').exit_code",
        "if self.work():\n    return 0\nelse:\n    return 1",
        "try:\n    return 0\nexcept OSError:\n    return 3",
        "try:\n    self.work()\nfinally:\n    return 2",
        "while True:\n    if self.work():\n        return 0",
        "raise RuntimeError('no')",
        "match self.work():\n    case 1:\n        return 0\n    case _:\n        return 1",
        "def inner():\n    return 'x'\nreturn len(inner())",
        "code = self.work()\nreturn code",
    ],
)
def test_returns_that_are_fine(project: Project, run: str) -> None:
    assert check(project, workflow_code(run=run)).findings == []


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('"rich>=13.0"', '"rich>=13.0", "httpx[http2]"', "makes upstream RAW drop all dependencies"),
        ('"rich>=13.0"', "'rich>=13.0'", "does not see the dependency 'rich>=13.0'"),
        ('"rich>=13.0",', '"rich>=13.0" x', "not valid TOML"),
    ],
)
def test_the_block_that_upstream_misreads(project: Project, old: str, new: str, text: str) -> None:
    result = check(project, GOOD.replace(old, new))
    (finding,) = result.findings
    assert finding.rule == "pep723"
    assert text in finding.message


def test_format_is_plain_and_print_survives_ascii(project: Project) -> None:
    folder = add_workflow(project, code=workflow_code(run="return '[/b]'"))
    (folder / "run.py").chmod(0o644)
    result = WorkflowValidator(project.root).validate(folder)
    text = result.format()
    assert text.startswith("✓ Validation passed")
    assert "\nWarnings:\n  • run.py:" in text
    assert "\nSuggestions:\n" in text
    program = "from raw_runtime.validation import ValidationResult as V; V(True, warnings=['ä [/b]']).print()"
    done = call_python(project, program, {"PYTHONIOENCODING": "ascii"})
    assert done == "? Validation passed\n\nWarnings:\n  ? ? [/b]\n"


def call_python(project: Project, program: str, env: dict[str, str]) -> str:
    import subprocess

    from gate_support import environment

    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=project.root,
        env=environment(env),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


def test_validation_needs_neither_pydantic_nor_rich(project: Project) -> None:
    add_workflow(project)
    program = (
        "import sys\n"
        "sys.modules['pydantic'] = sys.modules['rich'] = None\n"
        "from raw_runtime.validation.cli import main\n"
        "from raw_runtime.project import find_project\n"
        "sys.exit(main([], find_project()))\n"
    )
    assert call_python(project, program, {}) == "greet: ok\n1 workflow passed.\n"


class TestCommand:
    def test_all_workflows_when_none_is_named(self, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
        add_workflow(project, "a")
        add_workflow(project, "b", GOOD.replace("def run", "def go"))
        assert main([], project) == 1
        out = capsys.readouterr().out
        assert "a: ok\n" in out
        assert "b: FAILED: 1 error\n" in out
        assert "  error .raw/workflows/b/run.py [run-method] Workflow class must implement run() method\n" in out
        assert out.endswith("1 of 2 workflows failed, 1 error.\n")

    def test_one_workflow(self, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
        add_workflow(project, "a")
        add_workflow(project, "b", "")
        assert main(["a"], project) == 0
        assert "b" not in capsys.readouterr().out.replace("passed", "")

    def test_strict_fails_on_warnings(self, project: Project) -> None:
        add_workflow(project, "a", workflow_code(run="return True"))
        assert main([], project) == 0
        assert main(["--strict"], project) == 1

    def test_json(self, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
        add_workflow(project, "a", workflow_code(run="return True"))
        assert main(["--json"], project) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["ok"] is True
        (workflow,) = document["workflows"]
        assert workflow["path"] == ".raw/workflows/a"
        (finding,) = workflow["findings"]
        assert (finding["level"], finding["rule"], finding["file"]) == ("warning", "run-return", "run.py")
        assert finding["line"] > 1

    def test_unknown_workflow(self, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
        add_workflow(project, "analyze")
        assert main(["analyse"], project) == 1
        assert "Did you mean analyze?" in capsys.readouterr().err

    def test_unknown_flag(self, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--strikt"], project) == 2
        assert "unknown option --strikt. Did you mean --strict?" in capsys.readouterr().err

    def test_no_workflows(self, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([], project) == 0
        assert "raw create NAME" in capsys.readouterr().out

    def test_ascii_stdout(self, project: Project) -> None:
        add_workflow(project, "a", GOOD.replace("GREETINGS =", "from tools import ñandú\nGREETINGS ="))
        done = call(project, "validation", env={"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"})
        assert done.returncode == 1
        assert done.stdout.isascii()
        assert "Tool not found: ?and? (imported from tools)" in done.stdout
