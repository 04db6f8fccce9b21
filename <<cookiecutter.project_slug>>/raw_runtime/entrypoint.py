"""What happens when a workflow's script runs: take the flags, run, exit with the code."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raw_runtime.errors import UsageError
from raw_runtime.execute import PARAMS, execute, flush_output
from raw_runtime.jsonable import to_json, values_of
from raw_runtime.params import parse_argv
from raw_runtime.protocols.logger import as_logger
from raw_runtime.result import EXIT_FAILED, EXIT_USAGE
from raw_runtime.runspec import RunSpec
from raw_runtime.stamps import hand_run_id, utc_now

if TYPE_CHECKING:
    import argparse

    from pydantic import BaseModel

    from raw_runtime.base import BaseWorkflow
    from raw_runtime.protocols.logger import WorkflowLogger


class WorkflowEntrypoint:
    """Runs a workflow class with flags. `console` is anything with `print(str)`; `logger` wins over it."""

    def __init__(self, console: Any = None, logger: WorkflowLogger | None = None) -> None:
        self.console = console
        self._logger = logger if logger is not None or console is None else as_logger(console)

    def run(self, workflow_class: type[BaseWorkflow[Any]], args: list[str] | None = None) -> int:
        """Run with `args` (default: the command line's) and return the exit code; 2 when they are wrong.

        A run that a supervisor has laid out goes to its folder; one started by hand, to the current folder.
        """
        from raw_runtime.env import load_dotenv

        load_dotenv()
        spec = RunSpec.from_env()
        if spec is not None and hasattr(spec, "watch_parent"):
            spec.watch_parent()
        try:
            params = _params(workflow_class, sys.argv[1:] if args is None else args, spec)
        except UsageError as error:
            _refuse(workflow_class, spec, str(error))
            return EXIT_USAGE
        by_hand = spec is None
        run = spec or _by_hand(workflow_class)
        try:
            return execute(workflow_class, params, run, logger=self._logger, by_hand=by_hand).exit_code
        except (OSError, RuntimeError) as error:
            print(f"Error: the run cannot be kept in {run.run_dir}: {error}", file=sys.stderr)
            return EXIT_FAILED

    def _build_argparse(
        self, workflow_class: type[BaseWorkflow[Any]], params_class: type[BaseModel]
    ) -> argparse.ArgumentParser:
        from raw_runtime.usage import build_parser

        return build_parser(workflow_class, params_class)


def _params(cls: type[BaseWorkflow[Any]], argv: list[str], spec: RunSpec | None) -> BaseModel:
    if spec is None or spec.resume_from is None:
        return parse_argv(cls, argv, spec.params if spec is not None else None)
    earlier = Path(spec.resume_from)
    try:
        saved = json.loads((earlier / PARAMS).read_bytes())
    except (OSError, ValueError):
        raise UsageError(f"Run {earlier.name} cannot be resumed: its {PARAMS} is missing or broken.") from None
    params = parse_argv(cls, [], saved)
    if argv or spec.params:
        wanted = parse_argv(cls, argv, {**saved, **(spec.params or {})})
        before, after = to_json(values_of(params)), to_json(values_of(wanted))
        changed = [name for name in after if after[name] != before.get(name)]
        if changed:
            raise UsageError(
                f"A resumed run keeps the params of run {earlier.name}, and {', '.join(changed)} differs. "
                "Leave the flags out, or start a new run."
            )
    return params


def _refuse(cls: type[BaseWorkflow[Any]], spec: RunSpec | None, text: str) -> None:
    print(f"Error: Invalid parameters:\n{text}" if "\n" in text else f"Error: {text}", file=sys.stderr)
    if spec is None:
        return
    # The supervisor takes the reason from the manifest.
    from raw_runtime.reconcile import write_refusal

    write_refusal(Path(spec.run_dir), workflow_id=spec.workflow_id, class_name=cls.__name__, message=text)


def _by_hand(cls: type[BaseWorkflow[Any]]) -> RunSpec:
    here = Path.cwd()
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    folder = Path(file).absolute().parent if file else here
    is_workflow = folder.parent.name == "workflows" and folder.parent.parent.name == ".raw"
    return RunSpec(
        workflow_id=folder.name if is_workflow else cls.__name__,
        run_id=hand_run_id(utc_now()),
        run_dir=str(here),
        supervised=False,
    )


_entrypoint: WorkflowEntrypoint | None = None


def get_entrypoint() -> WorkflowEntrypoint:
    """Return the entrypoint that `main()` uses."""
    return _entrypoint or WorkflowEntrypoint()


def set_entrypoint(entrypoint: WorkflowEntrypoint | None) -> None:
    """Set the entrypoint that `main()` uses; None: the default."""
    global _entrypoint
    _entrypoint = entrypoint


def run_workflow(workflow_class: type[BaseWorkflow[Any]], args: list[str] | None = None) -> int:
    """Run a workflow and return its exit code."""
    return get_entrypoint().run(workflow_class, args)


def main_exit(workflow_class: type[BaseWorkflow[Any]], args: list[str] | None = None) -> None:
    """Run a workflow and exit with its code."""
    if args is None:
        # What is loaded by now lives as long as the process. Looking through it for garbage at the end took
        # longer than most runs.
        gc.freeze()
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        # What an ASCII or Latin-1 terminal cannot show becomes ?, also in the workflow's own print().
        reconfigure(errors="replace")
    code = run_workflow(workflow_class, args)
    flush_output()
    sys.exit(code)


__all__ = ["WorkflowEntrypoint", "get_entrypoint", "main_exit", "run_workflow", "set_entrypoint"]
