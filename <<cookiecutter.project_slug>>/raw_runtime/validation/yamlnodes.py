"""YAML with line numbers: the node tree of a file, so that a complaint can say where."""

from __future__ import annotations

from typing import Any

import yaml

_MAP = "tag:yaml.org,2002:map"


class YamlError(Exception):
    """The text is no YAML; `line` counts from 1 (0: unknown)."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class YamlTree:
    """One YAML document; `root` is None when it holds nothing but comments."""

    def __init__(self, text: str) -> None:
        try:
            self._loader = yaml.SafeLoader(text)
            self.root: yaml.Node | None = self._loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise YamlError(error.problem or error.context or "not YAML", mark.line + 1 if mark else 0) from None
        except (yaml.YAMLError, RecursionError) as error:
            raise YamlError(str(error).splitlines()[0] if str(error) else "nested too deeply") from None

    def pairs(self, node: yaml.MappingNode) -> list[tuple[str, yaml.Node, yaml.Node]]:
        """Return (key, key's node, value) of a mapping, in file order, merged keys first.

        Raises:
            YamlError: a key is given twice, or is no text; or the mapping has a tag of its own.
        """
        if node.tag != _MAP:
            raise YamlError(f"the tag {node.tag!r} is not plain YAML", line_of(node))
        seen: dict[str, int] = {}
        for key, _ in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None:
                raise YamlError("a key here is not a word", line_of(key))
            if name in seen and not key.tag.endswith(":merge"):
                raise YamlError(f"the key {name!r} is given twice (first in line {seen[name]})", line_of(key))
            seen[name] = line_of(key)
        self._loader.flatten_mapping(node)
        return [(key.value, key, value) for key, value in node.value]

    def value(self, node: yaml.Node) -> Any:
        """Return the Python value of a node.

        Raises:
            YamlError: it has a tag that plain YAML does not know, or an impossible date.
        """
        try:
            return self._loader.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            problem = getattr(error, "problem", None) or str(error)
            raise YamlError(str(problem), line_of(node)) from None


def line_of(node: yaml.Node) -> int:
    """Return the line a node starts on, counted from 1."""
    return int(node.start_mark.line) + 1
