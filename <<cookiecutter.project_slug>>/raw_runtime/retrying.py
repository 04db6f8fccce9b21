"""`@retry`: call again after an exception, a bounded number of times."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from raw_runtime.redact import describe
from raw_runtime.stepcall import count_retry, find_context

if TYPE_CHECKING:
    from raw_runtime.context import WorkflowContext

P = ParamSpec("P")
T = TypeVar("T")

_LONGEST_DELAY = 60.0


def retry(
    retries: int = 3,
    backoff: str = "exponential",
    retry_on: tuple[type[Exception], ...] = (Exception,),
    base_delay: float = 1.0,
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Call the function up to `retries` + 1 times while it raises one of `retry_on`.

    `backoff="exponential"` waits base_delay, then 2, 4, ... times as much, at most 60 seconds; any other waits
    `base_delay` seconds each time. The last exception goes on to the caller as it is.

    Raises:
        TypeError: `@retry` was written without parentheses.
    """
    if callable(retries):
        raise TypeError("@retry needs parentheses: write @retry() or @retry(retries=3).")

    def delay(attempt: int) -> float:
        if backoff != "exponential":
            return base_delay
        # The exponent is bounded, so that thousands of attempts do not overflow a float.
        return max(base_delay, min(base_delay * 2.0 ** min(attempt - 1, 64), _LONGEST_DELAY))

    def decorator(func: Callable[P, T]) -> Callable[P, T]:
        def note(context: WorkflowContext | None, attempt: int, error: Exception) -> float:
            seconds = float(delay(attempt))
            count_retry()
            if context is not None:
                context.record(
                    "step.retry",
                    step_name=func.__name__,
                    attempt=attempt,
                    max_attempts=retries + 1,
                    error=describe(error),
                    delay_seconds=seconds,
                )
            return seconds

        if inspect.iscoroutinefunction(func):

            @functools.wraps(func)
            async def run_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                import asyncio

                attempt = 1
                while True:
                    try:
                        return await func(*args, **kwargs)
                    except retry_on as error:
                        if attempt > retries:
                            raise
                        seconds = note(find_context(args), attempt, error)
                    await asyncio.sleep(seconds)
                    attempt += 1

            wrapper = cast("Callable[P, T]", run_async)
        else:

            @functools.wraps(func)
            def run(*args: P.args, **kwargs: P.kwargs) -> T:
                attempt = 1
                while True:
                    try:
                        return func(*args, **kwargs)
                    except retry_on as error:
                        if attempt > retries:
                            raise
                        seconds = note(find_context(args), attempt, error)
                    time.sleep(seconds)
                    attempt += 1

            wrapper = run
        wrapper.__dict__["_retry_config"] = {"retries": retries, "backoff": backoff}
        return wrapper

    return decorator
