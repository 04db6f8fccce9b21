"""A workflow's config.yaml, checked for what upstream RAW needs to list and show it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from raw_runtime.plain import did_you_mean
from raw_runtime.validation.result import WARNING, Finding
from raw_runtime.validation.yamlnodes import YamlError, YamlTree, line_of

_FILE = "config.yaml"
_STATUSES = ("draft", "generated", "tested", "published")
_TYPES = ("string", "integer", "float", "boolean", "list", "dict", "DataFrame", "file", "any")
_STR = "tag:yaml.org,2002:str"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


def check_config(folder: Path) -> Iterator[Finding]:
    """Yield warnings about `folder/config.yaml`; all carry the rule id `config`."""
    try:
        text = (folder / _FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        yield _warn(
            0, "There is no config.yaml.", "Write one with id, name and description.intent: `raw show` reads it."
        )
        return
    except (OSError, UnicodeDecodeError) as error:
        yield _warn(0, f"It cannot be read: {getattr(error, 'strerror', None) or error}.", "Save it as UTF-8 text.")
        return
    try:
        tree = YamlTree(text)
        root = tree.root
        if root is None:
            yield _warn(0, "It is empty: upstream RAW crashes on that.", "Write id, name and description.intent.")
        elif not isinstance(root, yaml.MappingNode):
            yield _warn(line_of(root), "It is no mapping.", "Write lines of the form `key: value`.")
        else:
            yield from _mapping({key: value for key, _, value in tree.pairs(root)}, tree)
    except YamlError as problem:
        yield _warn(problem.line, f"It is not valid YAML: {problem}.", "Correct that line.")


def _mapping(keys: dict[str, yaml.Node], tree: YamlTree) -> Iterator[Finding]:
    for key in ("id", "name"):
        yield from _text(keys.get(key), key)
    if (version := keys.get("version")) is not None and version.tag != _STR:
        yield _warn(line_of(version), "version is not a string.", 'Quote it: version: "1.0.0".')
    if (created := keys.get("created_at")) is not None and created.tag != _STR:
        what = "an unquoted date" if created.tag == _TIMESTAMP else "not a quoted date"
        yield _warn(
            line_of(created),
            f"created_at is {what}: upstream RAW cannot list the workflow.",
            'Quote it: created_at: "2026-01-10T09:00:00Z".',
        )
    if (status := keys.get("status")) is not None and tree.value(status) not in _STATUSES:
        yield _warn(line_of(status), f"status is {tree.value(status)!r}.", f"Use one of {', '.join(_STATUSES)}.")
    yield from _description(keys.get("description"), tree)


def _description(node: yaml.Node | None, tree: YamlTree) -> Iterator[Finding]:
    if isinstance(node, yaml.ScalarNode) and node.tag == _STR and node.value.strip():
        return  # a plain sentence is taken as the intent
    if not isinstance(node, yaml.MappingNode):
        yield _warn(line_of(node) if node else 0, "description.intent is missing.", "Say what the workflow is for.")
        return
    keys = {key: value for key, _, value in tree.pairs(node)}
    yield from _text(keys.get("intent"), "description.intent", line_of(node))
    for part in ("inputs", "outputs"):
        entries = keys.get(part)
        if entries is None:
            continue
        if not isinstance(entries, yaml.SequenceNode):
            yield _warn(line_of(entries), f"description.{part} is no list.", "Write one `- name: ...` entry each.")
            continue
        for index, entry in enumerate(entries.value):
            where = f"description.{part}[{index}]"
            if not isinstance(entry, yaml.MappingNode):
                yield _warn(line_of(entry), f"{where} is no mapping.", "Write name and type.")
                continue
            fields = {key: value for key, _, value in tree.pairs(entry)}
            yield from _text(fields.get("name"), f"{where}.name", line_of(entry))
            kind = fields.get("type")
            if kind is not None and tree.value(kind) not in _TYPES:
                yield _warn(
                    line_of(kind),
                    f"{where}.type is {tree.value(kind)!r}.",
                    f"Use one of {', '.join(_TYPES)}.{did_you_mean(str(tree.value(kind)), _TYPES)}",
                )


def _text(node: yaml.Node | None, key: str, line: int = 0) -> Iterator[Finding]:
    if node is None:
        yield _warn(line, f"{key} is missing.", f"Write {key.rpartition('.')[2]}: as a text.")
    elif not isinstance(node, yaml.ScalarNode) or node.tag != _STR or not node.value.strip():
        yield _warn(line_of(node), f"{key} is not a text.", "Write it as a quoted, non-empty text.")


def _warn(line: int, message: str, remedy: str) -> Finding:
    return Finding(WARNING, "config", _FILE, line, message, remedy)
