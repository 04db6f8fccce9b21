"""Says in plain words why a replay failed: where, what was recorded, what the code did instead, and what helps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from workflows.temporal.validation.histories import Event, Recorded
from workflows.temporal.validation.model import Check
from workflows.temporal.validation.replay import Replay

PATCH_ADVICE = """\
Processes that are under way would stop at this point. Keep the recorded way for them, and the new one for new ones:

    if workflow.patched("what-changed"):
        ...  # the new way
    else:
        ...  # the recorded way

Then record the new way beside the old: make histories ARGS="--label what-changed".
If no process of this kind is under way anywhere, record anew instead: make histories ARGS=--replace.
See docs/processes.md."""

# The SDK's core names what the code did by the state machine that it made for it.
_DID = {
    "Timer": "started a timer",
    "Activity": "started the activity",
    "LocalActivity": "started a local activity",
    "ChildWorkflow": "started a child workflow",
    "Complete workflow": "ended the process",
    "Fail workflow": "failed the process",
    "Cancel workflow": "ended the process as cancelled",
    "ContinueAsNew": "continued as new",
    "Patch": "asked workflow.patched",
    "Version": "asked workflow.patched",
    "UpsertSearchAttributes": "set search attributes",
}
_INSTEAD = (
    (r"\bdatetime\.(datetime|date)\b", "workflow.now() is the process's time"),
    (r"\btime\.", "workflow.now() is the process's time, asyncio.sleep waits"),
    (r"\buuid\.", "workflow.uuid4() gives the same id in every replay"),
    (r"\b(random|secrets)\.", "workflow.random() gives the same numbers in every replay"),
    (r"\bos\.(environ|getenv)", "give settings in the workflow's input, which is recorded"),
    (r".", "do it in an activity, whose result is recorded"),
)
_EVENT = re.compile(r"HistoryEvent\(id: (\d+), (\w+)\)")
_TYPES = re.compile(
    r"Activity type of scheduled event '(.*?)' does not match activity type of activity command '(.*?)'"
)
_MACHINE = re.compile(r"([\w ]+?) machine does not handle this event")
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')


def check_of(replay: Replay, root: Path) -> Check:
    """Return the check that a replay amounts to.

    Args:
        replay: it.
        root: the project's folder; lines of its code are named.
    """
    recorded = replay.recorded
    about = f"{recorded.workflow_type}, {recorded.ending}, {len(recorded.events)} events"
    if replay.failure is None:
        return Check("replay", recorded.name, ok=True, words=about)
    message, kind, stack = _parts(str(replay.failure))
    if "[TMPRL1100]" in message:
        return _nondeterminism(replay, message)
    before = _last_as_recorded(replay)
    details = [f"after {before}"] if before else []
    if where := _line_of(stack, root, is_innermost_first=kind == "_DeadlockError"):
        details.append(f"at {where}")
    if found := re.search(r"Cannot access (\S+?)(\.__call__)? from inside a workflow", message):
        instead = next(words for pattern, words in _INSTEAD if re.search(pattern, found[1]))
        words = f"{recorded.workflow_type} uses {found[1]}, which is not the same in a replay: {instead}"
        return Check("replay", recorded.name, False, words, tuple(details))
    if is_stuck(replay):
        words = f"{recorded.workflow_type} does not give way: it computes for more than two seconds, or for ever"
        return Check("replay", recorded.name, False, words, tuple(details))
    plain = " ".join(message.split())[:300]
    words = f"{recorded.workflow_type} ended with {kind or type(replay.failure).__name__}: {plain}"
    return Check("replay", recorded.name, False, words, tuple(details))


def is_stuck(replay: Replay) -> bool:
    """Return whether the code did not give way, so that the SDK had to interrupt it."""
    return replay.failure is not None and _parts(str(replay.failure))[1] == "_DeadlockError"


def _nondeterminism(replay: Replay, message: str) -> Check:
    recorded = replay.recorded
    event, did = _difference(replay, message)
    where = f"event {event.id}, {event.type}" + (f" {event.activity}" if event.activity else "") if event else "its end"
    words = f"{recorded.workflow_type} is not deterministic: it breaks at {where}"
    details = [f"recorded: {event}"] if event else []
    details += [f"the code: {did}", f"the SDK: {message.partition('error: ')[2] or message}"]
    return Check("replay", recorded.name, False, words, tuple(details), PATCH_ADVICE)


def _difference(replay: Replay, message: str) -> tuple[Event | None, str]:
    """Return the event at which code and history differ, and what the code did there."""
    recorded = replay.recorded
    if _TYPES.search(message):
        for scheduled, started in zip(recorded.scheduled, replay.started, strict=False):
            if scheduled.activity != started.name:
                return scheduled, f"started the activity {started}"
    found = _EVENT.search(message)
    if found is None:
        return _first_not_reached(replay), "did something else"
    event = next((one for one in recorded.events if one.id == int(found[1])), None)
    machine = _MACHINE.search(message)
    if machine is None:
        return event, "did nothing of that kind, and waits"
    did = _DID.get(machine[1].rpartition("error: ")[2].strip(), f"did something else ({machine[1].strip()})")
    if machine[1].endswith("Activity") and event is not None:
        before = sum(one.id < event.id for one in recorded.scheduled)
        did += f" {replay.started[before]}" if before < len(replay.started) else ""
    return event, did


def _first_not_reached(replay: Replay) -> Event | None:
    return next(iter(replay.recorded.scheduled[len(replay.started) :]), None)


def _last_as_recorded(replay: Replay) -> Event | None:
    """Return the last activity that the code started as recorded."""
    last = None
    for event, started in zip(replay.recorded.scheduled, replay.started, strict=False):
        if event.activity != started.name:
            break
        last = event
    return last


def _parts(text: str) -> tuple[str, str, str]:
    """Return message, error type and stack trace of what the SDK prints of a failure, which is the core's own form."""

    def field(name: str) -> str:
        found = re.search(rf'{name}: "((?:[^"\\]|\\.)*)"', text)
        return re.sub(r"\\(.)", lambda sign: "\n" if sign[1] == "n" else sign[1], found[1]) if found else ""

    return field("message") or text, field("r#type"), field("stack_trace")


def project_lines(stack: str, root: Path) -> Iterator[str]:
    """Give the lines of a stack trace that are the project's own code."""
    for name, line, function in _FRAME.findall(stack):
        path = Path(name)
        if path.is_relative_to(root) and "site-packages" not in path.parts:
            yield f"{path.relative_to(root)}, line {line}, in {function}"


def _line_of(stack: str, root: Path, *, is_innermost_first: bool) -> str:
    lines = list(project_lines(stack, root))
    return lines[0 if is_innermost_first else -1] if lines else ""


def coverage(kind_name: str, statuses: tuple[str, ...], histories: list[Recorded]) -> Check:
    """Check that a type has histories, one for each status that its result may have."""
    endings = {one.ending for one in histories if one.workflow_type == kind_name}
    advice = "Record what is missing: make histories."
    if not endings:
        return Check("histories", kind_name, False, "there is no recorded history of it", advice=advice)
    if missing := [status for status in statuses if status not in endings]:
        return Check("histories", kind_name, False, f"there is none that ends {', '.join(missing)}", advice=advice)
    return Check("histories", kind_name, True, ", ".join(sorted(endings)))
