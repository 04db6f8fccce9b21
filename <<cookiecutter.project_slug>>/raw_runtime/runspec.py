"""What a supervisor tells the workflow process it starts: which run this is, and its params.

The text goes through an inherited file descriptor, named in `RAW_RUN_FD`, and not through argv or the
environment: those are limited in size and every user of the machine can read them in `ps`.
"""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENV_FD = "RAW_RUN_FD"


class RunSpec:
    """One run, as its supervisor has laid it out. Made once and not changed.

    `run_dir` exists, is private (0700) and absolute; results go to `run_dir/results`. `params` is the JSON
    object of `--params`, over which flags win; None when only flags were given. `resume_from` is the
    run directory of an earlier run whose finished steps give back their results. `supervised` says that
    a parent writes everything printed to `output.log`, so that the runtime does not write it again.
    `traceparent` is the trace that the run belongs to, if any.
    """

    # No dataclass: the parent starts without `inspect`, which dataclasses bring along.
    __slots__ = (
        "dry",
        "params",
        "project_root",
        "resume_from",
        "run_dir",
        "run_id",
        "supervised",
        "traceparent",
        "workflow_id",
    )

    def __init__(
        self,
        workflow_id: str,
        run_id: str,
        run_dir: str,
        project_root: str | None = None,
        params: dict[str, Any] | None = None,
        resume_from: str | None = None,
        supervised: bool = True,
        dry: bool = False,
        traceparent: str | None = None,
    ) -> None:
        self.workflow_id = workflow_id
        self.run_id = run_id
        self.run_dir = run_dir
        self.project_root = project_root
        self.params = params
        self.resume_from = resume_from
        self.supervised = supervised
        self.dry = dry
        self.traceparent = traceparent

    def open_fd(self) -> int:
        """Return a descriptor that holds this spec as JSON, at its start; the caller closes it."""
        fd = _anonymous_file()
        data = memoryview(json.dumps({name: getattr(self, name) for name in self.__slots__}).encode())
        while data:
            data = data[os.write(fd, data) :]
        os.lseek(fd, 0, os.SEEK_SET)
        return fd

    @classmethod
    def from_env(cls) -> RunSpec | None:
        """Take the spec that a supervisor left for this process; None when it was started by hand.

        The variable is removed, so that a process started by the workflow does not take the same run.
        """
        fd = os.environ.pop(ENV_FD, None)
        if fd is None:
            return None
        try:
            file = os.fdopen(int(fd), "rb")
        except OSError:
            return None  # a script that is no workflow passed the variable on, but not the descriptor
        with file:
            return cls(**json.load(file))


def _anonymous_file() -> int:
    """Return a new file that has no name, open for reading and writing."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("raw-run")
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
