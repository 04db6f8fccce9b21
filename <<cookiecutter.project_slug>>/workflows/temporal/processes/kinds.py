"""What the rest of the system needs to know of a process."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from db.base import EntityRow
from db.repositories.events import EntityEvent
from workflows.inputs import Body
from workflows.temporal.contracts import Contract, ProcessInput
from workflows.temporal.resources import Resources


@dataclass(frozen=True, slots=True)
class Start:
    """What begins a process.

    Attributes:
        source: of the webhook that brings it: /webhooks/<source>.
        model: its body.
        make_row: returns the entity's row, not stored yet.
    """

    source: str
    model: type[Body]
    make_row: Callable[[Any], EntityRow]


@dataclass(frozen=True, slots=True)
class Incoming:
    """What may happen to a process from outside.

    Attributes:
        source: in the outbox, and of the webhook that brings it (/webhooks/<source>), or, where `id_field` is None, of
            the request of a person (/<entities>/<id>/<source>).
        model: its body.
        make: given the entity's id, a key, the body's bytes, the body, and who says so, returns what is stored.
        signal: the signal that the process gets.
        payload: the signal's argument.
        id_field: the field of the body that holds the entity's id.
        by_hand: whether the command `send` offers it.
    """

    source: str
    model: type[Body]
    make: Callable[[uuid.UUID, str, bytes, Any, str], EntityEvent]
    signal: str
    payload: type[Contract]
    id_field: str | None = None
    by_hand: bool = True


@dataclass(frozen=True, slots=True)
class Process:
    """One process.

    Attributes:
        name: its Temporal workflow ids are <name>-<entity id>.
        entity: the type of the entity that it is about.
        workflow: the name of the Temporal workflow's type.
        load: returns the workflow's class, imported when it is asked for.
        make_input: given an entity's id and whether the server has our search attributes, returns what a process that
            starts now starts with; it reads the process's settings, and raises SettingsError.
        activities: returns those that only this process uses.
        start: what begins it.
        incoming: what may happen to it.
    """

    name: str
    entity: str
    workflow: str
    load: Callable[[], type]
    make_input: Callable[[str, bool], ProcessInput]
    activities: Callable[[Resources], list[Callable[..., Any]]]
    start: Start
    incoming: Sequence[Incoming]

    def target(self, entity_id: uuid.UUID) -> str:
        """Return the id of an entity's Temporal workflow."""
        return f"{self.name}-{entity_id}"

    def incoming_of(self, source: str) -> Incoming | None:
        """Return what comes from this source; None if nothing does."""
        return next((one for one in self.incoming if one.source == source), None)
