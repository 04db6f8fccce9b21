"""Mutants of the code: what would break processes under way, or what a worker would only find out with them.

Each is tried in a copy of its own. Those here are of the outbox sweep, which every system has.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from settings import ROOT

SWEEP = "workflows/temporal/outbox_sweep.py"
CONTRACTS = "workflows/temporal/contracts.py"
ACTIVITIES = "workflows/temporal/activities/__init__.py"


@dataclass(frozen=True)
class Mutant:
    """Changes of a file, and what a failing check of a kind says of it; no words: it must pass.

    Without a path they are of the workflow's own module.
    """

    changes: Mapping[str, str]
    kind: str = ""
    words: tuple[str, ...] = ()
    path: str = ""


_BREAKS = "OutboxSweep is not deterministic: it breaks at event 5, ActivityTaskScheduled sweep_outbox"
MUTANTS = {
    "nothing": Mutant({}),
    "an activity renamed": Mutant(
        {'"sweep_outbox"': '"clean_outbox"'},
        "replay",
        (_BREAKS, "the code: started the activity clean_outbox"),
        CONTRACTS,
    ),
    "a timer more": Mutant(
        {
            "        result: SweepResult": "        await workflow.sleep(5)\n        result: SweepResult",
        },
        "replay",
        (_BREAKS, "the code: started a timer"),
    ),
    "another name": Mutant(
        {'"OutboxSweep"': '"Sweep"'},
        "replay",
        ("no workflow is called OutboxSweep; was it renamed?",),
        CONTRACTS,
    ),
    "a database driver": Mutant(
        {"from temporalio import workflow\n": "import sqlalchemy.ext.asyncio\nfrom temporalio import workflow\n"},
        "imports",
        ("workflows.temporal.outbox_sweep -> sqlalchemy.ext.asyncio", "may die of it"),
    ),
    "an activity that nobody registers": Mutant(
        {"            self.sweep.sweep_outbox,\n": ""},
        "activities",
        ("The contracts name the activity 'sweep_outbox', which the registry does not have",),
        ACTIVITIES,
    ),
    "no Python": Mutant({"class OutboxSweep:": "class OutboxSweep"}, "process", ("SyntaxError",)),
}


def copy_of_the_project(folder: Path) -> Path:
    """Copy what a mutant changes, and link the rest."""
    folder.mkdir(parents=True)
    shutil.copytree(
        ROOT / "workflows",
        folder / "workflows",
        ignore=lambda name, names: [one for one in names if one == "__pycache__" or _is_test(Path(name), one)],
    )
    for name in (
        "configuration",
        "db",
        "tools",
        "tracing",
        "raw_runtime",
        "settings.py",
        "logs.py",
        "pyproject.toml",
        ".raw",
    ):
        (folder / name).symlink_to(ROOT / name)
    return folder


def _is_test(folder: Path, name: str) -> bool:
    return folder.name == "tests" and name.startswith("test_")


def validate(project: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the gate in a copy."""
    command = [sys.executable, "-m", "workflows.temporal.validate", *words]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=300, check=False)


def tried(mutants: Mapping[str, Mutant], module: str, folder: Path) -> dict[str, tuple[int, dict[str, Any]]]:
    """Try all of them, as many at a time as there are cores; return exit code and document of each.

    Args:
        mutants: by their names.
        module: the path of the workflow's module.
        folder: where the copies are made.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        begun = {
            name: pool.submit(_try, mutant, module, folder / str(number))
            for number, (name, mutant) in enumerate(mutants.items())
        }
    return {name: one.result() for name, one in begun.items()}


def _try(mutant: Mutant, module: str, folder: Path) -> tuple[int, dict[str, Any]]:
    project = copy_of_the_project(folder)
    path = project / (mutant.path or module)
    text = path.read_text()
    for old, new in mutant.changes.items():
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text)
    done = validate(project, "--json", "--timeout", "240")
    assert not done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def check(mutant: Mutant, outcome: tuple[int, dict[str, Any]]) -> None:
    """Assert that the gate said what it should."""
    code, document = outcome
    failed = [check for check in document["checks"] if not check["ok"]]
    if not mutant.words:
        assert (code, document["ok"], failed) == (0, True, [])
        return
    assert (code, document["ok"]) == (1, False)
    of_kind = [one for one in failed if one["kind"] == mutant.kind]
    said = ["\n".join((one["subject"], one["words"], *one["details"])) for one in of_kind]
    assert any(all(words in text for words in mutant.words) for text in said), failed
