"""`python -m workflows.temporal dev`: Temporal with its web UI, the API and the worker, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from db.schema import migrate_if_needed
from db.session import DatabaseUnavailableError
from settings import ROOT, Settings, SettingsError, get_settings, load_settings
from workflows.temporal.client import address_of, data_converter
from workflows.temporal.dev.console import Console
from workflows.temporal.dev.running import Group
from workflows.temporal.dev.system import (
    LOOPBACK,
    ApiPart,
    CannotStartError,
    Port,
    Stopwatch,
    api_part,
    check_ports,
    find_temporal,
    local_port,
    not_ready,
    path_for,
    read_procfile,
    until_ready,
)
from workflows.temporal.ending import end_at_once_on_signals
from workflows.temporal.environment import connect_config

_SLOW_SECONDS = 60.0


@dataclass(slots=True)
class Plan:
    """What is to be started: commands by name, their environment, the ports they need, where they tell that they run.

    `links` is for people; `urls` are asked; `embedded` names what needs no server of its own here.
    """

    commands: dict[str, str]
    env: dict[str, str]
    ports: list[Port] = field(default_factory=list)
    urls: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    embedded: list[str] = field(default_factory=list)


def main(argv: Sequence[str]) -> int:
    """Run the system; 0 told to end and ended, 1 a process ended by itself, 2 wrong usage, settings or ports."""
    parser = argparse.ArgumentParser(
        prog="python -m workflows.temporal dev",
        description="Run what the Procfile names, the API and the worker again after each change, until Ctrl-C. "
        "Where TEMPORAL_ADDRESS names another machine, no Temporal server is started.",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="start this process of the Procfile, and others so named",
    )
    arguments = parser.parse_args(argv)
    end_at_once_on_signals()
    try:
        settings = get_settings()
        plan = make_plan(settings, arguments.only)
        check_ports(plan.ports)
        return asyncio.run(_run(settings, plan))
    except (SettingsError, CannotStartError) as error:
        print(error, file=sys.stderr)
        return 2
    except DatabaseUnavailableError as error:
        print(f"{error} DATABASE_URL says where it is.", file=sys.stderr)
        return 1


def make_plan(settings: Settings, only: Sequence[str]) -> Plan:
    """Return what the Procfile and the settings come to.

    Raises:
        SettingsError: Temporal's part of the settings is wrong.
        CannotStartError: there is no Temporal server, or the Procfile names no such process.
    """
    config = connect_config()
    data_converter(settings)
    commands = read_procfile(ROOT / "Procfile")
    part = api_part()
    if part is None:
        # In the template itself, where the Procfile stands for every shape.
        commands.pop("api", None)
    if unknown := [name for name in only if name not in commands]:
        raise CannotStartError(f"--only is wrong: the Procfile names {', '.join(commands)}, and not {unknown[0]}.")
    if only:
        commands = {name: command for name, command in commands.items() if name in only}
    port = None if config.get("tls") or config.get("api_key") else local_port(address_of(config))
    if port is None:
        commands.pop("temporal", None)
    temporal = find_temporal() if "temporal" in commands else None
    ui = urlsplit(settings.temporal_ui_url)
    env = {
        **os.environ,
        "PATH": path_for(temporal),
        "PYTHONUNBUFFERED": "1",
        "DEV_FOLDER": str(settings.dev_path),
        "TEMPORAL_NAMESPACE": config.get("namespace") or "default",
        # A change of code is not to wait for activities.
        "WORKER_GRACE_SECONDS": os.environ.get("WORKER_GRACE_SECONDS") or "3",
    }
    plan = Plan(commands, env)
    if "temporal" in commands and port is not None:
        ui_port = ui.port or 8233
        env |= {"TEMPORAL_PORT": str(port), "TEMPORAL_UI_PORT": str(ui_port)}
        plan.ports += [
            Port(port, "TEMPORAL_ADDRESS", "localhost:{}"),
            Port(ui_port, "TEMPORAL_UI_URL", "http://localhost:{}"),
        ]
        plan.urls["temporal"] = f"http://{LOOPBACK}:{ui_port}/"
        plan.embedded.append("Temporal (its development server)")
    plan.embedded += _embedded(settings)
    plan.links["Temporal UI"] = settings.temporal_ui_url
    if "worker" in commands and settings.worker_health_port:
        plan.ports.append(Port(settings.worker_health_port, "WORKER_HEALTH_PORT"))
        health = f"http://{LOOPBACK}:{settings.worker_health_port}/readyz"
        plan.urls["worker"] = plan.links["worker health"] = health
    if part is not None and "api" in commands:
        api = Port(_port_of(part), part.PORT_VARIABLE)
        env[part.PORT_VARIABLE] = str(api.number)
        plan.ports.append(api)
        plan.urls["api"] = f"http://{LOOPBACK}:{api.number}/readyz"
        plan.links["API docs"] = f"http://{LOOPBACK}:{api.number}/docs"
    return plan


def _embedded(settings: Settings) -> list[str]:
    """Return what stands in for a server that no setting names."""
    found = {
        "PostgreSQL (SQLite)": settings.uses_sqlite,
        "mail": settings.smtp_url is None,
        "telephone calls": settings.twilio_account_sid is None,
        "Slack": settings.slack_webhook_url is None,
    }
    if (ROOT / "configuration" / "storage.py").exists():
        storage: Any = import_module("configuration.storage")
        found["S3"] = load_settings(storage.StorageSettings).s3_bucket is None
    return [name for name, is_embedded in found.items() if is_embedded]


def _port_of(part: ApiPart) -> int:
    """Return the API's port, by its server's own variable.

    Raises:
        SettingsError: it is no port.
    """
    text = os.environ.get(part.PORT_VARIABLE) or str(part.PORT)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise SettingsError(f"{part.PORT_VARIABLE} is wrong: it must be a port, such as {part.PORT}.")
    return int(text)


async def _run(settings: Settings, plan: Plan) -> int:
    watch, console = Stopwatch(), Console()
    group = Group(ROOT, console.line)
    told = _Told(asyncio.get_running_loop())
    settings.dev_path.mkdir(parents=True, exist_ok=True)
    try:
        if "temporal" in plan.commands:
            group.start("temporal", plan.commands["temporal"], plan.env)
        # While the server starts.
        if await migrate_if_needed(settings) is not None:
            console.line("dev", "The database's schema was brought up to date.")
        for name, command in plan.commands.items():
            if name != "temporal":
                group.start(name, command, plan.env, wave=1)
        return await _until_end(group, plan, told, console, watch)
    finally:
        if killed := await group.stop(at_once=lambda: told.twice):
            console.line("dev", f"Killed, since it did not end: {', '.join(killed)}.")
        console.line("dev", "All processes have ended.")


async def _until_end(group: Group, plan: Plan, told: _Told, console: Console, watch: Stopwatch) -> int:
    """Say when all is ready; return the exit code once told to end, or once a process ended by itself."""
    ending = asyncio.ensure_future(group.first_end())
    stopped = asyncio.ensure_future(told.event.wait())
    ready = asyncio.ensure_future(until_ready(plan.urls))
    waited: set[asyncio.Future[object]] = {ending, stopped, ready}  # type: ignore[arg-type]
    try:
        while True:
            patience = _SLOW_SECONDS if ready in waited else None
            done, _ = await asyncio.wait(waited, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if stopped in done:
                console.line("dev", f"{told.by}: ending all processes.")
                return 0
            if ending in done:
                console.line("dev", f"{ending.result().words}: ending all the others.")
                return 1
            if ready in done:
                waited.discard(ready)
                console.text(_block(plan, watch.seconds))
            else:
                missing = ", ".join(await not_ready(plan.urls))
                console.line("dev", f"Not ready after {watch.seconds:.0f} s: {missing}. Its lines above may say why.")
    finally:
        for one in (ending, stopped, ready):
            one.cancel()


def _block(plan: Plan, seconds: float) -> str:
    width = max(map(len, plan.links))
    lines = [f"  {name:<{width}}  {url}" for name, url in plan.links.items()]
    if plan.embedded:
        where = f"Embedded here, with its state in {plan.env['DEV_FOLDER']}:"
        lines += ["", f"  {where} {', '.join(plan.embedded)}."]
    return "\n".join(["", f"Ready in {seconds:.1f} s. Ctrl-C ends everything.", *lines, ""])


class _Told:
    """Whether SIGINT, SIGTERM or SIGHUP (a closed terminal) came, and whether SIGINT came again."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.event = asyncio.Event()
        self.by = ""
        self.twice = False
        self._clock = Stopwatch()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._told, number)

    def _told(self, number: signal.Signals) -> None:
        if self.event.is_set():
            # `make` and `uv run` may pass on what the terminal sent too: that is not a person's second thought.
            self.twice = self.twice or (number == signal.SIGINT and self._clock.seconds > 1)
            return
        self.by = "Ctrl-C" if number == signal.SIGINT else number.name
        self._clock = Stopwatch()
        self.event.set()
