"""`raw gates [NAME ...]`: run the project's gates."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from raw_runtime.errors import RawError
from raw_runtime.gates.config import load_gates
from raw_runtime.gates.console import PlainConsole, can_be_live
from raw_runtime.gates.engine import run_build
from raw_runtime.gates.model import Build, Gate, GateConfig
from raw_runtime.gates.plan import select
from raw_runtime.gates.process import Cancel
from raw_runtime.gates.report import verdict
from raw_runtime.plain import ArgumentParser, safe_streams
from raw_runtime.project import Project
from raw_runtime.result import EXIT_CANCELLED, EXIT_FAILED, EXIT_OK

_STOPS = ("SIGINT", "SIGTERM", "SIGHUP")
_BROKEN_PIPE = 141
# Signals after which we go without a verdict: whoever should read it may have stopped reading.
_PATIENCE = 2


def main(argv: list[str], project: Project) -> int:
    """Run the command with the words after `gates`; return its exit code.

    0: no gate failed; 1: one did; 2: wrong usage or configuration; 130 (or 128 + the signal): interrupted.
    """
    safe_streams()
    try:
        options = _parser().parse_args(argv)
        config = load_gates(project)
        for note in config.notes:
            print(note, file=sys.stderr)
        if options.list:
            return _list(config, project, options)
        gates = select(config, project, options.names, every=options.all, static=options.static)
        if options.junit:
            from raw_runtime.gates.junit import prepare

            prepare(options.junit)
        return _run(project, gates, options)
    except RawError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # The reader has gone, and the commands have been ended. Python would complain again at its exit.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        return EXIT_CANCELLED


def _list(config: GateConfig, project: Project, options: Namespace) -> int:
    from raw_runtime.gates.listing import describe_gates, listing

    if options.json:
        print(json.dumps({"gates": describe_gates(config, project, static=options.static)}, ensure_ascii=False))
    else:
        print(listing(config, project, static=options.static))
    return EXIT_OK


def _run(project: Project, gates: list[Gate], options: Namespace) -> int:
    caught: list[int] = []
    cancel = Cancel()
    with _stoppable(caught, cancel):
        build = _show(project, gates, options, cancel)
        if options.junit:
            from raw_runtime.gates.junit import write_junit

            write_junit(build, project.root, options.junit)
        if options.json:
            print(json.dumps(build.to_dict(verdict(build)), ensure_ascii=False), flush=True)
    if build.interrupted:
        return 128 + caught[0]
    return EXIT_OK if build.ok else EXIT_FAILED


def _show(project: Project, gates: list[Gate], options: Namespace, cancel: Cancel) -> Build:
    stream = sys.stderr if options.json else sys.stdout
    if not options.json and can_be_live(stream):
        from raw_runtime.gates.live import LiveConsole

        console: LiveConsole | PlainConsole = LiveConsole(project, stream)
    else:
        console = PlainConsole(project, stream)
    with console:
        build = run_build(
            project,
            gates,
            static=options.static,
            jobs=options.jobs,
            timeout_scale=options.timeout_scale,
            observer=console,
            cancel=cancel,
        )
        console.summary(build)
    return build


@contextmanager
def _stoppable(caught: list[int], cancel: Cancel) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP end the gates, wherever in our own work they come: verdict and reports follow."""

    def stop(number: int, _frame: FrameType | None) -> None:
        caught.append(number)
        cancel()
        if len(caught) > _PATIENCE:
            raise KeyboardInterrupt

    before = {}
    for name in _STOPS:
        number = getattr(signal, name)
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup asks to live on
            before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _scale(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="raw gates",
        description="Run the gates of .raw/config.yaml side by side. Exit code 0: no gate failed.",
        epilog="A gate ends PASS, FAIL or SKIP; a skipped gate checked nothing, and the last line says how to run it.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="gates to run (default: the list `default`)")
    parser.add_argument("--all", action="store_true", help="every optional gate too")
    parser.add_argument("--static", action="store_true", help="only gates that need no environment; others are skipped")
    parser.add_argument("--list", action="store_true", help="list the gates and how each would run here")
    parser.add_argument("--json", action="store_true", help="print one JSON document; progress goes to stderr")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write a JUnit XML report too")
    parser.add_argument("--jobs", type=_count, metavar="N", help="at most N gates at once (default: processors)")
    parser.add_argument(
        "--timeout-scale", type=_scale, default=1.0, metavar="X", help="multiply every time limit by X (slow machines)"
    )
    return parser
