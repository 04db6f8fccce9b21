"""What `raw new KIND` does for the parts of a system; `raw_runtime.cli.new` finds it by its presence."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from raw_runtime.cli.options import Option, parse
from raw_runtime.errors import UsageError
from scaffold.house import House
from scaffold.kinds import entity, process, report, webhook
from scaffold.plan import Plan
from scaffold.rendering import refuse_double_meanings, tidied
from scaffold.writing import record, undoing, write

HELP = """\
       raw new entity NAME [--fields F] [--plural P]
       raw new process NAME --entity ENTITY --signals S,... [--webhooks W,...] [--fields F] [--plural P]
       raw new webhook PROCESS NAME --signal S
       raw new report ENTITY

  entity    a table: model, migration, repository, tests
  process   a Temporal workflow about an entity of its own, which waits for signals
  webhook   one more sender of a signal that a process waits for
  report    the words and stages by which generate-report reports on an entity
"""
OPTIONS_HELP = """\
      --fields NAME:TYPE,...  what is known of one; TYPE is text, email, int, float, bool, date, moment or json
                              (default: email:email,reference:text)
      --plural NAME           how several are called, where the usual rules fail
      --entity NAME           what the process is about, in the singular
      --signals NAME,...      what it waits for, in this order
      --webhooks NAME,...     webhooks that tell it the signals, one each, in their order
      --signal NAME           which of the process's signals the webhook tells it (default: the one of its name)
      --dry-run               say what would be made, and write nothing
"""


class Kind(NamedTuple):
    """A kind of part: how it makes a plan of names and options, how many names it takes, and which options."""

    plan: Callable[..., Plan]
    options: tuple[Option, ...]
    example: str
    names: int = 1


_DRY = Option("--dry-run")
_FIELDS, _PLURAL = Option("--fields", "NAME:TYPE,..."), Option("--plural", "NAME")
KINDS = {
    "entity": Kind(entity.plan, (_FIELDS, _PLURAL, _DRY), "raw new entity order"),
    "process": Kind(
        process.plan,
        (
            Option("--entity", "NAME"),
            Option("--signals", "NAME,..."),
            Option("--webhooks", "NAME,..."),
            _FIELDS,
            _PLURAL,
            _DRY,
        ),
        "raw new process order-fulfilment --entity order --signals payment-received,shipped",
    ),
    "webhook": Kind(
        webhook.plan,
        (Option("--signal", "NAME"), _DRY),
        "raw new webhook order-fulfilment bank-transfer --signal payment-received",
        names=2,
    ),
    "report": Kind(report.plan, (_DRY,), "raw new report order"),
}


def main(kind: str, argv: list[str], root: Path) -> int:
    """Make a part of this kind in the project, or say what it would be; return the exit code.

    Raises:
        UsageError: an argument does not do, or a file is there already; nothing was written.
        RawError: the files cannot be written; nothing is left of them.
    """
    made = KINDS[kind]
    options, words = parse(f"new {kind}", made.options, argv, most=made.names)
    if len(words) < made.names:
        needed = "A name is needed" if made.names == 1 else f"{made.names} names are needed"
        raise UsageError(f"{needed}: {made.example}")
    plan, was_tidied = plan_of(kind, words, options, root)
    if "--dry-run" in options:
        print(f"raw new {plan.title}: {_count(plan)}\n\n{plan.tree()}\n\nThen:\n{_then(plan)}\n\nNothing was written.")
        return 0
    new = write(plan, root)
    is_whole = record(plan.histories, root)
    new += [root / path for path in plan.recorded if (root / path).exists()]
    print(f"Made the {plan.title}: {_count(plan)}.\n\n{plan.tree()}\n\nNext:\n{_then(plan)}\n\n{undoing(new, root)}")
    if not was_tidied:
        print("ruff is not here, so lines may be longer than `raw gates lint` likes: make format mends them.")
    if not is_whole:
        print("The histories were not recorded, so `raw gates temporal-validate` fails: make histories records them.")
    return 0 if is_whole else 1


def plan_of(kind: str, names: Sequence[str], options: Mapping[str, str], root: Path) -> tuple[Plan, bool]:
    """Return a plan that can be written, and whether ruff has formatted it.

    Raises:
        UsageError: an argument does not do, or a file is there already.
    """
    plan = KINDS[kind].plan(House(root), *names, options)
    plan.check(root)
    texts = {file.path: file.text for file in plan.files}
    refuse_double_meanings(texts, "--entity" if "--entity" in options else "NAME", options.get("--entity", names[-1]))
    texts, was_tidied = tidied(texts, root)
    return Plan.of(plan.title, texts, plan.then, plan.histories), was_tidied


def _count(plan: Plan) -> str:
    files = "1 file" if len(plan.files) == 1 else f"{len(plan.files)} files"
    return f"{files}, {sum(file.lines for file in plan.files)} lines"


def _then(plan: Plan) -> str:
    return "\n".join(f"  {shlex.join(shlex.split(command))}" for command in plan.then)
