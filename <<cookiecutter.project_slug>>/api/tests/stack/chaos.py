"""Kills api, worker, temporal and postgres in turn, and all at once, under a stream of webhooks; nothing may be lost.

Every webhook that was acknowledged must have become one candidate, whose process wrote one mail, which the catcher has.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from api.tests.stack.people import application
from api.tests.stack.stack import Sent, Stack, StackError, compose

# The last kill takes everything at once.
_TURNS: tuple[tuple[str, ...], ...] = (
    ("api",),
    ("worker",),
    ("temporal",),
    ("postgres",),
    ("api", "worker", "temporal", "postgres"),
)
# As long as the turns take on a slow machine: webhooks come before, between and after them.
_STREAM_SECONDS = 45.0


async def run(stack: Stack, number: int) -> str:
    """Send this number of applications while containers are killed; say what was seen.

    Raises:
        StackError: something was lost, or done twice.
    """
    began = time.monotonic()
    people = [application() for _ in range(number)]
    async with asyncio.TaskGroup() as group:
        senders = [group.create_task(_apply(stack, person)) for person in people]
        group.create_task(_havoc())
    sent = [sender.result() for sender in senders]
    acknowledged = time.monotonic() - began
    shown = [await stack.candidate_with(one.resource, "awaiting_schedule") for one in sent]
    seconds = time.monotonic() - began
    # Time for a second copy, were there one.
    await asyncio.sleep(3)
    if len({one.resource for one in sent}) != number:
        raise StackError("Two webhooks became one candidate.")
    _check_candidates(people, shown)
    doubled = _check_mails(people, shown, await stack.mails())
    repeats = sum(len(one.answers) - 1 for one in sent)
    return (
        f"{number} webhooks acknowledged in {acknowledged:.0f} s, {len(_TURNS)} kills; "
        f"each became one candidate and one mail, after {seconds:.0f} s. "
        f"{repeats} were sent again; answers: {_words(stack.answers)}. "
        f"{doubled} mails came twice under one Message-ID, as the timeline says."
    )


async def _apply(stack: Stack, person: Mapping[str, Any]) -> Sent:
    await asyncio.sleep(random.uniform(0, _STREAM_SECONDS))
    return await stack.send("/webhooks/cv-submission", person)


async def _havoc() -> None:
    for names in _TURNS:
        await asyncio.sleep(_STREAM_SECONDS / len(_TURNS) / 3)
        await compose("kill", *names)
        await asyncio.sleep(random.uniform(0.5, 2))
        await compose("up", "--detach", "--no-build", "--no-deps", *names)


def _check_candidates(people: list[dict[str, Any]], shown: list[dict[str, Any]]) -> None:
    for person, candidate in zip(people, shown, strict=True):
        if candidate["email"] != person["email"]:
            raise StackError(f"Candidate {candidate['id']} is somebody else.")
        events = Counter(item["event"] for item in candidate["timeline"])
        for event in ("received", "analysing", "raw_complete", "awaiting_schedule", "mail_sent"):
            if events[event] != 1:
                raise StackError(f"Candidate {candidate['id']}: {events[event]} times {event} in {dict(events)}.")


def _check_mails(people: list[dict[str, Any]], shown: list[dict[str, Any]], mails: list[tuple[str, str]]) -> int:
    """Return how many mails came twice, which may only be where the timeline owns up to it."""
    doubled = 0
    for person, candidate in zip(people, shown, strict=True):
        own = [message for to, message in mails if to == person["email"]]
        uncertain = any(item["event"] == "mail_uncertain" for item in candidate["timeline"])
        if len(set(own)) != 1 or (len(own) > 1 and not uncertain):
            raise StackError(f"Candidate {candidate['id']} got {len(own)} mails, {len(set(own))} of them different.")
        doubled += len(own) > 1
    return doubled


def _words(answers: Mapping[int | str, int]) -> str:
    return ", ".join(f"{count} times {answer}" for answer, count in sorted(answers.items(), key=str))
