"""A PostgreSQL of our own: in a temporary folder, on 127.0.0.1, gone afterwards.

`python tests/benchmarks/local_postgres.py COMMAND …` runs a command with its URL as TEST_DATABASE_URL.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USERS = ("postgres", "nobody")


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs, the newest where there are several."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise SystemExit("PostgreSQL is not here; on Debian: apt-get install postgresql")
    return Path(on_path).parent


def _as_system_user() -> list[str]:
    """PostgreSQL refuses to run as root: return the words that make another user run what follows."""
    if os.geteuid():
        return []
    import pwd

    user = next(user for user in USERS if any(entry.pw_name == user for entry in pwd.getpwall()))
    return ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"]


@contextmanager
def postgres(*settings: str) -> Iterator[str]:
    """Start a server with durable commits; give the URL of an empty database, without a driver's name."""
    folder = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
    folder.chmod(0o777)
    programs, prefix, port, data = binaries(), _as_system_user(), free_port(), folder / "data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
    initdb = [programs / "initdb", "-D", data, "-U", "bench", "--auth=trust", "--encoding=UTF8", "--locale=C"]
    subprocess.run([*prefix, *map(str, initdb)], **quiet)
    command = [programs / "postgres", "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1"]
    command += ["-c", f"unix_socket_directories={folder}", "-c", "max_connections=200"]
    command += [word for setting in settings for word in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*prefix, *map(str, command)], cwd="/", stdout=log, stderr=log)
    try:
        ready = [str(programs / "pg_isready"), "-q", "-t", "30", "-h", "127.0.0.1", "-p", str(port)]
        for _ in range(100):
            if subprocess.run(ready, check=False).returncode == 0:
                break
            if server.poll() is not None:
                raise RuntimeError((folder / "log").read_text(errors="replace")[-2000:])
        url = f"postgresql://bench@127.0.0.1:{port}"
        subprocess.run(
            [str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "bench", "coordinator"], **quiet
        )
        yield f"{url}/coordinator"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    with postgres() as url:
        sys.exit(subprocess.run(sys.argv[1:], env=os.environ | {"TEST_DATABASE_URL": url}, check=False).returncode)
