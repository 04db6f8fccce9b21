"""`raw validate [ID ...]`: check workflows without running them."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from raw_runtime.errors import RawError
from raw_runtime.plain import ArgumentParser, clean, safe_streams
from raw_runtime.project import Project, Workflow
from raw_runtime.validation.result import ERROR, SUGGESTION, WARNING, ValidationResult
from raw_runtime.validation.validator import RULES, WorkflowValidator


def main(argv: list[str], project: Project) -> int:
    """Run the command with the words after `validate`; return its exit code.

    0: no errors; 1: errors, with --strict warnings too, or no such workflow; 2: wrong usage.
    """
    safe_streams()
    try:
        options = _parser().parse_args(argv)
        workflows = [project.workflow(name) for name in dict.fromkeys(options.ids)] or project.workflows()
    except RawError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    validator = WorkflowValidator(project.root)
    results = [(workflow, validator.validate(workflow.path)) for workflow in workflows]
    good = all(result.success and not (options.strict and result.warnings) for _, result in results)
    if options.json:
        print(json.dumps(_document(project, results, good=good), ensure_ascii=False))
    elif not results:
        print('No RAW workflows yet. Make one: raw create NAME --intent "what it does"')
    else:
        print(describe(project, results))
    return 0 if good else 1


def describe(project: Project, results: list[tuple[Workflow, ValidationResult]]) -> str:
    """Return a readable account: one block a workflow, one or two lines a finding, a closing count."""
    lines: list[str] = []
    for workflow, result in results:
        counts = Counter(finding.level for finding in result.findings)
        state = "ok" if result.success else "FAILED"
        lines.append(f"{clean(workflow.id)}: {state}{_counted(counts, ': ')}")
        folder = _relative(workflow.path, project.root)
        for finding in result.findings:
            lines.append(clean(f"  {finding.level} {folder}/{finding.place} [{finding.rule}] {finding.message}"))
            if finding.remedy:
                lines.append(clean(f"    {finding.remedy}"))
    total = Counter(finding.level for _, result in results for finding in result.findings)
    failed = sum(not result.success for _, result in results)
    many = f"{len(results)} workflow{'s' if len(results) > 1 else ''}"
    verdict = f"{failed} of {many} failed" if failed else f"{many} passed"
    return "\n".join([*lines, f"{verdict}{_counted(total, ', ')}."])


def _counted(counts: Counter[str], lead: str) -> str:
    words = [f"{n} {level}{'s' if n > 1 else ''}" for level in (ERROR, WARNING, SUGGESTION) if (n := counts[level])]
    return lead + ", ".join(words) if words else ""


def _document(project: Project, results: list[tuple[Workflow, ValidationResult]], *, good: bool) -> dict[str, Any]:
    return {
        "ok": good,
        "workflows": [
            {
                "workflow": workflow.id,
                "path": _relative(workflow.path, project.root),
                "success": result.success,
                "findings": [finding.to_dict() for finding in result.findings],
            }
            for workflow, result in results
        ],
    }


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _parser() -> ArgumentParser:
    rules = "\n".join(f"  {rule:<16} {about}" for rule, about in RULES.items())
    parser = ArgumentParser(
        prog="raw validate",
        description="Check RAW workflows without running them: structure, portability, purity.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"Rules that a comment `# raw: allow RULE` on the line silences:\n{rules}",
    )
    parser.add_argument("ids", nargs="*", metavar="ID", help="workflows to check (default: all)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--strict", action="store_true", help="exit 1 on warnings too")
    return parser
