"""What is made passes what the gates ask, without a line edited, whatever it is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaffold.tests.copies import made
from scaffold.tests.wholes import check_style_and_types, run, run_tests, whole_project

pytestmark = pytest.mark.slow

EVERY_TYPE = "a:text,b:email,c:int,d:float,e:bool,f:date,g:moment,h:json"
SQL_WORDS = "order:int,user:text,group:text,select:moment,desc:text,end:date,text:text"
# Of names that no system has.
ENTITIES = {
    "q": {"fields": "a:bool"},
    "quokka": {},
    "quokka-tail": {"fields": EVERY_TYPE},
    "quokka-reserved-word": {"fields": SQL_WORDS},
    "quokka-offset": {"plural": "offset"},
    "quokka-herd": {"plural": "quokka-herd", "fields": f"{'x' * 40}:moment,{'y' * 40}:json"},
    "a-quokka-of-a-name-of-some-width": {"fields": EVERY_TYPE},
}
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
    folder = whole_project(tmp_path_factory.mktemp("furnished") / "project")
    files: list[str] = []
    for name, options in ENTITIES.items():
        files += made(folder, "entity", name, **options)
    return folder, files


def test_style_and_types(furnished: tuple[Path, list[str]]) -> None:
    folder, files = furnished
    assert len(files) == 4 * len(ENTITIES)
    check_style_and_types(folder, files)


def test_their_own_tests_pass(furnished: tuple[Path, list[str]]) -> None:
    folder, files = furnished
    run_tests(folder, [path for path in files if path.startswith("db/tests/")])


def test_the_database_is_what_the_models_say(furnished: tuple[Path, list[str]]) -> None:
    folder, _ = furnished
    assert run(folder, "-c", FAULTS) in ("[[]]\n", "[[], []]\n")
