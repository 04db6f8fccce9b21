"""Reads the gates from `.raw/config.yaml`, in the format of upstream RAW with our few keys more."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any, NoReturn

import yaml

from raw_runtime.errors import UsageError
from raw_runtime.gates.model import BUILTIN, DEFAULT_TIMEOUT, Fallback, Gate, GateConfig
from raw_runtime.plain import did_you_mean
from raw_runtime.project import Project
from raw_runtime.validation.yamlnodes import YamlError, YamlTree, line_of

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_GATE_KEYS = ("command", "timeout_seconds", "requires", "fallback", "static", "description")
_FALLBACK_KEYS = ("command", "requires", "fallback")
_GATES_KEYS = ("default", "optional")


def load_gates(project: Project) -> GateConfig:
    """Read the project's gates; without a file, or without `builder`, the default is validate and dry.

    Raises:
        UsageError: the file cannot be read or is malformed; the text names file, line and key.
    """
    path = project.raw_dir / "config.yaml"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return GateConfig(BUILTIN, _builtin())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f".raw/config.yaml cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    return _Reader(path.relative_to(project.root)).read(text)


def _builtin() -> dict[str, Gate]:
    return {"validate": Gate("validate", static=True), "dry": Gate("dry", requires=("module:pydantic",))}


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path.as_posix()
        self.notes: list[str] = []

    def fail(self, node: yaml.Node | int, what: str) -> NoReturn:
        line = node if isinstance(node, int) else line_of(node)
        raise UsageError(f"{self.path}{f':{line}' if line else ''}: {what}")

    def read(self, text: str) -> GateConfig:
        try:
            self.tree = YamlTree(text)
            return self._config(self.tree.root)
        except YamlError as error:
            self.fail(error.line, f"This is not valid YAML: {error}.")

    def _config(self, root: yaml.Node | None) -> GateConfig:
        if root is None:
            self.fail(0, 'The file is empty. Write at least `version: "0.2.0"`, or remove it.')
        builder = self.mapping(root, "the file").get("builder")
        gates = self.mapping(builder, "builder").get("gates") if builder is not None else None
        found = _builtin()
        default = list(BUILTIN)
        if gates is not None:
            keys = self.mapping(gates, "builder.gates", _GATES_KEYS)
            if (optional := keys.get("optional")) is not None:
                for name, node in self.mapping(optional, "builder.gates.optional").items():
                    found[name] = self.gate(name, node)
            if (names := keys.get("default")) is not None:
                default = self.names(names, found)
        return GateConfig(tuple(dict.fromkeys(default)), found, tuple(self.notes))

    def names(self, node: yaml.Node, known: dict[str, Gate]) -> list[str]:
        names = self.texts(node, "builder.gates.default")
        for name in names:
            if name not in known:
                self.fail(node, f"builder.gates.default names {name!r}, which is no gate.{did_you_mean(name, known)}")
        return names

    def gate(self, name: str, node: yaml.Node) -> Gate:
        where = f"builder.gates.optional.{name}"
        if name in BUILTIN:
            self.fail(node, f"{where}: {name} is built in. Give this gate another name.")
        if not _NAME.fullmatch(name):
            self.fail(
                node,
                f"builder.gates.optional: {name!r} is no name for a gate. Use letters, digits, '.', '_', '-'.",
            )
        keys = self.mapping(node, where, _GATE_KEYS)
        return Gate(
            name,
            self.command(keys, node, where),
            self.seconds(keys.get("timeout_seconds"), f"{where}.timeout_seconds"),
            self.requires(keys, where),
            self.fallback(keys, where),
            self.flag(keys.get("static"), f"{where}.static"),
        )

    def fallback(self, keys: dict[str, yaml.Node], where: str) -> Fallback | None:
        if (node := keys.get("fallback")) is None:
            return None
        where += ".fallback"
        inner = self.mapping(node, where, _FALLBACK_KEYS)
        return Fallback(self.command(inner, node, where), self.requires(inner, where), self.fallback(inner, where))

    def mapping(self, node: yaml.Node, where: str, known: tuple[str, ...] = ()) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            what = "is empty: it" if self.value(node) is None else f"is {_kind(self.value(node))}: it"
            self.fail(node, f"{where} {what} must be a mapping of `key: value` lines.")
        pairs = self.tree.pairs(node)
        for key, key_node, _ in pairs if known else ():
            if key not in known:
                near = did_you_mean(key, known)
                self.notes.append(f"{self.path}:{line_of(key_node)}: {where}.{key} has no effect.{near}")
        return {key: value for key, _, value in pairs}

    def command(self, keys: dict[str, yaml.Node], node: yaml.Node, where: str) -> str:
        if "command" not in keys:
            self.fail(node, f"{where}.command is missing. Write the shell command that the gate runs.")
        value = self.value(keys["command"])
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            self.fail(keys["command"], f"{where}.command is {_kind(value)}: it must be a non-empty text.")
        return value

    def requires(self, keys: dict[str, yaml.Node], where: str) -> tuple[str, ...]:
        node = keys.get("requires")
        if node is None:
            return ()
        if isinstance(node, yaml.ScalarNode) and isinstance(self.value(node), str) and self.value(node).strip():
            return (self.value(node).strip(),)
        return tuple(self.texts(node, f"{where}.requires"))

    def texts(self, node: yaml.Node, where: str) -> list[str]:
        value = self.value(node)
        if not isinstance(value, list):
            self.fail(node, f"{where} is {_kind(value)}: it must be a list of names, such as [validate, dry].")
        for entry in value:
            if not isinstance(entry, str) or not entry.strip():
                self.fail(node, f"{where} holds {_kind(entry)}: each entry must be a name.")
        return [entry.strip() for entry in value]

    def seconds(self, node: yaml.Node | None, where: str) -> float:
        if node is None:
            return DEFAULT_TIMEOUT
        value = self.value(node)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
            self.fail(node, f"{where} is {_kind(value)}: it must be a number of seconds above 0.")
        return value

    def flag(self, node: yaml.Node | None, where: str) -> bool:
        value = False if node is None else self.value(node)
        if not isinstance(value, bool):
            assert node is not None
            self.fail(node, f"{where} is {_kind(value)}: it must be true or false.")
        return value

    def value(self, node: yaml.Node) -> Any:
        return self.tree.value(node)


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a mapping"
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
