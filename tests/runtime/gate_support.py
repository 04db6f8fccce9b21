"""Small projects for the tests of the validator and the gates."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import raw_runtime
from raw_runtime.project import Project

SOURCE = Path(raw_runtime.__file__).parent.parent

HEAD = """\
#!/usr/bin/env python3
# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "pydantic>=2.0",
#   "rich>=13.0",
# ]
# ///
"""

GOOD = (
    HEAD
    + '''\
"""Greets."""

from pydantic import BaseModel

from raw_runtime import BaseWorkflow, step

GREETINGS = {"en": "Hello", "es": "Hola"}


class GreetParams(BaseModel):
    """Whom to greet."""

    name: str = "Ada"


class Greet(BaseWorkflow[GreetParams]):
    """Greet somebody."""

    @step("greet")
    def greet(self) -> str:
        return f"{GREETINGS['en']}, {self.params.name}!"

    def run(self) -> int:
        self.save("result.json", {"greeting": self.greet()})
        return self.success("Greeted").exit_code


if __name__ == "__main__":
    Greet.main()
'''
)

CONFIG = """\
id: greet
name: greet
version: "1.0.0"
status: tested
created_at: "2026-01-10T09:00:00Z"
description:
  intent: Greet somebody
  inputs:
    - {name: name, type: string}
"""


def make_project(root: Path, config: str | None = None) -> Project:
    """A project with `tools/` and, when given, a `.raw/config.yaml`."""
    (root / ".raw" / "workflows").mkdir(parents=True)
    (root / "tools").mkdir()
    (root / "tools" / "__init__.py").write_text("")
    if config is not None:
        (root / ".raw" / "config.yaml").write_text(textwrap.dedent(config), encoding="utf-8")
    return Project(root)


def add_workflow(project: Project, name: str = "greet", code: str = GOOD, config: str | None = CONFIG) -> Path:
    """A workflow folder with an executable run.py."""
    folder = project.raw_dir / "workflows" / name
    folder.mkdir(parents=True)
    run_py = folder / "run.py"
    run_py.write_text(code, encoding="utf-8")
    run_py.chmod(0o755)
    if config is not None:
        (folder / "config.yaml").write_text(config, encoding="utf-8")
    return folder


def workflow_code(
    body: str = "", *, top: str = "", step_body: str = 'return "x"', run: str = "return 0", params: str = 'x: str = "x"'
) -> str:
    """A run.py with one step; each part is dedented and put where its name says."""
    parts = [
        HEAD,
        "from pydantic import BaseModel, Field\nfrom raw_runtime import BaseWorkflow, cache, retry, step\n",
        textwrap.dedent(top),
        "\nclass P(BaseModel):\n" + textwrap.indent(textwrap.dedent(params), "    "),
        "\n\nclass W(BaseWorkflow[P]):\n",
        textwrap.indent(textwrap.dedent(body), "    "),
        '\n    @step("work")\n    def work(self):\n',
        textwrap.indent(textwrap.dedent(step_body), "        "),
        "\n\n    def run(self) -> int:\n",
        textwrap.indent(textwrap.dedent(run), "        "),
        '\n\nif __name__ == "__main__":\n    W.main()\n',
    ]
    return "".join(parts)


CALL = "import sys; from raw_runtime.{0}.cli import main; from raw_runtime.project import find_project; "
CALL += "sys.exit(main(sys.argv[1:], find_project()))"


def command(area: str, *argv: str) -> list[str]:
    """The command line that runs `raw_runtime.<area>.cli.main` in a process of its own."""
    return [sys.executable, "-c", CALL.format(area), *argv]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment in which the template's own raw_runtime is importable."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith("RAW_") and k not in ("NO_COLOR", "FORCE_COLOR", "CI")
    }
    return {**kept, "PYTHONPATH": str(SOURCE), **(extra or {})}


def call(
    project: Project, area: str, *argv: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in the project's folder and return what it printed."""
    return subprocess.run(
        command(area, *argv),
        cwd=project.root,
        env=environment(env),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
