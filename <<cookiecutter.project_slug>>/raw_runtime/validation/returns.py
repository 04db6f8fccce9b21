"""What run() returns, as far as it can be read: upstream RAW compares it with 0 and hands it to sys.exit."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from raw_runtime.validation.result import WARNING, Finding
from raw_runtime.validation.source import Function, Source

_SIGNALS = {"success", "error", "complete"}
_NOT_INT = (ast.JoinedStr, ast.List, ast.Dict, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp, ast.SetComp, ast.Lambda)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def check_returns(source: Source, run: Function) -> Iterator[Finding]:
    """Yield a warning for each return of run() that is no int, and for an end without return."""
    nodes = list(_own(run))
    if any("abstractmethod" in (source.dotted(d) or "") for d in run.decorator_list):
        return
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in nodes):
        yield _warn(source, run.lineno, 0, "run() is a generator.", "Return an int, 0 for success.")
        return
    assigned: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            assigned.setdefault(node.targets[0].id, []).append(node.value)
    for node in nodes:
        if isinstance(node, ast.Return):
            kinds = _kinds(source, node.value, assigned)
            for kind in dict.fromkeys(kind for kind in kinds if kind):
                signal = kind == "a WorkflowResult"
                yield _warn(
                    source,
                    node.lineno,
                    node.end_lineno or 0,
                    f"run() returns {kind}: upstream RAW takes that for a failure."
                    if kind != "a bool"
                    else "run() returns a bool: True is exit code 1, a failure.",
                    "Return its .exit_code." if signal else "Return an int, 0 for success.",
                )
    if _falls_through(run.body):
        yield _warn(
            source,
            run.lineno,
            0,
            "run() can end without a return: upstream RAW takes None for a failure.",
            "End it with return 0.",
        )


def _kinds(source: Source, value: ast.expr | None, assigned: dict[str, list[ast.expr]]) -> list[str]:
    """Name what the expression is, once per branch; "" when it is an int or cannot be told."""
    if isinstance(value, ast.IfExp):
        return [*_kinds(source, value.body, assigned), *_kinds(source, value.orelse, assigned)]
    if isinstance(value, ast.Name) and value.id in assigned:
        return [kind for given in assigned[value.id] for kind in _kinds(source, given, {})]
    return [_kind(source, value)]


def _kind(source: Source, value: ast.expr | None) -> str:
    if value is None:
        return "None"
    if isinstance(value, ast.Constant):
        if value.value is None:
            return "None"
        if isinstance(value.value, bool):
            return "a bool"
        return "" if isinstance(value.value, int) else f"a {type(value.value).__name__}"
    if isinstance(value, ast.Compare) or (isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not)):
        return "a bool"
    if isinstance(value, _NOT_INT):
        return "no int"
    if isinstance(value, ast.Call):
        full = source.dotted(value.func) or ""
        owner, _, name = full.rpartition(".")
        if name == "WorkflowResult" or (name in _SIGNALS and owner.rpartition(".")[2] in ("self", "WorkflowResult")):
            return "a WorkflowResult"
    return ""


def _own(run: Function) -> Iterator[ast.AST]:
    """Yield the nodes of run() itself, not those of functions and classes in it."""
    stack: list[ast.AST] = list(reversed(run.body))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _SCOPES):
            stack.extend(reversed(list(ast.iter_child_nodes(node))))


def _falls_through(body: list[ast.stmt]) -> bool:
    last = body[-1]
    match last:
        case ast.Return() | ast.Raise():
            return False
        case ast.If():
            return not last.orelse or _falls_through(last.body) or _falls_through(last.orelse)
        case ast.With() | ast.AsyncWith():
            return _falls_through(last.body)
        case ast.While(test=ast.Constant(value=value)) if value:
            return any(isinstance(node, ast.Break) for node in ast.walk(last))
        case ast.Match():
            wild = any(_catches_all(case) for case in last.cases)
            return not wild or any(_falls_through(case.body) for case in last.cases)
        case ast.Try() | ast.TryStar():
            if last.finalbody and not _falls_through(last.finalbody):
                return False
            return _falls_through(last.orelse or last.body) or any(_falls_through(h.body) for h in last.handlers)
        case ast.Expr(value=ast.Call(func=func)):
            return ast.unparse(func) not in ("sys.exit", "exit", "os._exit")
        case _:
            return True


def _catches_all(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def _warn(source: Source, line: int, end: int, message: str, remedy: str) -> Finding:
    return Finding(WARNING, "run-return", source.name, line, message, remedy, end_line=end or line)
