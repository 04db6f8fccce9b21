"""`python -m workflows.temporal demo`: the plays of each process go through the whole system, each to another end.

It runs a system of its own, so that days last seconds and nothing of yours is touched; `--against URL` takes one that
runs, at that one's pace, and `--here` the one that the settings of this process belong to.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from db.session import DatabaseUnavailableError
from settings import SettingsError, check_url, get_settings
from workflows.temporal.dev.door import CommandDoor, Door
from workflows.temporal.dev.mails import MailCatcher, MailFolder
from workflows.temporal.dev.own_system import System, own_system
from workflows.temporal.dev.plays import cast
from workflows.temporal.dev.running import Group
from workflows.temporal.dev.stories import Play, perform
from workflows.temporal.dev.system import ApiPart, CannotStartError, Stopwatch, api_part
from workflows.temporal.dev.view import View
from workflows.temporal.ending import end_at_once_on_signals
from workflows.temporal.processes import processes

LIMIT_SECONDS = 120.0


def main(argv: Sequence[str]) -> int:
    """Play; 0 all ended as they should, 1 not all, or nothing could be started, 2 wrong usage or settings."""
    parser = argparse.ArgumentParser(
        prog="python -m workflows.temporal demo",
        description="Play the processes through a system of the demo's own, whose days last seconds.",
    )
    parser.add_argument("--keep", action="store_true", help="keep its servers until Ctrl-C, to look at them")
    parser.add_argument("--here", action="store_true", help="take the system of this environment, by its commands")
    parser.add_argument("--mails", metavar="URL", help="where its mails are caught (MailDev), if not in DEV_FOLDER")
    part = api_part()
    if part is not None:
        parser.add_argument(
            "--against", metavar="URL", help="the API of a system that runs, such as http://127.0.0.1:8000"
        )
        parser.add_argument(
            "--without-api", action="store_true", help="start no API, and use the commands start and send"
        )
    arguments = parser.parse_args(argv)
    against = getattr(arguments, "against", None)
    if getattr(arguments, "without_api", False):
        part = None
    if against is not None and (arguments.keep or arguments.here or part is None):
        parser.error("--against uses a system that is there: leave out --keep, --here and --without-api.")
    if arguments.here and arguments.keep:
        parser.error("--here uses a system that is there: leave out --keep.")
    running = against is not None or arguments.here
    if arguments.mails is not None and not running:
        parser.error("--mails belongs to --against or --here.")
    if not processes():
        print("There is no process yet, so there is nothing to play. Make one: raw new process --help")
        return 0
    end_at_once_on_signals()
    try:
        system = _running_system(part, against, arguments.mails) if running else None
        return asyncio.run(_demo(part, system, keep=arguments.keep))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (CannotStartError, DatabaseUnavailableError) as error:
        print(error, file=sys.stderr)
        return 1


async def _demo(part: ApiPart | None, running: System | None, *, keep: bool) -> int:
    """Play, unless told to end before; 1 then."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    work = asyncio.ensure_future(_play(part, running, told, keep=keep))
    stopped = asyncio.ensure_future(told.wait())
    await asyncio.wait((work, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not work.done() and not keep:
        work.cancel()
    try:
        return await work
    except asyncio.CancelledError:
        with suppress(OSError):
            print("Told to end before all had ended; nothing of the demo is left.", file=sys.stderr)
        return 1


async def _play(part: ApiPart | None, running: System | None, told: asyncio.Event, *, keep: bool) -> int:
    watch, view = Stopwatch(), View()
    async with AsyncExitStack() as stack:
        if running is None:
            view.say("Starting Temporal, the worker" + (" and the API ..." if part else " ..."))
            system = await stack.enter_async_context(own_system(part))
            view.say(f"Ready in {watch.seconds:.1f} s. Temporal UI: {system.ui}  API: {system.api or 'none'}")
        else:
            system = running
            view.say("This takes as long as that system's settings say, hours or days as they are set at first.")
        plays = cast(system.mails)
        async with _followed(view, plays):
            await _until_ended(plays, system, None if running else LIMIT_SECONDS, told)
        view.close(plays, system, stays=keep or running is not None)
        right = sum(play.is_right for play in plays)
        view.say(f"{right} of {len(plays)} ended as they should, {watch.seconds:.1f} s in all.")
        if keep and not told.is_set():
            view.say("The servers run on until Ctrl-C.")
            await told.wait()
    return 0 if right == len(plays) else 1


def _running_system(part: ApiPart | None, url: str | None, mails: str | None) -> System:
    """Return a system that runs: the one whose API the URL is, or, without, the one of our own settings.

    Raises:
        SettingsError: a URL is none, or that system would call or write to people.
    """
    for name, given in (("--against", url), ("--mails", mails)):
        try:
            check_url(given or "http://localhost", ("http", "https"))
        except ValueError as error:
            raise SettingsError(f"{name} is wrong: it {error}.") from None
    settings = get_settings()
    for name in ("twilio_account_sid",) if mails else ("twilio_account_sid", "smtp_url"):
        if getattr(settings, name) is not None:
            raise SettingsError(f"{name.upper()} is set: the demo's people do not exist, so nobody may be reached.")
    door: Door = CommandDoor(settings, os.environ, Path(tempfile.gettempdir()))
    if part is not None and url is not None:
        door = part.make_door(url)
    return System(
        door, settings.temporal_ui_url.rstrip("/"), url, MailCatcher(mails) if mails else MailFolder(settings.dev_path)
    )


@asynccontextmanager
async def _followed(view: View, plays: Sequence[Play]) -> AsyncIterator[None]:
    following = asyncio.create_task(view.follow(plays))
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError, OSError):
            await following


async def _until_ended(plays: Sequence[Play], system: System, limit: float | None, told: asyncio.Event) -> None:
    """Play all at once; when a process of the system ends, or when told to end, those that go on are given up."""
    tasks = [asyncio.create_task(perform(play, system.door, limit)) for play in plays]
    ends: list[asyncio.Future[Any]] = [asyncio.ensure_future(told.wait())]
    if system.group is not None:
        ends.append(asyncio.ensure_future(_told_end(system.group, plays)))
    try:
        await asyncio.wait([asyncio.ensure_future(asyncio.wait(tasks)), *ends], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in [*tasks, *ends]:
            task.cancel()
        await asyncio.gather(*tasks, *ends, return_exceptions=True)


async def _told_end(group: Group, plays: Sequence[Play]) -> None:
    """Wait until a process of the system ends; say so of everyone who is not through."""
    ended = await group.first_end()
    for play in plays:
        if play.seconds is None:
            play.why = ended.words
