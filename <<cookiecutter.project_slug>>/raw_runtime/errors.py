"""What can go wrong outside a workflow's own code, each with the exit code that `raw` ends with."""

from __future__ import annotations


class RawError(Exception):
    """A refusal with a plain sentence for its text; `raw` prints it and ends with `exit_code`."""

    exit_code = 1


class UsageError(RawError):
    """The command or its arguments are wrong: nothing was run."""

    exit_code = 2


class ParamsError(UsageError):
    """The params do not fit the workflow's model; the text names each field and what it needs."""


class ProjectNotFound(UsageError):
    """No folder from the current one upwards holds `.raw/`."""


class WorkflowNotFound(RawError):
    """No workflow of that id; the text says which one may have been meant."""


class WorkflowBroken(RawError):
    """`run.py` is missing, does not load, or holds no workflow class."""
