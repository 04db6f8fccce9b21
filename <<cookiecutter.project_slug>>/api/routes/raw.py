"""Runs of RAW workflows on request: the caller waits and gets the result."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Path, Request

from api.bodies import JSON, media_type, parse_json
from api.context import context_of
from api.openapi import json_body
from api.problems import FieldErrorDict, Problem, invalid, responses
from api.runs import TooManyRunsError
from api.schemas import RunIn
from api.security import CanRun
from api.views import RunOut
from raw_runtime.errors import WorkflowNotFound
from raw_runtime.result import EXIT_TIMEOUT, EXIT_USAGE

router = APIRouter(prefix="/raw", tags=["raw"])

# `--text (text): what is wrong`, or `No such param: 'txt'. …`, as `raw run` says it.
_PARAM = re.compile(r"--[\w-]+ \((?P<field>[^)]+)\): (?P<message>.+)")
_UNKNOWN = re.compile(r"No such param: '(?P<field>[^']*)'")


@router.post(
    "/{workflow}/runs",
    responses=responses(401, 403, 404, 413, 415, 422, 429, 504),
    openapi_extra=json_body(RunIn),
)
async def run(
    request: Request,
    _: CanRun,
    workflow: Annotated[str, Path(max_length=100, description="Id of the RAW workflow.", examples=["analyze"])],
) -> RunOut:
    """Run a RAW workflow and return what it came to.

    A workflow that ran and failed is an answer too: status 200, `exit_code` not 0, and `message` says why.
    """
    media_type(request, (JSON,))
    wanted = parse_json(RunIn, await request.body())
    timeout = Problem(504, "timeout", f"The run took longer than {wanted.timeout_seconds:g} seconds and was ended.")
    try:
        result = await context_of(request).runs.run_for_caller(workflow, wanted.params, timeout=wanted.timeout_seconds)
    except WorkflowNotFound as error:
        raise Problem(404, "not-found", str(error)) from None
    except TooManyRunsError:
        raise Problem(
            429, "too-many-runs", "Too many callers wait for a run; try again soon.", headers={"Retry-After": "1"}
        ) from None
    except TimeoutError:
        raise timeout from None
    if result.exit_code == EXIT_TIMEOUT:
        raise timeout
    if result.exit_code == EXIT_USAGE:
        raise invalid(_params_errors(result.message), "invalid-params")
    return RunOut(
        workflow=result.workflow,
        run_id=result.run_id,
        status=result.status,
        exit_code=result.exit_code,
        message=result.message,
        result=result.result,
        duration_seconds=result.duration_seconds,
    )


def _params_errors(message: str) -> list[FieldErrorDict]:
    """Return the fields that the runtime names in its message."""
    errors: list[FieldErrorDict] = []
    for line in message.splitlines():
        if found := _PARAM.search(line):
            errors.append({"field": f"params.{found['field']}", "message": found["message"][:300]})
        elif found := _UNKNOWN.search(line):
            errors.append({"field": f"params.{found['field']}", "message": line[:300]})
    return errors or [{"field": "params", "message": message[:1000]}]
