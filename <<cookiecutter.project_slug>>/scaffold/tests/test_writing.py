"""What is written is all of the plan or nothing, is shown before, and is undone by one command."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from raw_runtime.cli import main
from raw_runtime.errors import RawError, UsageError
from scaffold.plan import NewFile, Plan
from scaffold.rendering import tidied
from scaffold.tests.copies import snapshot
from scaffold.writing import undoing, write

ORDER = ["new", "entity", "order", "--fields", "email:email,amount:int"]


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_the_plan_is_what_is_written(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(copy)
    assert main([*ORDER, "--dry-run"]) == 0
    planned = capsys.readouterr().out
    assert snapshot(copy) == before
    assert main(ORDER) == 0
    made = capsys.readouterr().out
    new = {path for path in snapshot(copy).keys() - before.keys() if (copy / path).is_file()}
    assert {path: data for path, data in snapshot(copy).items() if path in before} == before

    def tree(text: str) -> str:
        return text.split("\n\n")[1]

    assert tree(planned) == tree(made)
    lines = sum((copy / path).read_text().count("\n") for path in new)
    assert f": {len(new)} files, {lines} lines" in planned
    for path in new:
        row = rf"^ *{Path(path).name} +{(copy / path).read_text().count(chr(10))}$"
        assert re.search(row, made, flags=re.MULTILINE), path
    assert "python -m db migrate" in planned


def test_git_shows_it_and_takes_it_back(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(checkout)
    (checkout / "db" / "notes.txt").write_text("mine\n")
    assert main(ORDER) == 0
    undo = re.search(r"^Undo it: +(git clean .*)$", capsys.readouterr().out, flags=re.MULTILINE)
    assert undo is not None
    shown = git(checkout, "status", "--short", "--untracked-files=all").splitlines()
    assert all(line.startswith("?? ") for line in shown)
    assert "?? db/repositories/orders.py" in shown
    subprocess.run(shlex.split(undo[1]), cwd=checkout, check=True)
    assert git(checkout, "status", "--short", "--untracked-files=all") == "?? db/notes.txt\n"
    (checkout / "db" / "notes.txt").unlink()
    assert snapshot(checkout) == before


def test_the_undoing_holds_where_one_stands(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan.of("a report", {".raw/a b/one.py": "1\n", ".raw/a b/two.py": "2\n", "db/three.py": "3\n"}, ())
    before = snapshot(checkout)
    monkeypatch.chdir(checkout / "db")
    told = undoing(write(plan, checkout), checkout)
    assert told.endswith("-- '../.raw/a b/' three.py")
    # What Python leaves beside a module is ignored by git, and goes too.
    (checkout / ".raw/a b/__pycache__").mkdir()
    (checkout / ".raw/a b/__pycache__/one.pyc").touch()
    command = told.rpartition("Undo it:")[2]
    subprocess.run(shlex.split(command), cwd=checkout / "db", check=True)
    assert not (checkout / ".raw/a b").exists()
    assert snapshot(checkout) == before


def test_without_git_it_is_undone_too(copy: Path) -> None:
    before = snapshot(copy)
    told = undoing(write(Plan.of("x", {"db/new/one.py": "1\n", "db/two.py": "2\n"}, ()), copy), copy)
    # The folder that pytest gives may lie in somebody's checkout.
    if "rm -r" in told:
        subprocess.run(shlex.split(told.rpartition("Undo it:")[2]), cwd=copy, check=True)
        assert snapshot(copy) == before


@pytest.mark.parametrize(
    ("path", "text"),
    [("z/" + "x" * 300, "too long a name\n"), ("z/last.txt", "half a pair: \ud800\n"), ("db/__init__.py", "taken\n")],
)
def test_all_or_nothing(copy: Path, path: str, text: str) -> None:
    before = snapshot(copy)
    plan = Plan("x", (NewFile("a/b/one.py", "1\n"), NewFile("db/two.py", "2\n"), NewFile(path, text)), ())
    with pytest.raises((RawError, UnicodeEncodeError)) as failed:
        write(plan, copy)
    assert snapshot(copy) == before
    if isinstance(failed.value, RawError):
        assert str(failed.value).endswith("Nothing was changed.")
        assert path in str(failed.value)


def test_everything_in_the_way_is_named(copy: Path) -> None:
    (copy / "taken").write_text("a file, not a folder\n")
    (copy / "nowhere.py").symlink_to("gone")
    plan = Plan.of("x", dict.fromkeys(["taken/one.py", "db/__init__.py", "db/new.py", "nowhere.py"], "\n"), ())
    with pytest.raises(UsageError) as refused:
        plan.check(copy)
    assert str(refused.value) == (
        "db/__init__.py, nowhere.py, taken exist already. Nothing was changed; take another name."
    )


def test_a_script_is_executable(copy: Path) -> None:
    write(Plan.of("x", {"a.py": "#!/usr/bin/env python3\n", "b.py": "1\n"}, ()), copy)
    assert [os.access(copy / name, os.X_OK) for name in ("a.py", "b.py")] == [True, False]


def test_two_newest_migrations_are_refused(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = (copy / "db/migrations/versions/0001_initial.py").read_text()
    for number in ("7777", "8888"):
        text = re.sub(r"^revision = .*", f'revision = "{number}"', first, flags=re.MULTILINE)
        text = re.sub(r"^down_revision = .*", 'down_revision = "0001"', text, flags=re.MULTILINE)
        (copy / f"db/migrations/versions/{number}_x.py").write_text(text)
    before = snapshot(copy)
    assert main(ORDER) == 2
    err = capsys.readouterr().err
    assert "2 newest revisions" in err or "3 newest revisions" in err
    assert "7777" in err
    assert "alembic merge" in err
    assert snapshot(copy) == before


def test_without_an_api_there_is_no_webhook(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(copy / "api", ignore_errors=True)
    words = ["process", "order-fulfilment", "--entity", "order", "--signals", "paid"]
    assert main(["new", *words, "--webhooks", "payment", "--dry-run"]) == 2
    assert "--webhooks needs an API, which this system has not: leave it out" in capsys.readouterr().err
    assert main(["new", *words, "--dry-run"]) == 0
    assert "api/" not in capsys.readouterr().out


def test_ruff_breaks_lines_as_the_project_likes(copy: Path) -> None:
    text = f"import os\nimport ast\n\nx = [{', '.join(['1234567890'] * 12)}]\n"
    files, was_there = tidied({"a.py": text, "b.md": "x  \n"}, copy)
    assert was_there
    assert files["b.md"] == "x  \n"
    assert files["a.py"].startswith("import ast\nimport os\n\nx = [\n    1234567890,\n")


def test_without_ruff_the_text_stays(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(copy / "bin" / "python"))
    monkeypatch.setenv("PATH", "/nowhere")
    assert tidied({"a.py": "import os\nimport ast\n"}, copy) == ({"a.py": "import os\nimport ast\n"}, False)
