"""Runs every documented `make` target of a rendered project: each must do what its line says, and servers must end.

python .ci/make_targets.py PROJECT [TARGET ...]. A target that has no check here fails, so that none is forgotten.
Exit codes: 0 all did, 1 one did not, 2 wrong usage.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

LIMIT_SECONDS = 300
# What is typed, and what its output must hold. `demo` is played whole by README's own commands.
COMMANDS = {
    "help": ("", r"make setup +Make the environment"),
    "setup": ("", r""),
    "gates": ("ARGS=--list", r"validate"),
    "test": ("ARGS=-n 0 tests/test_env_file.py", r"3 passed"),
    "lint": ("", r"All checks passed"),
    "format": ("", r"files left unchanged"),
    "types": ("", r"0 failed"),
    "migrate": ("", r""),
    "histories": ("", r""),
    # Done for real by tests/deploy: Helm is large.
    "manifests": ("-n", r"-m charts write"),
    "demo": ("ARGS=--help", r"usage: "),
    "env": ("", r""),
    "clean": ("", r""),
}
# What needs Docker, and is done for real by .ci/containers: here only that make would do it (-n).
WITH_DOCKER = {
    "image": r"docker build --tag",
    "up": r"docker.compose up .*--wait",
    "down": r"docker.compose down",
    "logs": r"docker.compose logs",
}
# A server, and the pages that must answer.
SERVERS = {
    "worker": ["http://127.0.0.1:{WORKER_HEALTH_PORT}/livez"],
    "api": ["http://127.0.0.1:{UVICORN_PORT}/readyz"],
    "temporal": ["http://127.0.0.1:{UI_PORT}/"],
    "dev": ["http://127.0.0.1:{UI_PORT}/", "http://127.0.0.1:{WORKER_HEALTH_PORT}/readyz"],
}


def free_port() -> str:
    """Return a port of this machine that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


def documented(project: Path) -> list[str]:
    """Return the targets that `make help` shows, in the file's order; what removes things comes last."""
    targets = re.findall(r"^([a-z-]+):.*## ", (project / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return sorted(targets, key=lambda target: target == "clean")


def is_up(url: str) -> bool:
    """Tell whether a page answers with 200."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - an address of this file
            return True
    except OSError:
        return False


def check_command(project: Path, target: str, env: Mapping[str, str]) -> str | None:
    """Run a target to its end; return what is wrong, or None."""
    argument, word = COMMANDS[target] if target in COMMANDS else ("-n", WITH_DOCKER[target])
    command = ["make", target, *([argument] if argument else [])]
    done = subprocess.run(
        command,
        cwd=project,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    out = done.stdout.decode(errors="replace")
    if done.returncode:
        return f"exit code {done.returncode}\n{out[-2000:]}"
    return None if re.search(word, out) else f"nothing like {word!r} in its output\n{out[-2000:]}"


def check_server(project: Path, target: str, env: Mapping[str, str]) -> str | None:
    """Start a target, wait until it answers, press Ctrl-C; return what is wrong, or None."""
    urls = [url.format(**env) for url in SERVERS[target]]
    with tempfile.TemporaryFile() as out:
        # Ctrl-C reaches all of a terminal's foreground group, which start_new_session makes here.
        started = subprocess.Popen(
            ["make", target], cwd=project, env=env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        fault = None
        until = time.monotonic() + 120
        while not all(map(is_up, urls)):
            if started.poll() is not None or time.monotonic() > until:
                fault = f"{', '.join(url for url in urls if not is_up(url))} did not answer"
                break
            time.sleep(0.2)
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGINT)
        try:
            started.wait(60)
        except subprocess.TimeoutExpired:
            fault = fault or "Ctrl-C did not end it within 60 seconds"
        until = time.monotonic() + 20
        while not fault and any(map(is_up, urls)):
            if time.monotonic() > until:
                fault = "what it started goes on after Ctrl-C"
            time.sleep(0.2)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        out.seek(0)
        return f"{fault}\n{out.read().decode(errors='replace')[-2000:]}" if fault else None


def check(project: Path, target: str, folder: Path) -> str | None:
    """Check one target, with ports and state of its own; return what is wrong, or None."""
    ports = {name: free_port() for name in ("TEMPORAL", "UI_PORT", "UVICORN_PORT", "WORKER_HEALTH_PORT")}
    left_out = ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")
    env = {k: v for k, v in os.environ.items() if k not in left_out} | ports
    env |= {
        "TEMPORAL_ADDRESS": f"localhost:{ports['TEMPORAL']}",
        "TEMPORAL_UI_URL": f"http://localhost:{ports['UI_PORT']}",
        "DEV_FOLDER": f"{folder}/dev",
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/app.db",
    }
    if target in COMMANDS or target in WITH_DOCKER:
        return check_command(project, target, env)
    if target in SERVERS:
        return check_server(project, target, env)
    return "no check knows it: add it to COMMANDS, SERVERS or WITH_DOCKER in .ci/make_targets.py"


def main(arguments: list[str]) -> int:
    """Check every target that is documented, or those that are named."""
    if not arguments or not (Path(arguments[0]) / "Makefile").exists():
        print("Name the folder of a rendered project, which has a Makefile.", file=sys.stderr)
        return 2
    project = Path(arguments[0]).resolve()
    failed = 0
    for target in arguments[1:] or documented(project):
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            fault = check(project, target, Path(folder))
        failed += fault is not None
        state = "FAIL" if fault else "PASS"
        print(f"{state}  make {target:<10} {time.monotonic() - start:5.1f} s  {fault or ''}".rstrip(), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
