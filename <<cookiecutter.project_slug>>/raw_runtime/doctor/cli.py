"""`raw doctor [NAME ...]`: check the project's integrations for real."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from raw_runtime.cli.options import Option, parse
from raw_runtime.doctor.check import check_all
from raw_runtime.doctor.examine import examine
from raw_runtime.doctor.report import document, table
from raw_runtime.doctor.subjects import Subject, on_path, subjects_of
from raw_runtime.errors import UsageError
from raw_runtime.plain import did_you_mean
from raw_runtime.project import Project, find_project
from raw_runtime.result import EXIT_CANCELLED, EXIT_FAILED, EXIT_OK
from raw_runtime.show.listing import tools_of

HELP = """\
usage: raw doctor [NAME ...] [options]

Tries every integration that is configured: really connects and logs in, and leaves no mail, message, call or file
behind. One without an account is on its default, which is fine. For a failure the remedy stands beneath.

  --json    print one JSON document
  --debug   print the traceback of a check that fails itself, and what libraries log

Exit codes: 0 all is fine, 1 something is not, 2 wrong usage.
"""
_OPTIONS = (Option("--json"), Option("--debug"))
_MANY = 1000


def doctor_command(argv: list[str]) -> int:
    """Run `raw doctor` with these arguments and return the exit code."""
    own, names = parse("doctor", _OPTIONS, argv, most=_MANY)
    if "--help" in own:
        print(HELP, end="")
        return EXIT_OK
    project, debug = find_project(), "--debug" in own
    subjects = _chosen(project, names)
    if not debug:
        # What is wrong is in the findings; libraries would tell it again in their words.
        logging.disable(logging.CRITICAL)
    try:
        with on_path(project):
            patients = [examine(subject) for subject in subjects]
            ended = check_all(patients, debug=debug)
    except KeyboardInterrupt:
        _leave(EXIT_CANCELLED)
    finally:
        logging.disable(logging.NOTSET)
    if "--json" in own:
        print(json.dumps(document(patients), ensure_ascii=False))
    elif patients:
        print(*table(patients), sep="\n")
    else:
        print("Nothing to check: no tool has a doctor.py, and .raw/config.yaml lists nothing under `doctor`.")
    code = EXIT_OK if all(patient.ok for patient in patients) else EXIT_FAILED
    return code if ended else _leave(code)


def _chosen(project: Project, names: Sequence[str]) -> list[Subject]:
    every = {subject.name: subject for subject in subjects_of(project)}
    for name in names:
        if name not in every:
            if any(tool.name == name for tool in tools_of(project)):
                raise UsageError(f"The tool {name} reaches nothing outside: there is nothing to check.")
            raise UsageError(f"There is no integration {name!r}.{did_you_mean(name, every)}")
    return [every[name] for name in dict.fromkeys(names)] if names else list(every.values())


def _leave(code: int) -> NoReturn:
    """End now: the interpreter's own end would wait for the thread of a check that hangs."""
    sys.stdout.flush()
    os._exit(code)
