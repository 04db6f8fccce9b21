"""All checks, in order: cheap ones first, and none that would be misleading, or deadly, after a failure before it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from settings import Settings
from workflows.temporal import registry
from workflows.temporal.ending import leave
from workflows.temporal.processes import processes
from workflows.temporal.resources import open_resources
from workflows.temporal.validation import signatures
from workflows.temporal.validation.explain import check_of, coverage, is_stuck, project_lines
from workflows.temporal.validation.histories import HistoryError, Recorded, read_history
from workflows.temporal.validation.imports import driver_within_reach
from workflows.temporal.validation.model import Check, Doing
from workflows.temporal.validation.replay import load_in_sandbox, quiet_runtime, replay

ROOT = Path(__file__).resolve().parents[3]
Emit = Callable[[Check | Doing], None]

_REACH_ADVICE = """\
Workflow modules import only temporalio, the standard library, contracts and workflows.temporal.base. What needs the
database is an activity: see workflows/temporal/activities/."""


async def run_checks(histories: Path, emit: Emit) -> None:
    """Check everything.

    Args:
        histories: the folder of the recorded histories.
        emit: given what is being done, and what each check came to.

    Raises:
        SettingsError: the environment names no RAW executor.
    """
    emit(Doing("importing the registry"))
    kinds = registry.workflow_types()
    # The defaults: what .env says is no matter here.
    async with open_resources(Settings.model_construct()) as resources:
        activities = registry.activities(resources)
    types = signatures.check_types(kinds)
    emit(types)
    if not types.ok:
        return
    reach = [_reach(module) for module in dict.fromkeys(kind.__module__ for kind in kinds)]
    for check in reach:
        emit(check)
    emit(signatures.check_activities(activities, kinds, ROOT, signatures.named_activities(kinds)))
    emit(signatures.check_activity_signatures(activities))
    for kind in kinds:
        emit(signatures.check_workflow_signatures(kind))
    for process in processes().values():
        sent = [(one.signal, one.payload) for one in process.incoming]
        emit(signatures.check_signals(process.name, process.load(), sent))
    # The sandbox would import a driver again, which may end this very process.
    if all(check.ok for check in reach) and await _load(kinds, emit):
        await _replay(kinds, histories, emit)


def _reach(module: str) -> Check:
    if chain := driver_within_reach(module, ROOT):
        words = f"it imports a database driver: {' -> '.join(chain)}; the sandbox imports it again, and may die of it"
        return Check("imports", module, ok=False, words=words, advice=_REACH_ADVICE)
    return Check("imports", module, ok=True, words="no database driver within reach")


async def _load(kinds: Sequence[type], emit: Emit) -> bool:
    """Load each workflow in the sandbox; whether all can be."""
    quiet_runtime()
    all_well = True
    for kind in kinds:
        name = signatures.type_name(kind)
        emit(Doing(f"loading {name} ({kind.__module__}) in the sandbox"))
        try:
            await load_in_sandbox(kind)
        except Exception as error:
            all_well = False
            emit(failed("sandbox", name, error.__cause__ or error))
        else:
            emit(Check("sandbox", name, ok=True, words="loads"))
    return all_well


async def _replay(kinds: Sequence[type], folder: Path, emit: Emit) -> None:
    found: list[Recorded] = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(read_history(path))
        except HistoryError as error:
            emit(Check("replay", path.name, ok=False, words=str(error)))
    names = [signatures.type_name(kind) for kind in kinds]
    for kind, name in zip(kinds, names, strict=True):
        emit(coverage(name, statuses_of(kind), found))
    for recorded in found:
        if recorded.workflow_type not in names:
            words = f"no workflow is called {recorded.workflow_type}; was it renamed? There are: {', '.join(names)}"
            emit(Check("replay", recorded.name, ok=False, words=words))
    known = [recorded for recorded in found if recorded.workflow_type in names]
    async for done in replay(kinds, known, lambda name: emit(Doing(f"replaying {name}"))):
        emit(check_of(done, ROOT))
        if is_stuck(done):
            words = "not replayed, since the code does not give way in the history before"
            for recorded in known[known.index(done.recorded) + 1 :]:
                emit(Check("replay", recorded.name, ok=False, words=words))
            # From such code the SDK sometimes never comes back.
            leave(0)


def statuses_of(kind: type) -> tuple[str, ...]:
    """Return the values that the field `status` of a workflow's result may have; none if it has no such field."""
    result: Any = get_type_hints(kind.run).get("return")  # type: ignore[attr-defined]
    field = getattr(result, "model_fields", {}).get("status")
    annotation = None if field is None else field.annotation
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def failed(kind: str, subject: str, error: BaseException) -> Check:
    """Return the check that an error amounts to, with the line of ours that it comes from."""
    words = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    lines = list(project_lines("".join(traceback.format_exception(error)), ROOT))
    return Check(kind, subject, ok=False, words=words, details=(f"at {lines[-1]}",) if lines else ())
