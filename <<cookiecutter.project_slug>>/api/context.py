"""What the routes of one application share."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from api.coordinator import Coordinator
from api.dispatch import Dispatcher
from api.metrics import Metrics
from api.runs import RawRuns
from api.schema import SchemaGuard
from api.settings import ApiSettings
from api.signatures import StandardVerifier, TwilioVerifier
from api.temporal import TemporalWatch
from db.session import Database
from workflows.temporal.codec import EncryptionCodec


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one application; made when it starts, in the event loop that serves it."""

    settings: ApiSettings
    metrics: Metrics
    database: Database
    coordinator: Coordinator
    dispatcher: Dispatcher
    runs: RawRuns
    standard: StandardVerifier
    twilio: TwilioVerifier
    schema: SchemaGuard
    temporal: TemporalWatch | None
    codec: EncryptionCodec | None

    def url(self, path: str) -> str:
        """Return the address of a resource: under PUBLIC_URL where that is set, else its path alone."""
        base = self.settings.public_url
        return f"{base.rstrip('/')}{path}" if base else path


def context_of(request: Request) -> Context:
    """Return the context of the application that this request came to."""
    context: Context = request.app.state.context
    return context
