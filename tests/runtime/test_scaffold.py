"""`raw create` and `raw init`: what they make is whole, passes every gate, and harms nothing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cli_support import RUNTIME_HOME, Project
from support import render_file

from raw_runtime.errors import RawError, UsageError
from raw_runtime.scaffold.files import new_folder
from raw_runtime.scaffold.names import class_name, one_sentence, tool_name, workflow_id

HOSTILE = 'It\'s a "test": {x} ${y} $HOME {{z}} %s\n# no comment\n- [a](b) \\ Ünïcode \u2028 \U0001f600 \'\'\'"""'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    shutil.copy(RUNTIME_HOME / "ruff.toml", tmp_path)
    rendered = render_file(RUNTIME_HOME / "pyproject.toml", needs_state_across_days="no")
    settings = re.search(r"\[tool\.pytest\.ini_options\]\n(?:.+\n)+", rendered)
    assert settings is not None
    (tmp_path / "pyproject.toml").write_text(settings[0])
    return project


def tool(project: Project, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module as a command in the project."""
    return subprocess.run(
        [sys.executable, "-m", *args], cwd=project.root, env=project.env(), capture_output=True, text=True, timeout=180
    )


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def assert_green(project: Project, name: str) -> None:
    """Put a workflow through everything that a gate may ask of it."""
    folder = project.workflow(name)
    validated = project.raw("validate", name, "--json")
    assert validated.returncode == 0, validated.stdout
    shown = project.raw("validate", name)
    assert "arning" not in shown.stdout, shown.stdout
    assert "uggestion" not in shown.stdout, shown.stdout
    ran = project.raw("run", name, "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["result"]["words"] == 10
    dried = project.raw("run", name, "--dry")
    assert dried.returncode == 0, dried.stderr
    for command in (("ruff", "check"), ("ruff", "format", "--check")):
        checked = tool(project, *command, str(folder))
        assert checked.returncode == 0, checked.stdout
    tested = tool(project, "pytest", "-q", "-p", "no:cacheprovider", str(folder / "test.py"))
    assert tested.returncode == 0, tested.stdout


def test_a_new_workflow_passes_everything_at_once(project: Project) -> None:
    done = project.raw("create", "Word Count", "--intent", "Count the words of a letter")
    assert done.returncode == 0
    folder = project.workflow("word-count")
    assert set(snapshot(folder)) == {
        "run.py",
        "dry_run.py",
        "test.py",
        "config.yaml",
        "README.md",
        "mocks/example.json",
    }
    assert (folder / "run.py").stat().st_mode & 0o111
    assert '"""Count the words of a letter.' in (folder / "run.py").read_text()
    assert_green(project, "word-count")
    for script in ("run.py", "dry_run.py", "test.py"):
        checked = tool(project, "mypy", "--strict", "--no-incremental", str(folder / script))
        assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("intent", [HOSTILE, '"', "\\", "a" * 5000, "yes", "- x", "Größe messen"])
def test_any_intent_gives_valid_files(project: Project, intent: str) -> None:
    done = project.raw("create", "hostile", "-i", intent)
    assert done.returncode == 0, done.stderr
    folder = project.workflow("hostile")
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    assert config["description"]["intent"] == intent
    assert isinstance(config["created_at"], str)
    assert isinstance(config["version"], str)
    assert intent in (folder / "README.md").read_text(encoding="utf-8")
    assert tool(project, "ruff", "check", str(folder)).returncode == 0
    assert tool(project, "ruff", "format", "--check", str(folder)).returncode == 0
    assert project.raw("run", "hostile").returncode == 0


def test_a_hostile_intent_passes_everything(project: Project) -> None:
    assert project.raw("create", "hostile", "-i", HOSTILE).returncode == 0
    assert_green(project, "hostile")


@pytest.mark.parametrize("name", ["7-up", "base-workflow", "value_error", "x" * 40])
def test_any_name_that_is_taken_gives_a_workflow_that_runs(project: Project, name: str) -> None:
    assert project.raw("create", name).returncode == 0
    assert_green(project, workflow_id(name))


@pytest.mark.parametrize("name", ["", "  ", "---", "Ж", "import", "None", "tools", "x" * 41])
def test_a_name_that_does_not_do_is_refused(project: Project, name: str) -> None:
    before = snapshot(project.root)
    done = project.raw("create", name)
    assert done.returncode == 2
    assert done.stderr.startswith("raw: ")
    assert done.stderr.count("\n") == 1
    assert snapshot(project.root) == before


def test_a_name_stays_within_the_folder(project: Project) -> None:
    assert project.raw("create", "../../x/..").returncode == 0
    assert project.workflow("x").is_dir()


def test_an_existing_workflow_is_not_touched(project: Project) -> None:
    project.raw("create", "mine")
    (project.workflow("mine") / "run.py").write_text("mine\n")
    before = snapshot(project.root)
    done = project.raw("create", "Mine", "--intent", "other")
    assert done.returncode == 1
    assert "mine exists already" in done.stderr
    assert "Nothing was changed" in done.stderr
    assert snapshot(project.root) == before


def test_a_copy_has_names_of_its_own(project: Project) -> None:
    project.raw("create", "word-count", "-i", "Count words")
    project.raw("run", "word-count")
    done = project.raw("create", "letter stats", "--from", "word-count", "-i", "Look into letters")
    assert done.returncode == 0, done.stderr
    folder = project.workflow("letter-stats")
    assert not (folder / "runs").exists()
    text = "".join(data.decode() for name, data in snapshot(folder).items())
    assert "WordCount" not in text
    assert "word-count" not in text
    assert "class LetterStats(BaseWorkflow[LetterStatsParams]):" in text
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert (config["id"], config["name"], config["description"]["intent"]) == (
        "letter-stats",
        "letter-stats",
        "Look into letters",
    )
    assert len(config["description"]["inputs"]) == 3
    readme = (folder / "README.md").read_text()
    assert readme.startswith("# letter-stats\n\nLook into letters\n\n    raw run letter-stats  ")
    assert_green(project, "letter-stats")


def test_a_copy_of_an_unknown_workflow_is_refused(project: Project) -> None:
    project.raw("create", "word-count")
    done = project.raw("create", "new", "--from", "wordcount")
    assert (done.returncode, done.stderr) == (1, "raw: Workflow 'wordcount' not found. Did you mean word-count?\n")
    assert not project.workflow("new").exists()


def test_a_new_tool_can_be_imported_and_is_clean(project: Project) -> None:
    done = project.raw("create", "Web Scraper", "--tool", "-d", "Fetch 'pages' from \"sites\"")
    assert done.returncode == 0
    folder = project.root / "tools" / "web_scraper"
    assert set(snapshot(folder)) == {"__init__.py", "tool.py", "config.yaml"}
    assert yaml.safe_load((folder / "config.yaml").read_text())["description"] == "Fetch 'pages' from \"sites\""
    for command in (("ruff", "check"), ("ruff", "format", "--check"), ("mypy", "--strict", "--no-incremental")):
        checked = tool(project, *command, str(folder))
        assert checked.returncode == 0, checked.stdout
    project.add("user", "from tools import web_scraper\nprint(web_scraper.excerpt('one two  three', 10))\n")
    assert project.raw("run", "user").stdout == "one two...\n"
    assert "web_scraper  1.0.0    draft" in project.raw("show", "tools").stdout
    again = project.raw("create", "web-scraper", "-t")
    assert (again.returncode, "exists already" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "raw: A name is needed: raw create NAME"),
        (("a", "b"), "raw: raw create: unexpected 'b'."),
        (("a", "--tool", "--from", "b"), "raw: --from copies a workflow and does not go with --tool."),
        (("a", "--intent", "  "), "raw: --intent is empty."),
        (("a", "--intnt", "x"), "raw: Unknown option --intnt. Did you mean --intent?"),
        (("7zip", "--tool"), "raw: A tool's name must begin with a letter"),
        (("class", "--tool"), "raw: 'class' has a meaning of its own."),
    ],
)
def test_wrong_use_is_refused(project: Project, args: tuple[str, ...], message: str) -> None:
    before = snapshot(project.root)
    done = project.raw("create", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert snapshot(project.root) == before


def test_bytes_that_are_no_text_are_refused(project: Project) -> None:
    command = [sys.executable.encode(), b"-m", b"raw_runtime", b"create", b"x", b"-i", b"caf\xe9"]
    done = subprocess.run(command, cwd=project.root, env=project.env(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "raw: --intent is not UTF-8 text.\n")


def test_init_makes_a_project_and_keeps_what_is_there(tmp_path: Path) -> None:
    other = Project(tmp_path / "elsewhere")
    root = tmp_path / "new"
    (root / ".raw").mkdir(parents=True)
    (root / ".raw" / "README.md").write_text("mine\n")
    done = other.raw("init", cwd=root)
    assert done.returncode == 0
    config = yaml.safe_load((root / ".raw" / "config.yaml").read_text())
    assert config["version"] == "0.2.0"
    assert isinstance(config["created_at"], str)
    assert config["builder"]["gates"]["default"] == ["validate", "dry"]
    assert (root / ".raw" / "README.md").read_text() == "mine\n"
    for name in ("libraries.yaml", ".gitignore"):
        assert (root / ".raw" / name).is_file()
    for name in ("workflows", "cache", "logs"):
        assert (root / ".raw" / name).is_dir()
    assert (root / "tools" / "__init__.py").is_file()
    before = snapshot(root)
    again = other.raw("init", cwd=root)
    assert again.returncode == 0
    assert "already initialized" in again.stdout
    assert snapshot(root) == before


def test_create_makes_the_project_when_there_is_none(tmp_path: Path) -> None:
    other = Project(tmp_path / "elsewhere")
    root = tmp_path / "new"
    root.mkdir()
    done = other.raw("create", "first", cwd=root)
    assert done.returncode == 0
    assert (root / ".raw" / "config.yaml").is_file()
    assert other.raw("run", "first", cwd=root).returncode == 0


def test_hooks_are_added_once_beside_what_is_there(project: Project) -> None:
    path = project.root / ".claude" / "settings.local.json"
    path.parent.mkdir()
    path.write_text('{"model": "x", "hooks": {"Stop": []}}')
    assert project.raw("init", "--hooks").returncode == 0
    settings = json.loads(path.read_text())
    assert (settings["model"], settings["hooks"]["Stop"]) == ("x", [])
    assert settings["hooks"]["SessionStart"][0]["hooks"] == [{"type": "command", "command": "raw show"}]
    once = path.read_bytes()
    assert "there already" in project.raw("init", "--hooks").stdout
    assert path.read_bytes() == once
    path.write_text("[")
    done = project.raw("init", "--hooks")
    assert (done.returncode, path.read_text()) == (1, "[")


def test_a_folder_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    def half() -> None:
        with new_folder(tmp_path / "target") as folder:
            (folder / "file").write_text("x")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        half()
    assert list(tmp_path.iterdir()) == []
    with new_folder(tmp_path / "target") as folder:
        (folder / "file").write_text("x")
    assert [p.name for p in tmp_path.iterdir()] == ["target"]
    with pytest.raises(RawError, match="exists already"), new_folder(tmp_path / "target"):
        pass
    assert (tmp_path / "target" / "file").read_text() == "x"


def test_names_follow_upstream() -> None:
    assert workflow_id("My Cool_Flow!! v2") == "my-cool-flow-v2"
    assert tool_name("Web-Scraper 2") == "web_scraper_2"
    assert class_name("my-cool-flow") == "MyCoolFlow"
    assert class_name("7-up") == "Workflow7Up"
    assert class_name("base-workflow") == "BaseWorkflowWorkflow"
    with pytest.raises(UsageError):
        workflow_id("!!!")


def test_only_a_tame_sentence_becomes_a_docstring() -> None:
    assert one_sentence("count  words", "x") == "Count words."
    assert one_sentence("Does it count?", "x") == "Does it count?"
    for text in ('say "hi"', "back\\slash", "größe", "a" * 91, ""):
        assert one_sentence(text, "Default.") == "Default."


def test_a_copy_leaves_words_alone_that_only_look_like_the_old_name(project: Project) -> None:
    project.raw("create", "count", "-i", "Count")
    script = project.workflow("count") / "run.py"
    script.write_text(script.read_text() + "\n# raw run count, then look at Counting and Countdown: a count of words\n")
    assert project.raw("create", "sums", "--from", "count").returncode == 0
    text = (project.workflow("sums") / "run.py").read_text()
    assert text.endswith("# raw run sums, then look at Counting and Countdown: a count of words\n")
    assert "def count(self, words: list[str]) -> SumsResult:" in text
    assert project.raw("run", "sums").returncode == 0


def test_new_makes_what_create_makes(project: Project) -> None:
    for words in (
        ["new", "workflow", "Word Count", "--intent", "Count words"],
        ["new", "tool", "Fetch", "-d", "Fetch"],
    ):
        assert project.raw(*words).returncode == 0
    assert_green(project, "word-count")
    assert (project.root / "tools" / "fetch" / "tool.py").is_file()
    copied = project.raw("new", "workflow", "sums", "--from", "word-count")
    assert copied.returncode == 0
    assert project.workflow("sums").is_dir()


@pytest.mark.parametrize("kind", ["entity", "process", "webhook", "report"])
def test_what_a_project_without_a_scaffold_cannot_make_is_said_with_the_answer_that_gives_it(
    project: Project, kind: str
) -> None:
    project.raw("create", "mine")
    before = snapshot(project.root)
    done = project.raw("new", kind, "order")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "no database and no Temporal" in done.stderr
    assert "needs_state_across_days=yes" in done.stderr
    assert snapshot(project.root) == before


@pytest.mark.parametrize(
    ("words", "made"),
    [
        (["workflow", "Word Count", "-i", "Count words"], ".raw/workflows/word-count"),
        (["workflow", "sums", "--from", "mine"], ".raw/workflows/sums"),
        (["tool", "fetch"], "tools/fetch"),
    ],
)
def test_a_dry_run_says_what_would_be_made(project: Project, words: list[str], made: str) -> None:
    project.raw("create", "mine")
    before = snapshot(project.root)
    told = project.raw("new", *words, "--dry-run")
    assert (told.returncode, told.stderr) == (0, "")
    assert snapshot(project.root) == before
    assert told.stdout.endswith("\nNothing was written.\n")
    done = project.raw("new", *words)
    assert done.returncode == 0, done.stderr
    folder = project.root / made
    files = {path.relative_to(project.root).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    sizes = {name: len(path.read_text().splitlines()) for name, path in files.items()}
    assert told.stdout.splitlines()[:-2] == [f"{name}  {lines}" for name, lines in sorted(sizes.items())]
    again = project.raw("new", *words, "--dry-run")
    assert (again.returncode, "exists already" in again.stderr) == (1, True)


def test_a_dry_run_without_a_project_makes_none(tmp_path: Path) -> None:
    root = tmp_path / "new"
    root.mkdir()
    done = Project(tmp_path / "elsewhere").raw("create", "mine", "--dry-run", cwd=root)
    assert done.returncode == 0, done.stderr
    assert "would make .raw" in done.stdout
    assert list(root.iterdir()) == []


def test_new_tells_what_it_makes_here(project: Project) -> None:
    project.raw("create", "mine")
    for words in (["--help"], ["workflow", "--help"], ["entity", "-h"]):
        done = project.raw("new", *words)
        assert done.returncode == 0
        assert "raw new workflow NAME" in done.stdout
        assert "entity" not in done.stdout
    scaffold = project.root / "scaffold"
    shutil.copytree(RUNTIME_HOME / "scaffold", scaffold, ignore=shutil.ignore_patterns("__pycache__"))
    assert "raw new entity NAME" in project.raw("new", "--help").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [([], "Say what to make."), (["workflw", "x"], "Did you mean workflow?"), (["process"], "needs_state_across_days")],
)
def test_new_of_nothing(project: Project, words: list[str], sentence: str) -> None:
    project.raw("create", "mine")
    done = project.raw("new", *words)
    assert done.returncode == 2
    assert sentence in done.stderr
