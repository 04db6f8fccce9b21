"""The class that every RAW workflow derives from."""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ForwardRef, Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel

from raw_runtime.decorators import cache_step as cache
from raw_runtime.decorators import raw_step as step
from raw_runtime.decorators import retry
from raw_runtime.files import write_atomic
from raw_runtime.protocols.logger import WorkflowLogger, get_logger
from raw_runtime.stamps import utc_now
from raw_runtime.stepcall import mark_impure

if TYPE_CHECKING:
    from raw_runtime.context import WorkflowContext
    from raw_runtime.signals import WorkflowResult

ParamsT = TypeVar("ParamsT", bound=BaseModel)


class BaseWorkflow(ABC, Generic[ParamsT]):
    """A workflow: typed params in, steps, saved results out. Derive from `BaseWorkflow[MyParams]`.

    `run()` ends with 0 for success or another exit code; see `outcome.py` for what else it may return.
    The portable form is `return self.success("...").exit_code`.
    """

    # Defaults, so that a subclass whose __init__ does not call this one's can still run.
    params: ParamsT
    context: WorkflowContext | None = None
    trigger_event: Any = None
    _logger: WorkflowLogger | None = None
    _last_signal: WorkflowResult | None = None
    _results_dir: Path | None = None

    def __init__(
        self,
        params: ParamsT,
        context: WorkflowContext | None = None,
        logger: WorkflowLogger | None = None,
        trigger_event: Any = None,
    ) -> None:
        self.params = params
        self.context = context
        self._logger = logger
        self.trigger_event = trigger_event

    @abstractmethod
    def run(self) -> int:
        """Do the work: call steps, save results, return 0 or another exit code."""

    # -- where things go

    @property
    def results_dir(self) -> Path:
        """The folder of saved results, which exists: `results` in the run's folder, else in the current one."""
        if self._results_dir is None:
            home = self.context.workflow_dir if self.context is not None else None
            self._results_dir = home / "results" if home is not None else Path("results")
        self._results_dir.mkdir(parents=True, exist_ok=True)
        return self._results_dir

    @property
    def run_dir(self) -> Path:
        """The same as `results_dir` (upstream's name)."""
        return self.results_dir

    @property
    def log_file(self) -> Path:
        """Where `log()` also writes: output.log in the run's folder."""
        home = self.context.workflow_dir if self.context is not None else None
        return home / "output.log" if home is not None else Path("output.log")

    # -- results

    def save(self, filename: str | Path, data: Any) -> Path:
        """Write `data` to the results folder in one go and return the file's path.

        A dict or list becomes indented JSON, a model its JSON, bytes stay as they are, all else becomes its text.
        Folders in `filename` are made.

        Raises:
            ValueError: `filename` leads out of the results folder.
        """
        path = self._inside_results(str(filename))
        mark_impure()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, _to_bytes(data), durable=self.context is not None and self.context.durable)
        self._print(f"  \N{CHECK MARK} Saved {filename}")
        self._log_to_file(f"Saved file: {path}")
        if self.context is not None:
            self.context.add_artifact("output", path)
        return path

    def _inside_results(self, filename: str) -> Path:
        folder = self.results_dir
        name = PurePosixPath(filename)
        wrong = name.is_absolute() or ".." in name.parts or not name.name or "\0" in filename or filename.endswith("/")
        if not wrong:
            path = folder / name
            # A link in the results folder could lead out of it.
            wrong = path.is_dir() or not path.parent.resolve().is_relative_to(folder.resolve())
        if wrong:
            raise ValueError(
                f"save({filename!r}): give the name of a file inside the results folder, such as 'report.html'."
            )
        return path

    # -- words

    def log(self, message: str) -> None:
        """Print the message, as plain text, and add it to output.log with the time."""
        self._print(f"  {message}")
        self._log_to_file(message)

    def _print(self, text: str) -> None:
        (self._logger or get_logger()).print(text)

    def _log_to_file(self, message: str) -> None:
        # A supervisor writes everything that is printed to output.log: not twice.
        if self.context is not None and self.context.workflow_dir is not None and self.context.log_file is None:
            return
        with self.log_file.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"[{utc_now():%Y-%m-%d %H:%M:%S} UTC] {message}\n")

    # -- completion signals

    def success(self, message: str, data: Any = None) -> WorkflowResult:
        """Build a success, which `run()` returns; building it ends nothing."""
        from raw_runtime.signals import WorkflowResult

        return self._remember(WorkflowResult.success(message, data))

    def error(self, message: str, exit_code: int = 1) -> WorkflowResult:
        """Build a failure that other input may avoid."""
        from raw_runtime.signals import WorkflowResult

        return self._remember(WorkflowResult.error(message, exit_code))

    def complete(self, message: str, data: Any = None) -> WorkflowResult:
        """Build a success after which nothing is to follow."""
        from raw_runtime.signals import WorkflowResult

        return self._remember(WorkflowResult.complete(message, data))

    def _remember(self, result: WorkflowResult) -> WorkflowResult:
        # `return self.success("...").exit_code` leaves only a number: the words are taken from here.
        self._last_signal = result
        return result

    # -- starting

    @classmethod
    def _get_params_class(cls) -> type[BaseModel]:
        """Return the model given as type argument, here or in a base.

        Raises:
            TypeError: there is none.
        """
        for base in cls.__mro__:
            for form in base.__dict__.get("__orig_bases__", ()):
                origin = get_origin(form)
                if not (isinstance(origin, type) and issubclass(origin, BaseWorkflow)):
                    continue
                for arg in get_args(form):
                    model = _resolve(arg, base)
                    if isinstance(model, type) and issubclass(model, BaseModel):
                        return model
        raise TypeError(
            f"{cls.__name__} must name its params model as type argument: class {cls.__name__}(BaseWorkflow[MyParams])"
        )

    @classmethod
    def main(cls, args: list[str] | None = None) -> None:
        """Run the workflow with the flags in `args` (default: those of the command line) and exit with its code."""
        from raw_runtime.entrypoint import main_exit

        main_exit(cls, args)


def _resolve(arg: Any, base: type) -> Any:
    if isinstance(arg, ForwardRef):
        return getattr(sys.modules.get(base.__module__), arg.__forward_arg__, None)
    return arg


def _to_bytes(data: Any) -> bytes:
    if isinstance(data, bytes | bytearray):
        return bytes(data)
    if isinstance(data, dict | list):
        return json.dumps(data, indent=2, default=_jsonable).encode()
    if isinstance(data, BaseModel):
        return data.model_dump_json(indent=2).encode()
    return str(data).encode("utf-8", "backslashreplace")


def _jsonable(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return str(value)


__all__ = ["BaseWorkflow", "cache", "retry", "step"]
