"""One entity's way through the system as the outside world plays it: what is told when, and what is waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from db.entities import entity_type
from workflows.temporal.dev.door import Door, DoorError, Seen
from workflows.temporal.dev.mails import Mails, MailsError
from workflows.temporal.processes import Process

_LOOK_SECONDS = 0.2


class StoryError(Exception):
    """The story did not go on as it should; the text says what was missing."""


@dataclass(slots=True)
class Play:
    """One entity's way through the system, as it is seen from outside.

    Attributes:
        process: whose it is.
        name: by which people know it.
        email: where its mails go.
        body: what begins it.
        expected: the final status.
        story: what the outside world does.
        mails: where mails arrive.
        stages: events that say where the process is.
    """

    process: Process
    name: str
    email: str
    body: Mapping[str, Any]
    expected: str
    story: Callable[[Play, Door], Awaitable[None]]
    mails: Mails
    stages: frozenset[str] = frozenset()
    mails_before: int = 0
    entity_id: str = ""
    seen: Seen = field(default_factory=Seen)
    why: str = ""
    began: float = field(default_factory=time.monotonic)
    seconds: float | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self.seen.status in entity_type(self.process.entity).final

    @property
    def is_right(self) -> bool:
        """Whether it ended as it should."""
        return self.seen.status == self.expected and not self.why

    def has(self, event: str, **detail: Any) -> bool:
        """Whether the timeline holds this event."""
        return any(
            name == event and all(found.get(key) == value for key, value in detail.items())
            for name, found in self.seen.timeline
        )

    async def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait for something.

        Raises:
            StoryError: the process ended without it.
        """
        while not holds():
            if self.has_ended:
                raise StoryError(f"it ended before {what}")
            await asyncio.sleep(_LOOK_SECONDS / 2)

    async def mail(self, template: str) -> None:
        """Wait until a mail was sent, and has arrived."""
        await self.until(f"the {template} mail", lambda: self.has("mail_sent", mail=template))
        while await asyncio.to_thread(self.mails.count, self.email) <= self.mails_before:
            await asyncio.sleep(_LOOK_SECONDS)

    async def send(self, door: Door, source: str, **body: Any) -> None:
        """Tell what happened."""
        await door.send(self.process, source, self.entity_id, body)


async def perform(play: Play, door: Door, limit_seconds: float | None) -> None:
    """Play it to the end; what went wrong is in `play.why`, and no error is raised."""
    play.began = time.monotonic()
    tasks: list[asyncio.Future[None]] = []
    try:
        async with asyncio.timeout(limit_seconds):
            play.mails_before = await asyncio.to_thread(play.mails.count, play.email)
            play.entity_id = await door.start(play.process, play.body)
            # The watcher ends with the process, or with an error.
            tasks += [asyncio.ensure_future(one) for one in (_watch(play, door), play.story(play, door))]
            await asyncio.gather(*tasks)
    except (StoryError, DoorError, MailsError) as error:
        play.why = str(error)
    except TimeoutError:
        play.why = f"it had not ended after {limit_seconds:.0f} seconds"
    except Exception as error:
        play.why = f"the demo itself failed ({type(error).__name__}: {error})"
    finally:
        for task in tasks:
            task.cancel()
        play.seconds = time.monotonic() - play.began


async def _watch(play: Play, door: Door) -> None:
    while not play.has_ended:
        play.seen = await door.look(play.process, play.entity_id)
        await asyncio.sleep(_LOOK_SECONDS)
