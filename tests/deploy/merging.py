"""Makes one template of the texts that the shapes have: a line that some lack stands in a condition."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import groupby

OPEN, CLOSE = "<" + "%", "%" + ">"
SLUG_EXPRESSION = "<" + "< cookiecutter.project_slug >" + ">"

# Conditions by the shapes that have a line, as far as they have the file at all.
PROCESSES = {"full", "temporal", "full-no-reports", "temporal-no-reports", "full-empty"}
CONDITIONS = {
    frozenset(PROCESSES): 'cookiecutter.__architecture != "single"',
    frozenset({"full", "full-no-reports", "full-empty"}): 'cookiecutter.__architecture == "full"',
    frozenset({"temporal", "temporal-no-reports"}): 'cookiecutter.__architecture == "temporal"',
    frozenset({"single"}): 'cookiecutter.__architecture == "single"',
    frozenset({"full", "temporal", "single", "full-empty"}): 'cookiecutter.__reports == "yes"',
    frozenset({"full-no-reports", "temporal-no-reports"}): 'cookiecutter.__reports != "yes"',
    frozenset(
        {"full", "temporal", "full-empty"}
    ): 'cookiecutter.__architecture != "single" and cookiecutter.__reports == "yes"',
    frozenset(
        {"full", "temporal", "single", "full-no-reports", "temporal-no-reports"}
    ): 'cookiecutter.__example == "hiring"',
}


def merge(texts: dict[str, str], slug: str) -> str:
    """Return the template that renders to each shape's text.

    Args:
        texts: a file's text by the shapes that have it.
        slug: the project's name in them.
    """
    merged: list[tuple[str, set[str]]] = []
    for shape, text in texts.items():
        merged = list(_with(merged, text.splitlines(), shape))
    lines = []
    for shapes, group in groupby(merged, key=lambda entry: entry[1]):
        condition = "" if shapes == set(texts) else _condition(shapes, set(texts))
        lines += [f"{OPEN} if {condition} {CLOSE}"] if condition else []
        lines += [line.replace(slug, SLUG_EXPRESSION) for line, _ in group]
        lines += [f"{OPEN} endif {CLOSE}"] if condition else []
    return "\n".join(lines) + "\n"


def _with(merged: list[tuple[str, set[str]]], lines: list[str], shape: str) -> Iterable[tuple[str, set[str]]]:
    old = [line for line, _ in merged]
    for tag, a, b, c, d in SequenceMatcher(a=old, b=lines, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from ((line, shapes | {shape}) for line, shapes in merged[a:b])
        else:
            yield from merged[a:b]
            yield from ((line, {shape}) for line in lines[c:d])


def _condition(shapes: set[str], all_shapes: set[str]) -> str:
    for having, condition in CONDITIONS.items():
        if having & all_shapes == shapes:
            return condition
    raise ValueError(f"no condition for {sorted(shapes)} of {sorted(all_shapes)}")
