"""One Python file of a workflow, parsed, with what the rules ask about it: names, classes, who calls whom."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef

_ALLOW = re.compile(r"#\s*raw:\s*allow\s+(?P<rules>[A-Za-z0-9_,\s-]+)")
_STEP_NAMES = {"step", "raw_step"}


def words(text: str) -> frozenset[str]:
    """Return the words of a list that is written as running text."""
    return frozenset(text.split())


class UnreadableError(Exception):
    """The file cannot be read or parsed; `syntax` tells which, `line` where (0: unknown)."""

    def __init__(self, message: str, *, syntax: bool = False, line: int = 0) -> None:
        super().__init__(message)
        self.syntax = syntax
        self.line = line


@dataclass(slots=True)
class Unit:
    """Code that runs together: a function with what is nested in it, or all that runs at import.

    `where` reads on after "in" or stands alone ("step 'parse'", "run()"); `live` says that a step, run() or
    the import reaches it; `shadowed` are names that mean something local in it.
    """

    where: str
    nodes: list[ast.AST]
    live: bool
    at_import: bool = False
    shadowed: frozenset[str] = frozenset()
    name: str = ""


@dataclass
class Source:
    """A parsed file; `name` is relative to the workflow's folder; `script` is true for run.py."""

    name: str
    text: str
    tree: ast.Module
    script: bool
    _units: list[Unit] = field(default_factory=list, repr=False)

    @classmethod
    def read(cls, path: Path, name: str) -> Source:
        """Read and parse the file.

        Raises:
            UnreadableError: it is no text, or no Python.
        """
        try:
            with tokenize.open(path) as file:
                text = file.read()
        except SyntaxError as error:  # a bad coding cookie, or bytes that are not in that encoding
            raise UnreadableError(str(error)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableError(getattr(error, "strerror", None) or str(error)) from None
        try:
            tree = ast.parse(text, filename=name)
        except SyntaxError as error:
            raise UnreadableError(str(error), syntax=True, line=error.lineno or 0) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise UnreadableError(str(error) or type(error).__name__, syntax=True) from None
        return cls(name, text, tree, script=name == "run.py")

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Local name -> the dotted name that some import in this file gives it."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    found[alias.asname or first] = alias.name if alias.asname else first
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return found

    @cached_property
    def allowed(self) -> dict[int, set[str]]:
        """Line -> rules that a `# raw: allow RULE` comment on it silences."""
        found: dict[int, set[str]] = {}
        try:
            for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
                if token.type == tokenize.COMMENT and (match := _ALLOW.search(token.string)):
                    words = re.split(r"[,\s]+", match["rules"].strip())
                    found.setdefault(token.start[0], set()).update(word for word in words if word)
        except (tokenize.TokenError, IndentationError):  # ast took it: there is no comment we could miss
            pass
        return found

    def dotted(self, node: ast.AST, shadowed: frozenset[str] = frozenset()) -> str | None:
        """Return the full dotted name of a name or attribute (`dt.now` -> `datetime.datetime.now`), if it is one."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in shadowed:
            return None
        return ".".join([self.aliases.get(node.id, node.id), *reversed(parts)])

    @cached_property
    def workflow_classes(self) -> list[ast.ClassDef]:
        """The classes of this file that derive from BaseWorkflow, directly or through one another."""
        classes = [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)]
        names: set[str] = set()
        found: list[ast.ClassDef] = []
        grew = True
        while grew:
            grew = False
            for node in classes:
                if node not in found and any(self._is_workflow_base(base, names) for base in node.bases):
                    found.append(node)
                    names.add(node.name)
                    grew = True
        return found

    def _is_workflow_base(self, base: ast.expr, names: set[str]) -> bool:
        full = self.dotted(base.value if isinstance(base, ast.Subscript) else base)
        return full is not None and (full in names or full.rpartition(".")[2] == "BaseWorkflow")

    def decorator(self, node: ast.expr) -> tuple[str, ast.Call | None]:
        """Return raw_runtime's own name of a decorator ("" when it is another's), and its call, if called."""
        call = node if isinstance(node, ast.Call) else None
        full = self.dotted(call.func if call else node) or ""
        owner, _, name = full.rpartition(".")
        return (name if owner.partition(".")[0] in ("", "raw_runtime") else "", call)

    def step_name(self, function: Function) -> str | None:
        """Return the step's name when the function is a step."""
        for node in function.decorator_list:
            name, call = self.decorator(node)
            if name in _STEP_NAMES:
                first = call.args[0] if call and call.args else None
                return (
                    first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else function.name
                )
        return None

    @property
    def units(self) -> list[Unit]:
        """All code of the file, sorted into units; the `__main__` guard and type-checking blocks are left out."""
        if not self._units:
            from raw_runtime.validation.reach import find_units

            self._units = find_units(self)
        return self._units

    def calls(self, *, live: bool) -> Iterator[tuple[Unit, ast.Call, str]]:
        """Yield each call with its unit and full dotted name; with `live`, only code that a run reaches."""
        for unit in self.units:
            if live and not unit.live:
                continue
            for node in unit.nodes:
                if isinstance(node, ast.Call) and (full := self.dotted(node.func, unit.shadowed)):
                    yield unit, node, full
