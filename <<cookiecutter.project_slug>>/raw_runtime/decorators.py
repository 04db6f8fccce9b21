"""The decorators of steps: raw_step, retry, cache_step, conditional.

Order, from the outside in: `@step("name")`, `@retry(...)`, `@cache`. Each works without a run around it;
then only the function runs.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from raw_runtime.caching import cache_step
from raw_runtime.retrying import retry
from raw_runtime.stepcall import find_context
from raw_runtime.steps import raw_step

P = ParamSpec("P")
T = TypeVar("T")


def conditional(
    condition: Callable[..., bool], skip_reason: str | None = None
) -> Callable[[Callable[P, T]], Callable[P, T | None]]:
    """Call the function only when `condition`, given the same arguments, is true; else return None.

    The skip is recorded under the function's name, with `skip_reason`.
    """

    def decorator(func: Callable[P, T]) -> Callable[P, T | None]:
        def skip(args: tuple[Any, ...]) -> None:
            context = find_context(args)
            if context is not None:
                reason = skip_reason or "Condition not met"
                context.skip_step(func.__name__, reason)
                context.record("step.skipped", step_name=func.__name__, reason=reason)

        if inspect.iscoroutinefunction(func):

            @functools.wraps(func)
            async def run_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                if condition(*args, **kwargs):
                    return await func(*args, **kwargs)
                skip(args)
                return None

            return cast("Callable[P, T | None]", run_async)

        @functools.wraps(func)
        def run(*args: P.args, **kwargs: P.kwargs) -> T | None:
            if condition(*args, **kwargs):
                return func(*args, **kwargs)
            skip(args)
            return None

        return run

    return decorator


__all__ = ["cache_step", "conditional", "raw_step", "retry"]
