"""State that outlives a run: a warm worker would hand it to the next run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from raw_runtime.validation.portable import warn
from raw_runtime.validation.result import Finding
from raw_runtime.validation.source import Source, Unit, words

_MUTABLE_CALLS = {"list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "Counter", "deque", "ChainMap"}
_MUTATORS = words("""
add append appendleft clear discard extend extendleft insert intersection_update move_to_end pop popitem popleft remove
reverse rotate setdefault sort subtract symmetric_difference_update update difference_update
""")
_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_REMEDY = "Keep it in a local variable or in the step's result."


def check_state(source: Source) -> Iterator[Finding]:
    """Yield a warning for each `global`, and for each place where a function changes a module's or class's value."""
    module = _mutables(source.tree.body)
    shared = {name for cls in source.workflow_classes for name in _mutables(cls.body)}
    classes = {cls.name for cls in source.workflow_classes}
    own = _instance_names(source)
    for unit in source.units:
        if unit.at_import:
            continue
        for node in unit.nodes:
            if isinstance(node, ast.Global):
                names = ", ".join(node.names)
                yield warn(
                    source,
                    node,
                    "module-state",
                    f"`global {names}` is rebound, in {unit.where}: runs share it.",
                    _REMEDY,
                )
            for target in _changed(node):
                name = _changed_name(target, unit, module, shared - own, classes)
                if name:
                    yield warn(
                        source, node, "module-state", f"{name} is changed, in {unit.where}: runs share it.", _REMEDY
                    )


def _mutables(body: list[ast.stmt]) -> set[str]:
    """Names bound to a mutable value, right in this body."""
    names: set[str] = set()
    for node in body:
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        called = getattr(value.func, "id", getattr(value.func, "attr", "")) if isinstance(value, ast.Call) else ""
        if isinstance(value, _DISPLAYS) or called in _MUTABLE_CALLS:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]  # type: ignore[attr-defined]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def _instance_names(source: Source) -> set[str]:
    """Attributes set on self: those are the instance's own, whatever the class holds."""
    return {
        node.attr
        for unit in source.units
        for node in unit.nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and getattr(node.value, "id", "") == "self"
    }


def _changed(node: ast.AST) -> list[ast.expr]:
    """Return the expressions whose value this node changes in place, or rebinds as an attribute."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATORS:
        return [node.func.value]
    targets: list[ast.expr] = []
    if isinstance(node, (ast.Assign, ast.Delete)):
        targets = list(node.targets)
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        targets = [node.target]
    return [target.value if isinstance(target, ast.Subscript) else target for target in targets]


def _changed_name(target: ast.expr, unit: Unit, module: set[str], shared: set[str], classes: set[str]) -> str:
    while isinstance(target, ast.Subscript):  # TABLE["a"].append(...), TABLE["a"]["b"] = ...
        target = target.value
    if isinstance(target, ast.Name):
        return target.id if target.id in module and target.id not in unit.shadowed else ""
    if not isinstance(target, ast.Attribute) or not isinstance(target.value, ast.Name):
        return ""
    owner = target.value.id
    if owner in classes and owner not in unit.shadowed:
        return f"{owner}.{target.attr}"
    if owner in ("self", "cls") and target.attr in shared:
        return f"{owner}.{target.attr}, a value of the class,"
    return ""
