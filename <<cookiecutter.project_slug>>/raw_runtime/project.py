"""Where the project is, and which RAW workflows it has."""

from __future__ import annotations

import os
import re
from pathlib import Path

from raw_runtime.errors import ProjectNotFound, WorkflowNotFound

_DATED_ID = re.compile(r"\d{8}-(?P<name>.+)-[0-9a-f]{6}")


class Workflow:
    """A folder under `.raw/workflows/`; `id` is the folder's name."""

    __slots__ = ("id", "path")

    def __init__(self, id: str, path: Path) -> None:  # noqa: A002 - the word that users know
        self.id = id
        self.path = path

    def __repr__(self) -> str:
        return f"Workflow({self.id!r}, {str(self.path)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Workflow) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def run_py(self) -> Path:
        """The workflow's script."""
        return self.path / "run.py"


class Project:
    """A folder that holds `.raw/`."""

    __slots__ = ("root",)

    def __init__(self, root: Path) -> None:
        self.root = root

    def __repr__(self) -> str:
        return f"Project({str(self.root)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Project) and self.root == other.root

    def __hash__(self) -> int:
        return hash(self.root)

    @property
    def raw_dir(self) -> Path:
        """The folder `.raw/`."""
        return self.root / ".raw"

    def workflows(self) -> list[Workflow]:
        """Return every workflow, by id."""
        folder = self.raw_dir / "workflows"
        if not folder.is_dir():
            return []
        paths = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith((".", "_")))
        return [Workflow(p.name, p) for p in paths]

    def workflow(self, name: str) -> Workflow:
        """Return the workflow with this id, or the only one that upstream's dated id gives this name.

        Raises:
            WorkflowNotFound: none or several answer to the name; the text says which are near.
        """
        every = self.workflows()
        for workflow in every:
            if workflow.id == name:
                return workflow
        dated = [w for w in every if (m := _DATED_ID.fullmatch(w.id)) and m["name"] == name]
        if len(dated) == 1:
            return dated[0]
        if dated:
            raise WorkflowNotFound(
                f"Workflow {name!r} is ambiguous: {', '.join(w.id for w in dated)}. Give the whole id."
            )
        raise WorkflowNotFound(f"Workflow {name!r} not found.{_hint(name, [w.id for w in every])}")


def _hint(name: str, ids: list[str]) -> str:
    if not ids:
        return ' There are none yet: raw create NAME --intent "what it does"'
    import difflib

    near = difflib.get_close_matches(name, ids, n=3, cutoff=0.5)
    if near:
        return f" Did you mean {' or '.join(near)}?"
    return f" There are: {', '.join(ids)}."


def find_project(start: Path | None = None) -> Project:
    """Return the project around `start` (default: `RAW_PROJECT_ROOT`, else the current folder).

    Raises:
        ProjectNotFound: no folder upwards holds `.raw/`.
    """
    given = os.environ.get("RAW_PROJECT_ROOT") if start is None else None
    here = Path(given or start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / ".raw").is_dir():
            return Project(folder)
    raise ProjectNotFound(f"No .raw folder in {here} or above. Go to your project, or make one here: raw init")
