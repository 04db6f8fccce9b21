"""The validator: reads a workflow's folder, runs nothing of it."""

from __future__ import annotations

from pathlib import Path

from raw_runtime.plain import did_you_mean
from raw_runtime.validation.configfile import check_config
from raw_runtime.validation.effects import check_effects
from raw_runtime.validation.inputs import check_inputs
from raw_runtime.validation.libraries import check_libraries
from raw_runtime.validation.portable import check_portable
from raw_runtime.validation.result import ERROR, WARNING, Finding, ValidationResult
from raw_runtime.validation.source import Source, UnreadableError
from raw_runtime.validation.state import check_state
from raw_runtime.validation.structure import check_head, check_structure

#: Rules that `# raw: allow RULE` can silence, each with what it is about.
RULES = {
    "async-run": "run() is async",
    "clock": "the clock is read",
    "decorator-form": "a decorator is written in a form that upstream RAW breaks on",
    "environment": "the environment is read",
    "init-logger": "__init__ takes no logger",
    "layers": "a layer above the RAW workflows is imported",
    "module-state": "a value that runs share is changed",
    "network-import": "a network or database library is imported",
    "param-default": "a param has no default",
    "process-state": "the process is changed",
    "random": "chance is used without a seed",
    "run-return": "run() returns what upstream RAW misreads",
    "subprocess": "a program is started",
    "tools-import": "a tool is imported in the form that upstream RAW rewrites",
    "write": "files are changed outside save()",
}
_NOT_WORKFLOW_CODE = ("dry_run.py", "conftest.py", "test.py")


class WorkflowValidator:
    """Checks workflow folders of one project; `project_root` (default: the current folder) holds tools/."""

    def __init__(self, project_root: Path | None = None) -> None:
        self.project_root = project_root or Path.cwd()

    def validate(self, workflow_dir: Path) -> ValidationResult:
        """Return all that is wrong with the workflow in `workflow_dir`; never raises for what is in it."""
        run_py = workflow_dir / "run.py"
        if not run_py.exists():
            message = f"run.py not found in {workflow_dir}"
            return ValidationResult.of([_error("missing-run", message, "Write it: raw create shows its form.")])
        try:
            source = Source.read(run_py, "run.py")
        except UnreadableError as problem:
            return ValidationResult.of(_unreadable(run_py, problem))
        findings = [
            *check_structure(source, run_py, self.project_root),
            *check_config(workflow_dir),
            *self._silence(source, [*check_portable(source), *self._purity(source)]),
        ]
        for path in sorted(workflow_dir.glob("*.py")):
            if path.name != "run.py" and path.name not in _NOT_WORKFLOW_CODE and not path.name.startswith("test_"):
                findings += self._module(path)
        return ValidationResult.of(findings)

    def _purity(self, source: Source) -> list[Finding]:
        found = [
            *check_state(source),
            *check_libraries(source, self.project_root),
            *check_inputs(source),
            *check_effects(source),
        ]
        return sorted(dict.fromkeys(found), key=lambda finding: finding.line)

    def _module(self, path: Path) -> list[Finding]:
        try:
            source = Source.read(path, path.name)
        except UnreadableError as problem:
            message = f"It cannot be {'parsed' if problem.syntax else 'read'}: {problem}."
            return [Finding(WARNING, "syntax", path.name, problem.line, message, "Correct it, or remove the file.")]
        return self._silence(source, self._purity(source))

    def _silence(self, source: Source, findings: list[Finding]) -> list[Finding]:
        """Leave out what a comment on the finding's own lines allows; warn about comments that name no rule."""
        allowed = source.allowed
        kept = [
            finding
            for finding in findings
            if not any(
                finding.rule in allowed.get(line, ())
                for line in range(finding.line, max(finding.line, finding.end_line) + 1)
            )
        ]
        for line, rules in sorted(allowed.items()):
            for rule in sorted(rules - RULES.keys()):
                message = f"`raw: allow {rule}` names no rule."
                kept.append(
                    Finding(WARNING, "unknown-rule", source.name, line, message, did_you_mean(rule, RULES).strip())
                )
        return kept


def _unreadable(run_py: Path, problem: UnreadableError) -> list[Finding]:
    if not problem.syntax:
        return [_error("unreadable", f"Failed to read run.py: {problem}", "Save it as UTF-8 text.")]
    head = list(check_head(run_py.read_text(encoding="utf-8", errors="replace")))
    return [*head, _error("syntax", f"Syntax error in run.py: {problem}", "Correct it.", problem.line)]


def _error(rule: str, message: str, remedy: str, line: int = 0) -> Finding:
    return Finding(ERROR, rule, "run.py", line, message, remedy, verbatim=True)
