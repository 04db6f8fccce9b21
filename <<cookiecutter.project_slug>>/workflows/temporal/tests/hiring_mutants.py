"""Mutants of the hiring process, and of what every process stands on, seen in the histories of hiring."""

from __future__ import annotations

from workflows.temporal.tests.mutants import ACTIVITIES, Mutant
from workflows.temporal.validate import HISTORIES
from workflows.temporal.validation.histories import read_history

PROCESS = "workflows/temporal/hiring_process.py"
CONTRACTS = "workflows/temporal/hiring_contracts.py"
BASE = "workflows/temporal/base.py"
APPROVED = '            return await self._end("completed", "approved")\n'
ENTER_DECISION = "        await self._enter(Stage.AWAITING_DECISION)\n"
SCHEDULING = '        await self._mail("scheduling")\n        call_sid'
ENTER_DATE = '                await self._enter(Stage.AWAITING_CALL_TIME, {"call_time": call_time.isoformat()})\n'
INVITE = '                await self._invite("invitation", call_time)\n'
IMPORT = "from typing import Any"
SEEN = "        self._seen.add(event_id)\n"
TELL = '                await self._notify("failed", "x")\n'
CRASH = "if workflow.unsafe.in_sandbox():\n    import ctypes\n    ctypes.string_at(0)\n"


def _event(summary: str) -> str:
    """Name the first event of the hired candidate's history that has this summary."""
    recorded = read_history(HISTORIES / "hiring-completed.json")
    found = next(event for event in recorded.events if event.summary == summary)
    return f"event {found.id}, {found.type} {found.activity}"


_BREAKS = "HiringProcess is not deterministic: it breaks at "
MUTANTS = {
    "nothing": Mutant({}),
    "an activity less": Mutant(
        {ENTER_DECISION: ""},
        "replay",
        (_BREAKS + _event("awaiting_decision"), "(awaiting_decision)", "the code: started a timer"),
    ),
    "an activity more": Mutant(
        {APPROVED: f'            await self._notify("failed", "x")\n{APPROVED}'},
        "replay",
        (_BREAKS + _event("completed"), "the code: started the activity notify_slack (failed)"),
    ),
    "two swapped": Mutant(
        {ENTER_DATE + INVITE: INVITE + ENTER_DATE},
        "replay",
        (_BREAKS + _event("awaiting_call_time"), "the code: started the activity send_mail (invitation)"),
    ),
    "an activity renamed": Mutant(
        {'"place_call"': '"make_call"'},
        "replay",
        ("ActivityTaskScheduled place_call", "the code: started the activity make_call"),
        CONTRACTS,
    ),
    "a timer more": Mutant(
        {IMPORT: f"import asyncio\n{IMPORT}", SCHEDULING: f"        await asyncio.sleep(5)\n{SCHEDULING}"},
        "replay",
        (_BREAKS + _event("scheduling"), "the code: started a timer"),
    ),
    "the clock": Mutant(
        {f"workflow.now()\n{ENTER_DECISION}": f"datetime.now(UTC)\n{ENTER_DECISION}"},
        "replay",
        (
            "uses datetime.datetime.now",
            "workflow.now()",
            f"at {PROCESS}, line ",
            "in _decide",
            "(generate-call-summary)",
        ),
    ),
    "a random id": Mutant(
        {IMPORT: f"import uuid\n{IMPORT}", SEEN: SEEN.replace("event_id", "event_id + str(uuid.uuid4())")},
        "replay",
        ("uses uuid.uuid4", "workflow.uuid4()", f"at {BASE}, line ", "in _is_new"),
        BASE,
    ),
    "another signal": Mutant(
        {"signal(name=Signal.CALENDAR)": 'signal(name="calender")'},
        "signals",
        ("is sent the signal 'calendar', which its workflow does not take", "takes the signal 'calender'"),
    ),
    "a database driver": Mutant(
        {IMPORT: f"import sqlalchemy.ext.asyncio\n{IMPORT}"},
        "imports",
        ("workflows.temporal.hiring_process -> sqlalchemy.ext.asyncio", "may die of it"),
    ),
    "an activity more, patched": Mutant({APPROVED: f'            if workflow.patched("told"):\n{TELL}{APPROVED}'}),
    "an earlier end": Mutant(
        {APPROVED: '            return HiringResult(status="completed")\n'},
        "replay",
        (_BREAKS + _event("completed"), "the code: ended the process"),
    ),
    "the environment": Mutant(
        {IMPORT: f"import os\n{IMPORT}", APPROVED: f'            os.environ.get("X")\n{APPROVED}'},
        "replay",
        ("uses os.environ", "give settings in the workflow's input"),
    ),
    "an error": Mutant(
        {APPROVED: f'            raise ValueError("oops")\n{APPROVED}'},
        "replay",
        ("ended with ValueError: oops", f"at {PROCESS}, line "),
    ),
    "a loop for ever": Mutant(
        {APPROVED: f"            while True: pass\n{APPROVED}"},
        "replay",
        ("does not give way", f"at {PROCESS}, line ", "in _go"),
    ),
    "another name": Mutant(
        {'"HiringProcess"': '"Hiring"'},
        "replay",
        ("no workflow is called HiringProcess; was it renamed? There are: Hiring, OutboxSweep",),
        CONTRACTS,
    ),
    "another argument": Mutant(
        {"withdrawal: Withdrawal)": "withdrawal: Decision)"},
        "signals",
        ("The signal withdrawal is sent with Withdrawal, and is taken with Decision.",),
    ),
    "two arguments": Mutant(
        {"decision: Decision) -> None": "decision: Decision, note: str) -> None"},
        "signatures",
        ("signal decision takes 2 arguments: give it exactly one",),
    ),
    "an activity that nobody registers": Mutant(
        {"            self.records.record,\n": ""},
        "activities",
        ("The contracts name the activity 'record', which the registry does not have",),
        ACTIVITIES,
    ),
    "an activity by a wrong name": Mutant(
        {"self._act(HiringActivity.CANCEL_CALL,": 'self._act("cancel_cal",'},
        "activities",
        (", starts the activity 'cancel_cal', which is not registered.",),
    ),
    "a database driver behind another module": Mutant(
        {"from temporalio import workflow\n": "from temporalio import workflow\nfrom db import types\n"},
        "imports",
        ("workflows.temporal.hiring_process -> workflows.temporal.base -> db", "-> sqlalchemy"),
        BASE,
    ),
    "a crash": Mutant(
        {"ResultT = TypeVar": f"{CRASH}ResultT = TypeVar"},
        "process",
        ("loading HiringProcess (workflows.temporal.hiring_process) in the sandbox", "died of SIGSEGV"),
        BASE,
    ),
    "no Python": Mutant({"class HiringProcess(": "class HiringProcess(("}, "process", ("SyntaxError",)),
    "code at module level": Mutant(
        {"ResultT = TypeVar": "open('x.txt')\nResultT = TypeVar"}, "process", ("x.txt",), BASE
    ),
    "an activity less, patched": Mutant(
        {ENTER_DECISION: f'        if not workflow.patched("quiet"):\n    {ENTER_DECISION}'}
    ),
    # What replay does not catch: test_hiring_steps.py does.
    "another timeout": Mutant(
        {"_ATTEMPT_LIMIT = timedelta(seconds=60)": "_ATTEMPT_LIMIT = timedelta(seconds=1)"}, path=BASE
    ),
}
