"""What Temporal is told of an activity that failed: never the text of an error that nobody wrote for it.

Drivers and libraries quote what they were given ("Failing row contains ..."), and a failure's message stays in the
history for as long as that is kept. Logs keep to the same rule.
"""

from __future__ import annotations

from concurrent.futures import BrokenExecutor
from typing import Any

from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from db.session import DatabaseUnavailableError
from logs import describe

# Written for people, here; and what ends the worker as a whole.
_AS_THEY_ARE = (DatabaseUnavailableError, BrokenExecutor)


class Discretion(Interceptor):
    """Makes activities fail with the types of errors, and their places in the code, in place of their texts."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Return the interceptor of one activity."""
        return _Discreet(next)


class _Discreet(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        try:
            return await super().execute_activity(input)
        except (FailureError, *_AS_THEY_ARE) as error:
            # Our own words; those of what caused them are not.
            raise error from (None if error.__cause__ is None else _told(error.__cause__))
        except Exception as error:
            raise _told(error) from None


def _told(error: BaseException) -> ApplicationError:
    """Return an error that says of another what may be said; it is tried again as that one would be."""
    words = f"{describe(error)}: its text is left out, since it may quote people."
    told = ApplicationError(words, type=type(error).__name__)
    return told.with_traceback(error.__traceback__)
