"""The Temporal workflow of errands: it notes what it is told, and ends when that is a certain word."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.temporal.contracts import Contract, ProcessInput

ERRAND_PROCESS = "Errand"
LAST = "last"


class Word(Contract):
    """What it is told."""

    event_id: str
    word: str


@workflow.defn(name=ERRAND_PROCESS)
class ErrandProcess:
    """Ends with the word `last`."""

    @workflow.init
    def __init__(self, given: ProcessInput) -> None:  # noqa: ARG002 - the SDK gives it
        self._told: list[Word] = []

    @workflow.run
    async def run(self, given: ProcessInput) -> str:
        """Return whose errand it was."""
        await workflow.wait_condition(lambda: any(one.word == LAST for one in self._told))
        return given.entity_id

    @workflow.signal
    def tell(self, word: Word) -> None:
        """Note a word."""
        self._told.append(word)

    @workflow.query
    def told(self) -> list[str]:
        """Return the ids and words that came."""
        return [f"{one.event_id} {one.word}" for one in self._told]
