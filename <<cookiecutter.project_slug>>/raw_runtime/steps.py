"""`@step`: a function whose calls are timed, recorded, and given back when a run is resumed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from raw_runtime.stepcall import StepCall, StepFacts, current_call, find_context

P = ParamSpec("P")
T = TypeVar("T")


def raw_step(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Record every call of the function as the step `name`; without a run around it, only call it.

    Goes outermost: `@step("x")`, then `@retry(...)`, then `@cache`. An async function's call is recorded
    when its coroutine ends.

    Raises:
        TypeError: `@step` was written without a name.
    """
    if not isinstance(name, str):
        raise TypeError('A step needs a name: write @step("name") above the function.')

    def decorator(func: Callable[P, T]) -> Callable[P, T]:
        facts = StepFacts(name, func)
        if inspect.iscoroutinefunction(func):

            @functools.wraps(func)
            async def run_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                context = find_context(args)
                if context is None:
                    return await func(*args, **kwargs)
                call = StepCall(facts, context, args, kwargs)
                if call.is_resumed():
                    return call.value
                token = current_call.set(call.start())
                try:
                    result = await func(*args, **kwargs)
                except BaseException as error:
                    call.fail(error)
                    raise
                finally:
                    current_call.reset(token)
                call.succeed(result)
                return result

            return cast("Callable[P, T]", run_async)

        @functools.wraps(func)
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            context = find_context(args)
            if context is None:
                return func(*args, **kwargs)
            call = StepCall(facts, context, args, kwargs)
            if call.is_resumed():
                return cast("T", call.value)
            token = current_call.set(call.start())
            try:
                result = func(*args, **kwargs)
            except BaseException as error:
                call.fail(error)
                raise
            finally:
                current_call.reset(token)
            call.succeed(result)
            return result

        return run

    return decorator
