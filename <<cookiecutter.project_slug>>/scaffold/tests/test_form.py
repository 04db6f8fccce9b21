"""The example and what `raw new process` makes have one form: what is made of a probe is looked for in hiring.

Whoever changes the form of one changes the other, or says here in which words they differ.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

import pytest

from scaffold.command import plan_of
from scaffold.house import House
from scaffold.plan import HISTORIES
from scaffold.tests.copies import ROOT

# Names that occur nowhere else, and the words of the example in their place.
OPTIONS = {"--entity": "zebra", "--signals": "quagga", "--fields": "email:email"}
if House(ROOT).has_api:
    OPTIONS["--webhooks"] = "okapi"
WORDS = {
    "probing": "hiring",
    "Probing": "Hiring",
    "PROBING": "HIRING",
    "zebras": "candidates",
    "Zebra": "Candidate",
    "zebra": "candidate",
}
# What belongs to the one signal, or to its webhook, has no counterpart.
OF_THE_SIGNAL = ("quagga", "okapi")
# Hiring's word for the same thing.
OTHER_WORDS = {
    "MailKind": "MailTemplate",
    "HiringMail(OfEntity)": "Mail(OfEntity)",
    "Hiring(Values)": "Person(Values)",
    "EntityType(final, label)": "EntityType(final, group, label)",
    "FINAL": "CANDIDATE_FINAL",
    "STATUSES": "CANDIDATE_STATUSES",
    "candidate": "cv_submission",
    # What ends it from outside.
    "CANCELLATION": "WITHDRAWAL",
    "CancellationEvent(Contract)": "Withdrawal(Contract)",
    "CancellationIn(NoteIn)": "WithdrawalIn(Body)",
    "cancellation_event": "withdrawal_event",
    "cancel_candidate": "withdraw",
    "workflow.signal on_cancellation": "workflow.signal withdraw",
}
# Private to a module, and its own matter; of these, the base asks for some.
OF_THE_BASE = ("_go", "_clean_up", "_result")
# Hiring tests the same in other ways, or has it elsewhere.
ELSEWHERE = {
    "tests/test_hiring_durability.py": "tests/test_process_durability.py",
    "workflows/temporal/tests/test_activities_hiring.py": "workflows/temporal/tests/test_activities_hiring_mails.py",
    "api/tests/test_hiring.py": "api/tests/test_hiring_webhooks.py",
    "tools/email/templates/hiring.html": "tools/email/templates/scheduling.html",
    "tools/email/templates/hiring.txt": "tools/email/templates/scheduling.txt",
}


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def in_words_of_hiring(text: str) -> str:
    for word, other in WORDS.items():
        text = text.replace(word, other)
    return text


@pytest.fixture(scope="module")
def probe() -> dict[str, str]:
    """What would be made, by path, in hiring's words."""
    plan, _ = plan_of("process", ["probing"], OPTIONS, ROOT)
    _, number = House(ROOT).newest_migration()
    made = {file.path.replace(f"{number}_", "0002_"): file.text for file in plan.files}
    return {in_words_of_hiring(path): in_words_of_hiring(text) for path, text in made.items()}


def parts(tree: ast.Module) -> Iterator[str]:
    """Give what a module is made of: classes with bases and methods, functions, constants, and what these call."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield f"{node.name}({', '.join(ast.unparse(base) for base in node.bases)})"
            yield from (_method(each) for each in node.body if isinstance(each, FUNCTIONS))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))
            if isinstance(node.value, ast.Call):
                words = sorted(word.arg or "" for word in node.value.keywords)
                yield f"{ast.unparse(node.value.func)}({', '.join(words)})"


def _method(method: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    kind = [ast.unparse(each).partition("(")[0] for each in method.decorator_list]
    return " ".join([*kind, method.name])


def is_free(part: str) -> bool:
    """Whether it is the module's own matter, or the signal's."""
    name = part.rpartition(" ")[2]
    is_private = name.startswith("_") and not name.startswith("__") and name not in OF_THE_BASE
    return is_private or any(word in part.lower() for word in OF_THE_SIGNAL)


def by_folder(files: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Return the parts of the modules of each folder."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path, text in files:
        if path.endswith(".py"):
            found[PurePosixPath(path).parent.as_posix()] |= set(parts(ast.parse(text)))
    return found


def test_each_file_has_its_counterpart(probe: dict[str, str]) -> None:
    missing = [path for path in probe if not (ROOT / ELSEWHERE.get(path, path)).exists()]
    assert missing == []


def test_each_part_has_its_counterpart(probe: dict[str, str]) -> None:
    folders = {PurePosixPath(path).parent for path in probe if path.endswith(".py") and "/tests" not in f"/{path}"}
    example = by_folder(
        (path.relative_to(ROOT).as_posix(), path.read_text())
        for folder in folders
        for path in (ROOT / folder).glob("*.py")
        if "hiring" in path.name or "candidate" in path.name
    )
    made = by_folder((path, text) for path, text in probe.items() if "/tests" not in f"/{path}")
    missing = {
        f"{folder}: {part}"
        for folder, found in made.items()
        for part in found
        if OTHER_WORDS.get(part, part) not in example[folder] and not is_free(part)
    }
    assert "\n".join(sorted(missing)) == ""


def test_both_have_a_history_of_each_end() -> None:
    recorded = [path.stem for path in (ROOT / HISTORIES).glob("hiring-*.json")]
    plan, _ = plan_of("process", ["probing"], OPTIONS, ROOT)
    for name in plan.histories:
        end = name.removeprefix("probing-").partition("-")[0]
        assert any(
            each.startswith((f"hiring-{end}", "hiring-withdrawn" if end == "cancelled" else "-")) for each in recorded
        )
