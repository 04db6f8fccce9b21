"""Forms that our runtime takes and upstream RAW misreads: the workflow would run here and fail there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from raw_runtime.validation.result import WARNING, Finding
from raw_runtime.validation.returns import check_returns
from raw_runtime.validation.source import Source


def check_portable(source: Source) -> Iterator[Finding]:
    """Yield warnings about run.py."""
    yield from _tools_import(source)
    for cls in source.workflow_classes:
        yield from _params(source, cls)
        for node in cls.body:
            if isinstance(node, ast.AsyncFunctionDef) and node.name == "run":
                yield warn(
                    source,
                    node,
                    "async-run",
                    "run() is async: upstream RAW does not see it.",
                    "Write def run(self) -> int: and asyncio.run(...) inside.",
                )
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if node.name == "run":
                    yield from check_returns(source, node)
                if node.name == "__init__":
                    yield from _init(source, node)
                yield from _decorators(source, node)


def warn(source: Source, node: ast.AST, rule: str, message: str, remedy: str) -> Finding:
    """Return a warning at `node`; a function or class is meant by its first line alone."""
    line = getattr(node, "lineno", 0)
    whole = not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    end = getattr(node, "end_lineno", None) if whole else None
    return Finding(WARNING, rule, source.name, line, message, remedy, end_line=end or line)


def _tools_import(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith("tools."):
            first, _, rest = (node.module or "").removeprefix("tools.").partition(".")
            yield warn(
                source,
                node,
                "tools-import",
                f"`from {node.module} import ...` makes upstream RAW rewrite this file.",
                f"Write from tools import {first}, then use {first}{'.' + rest if rest else ''}.NAME.",
            )


def _init(source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Finding]:
    args = node.args
    names = {arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)}
    if args.kwarg is None and "logger" not in names:
        yield warn(
            source,
            node,
            "init-logger",
            "__init__ takes no logger: upstream RAW passes one and fails.",
            "Write def __init__(self, params, context=None, logger=None) and hand all three to super().",
        )


def _decorators(source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Finding]:
    for decorator in node.decorator_list:
        name, call = source.decorator(decorator)
        if name in ("step", "raw_step") and not (call and (call.args or call.keywords)):
            message, remedy = f"@{name} has no name.", f'Write @{name}("{node.name}").'
        elif name == "retry" and call is None:
            message, remedy = "@retry has no parentheses.", "Write @retry() or @retry(retries=3)."
        elif name in ("cache", "cache_step") and call is not None:
            message, remedy = f"@{name} has parentheses.", f"Write @{name} alone: upstream RAW takes no arguments."
        else:
            continue
        yield warn(source, decorator, "decorator-form", f"{message} Upstream RAW breaks on that.", remedy)


def _params(source: Source, cls: ast.ClassDef) -> Iterator[Finding]:
    """Warn about params without a default: upstream's `raw run ID` cannot pass any."""
    wanted = {
        argument.id
        for base in cls.bases
        if isinstance(base, ast.Subscript)
        for argument in ast.walk(base.slice)
        if isinstance(argument, ast.Name)
    }
    for node in source.tree.body:
        if not isinstance(node, ast.ClassDef) or node.name not in wanted:
            continue
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _required(field):
                yield warn(
                    source,
                    field,
                    "param-default",
                    f"{node.name}.{field.target.id} has no default: a bare `raw run` fails.",
                    "Give it a sample as its default.",
                )


def _required(field: ast.AnnAssign) -> bool:
    if "ClassVar" in ast.dump(field.annotation):
        return False
    value = field.value
    if isinstance(value, ast.Call) and getattr(value.func, "id", getattr(value.func, "attr", "")) == "Field":
        if value.args:
            return isinstance(value.args[0], ast.Constant) and value.args[0].value is Ellipsis
        given = {keyword.arg: keyword.value for keyword in value.keywords}
        default = given.get("default")
        if isinstance(default, ast.Constant) and default.value is Ellipsis:
            return True
        return not {"default", "default_factory", None} & given.keys()
    return value is None or (isinstance(value, ast.Constant) and value.value is Ellipsis)
