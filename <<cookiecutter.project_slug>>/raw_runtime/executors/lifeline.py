"""End with the process that started this one, however that one ends."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import threading

_PARENT_CHECK_SECONDS = 2.0


def die_with_parent(lifeline_fd: int, parent_pid: int) -> None:
    """Have this process group killed at once when the parent's end of the lifeline closes.

    Linux does it in the kernel, so also while C code holds the interpreter lock; a thread does it everywhere,
    and looks at the parent's pid too, since a process that the parent forked would hold the pipe open.
    """
    os.set_inheritable(lifeline_fd, False)
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(lifeline_fd, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline_fd, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline_fd, fcntl.F_SETFL, fcntl.fcntl(lifeline_fd, fcntl.F_GETFL) | os.O_ASYNC)

    def watch() -> None:
        while os.getppid() == parent_pid:
            readable, _, _ = select.select([lifeline_fd], [], [], _PARENT_CHECK_SECONDS)
            if readable:
                break
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="raw-lifeline", daemon=True).start()
