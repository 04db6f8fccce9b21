"""What `raw new KIND` does for the parts of a system; `raw_runtime.cli.new` finds it by its presence."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from raw_runtime.cli.options import Option, parse
from raw_runtime.errors import UsageError
from scaffold.house import House
from scaffold.kinds import kinds
from scaffold.plan import Plan
from scaffold.rendering import refuse_double_meanings, tidied
from scaffold.writing import record, undoing, write

_OPTIONS = {
    "--fields": (
        "NAME:TYPE,...",
        "what is known of one; TYPE is text, email, int, float, bool, date, moment or json",
        "(default: email:email,reference:text)",
    ),
    "--plural": ("NAME", "how several are called, where the usual rules fail"),
    "--entity": ("NAME", "what the process is about, in the singular"),
    "--signals": ("NAME,...", "what it waits for, in this order"),
    "--webhooks": ("NAME,...", "webhooks that tell it the signals, one each, in their order"),
    "--signal": ("NAME", "which of the process's signals the webhook tells it (default: the one of its name)"),
}
_DRY = Option("--dry-run")


def usage() -> str:
    """Return the lines of the help that say how the kinds are called."""
    return "".join(f"       raw new {name} {kind.usage}\n" for name, kind in kinds().items())


def kinds_help() -> str:
    """Return the lines of the help that say what the kinds are."""
    return "".join(f"  {name:<26}  {kind.tells}\n" for name, kind in kinds().items())


def options_help() -> str:
    """Return the lines of the help that say what the options mean."""
    taken = {option.name for kind in kinds().values() for option in kind.options}
    rows = []
    for option, (value, *lines) in _OPTIONS.items():
        if option in taken:
            rows += [f"      {f'{option} {value}' if not n else '':<22}  {line}" for n, line in enumerate(lines)]
    return "".join(f"{row}\n" for row in rows)


def main(kind: str, argv: list[str], root: Path) -> int:
    """Make a part of this kind in the project, or say what it would be; return the exit code.

    Raises:
        UsageError: an argument does not do, or a file is there already; nothing was written.
        RawError: the files cannot be written; nothing is left of them.
    """
    made = kinds()[kind]
    options, words = parse(f"new {kind}", (*made.options, _DRY), argv, most=made.names)
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
    plan: Plan = kinds()[kind].plan(House(root), *names, options)
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
