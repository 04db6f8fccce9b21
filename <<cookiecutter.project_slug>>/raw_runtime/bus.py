"""The event bus: whoever subscribes hears what happens in a run, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from raw_runtime.events import BaseEvent, EventType

# Any stands for the event's own class: a handler of one type of event names that class.
SyncHandler = Callable[[Any], None]


class EventBus(Protocol):
    """What takes events and hands them on."""

    def emit(self, event: BaseEvent) -> None:
        """Hand the event to every handler that wants its type."""

    def subscribe(self, handler: SyncHandler, event_types: Collection[EventType] | None = None) -> None:
        """Call `handler` for events of these types (None: of all)."""

    def unsubscribe(self, handler: SyncHandler) -> None:
        """Stop calling `handler`."""


class LocalEventBus:
    """Calls the handlers at once, in the thread that emits, in the order in which they subscribed."""

    def __init__(self) -> None:
        self._handlers: list[tuple[SyncHandler, Collection[EventType] | None]] = []

    @property
    def is_heard(self) -> bool:
        """False when nobody has subscribed, so that no event need be made."""
        return bool(self._handlers)

    def emit(self, event: BaseEvent) -> None:
        """Hand the event to every handler that wants its type."""
        for handler, event_types in list(self._handlers):
            if event_types is None or event.event_type in event_types:
                handler(event)

    def subscribe(self, handler: SyncHandler, event_types: Collection[EventType] | None = None) -> None:
        """Call `handler` for events of these types (None: of all)."""
        self._handlers.append((handler, event_types))

    def unsubscribe(self, handler: SyncHandler) -> None:
        """Stop calling `handler`; nothing happens when it was not subscribed."""
        # == and not `is`: a bound method is a new object each time it is named.
        self._handlers = [(h, types) for h, types in self._handlers if h != handler]

    def clear(self) -> None:
        """Forget every handler."""
        self._handlers = []


class NullEventBus:
    """Drops every event."""

    is_heard = False

    def emit(self, event: BaseEvent) -> None:
        """Drop the event."""

    def subscribe(self, handler: SyncHandler, event_types: Collection[EventType] | None = None) -> None:
        """Do nothing."""

    def unsubscribe(self, handler: SyncHandler) -> None:
        """Do nothing."""

    def clear(self) -> None:
        """Do nothing."""


__all__ = ["EventBus", "LocalEventBus", "NullEventBus", "SyncHandler"]
