"""What a system has already, read from its files without running them: a name must not be there twice."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from raw_runtime.errors import UsageError

_NUMBER = re.compile(r"\d{4}")
# Made by libraries: tables and pages that no file of ours names.
_TABLES = frozenset({"alembic_version"})
_PAGES = frozenset({"/docs", "/redoc", "/openapi.json", "/healthz", "/readyz", "/metrics", "/webhooks"})


class Told(NamedTuple):
    """How a signal comes in: its function in the process's events module, and the body that this takes."""

    function: str
    model: str
    by_person: bool


class House:
    """The system in a folder."""

    def __init__(self, root: Path) -> None:
        """Look nowhere yet."""
        self.root = root

    @property
    def has_api(self) -> bool:
        """Whether others can call it over HTTP."""
        return (self.root / "api" / "routes").is_dir()

    @cached_property
    def entities(self) -> dict[str, str]:
        """The modules of db/entities that are one, by name, each with its path."""
        return self._modules("db/entities", "ENTITY")

    @cached_property
    def processes(self) -> dict[str, str]:
        """The modules of workflows/temporal/processes that are one, by name, each with its path."""
        return self._modules("workflows/temporal/processes", "PROCESS")

    @cached_property
    def tables(self) -> dict[str, str]:
        """The tables, each with the file that names it."""
        found = dict.fromkeys(_TABLES, "Alembic")
        for path, tree in self._trees("db", "__tablename__"):
            for node in ast.walk(tree):
                if isinstance(node, ast.Assign) and any(_is_called(target, "__tablename__") for target in node.targets):
                    found |= dict.fromkeys(_texts(node.value), path)
        return found

    @cached_property
    def pages(self) -> dict[str, str]:
        """The paths of the API, such as /outbox and /webhooks/submit, each with the file that serves it."""
        found = dict.fromkeys(_PAGES, "the API")
        for path, tree in self._trees("api/routes"):
            prefix = _prefix(tree)
            if prefix:
                found.setdefault(prefix, path)
            for call in _calls(tree, {"get", "post", "put", "patch", "delete"}):
                given = [text for text in _texts(*call.args[:1]) if re.fullmatch(r"(/[\w.-]+)+", text)]
                found |= dict.fromkeys((f"{prefix}{text}" for text in given), path)
        # A route may take its path from the process that it is about.
        for path, tree in self._trees("workflows/temporal/processes"):
            for call in _calls(tree, {"Start", "Incoming"}):
                found |= dict.fromkeys((f"/webhooks/{text}" for text in _texts(*call.args[:1])), path)
        return found

    @cached_property
    def signals_of_base(self) -> frozenset[str]:
        """What every process has by its base: names that a signal cannot have."""
        names: set[str] = set()
        for _, tree in self._trees("workflows/temporal/base.py"):
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    names.add(node.name)
                elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                    names.add(node.target.id)
        return frozenset(names)

    def told(self, process: str) -> dict[str, Told]:
        """Return how the signals of a process come in, by their names, as its events module says."""
        found = {}
        for _, tree in self._trees(f"workflows/{process}_events.py"):
            for node in tree.body:
                if isinstance(node, ast.FunctionDef) and node.name.endswith("_event") and node.name[0] != "_":
                    given = [argument.arg for argument in node.args.args]
                    model = _annotation(node, "given")
                    if model and given in (["event_id", "body", "given"], [given[0], "key", "body", "given", "by"]):
                        signal = node.name.removesuffix("_event").replace("_", "-")
                        found[signal] = Told(node.name, model, len(given) > 3)
        return found

    def entity_of(self, process: str) -> str:
        """Return the type of the entity that a process is about; empty where its module does not say."""
        for _, tree in self._trees(f"workflows/temporal/processes/{process}.py"):
            for call in _calls(tree, {"Process"}):
                if names := [text for word in call.keywords if word.arg == "entity" for text in _texts(word.value)]:
                    return names[0]
        return ""

    def statuses_of(self, entity: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the statuses of a type of entity that are not final, and those that are; empty where it has none."""
        known: dict[str, tuple[str, ...]] = {}
        for _, tree in self._trees(f"db/entities/{entity}.py"):
            for node in tree.body:
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
                    words: list[str] = []
                    for item in node.value.elts:
                        starred = item.value if isinstance(item, ast.Starred) else None
                        words += known.get(starred.id, ()) if isinstance(starred, ast.Name) else _texts(item)
                    known |= {target.id: tuple(words) for target in node.targets if isinstance(target, ast.Name)}
        final = known.get("FINAL", ())
        return tuple(status for status in known.get("STATUSES", ()) if status not in final), final

    def plural_of(self, entity: str) -> str:
        """Return the table of a type of entity."""
        path = self.entities[entity]
        return next((table for table, place in self.tables.items() if place == path), entity)

    def stages_of(self, entity: str) -> list[str]:
        """Return the stages of the process about a type of entity, in order; empty where it has none."""
        for process in self.processes:
            if self.entity_of(process) == entity:
                for _, tree in self._trees(f"workflows/temporal/{process}_contracts.py"):
                    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Stage"]
                    values = [node.value for stage in classes for node in stage.body if isinstance(node, ast.Assign)]
                    return _texts(*values)
        return []

    def newest_migration(self) -> tuple[str, str]:
        """Return the last migration, and the number of the next one, such as "0002".

        Raises:
            UsageError: there is no last one, or more than one.
        """
        from alembic.script import ScriptDirectory
        from alembic.util import CommandError

        folder = self.root / "db" / "migrations"
        try:
            script = ScriptDirectory(str(folder))
            heads = sorted(script.get_heads())
            known = [revision.revision for revision in script.walk_revisions()]
        except (CommandError, SyntaxError, ImportError) as error:
            raise UsageError(f"db/migrations cannot be read: {' '.join(str(error).split())}") from None
        if len(heads) != 1:
            names = ", ".join(heads) or "none"
            raise UsageError(
                f"db/migrations has {len(heads)} newest revisions ({names}): join them with alembic merge."
            )
        numbers = [int(name) for name in known if _NUMBER.fullmatch(name)]
        return heads[0], f"{max(numbers, default=len(known)) + 1:04}"

    def _modules(self, folder: str, constant: str) -> dict[str, str]:
        """Return the modules of a folder that register something under this name, as those who look there do."""
        return {
            Path(path).stem: path
            for path, tree in self._trees(folder, constant)
            if any(isinstance(node, ast.Assign) and _is_called(node.targets[0], constant) for node in tree.body)
        }

    def _trees(self, place: str, word: str = "") -> Iterator[tuple[str, ast.Module]]:
        """Give the code below a folder, or of one file, in which a word occurs.

        What cannot be read or parsed is a matter for the gates.
        """
        start = self.root / place
        for path in sorted(start.rglob("*.py")) if start.is_dir() else [start]:
            try:
                text = path.read_bytes()
                if word.encode() in text:
                    yield path.relative_to(self.root).as_posix(), ast.parse(text)
            except (OSError, SyntaxError, ValueError):
                continue


def _is_called(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _texts(*nodes: ast.expr) -> list[str]:
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _calls(tree: ast.Module, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in names:
                yield node


def _annotation(function: ast.FunctionDef, argument: str) -> str:
    """Return the name of an argument's type; empty where it is none."""
    for given in function.args.args:
        if given.arg == argument and isinstance(given.annotation, ast.Name):
            return given.annotation.id
    return ""


def _prefix(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_called(node.func, "APIRouter"):
            return next((text for word in node.keywords if word.arg == "prefix" for text in _texts(word.value)), "")
    return ""
