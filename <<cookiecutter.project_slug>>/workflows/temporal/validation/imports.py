"""Whether the code of a Temporal workflow reaches a database driver; read from the source, nothing is imported.

The sandbox imports what workflow code imports again, for every workflow. A driver's C extension may not survive that:
the process ends without a word.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

DRIVERS = frozenset(
    {
        "aiomysql", "aiosqlite", "asyncpg", "greenlet", "mysqlclient", "psycopg", "psycopg2", "pymongo", "pymysql",
        "redis", "sqlalchemy", "sqlite3",
    }
)  # fmt: skip
# The SDK's ways to start an activity, and those of workflows.temporal.base.
_STARTING = frozenset({"execute_activity", "start_activity", "execute_local_activity", "_act", "_effect"})


def driver_within_reach(module: str, root: Path) -> tuple[str, ...]:
    """Return the chain of imports from a module of the project to a driver; empty when there is none.

    Args:
        module: a module's full name.
        root: the folder that the project's packages are in; modules that are not there are not followed.
    """
    module, *packages = _with_parents(module)
    waiting: deque[tuple[str, ...]] = deque([(module,), *((module, package) for package in packages)])
    seen = {module, *packages}
    while waiting:
        chain = waiting.popleft()
        path = _file_of(chain[-1], root)
        if path is None:
            continue
        for name in sorted(set(_imports(path, chain[-1]))):
            if name.partition(".")[0] in DRIVERS:
                return (*chain, name)
            for step in _with_parents(name):
                if step not in seen:
                    seen.add(step)
                    waiting.append((*chain, step))
    return ()


def activity_names(module: str, root: Path) -> Iterator[tuple[str, int]]:
    """Give the names that a module starts activities by, where it writes them out, and the lines."""
    path = _file_of(module, root)
    for node in ast.walk(ast.parse(path.read_bytes())) if path else ():
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _STARTING
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
        ):
            yield node.args[0].value, node.lineno


def _file_of(module: str, root: Path) -> Path | None:
    stem = root.joinpath(*module.split("."))
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.is_file():
            return path
    return None


def _with_parents(name: str) -> Iterable[str]:
    """Return a module's name and those of its packages, which are imported with it."""
    parts = name.split(".")
    return (".".join(parts[:count]) for count in range(len(parts), 0, -1))


def _imports(path: Path, module: str) -> Iterator[str]:
    """Give what a file imports, wherever in it; of `from a import b` both `a` and `a.b`, since b may be a module."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_bytes())
    # What only a type checker reads is not imported.
    unread = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in unread:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *([base] if base else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
