"""Run a RAW workflow from a service: one call, three executors, the same result.

`await run_raw_workflow(name, params)` takes the executor that `RAW_EXECUTOR` names (inprocess, pool or
subprocess; pool when it names none). A service that lives long owns one instead:

    async with PoolExecutor(size=4) as executor:
        result = await executor.run("analyze", {"text": text}, timeout=30)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raw_runtime.executors.base import Executor
    from raw_runtime.executors.default import close_default_executors, make_executor, run_raw_workflow
    from raw_runtime.executors.inprocess import InProcessExecutor
    from raw_runtime.executors.pool import PoolExecutor
    from raw_runtime.executors.raw_command import SubprocessExecutor

__all__ = [
    "Executor",
    "InProcessExecutor",
    "PoolExecutor",
    "SubprocessExecutor",
    "close_default_executors",
    "make_executor",
    "run_raw_workflow",
]

# A pool's worker imports this package too: it must not pay for asyncio.
_WHERE = {
    "Executor": "base",
    "InProcessExecutor": "inprocess",
    "PoolExecutor": "pool",
    "SubprocessExecutor": "raw_command",
    "close_default_executors": "default",
    "make_executor": "default",
    "run_raw_workflow": "default",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, and only that."""
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
