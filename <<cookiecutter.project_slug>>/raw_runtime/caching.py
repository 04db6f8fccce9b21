"""`@cache`: keep a step's result on disk, in `.raw/cache/`, and use it in later runs.

The key covers the script (its path and content), the function, the workflow's params and the arguments.
Without a run, or outside a project, the function is only called.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from raw_runtime.files import PRIVATE, write_atomic
from raw_runtime.stamps import iso, utc_now
from raw_runtime.stepcall import find_context, is_workflow, own_arguments

if TYPE_CHECKING:
    from raw_runtime.codec import Codec
    from raw_runtime.context import WorkflowContext

P = ParamSpec("P")
T = TypeVar("T")

_KEY_DIGITS = 12


def cache_step(func: Callable[P, T]) -> Callable[P, T]:
    """Keep what the function returns; written bare, `@cache`, innermost.

    Only results that come back the same in type and content are kept.

    Raises:
        TypeError: `@cache(...)` was written with arguments: it has none.
    """
    if not callable(func):
        raise TypeError("@cache takes no arguments: write @cache alone, right above the function.")
    facts = _Facts(func)
    if inspect.iscoroutinefunction(func):

        @functools.wraps(func)
        async def run_async(*args: P.args, **kwargs: P.kwargs) -> Any:
            entry = _Entry.find(facts, args, kwargs)
            if entry is not None and entry.is_hit():
                return entry.value
            result = await func(*args, **kwargs)
            if entry is not None:
                entry.store(result)
            return result

        return cast("Callable[P, T]", run_async)

    @functools.wraps(func)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        entry = _Entry.find(facts, args, kwargs)
        if entry is not None and entry.is_hit():
            return cast("T", entry.value)
        result = func(*args, **kwargs)
        if entry is not None:
            entry.store(result)
        return result

    return run


class _Facts:
    """What is the same for every call of one cached function."""

    def __init__(self, func: Callable[..., Any]) -> None:
        self.func = func
        self.name = func.__name__

    @functools.cached_property
    def codec(self) -> Codec:
        from raw_runtime.codec import Codec

        return Codec(self.func)

    @functools.cached_property
    def source(self) -> list[str]:
        """The script's path, the function's place in it, and a digest of the whole script.

        The script and not the function alone: the function may call others beside it. The path and not the
        module's name: that is `__main__` by hand and another under an executor.
        """
        code = inspect.unwrap(self.func).__code__
        path = Path(code.co_filename).absolute()
        try:
            content = path.read_bytes()
        except OSError:
            content = code.co_code + repr(code.co_consts).encode()
        return [str(path), self.func.__qualname__, hashlib.sha256(content).hexdigest()]


class _Entry:
    """The place in the cache of one call."""

    def __init__(self, facts: _Facts, context: WorkflowContext, folder: Path, key: str) -> None:
        self._facts = facts
        self._context = context
        self._full_key = key
        self._key = key[:_KEY_DIGITS]
        self._path = folder / f"{self._key}.json"
        self.value: Any = None

    @classmethod
    def find(cls, facts: _Facts, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Entry | None:
        """Return the place; None without a run, outside a project, or for arguments that have no digest."""
        context = find_context(args)
        if context is None:
            return None
        folder = cache_folder(context)
        if folder is None:
            return None
        from raw_runtime.codec import NotEncodable, digest_call

        params = args[0].params if args and is_workflow(args[0]) else None
        try:
            key = digest_call(own_arguments(args), kwargs, params, facts.source)
        except (NotEncodable, RecursionError):
            return None
        return cls(facts, context, folder, key)

    def is_hit(self) -> bool:
        """True when the cache has the result; then `value` is it."""
        from raw_runtime.codec import NotEncodable

        try:
            data = json.loads(self._path.read_bytes())
            if data["key"] != self._full_key:
                raise KeyError(self._key)
            self.value = self._facts.codec.decode(data["kind"], data["result"])
        except (OSError, ValueError, KeyError, TypeError, NotEncodable):
            # No file, or one that is broken: a miss.
            self._context.record("cache.miss", step_name=self._facts.name, cache_key=self._key)
            return False
        self._context.record("cache.hit", step_name=self._facts.name, cache_key=self._key)
        now = iso(utc_now())
        self._context.add_row(
            {
                "name": self._facts.name,
                "status": "success",
                "started_at": now,
                "ended_at": now,
                "duration_seconds": 0.0,
                "cached": True,
                "value": self.value,
            }
        )
        return True

    def store(self, result: Any) -> None:
        """Keep the result, if it can be kept; a cache that cannot be written is no reason to fail."""
        from raw_runtime.codec import NotEncodable

        try:
            kind, text = self._facts.codec.encode(result)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            head = json.dumps({"key": self._full_key, "kind": kind})
            write_atomic(self._path, f'{head[:-1]}, "result": {text}}}\n'.encode(), mode=PRIVATE)
        except (NotEncodable, RecursionError, OSError):
            return


def cache_folder(context: WorkflowContext) -> Path | None:
    """Return `.raw/cache` of the project around the run; None when no folder upwards has .raw/config.yaml."""
    start = context.project_root or context.workflow_dir
    if start is None:
        return None
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / ".raw" / "config.yaml").exists():
            return folder / ".raw" / "cache"
    return None
