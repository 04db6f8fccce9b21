"""Start a worker process of the pool."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from raw_runtime import launch

_MODULE = "raw_runtime.executors.worker"


def spawn(root: Path) -> tuple[subprocess.Popen[bytes], socket.socket, int]:
    """Start a worker for the project at `root`: a fresh Python, never a fork, in a session of its own.

    Returns the process, whose stdout pipe holds all that it prints, our end of its control socket, and our
    end of its lifeline: it is killed when that is closed.

    Raises:
        OSError: it could not be started.
    """
    ours, theirs = socket.socketpair()
    lifeline_read, lifeline_write = os.pipe()
    ours.setblocking(False)
    arguments = [str(theirs.fileno()), str(lifeline_read), str(os.getpid()), str(root)]
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", _MODULE, *arguments],
            cwd=root,
            env=launch.environment(root),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            pass_fds=(theirs.fileno(), lifeline_read),
            start_new_session=True,
        )
    except BaseException:
        ours.close()
        os.close(lifeline_write)
        raise
    finally:
        theirs.close()
        os.close(lifeline_read)
    return process, ours, lifeline_write
