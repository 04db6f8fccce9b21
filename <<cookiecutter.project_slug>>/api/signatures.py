"""Who sent this webhook: Standard Webhooks signatures and Twilio's own, through their publishers' packages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.datastructures import MultiDict
from starlette.requests import Request
from twilio.request_validator import RequestValidator

from api.problems import Problem

TWILIO_HEADER = "x-twilio-signature"
_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_ID = re.compile(r"[!-~]{1,255}")


def _refused(detail: str) -> Problem:
    return Problem(401, "bad-signature", detail)


class StandardVerifier:
    """Checks Standard Webhooks signatures; any of its secrets is good, so that they can be changed in service."""

    def __init__(self, secrets: Iterable[SecretStr]) -> None:
        """Take the secrets (`whsec_` and base64).

        Raises:
            ValueError: a secret is not base64, or empty; the text does not repeat it.
        """
        self._webhooks: list[Webhook] = []
        for position, secret in enumerate(secrets, start=1):
            try:
                self._webhooks.append(Webhook(secret.get_secret_value()))
            except Exception:
                raise ValueError(
                    f"WEBHOOK_SECRETS is wrong: number {position} is not whsec_ followed by base64."
                ) from None

    def verify(self, request: Request, body: bytes) -> str:
        """Return the webhook's id when the body is signed with one of the secrets, at most five minutes ago.

        Raises:
            Problem: 401, saying what is wrong with the headers; 422 when the body is not UTF-8.
        """
        if not self._webhooks:
            raise _refused("No webhook is taken here yet: WEBHOOK_SECRETS is not set.")
        headers: dict[str, str] = {}
        for name in _HEADERS:
            given = request.headers.getlist(name)
            if len(given) != 1 or not given[0]:
                raise _refused(f"The header {name} is missing, or there more than once.")
            headers[name] = given[0]
        if not _ID.fullmatch(headers["webhook-id"]):
            raise _refused("The header webhook-id must be 1 to 255 printable ASCII characters.")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise Problem(422, "invalid-body", "The body is not UTF-8.") from None
        reason = "No matching signature found"
        for webhook in self._webhooks:
            try:
                webhook.verify(text, headers, json_parse=False)
            except WebhookVerificationError as error:
                reason = str(error)
            except ValueError:
                reason = "The header webhook-signature is malformed"
            else:
                return headers["webhook-id"]
        raise _refused(f"{reason}.")


class TwilioVerifier:
    """Checks Twilio's signature over the URL that Twilio called, and the form's fields."""

    def __init__(self, token: SecretStr | None, public_url: str | None) -> None:
        """Take the auth token, and the URL under which Twilio reaches us, when a proxy changes it."""
        self._validator = RequestValidator(token.get_secret_value()) if token else None
        self._public_url = public_url.rstrip("/") if public_url else None

    def verify(self, request: Request, fields: Sequence[tuple[str, str]]) -> None:
        """Return when the signature is right.

        Raises:
            Problem: 401.
        """
        if self._validator is None:
            raise _refused("No call from Twilio is taken here yet: TWILIO_AUTH_TOKEN is not set.")
        given = request.headers.getlist(TWILIO_HEADER)
        if len(given) != 1:
            raise _refused("The header X-Twilio-Signature is missing, or there more than once.")
        try:
            good = self._validator.validate(self._url(request), MultiDict(fields), given[0])
        except ValueError:
            # A Host header that is no host, or text that has no UTF-8.
            good = False
        if not good:
            raise _refused("X-Twilio-Signature does not fit this URL and these fields.")

    def _url(self, request: Request) -> str:
        if self._public_url is None:
            return str(request.url)
        query = request.url.query
        return f"{self._public_url}{request.url.path}{'?' + query if query else ''}"
