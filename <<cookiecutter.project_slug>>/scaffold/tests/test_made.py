"""What is made passes what the gates ask, without a line edited, whatever it is called."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from raw_runtime.cli import main
from scaffold.tests.copies import ROOT

pytestmark = pytest.mark.slow

EVERY_TYPE = "a:text,b:email,c:int,d:float,e:bool,f:date,g:moment,h:json"
SQL_WORDS = "order:int,user:text,group:text,select:moment,desc:text,end:date,text:text"
ENTITIES = [
    ["x", "--fields", "a:bool"],
    ["order"],
    ["order-item", "--fields", EVERY_TYPE],
    ["token", "--fields", SQL_WORDS],
    ["offset-clause", "--plural", "offset"],
    ["sheep", "--plural", "sheep", "--fields", f"{'x' * 40}:moment,{'y' * 40}:json"],
    ["a-very-long-name-of-one-customer", "--fields", EVERY_TYPE],
]
FAULTS = """
import asyncio, pathlib, tempfile
from db import migrate, testing
from db.session import Database

async def faults(kind):
    with tempfile.TemporaryDirectory() as folder:
        async with testing.migrated_database(kind, pathlib.Path(folder)) as url:
            database = Database(testing.settings_for(url))
            found = await migrate.faults(database)
            await database.dispose()
            return found

print([asyncio.run(faults(kind)) for kind in testing.kinds()])
"""


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The whole project in a folder of its own, with every entity; and the new files."""
    folder = tmp_path_factory.mktemp("furnished") / "project"
    out = shutil.ignore_patterns("__pycache__", ".venv", ".git", ".*_cache", "runs", "*.db")
    shutil.copytree(ROOT, folder, ignore=out)
    before = set(folder.rglob("*"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for words in ENTITIES:
            assert main(["new", "entity", *words]) == 0
    made = sorted(
        path for path in set(folder.rglob("*")) - before if path.is_file() and "__pycache__" not in path.parts
    )
    return folder, [path.relative_to(folder).as_posix() for path in made]


def run(folder: Path, *words: str) -> str:
    """Run a module in the folder, of whose code it takes what it imports; return what it said."""
    env = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_style_and_types(furnished: tuple[Path, list[str]]) -> None:
    folder, made = furnished
    assert len(made) == 4 * len(ENTITIES)
    run(folder, "-m", "ruff", "check", *made)
    run(folder, "-m", "ruff", "format", "--check", *made)
    run(folder, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent", "--cache-dir=.types", *made)


def test_their_own_tests_pass(furnished: tuple[Path, list[str]]) -> None:
    folder, made = furnished
    config = folder / "tests.ini"
    config.write_text("[pytest]\naddopts = --import-mode=importlib\nmarkers = slow: thorough\n")
    tests = [path for path in made if Path(path).name.startswith("test_")]
    options = ("-q", "-c", str(config), "--rootdir", str(folder), "-p", "no:cacheprovider")
    said = run(folder, "-m", "pytest", *options, *tests)
    assert " passed" in said


def test_the_database_is_what_the_models_say(furnished: tuple[Path, list[str]]) -> None:
    folder, _ = furnished
    said = run(folder, "-c", FAULTS)
    assert said in ("[[]]\n", "[[], []]\n")
