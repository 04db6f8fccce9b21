"""Which code of a file a run reaches, found by names alone: what steps and run() mention, and what runs at import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from raw_runtime.validation.source import Function, Source, Unit

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(slots=True)
class _Found:
    node: Function
    owner: ast.ClassDef | None

    @property
    def label(self) -> str:
        return f"{self.node.name}()"


def find_units(source: Source) -> list[Unit]:
    """Sort the file's code into units.

    In run.py a function is live when a step or run() reaches it; in a module beside it, always: what calls it
    from outside cannot be seen here.
    """
    found: list[_Found] = []
    at_import = list(_import_time(source.tree.body, None, found))
    labels = _labels(source, found)
    units = [Unit("module", at_import, live=True, at_import=True)]
    for index, item in enumerate(found):
        nodes = [node for statement in item.node.body for node in ast.walk(statement)]
        where = labels.get(index)
        units.append(
            Unit(where or item.label, nodes, where is not None, shadowed=_bound(item.node, nodes), name=item.node.name)
        )
    return units


def _labels(source: Source, found: list[_Found]) -> dict[int, str]:
    """Index of a live function -> how to name it to the reader."""
    if not source.script:
        return {index: item.label for index, item in enumerate(found)}
    labels: dict[int, str] = {}
    for index, item in enumerate(found):
        step = source.step_name(item.node)
        if step is not None:
            labels[index] = f"step {step!r}"
        elif item.owner in source.workflow_classes and item.node.name in ("run", "__init__"):
            labels[index] = item.label
    queue = list(labels)
    while queue:
        caller = queue.pop()
        root = labels[caller].partition(", called by ")[2] or labels[caller]
        for index in _mentioned(found[caller], found):
            if index not in labels:
                labels[index] = f"{found[index].label}, called by {root}"
                queue.append(index)
    return labels


def _mentioned(caller: _Found, found: list[_Found]) -> Iterator[int]:
    names = {node.id for node in ast.walk(caller.node) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(caller.node) if isinstance(node, ast.Attribute)}
    for index, item in enumerate(found):
        if item.owner is None:
            if item.node.name in names:
                yield index
        elif item.node.name in attributes or (item.owner.name in names and item.node.name == "__init__"):
            yield index


def _import_time(body: list[ast.stmt], owner: ast.ClassDef | None, found: list[_Found]) -> Iterator[ast.AST]:
    """Yield the nodes that run at import; collect the functions met on the way."""
    for statement in body:
        if isinstance(statement, _FUNCTIONS):
            found.append(_Found(statement, owner))
            for part in (*statement.decorator_list, *statement.args.defaults, *statement.args.kw_defaults):
                if part is not None:
                    yield from _without_lambdas(part)
        elif isinstance(statement, ast.ClassDef):
            for part in (*statement.decorator_list, *statement.bases, *(k.value for k in statement.keywords)):
                yield from _without_lambdas(part)
            yield from _import_time(statement.body, statement, found)
        elif isinstance(statement, ast.If) and (is_main_guard(statement.test) or is_type_checking(statement.test)):
            yield from _import_time(statement.orelse, owner, found)
        else:
            yield from _statement(statement, owner, found)


def _statement(statement: ast.stmt, owner: ast.ClassDef | None, found: list[_Found]) -> Iterator[ast.AST]:
    yield statement
    for value in ast.iter_child_nodes(statement):
        if isinstance(value, ast.stmt):
            yield from _import_time([value], owner, found)
        elif isinstance(value, (ast.ExceptHandler, ast.match_case)):
            yield value
            yield from _import_time(value.body, owner, found)
        else:
            yield from _without_lambdas(value)


def _without_lambdas(node: ast.AST) -> Iterator[ast.AST]:
    if not isinstance(node, ast.Lambda):
        yield node
        for child in ast.iter_child_nodes(node):
            yield from _without_lambdas(child)


def _bound(function: Function, nodes: list[ast.AST]) -> frozenset[str]:
    """Names that are arguments or are assigned in the function (imports in it are no shadows: they are aliases)."""
    args = function.args
    names = {arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg) if arg}
    names |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    names |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in nodes:
        if isinstance(node, ast.Global):
            names -= set(node.names)
    return frozenset(names)


def is_main_guard(test: ast.expr) -> bool:
    """True for `__name__ == "__main__"`."""
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def is_type_checking(test: ast.expr) -> bool:
    """True for `TYPE_CHECKING` and `typing.TYPE_CHECKING`."""
    return getattr(test, "id", getattr(test, "attr", "")) == "TYPE_CHECKING"
