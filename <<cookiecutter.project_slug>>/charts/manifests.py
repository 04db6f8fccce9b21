"""The manifests of k8s/, made from the chart with its default values, or with those of a profile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from charts.project import BY_HAND, MANIFESTS, ChartError
from charts.rendering import render

_HEADER = "# Made from charts/ by `python -m charts write{flag}`: change the chart, not this file.\n"
_MADE = re.compile(re.escape(_HEADER).replace(r"\{flag\}", "(?: --values (?P<values>[^`]+))?"))
_RESOURCES = re.compile(r"(?<=^resources:\n)(?:  - .*\n)+", re.MULTILINE)


def texts(values: Path | None = None) -> dict[str, str]:
    """Return what belongs into k8s/, by the names of its files.

    Raises:
        ChartError: the chart cannot be rendered, or the values are not of this project.
    """
    if values and not values.resolve().is_relative_to(MANIFESTS.parent):
        raise ChartError(
            f"{values} is outside of the project: keep it beside the chart, so that k8s/ can be made anew."
        )
    flag = f" --values {values.resolve().relative_to(MANIFESTS.parent)}" if values else ""
    return {f"{name}.yml": _HEADER.format(flag=flag) + _tidy(text) for name, text in render(values).items()}


def write(values: Path | None = None) -> list[str]:
    """Write k8s/ anew: its files, and their list in kustomization.yml. Return the names of files that went.

    Raises:
        ChartError: the chart cannot be rendered; nothing was written.
    """
    found = texts(values)
    for name, text in found.items():
        (MANIFESTS / name).write_text(text, encoding="utf-8")
    gone = [path for path in made() if path.name not in found]
    for path in gone:
        path.unlink()
    kustomization = MANIFESTS / "kustomization.yml"
    listed = "".join(f"  - {name}\n" for name in ["namespace.yml", *sorted(found)])
    kustomization.write_text(_RESOURCES.sub(listed, kustomization.read_text(encoding="utf-8")), encoding="utf-8")
    return [path.name for path in gone]


def made() -> list[Path]:
    """Return the files of k8s/ that were made from the chart."""
    ours = (path for path in MANIFESTS.glob("*.yml") if path.name not in (*BY_HAND, "secret.yml"))
    return sorted(path for path in ours if _MADE.match(path.read_text(encoding="utf-8")))


def made_with() -> Path | None:
    """Return the values that k8s/ was made with; None: the defaults."""
    for path in made():
        if (match := _MADE.match(path.read_text(encoding="utf-8"))) and match["values"]:
            return MANIFESTS.parent / match["values"]
    return None


def documents(path: Path) -> list[dict[str, Any]]:
    """Return the objects in a file.

    Raises:
        ChartError: it is not valid YAML.
    """
    try:
        return [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]
    except yaml.YAMLError as error:
        raise ChartError(f"{path.name} is not valid YAML: {error}") from None


def drift() -> list[str]:
    """Compare k8s/ with the chart and the values it was made with, object by object; a sentence for each difference.

    Raises:
        ChartError: the chart cannot be rendered, or a file is not valid YAML.
    """
    values = made_with()
    again = f"python -m charts write{f' --values {values.relative_to(MANIFESTS.parent)}' if values else ''}"
    wanted = {f"{name}.yml": _objects(list(yaml.safe_load_all(text))) for name, text in render(values).items()}
    there = {path.name: _objects(documents(path)) for path in made()}
    faults = []
    for name in sorted(wanted.keys() | there.keys()):
        new, old = wanted.get(name, {}), there.get(name, {})
        for key in sorted(new.keys() | old.keys()):
            if new.get(key) != old.get(key):
                what = "is not in k8s/" if key not in old else "is not in the chart" if key not in new else "differs"
                faults.append(f"k8s/{name}: {key} {what}. Make it anew: {again}")
    return faults


def _objects(found: list[Any]) -> dict[str, Any]:
    return {_key(each): each for each in found if each}


def _tidy(text: str) -> str:
    """Drop what Helm leaves behind (notes of the source, empty documents), and put objects into one order.

    The command gives them in the order of installing, the library in that of the template.
    """
    lines = (line if line.strip() else "" for line in text.splitlines() if not line.startswith("# Source: "))
    parts = [part.strip("\n") + "\n" for part in re.split(r"^---$", "\n".join(lines), flags=re.MULTILINE)]
    found = [(part, each) for part in parts if (each := yaml.safe_load(part))]
    return "---\n".join(part for part, each in sorted(found, key=lambda pair: _key(pair[1])))


def _key(each: dict[str, Any]) -> str:
    return f"{each['kind']} {each['metadata']['name']}"
