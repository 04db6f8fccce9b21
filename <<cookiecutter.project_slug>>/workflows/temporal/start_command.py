"""`python -m workflows.temporal start`: takes an application by hand, as a webhook would bring it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from db.repositories import intake
from db.repositories.intake import Receipt, hiring_target
from db.types import new_id
from settings import Settings
from workflows.inputs import CandidateIn
from workflows.temporal import by_hand

_NAMES = {"name": "--name", "email": "--email", "phone": "--phone", "position": "--position", "cv_text": "--cv"}


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m workflows.temporal start",
        description="Store a candidate and start the hiring process. With Temporal away it starts later.",
    )
    for field, words in (
        ("name", "the person's name"),
        ("email", "where mail goes"),
        ("phone", "where the call goes"),
        ("position", "what the application is for"),
    ):
        parser.add_argument(f"--{field}", required=True, help=words)
    parser.add_argument("--cv", required=True, metavar="FILE", help="the CV as plain text in UTF-8; -: standard input")
    by_hand.add_key(parser)
    return parser


def main(argv: Sequence[str]) -> int:
    """Start a process; 0 stored, 1 not stored, 2 wrong usage or settings."""
    arguments = make_parser().parse_args(argv)
    return by_hand.run("start", lambda settings: _start(settings, arguments))


async def _start(settings: Settings, arguments: argparse.Namespace) -> int:
    values = {name: getattr(arguments, name) for name in ("name", "email", "phone", "position")}
    given, body = by_hand.checked(CandidateIn, {**values, "cv_text": read_text("--cv", arguments.cv)}, _NAMES)
    candidate_id = new_id()
    url = by_hand.address(settings, candidate_id)
    answer = {"id": str(candidate_id), "status": "received", "url": url}
    receipt = Receipt(by_hand.SOURCE, arguments.id or str(new_id()), body, candidate_id, answer, url, {})
    async with by_hand.opened(settings) as database:
        accepted = await intake.take_candidate(
            database,
            receipt,
            name=given.name,
            email=given.email,
            phone=given.phone,
            position=given.position,
            cv_text=given.cv_text,
        )
        target = hiring_target(accepted.entity_id)
        print(f"candidate  {accepted.entity_id}{'' if accepted.fresh else '  (taken before under this --id)'}")
        print(f"workflow   {target}", flush=True)
        print(await by_hand.deliver_now(database, settings, target))
    return 0


def read_text(name: str, file: str) -> str:
    """Return the text of a file, or of standard input for "-".

    Raises:
        WrongInputError: it cannot be read, or is no text in UTF-8.
    """
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise by_hand.WrongInputError(f"{name} is wrong: the file is not plain text in UTF-8; convert it.") from None
    except OSError as error:
        raise by_hand.WrongInputError(f"{name} is wrong: the file cannot be read ({error.strerror}).") from None
