"""Which figures the dashboards and alert rules ask for, and which a process shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from settings import ROOT

FOLDER = ROOT / "observability"
_WORDS = frozenset({"by", "or", "and", "unless", "le"})


def asked(part: str) -> dict[str, list[str]]:
    """Return the figures that a part ("api", "worker") asks for, each with the expressions that do."""
    found: dict[str, list[str]] = {}
    for expression in (
        *_of_dashboard(FOLDER / f"grafana/dashboards/{part}.json"),
        *_of_rules(FOLDER / f"alerts/{part}.yml"),
    ):
        for name in names_in(expression):
            found.setdefault(name, []).append(expression)
    return found


def _of_dashboard(path: Path) -> list[str]:
    panels = json.loads(path.read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def _of_rules(path: Path) -> list[str]:
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def names_in(expression: str) -> set[str]:
    """Return the names of figures in a PromQL expression: what is no label, function, range or word of the language."""
    plain = re.sub(r"\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)", " ", expression)
    return set(re.findall(r"\b[a-z][a-z0-9_]*\b(?!\s*\()", plain)) - _WORDS


def shown(text: str) -> dict[str, set[str]]:
    """Return the figures in Prometheus' text format, each with the names of its labels."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if match := re.match(r"([a-zA-Z_:][\w:]*)(\{.*\})? ", line):
            found.setdefault(match[1], set()).update(re.findall(r'(\w+)="', match[2] or ""))
    return found


def labels_in(expression: str) -> set[str]:
    """Return the labels that an expression picks or groups by."""
    picked = re.findall(r"(\w+)\s*=~?\s*\"", expression)
    grouped = [name.strip() for names in re.findall(r"by \(([^)]*)\)", expression) for name in names.split(",")]
    return {*picked, *grouped}
