"""One candidate from application to decision, and a report of the day, with every part of the stack in use."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx

from api.tests.stack.people import application
from api.tests.stack.stack import Stack, StackError, compose
from settings import ROOT

_TRANSCRIPT = ROOT / ".raw/workflows/generate-call-summary/mocks/screening.txt"


async def run(stack: Stack, _: int) -> str:
    """Live through it; say what was seen.

    Raises:
        StackError: something was not as it should be.
    """
    person = application()
    sent = await stack.send("/webhooks/cv-submission", person)
    await stack.candidate_with(sent.resource, "awaiting_schedule")
    call_time = datetime.now(UTC) + timedelta(seconds=2)
    date = {"candidate_id": sent.resource, "type": "scheduled", "call_time": call_time.isoformat()}
    await stack.send("/webhooks/calendar", date)
    shown = await stack.candidate_with(sent.resource, "call_placed")
    sid = next(item["detail"]["call_sid"] for item in shown["timeline"] if item["event"] == "call_placed")
    call = {"candidate_id": sent.resource, "call_sid": sid, "status": "completed"}
    await stack.send("/webhooks/call-completed", {**call, "transcript": _TRANSCRIPT.read_text(encoding="utf-8")})
    await stack.candidate_with(sent.resource, "awaiting_decision")
    await stack.decide(sent.resource, "approve")
    shown = await stack.candidate_with(sent.resource, "completed")
    mails = [message for to, message in await stack.mails() if to == person["email"]]
    if shown["status"] != "completed" or len(mails) != 2:
        raise StackError(f"The candidate is {shown['status']}, and got {len(mails)} mails.")

    submission = await stack.send("/webhooks/submit", {"form": "contact", "email": "a@example.com", "text": "Hello?"})
    while (found := await stack.get(f"/submissions/{submission.resource}"))["status"] in ("pending", "running"):
        await asyncio.sleep(0.25)
    if found["status"] != "complete":
        raise StackError(f"The submission is {found['status']}: {found['error']}")
    return f"A candidate was hired, with two mails; a submission was analysed. {await _report()}"


async def _report() -> str:
    """Make the report of today by the image, which keeps it on the S3 server; empty where there are no reports."""
    if not (ROOT / ".raw/workflows/generate-report").exists():
        return ""
    command = ("raw", "run", "generate-report", "--date", "today", "--json")
    told = json.loads(await compose("run", "--rm", "--no-deps", "-T", "worker", *command))
    page, data = told["result"]["published"]
    figures = httpx.get(data, trust_env=False)
    if figures.status_code != 200 or figures.json()["totals"]["received"] < 1:
        raise StackError(f"The report's figures at the S3 server: {figures.status_code} {figures.text[:300]}")
    return f"The report of today is at {page}"
