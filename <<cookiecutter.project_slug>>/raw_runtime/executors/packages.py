"""Which workflows need packages that are not installed here."""

from __future__ import annotations

from raw_runtime import launch
from raw_runtime.errors import RawError
from raw_runtime.executors.freshness import Stamp, stamp
from raw_runtime.project import Workflow


class Packages:
    """Looks into the scripts' PEP 723 blocks, once for each state of a script."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Stamp, bool]] = {}

    def missing(self, workflow: Workflow) -> bool:
        """True when the script names packages that are not installed: `raw run` fetches them, no worker can."""
        now = stamp(workflow.run_py)
        known = self._known.get(workflow.id)
        if known is None or known[0] != now:
            try:
                missing = bool(launch.missing_dependencies(workflow.run_py))
            except RawError:
                missing = False  # a broken script: loading it tells what is wrong
            known = self._known[workflow.id] = (now, missing)
        return known[1]
