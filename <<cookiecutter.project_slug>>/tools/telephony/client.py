"""Twilio's REST API, by its official client. It blocks, so it is called in a thread."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from requests.exceptions import ConnectTimeout, RequestException, SSLError
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import NameResolutionError, NewConnectionError

from tools.telephony.errors import TelephonyError

if TYPE_CHECKING:
    from configuration.telephony import TelephonySettings

_EVENTS = ["initiated", "ringing", "answered", "completed"]
_WAITING = ("queued", "initiated", "ringing")
_HAS_ENDED = 21220
_MOST = 100
_NO_CALL = "Twilio answered with something that is no call."
_WORDS = {
    20003: "the account or its token is wrong: check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
    21210: "TWILIO_FROM_NUMBER does not belong to the account",
    21211: "the number called is not valid",
    21212: "TWILIO_FROM_NUMBER is not valid",
    21214: "the number called cannot be reached",
    21215: "calls to that country are not permitted: allow it in Twilio's geographic permissions",
    21216: "calls to that number are not permitted",
    21217: "the number called is not valid",
    21219: "a trial account only calls verified numbers",
    21205: "the URL of the call's script is not valid: set PUBLIC_URL",
    21609: "the status callback's URL is not valid: set PUBLIC_URL",
}

ResultT = TypeVar("ResultT")

# Twilio's client logs the number of a call that is looked for.
_SILENT = logging.getLogger("tools.telephony.silent")
_SILENT.setLevel(logging.CRITICAL + 1)
# urllib3 tells at DEBUG which URL was asked, and a list's URL holds the number.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class _Http(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's own transport, with another address where one is set, a limit, and silence."""

    def __init__(self, api_url: str | None, timeout_seconds: float) -> None:
        super().__init__(timeout=timeout_seconds, logger=_SILENT)
        self._api_url = api_url
        self.last: Response | None = None

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if self._api_url is not None:
            url = self._api_url.rstrip("/") + urlsplit(url).path
        self.last = None
        self.last = super().request(method, url, *args, **kwargs)
        return self.last


@dataclass(frozen=True, slots=True)
class Standing:
    """An account: Twilio's words for its status and type, and whether it may call from its number.

    It may if it owns the number, or has verified it as a caller id, which is all that a trial account can have.
    """

    status: str
    kind: str
    has_number: bool


class Account:
    """One account of Twilio's; each method is one request, or a page of a list, never repeated."""

    def __init__(self, settings: TelephonySettings, timeout_seconds: float) -> None:
        """Take the account of the settings.

        Raises:
            TelephonyError: TWILIO_AUTH_TOKEN or TWILIO_FROM_NUMBER is missing.
        """
        token, number = settings.twilio_auth_token, settings.twilio_from_number
        if token is None or number is None:
            missing = "TWILIO_AUTH_TOKEN" if token is None else "TWILIO_FROM_NUMBER"
            raise TelephonyError(f"{missing} is empty while TWILIO_ACCOUNT_SID is set: set it too, or empty both.")
        self._number = number
        self._timeout = timeout_seconds
        self._http = _Http(settings.twilio_api_url, timeout_seconds)
        self._client = Client(settings.twilio_account_sid, token.get_secret_value(), http_client=self._http)

    def create(self, to: str, script: Mapping[str, str], status_callback: str | None) -> tuple[str, str]:
        """Create a call that does what the script says (`twiml`, or `url`); return its sid and status."""
        options: dict[str, Any] = dict(script)
        if status_callback is not None:
            options |= {
                "status_callback": status_callback,
                "status_callback_event": _EVENTS,
                "status_callback_method": "POST",
            }

        def ask() -> Any:
            return self._client.calls.create(to=to, from_=self._number, machine_detection="Enable", **options)

        return _pair(self._asked(ask, creates=True))

    def find(self, to: str, since: datetime, exclude: Collection[str]) -> tuple[str, str] | None:
        """Return sid and status of the latest call to a number that was created since a time.

        Twilio can filter by the time a call started, which one that still waits has not got; so its list, latest
        first, is filtered here by the time of creation.
        """
        earliest = since.astimezone(UTC).replace(microsecond=0)

        def ask() -> list[Any]:
            listed = self._client.calls.list(to=to, from_=self._number, limit=_MOST, page_size=_MOST)
            return list(listed)

        for call in self._asked(ask):
            if call.date_created is not None and call.date_created >= earliest and call.sid not in exclude:
                return _pair(call)
        return None

    def cancel(self, sid: str) -> tuple[str, str]:
        """Cancel a call that waits or rings, hang up one in progress; return sid and status."""
        call = self._asked(lambda: self._client.calls(sid).fetch())
        for status, before in (("canceled", _WAITING), ("completed", (*_WAITING, "in-progress"))):
            # It may be answered between the two: canceling changes nothing then, and hanging up does.
            if call.status in before:
                call = self._asked(partial(self._update, sid, status))
        return _pair(call)

    def standing(self) -> Standing:
        """Ask whether the account may call, and from its number. The only method that is more than one request."""
        account = self._asked(lambda: self._client.api.v2010.account.fetch())
        if account.sid != self._client.account_sid or not account.status:
            raise TelephonyError("Twilio answered with something that is no account.", retryable=True)
        owned, verified = self._client.incoming_phone_numbers, self._client.outgoing_caller_ids
        may_call = any(self._asked(partial(self._listed, numbers)) for numbers in (owned, verified))
        return Standing(str(account.status), str(account.type), may_call)

    def _listed(self, numbers: Any) -> bool:
        return bool(numbers.list(phone_number=self._number, limit=1, page_size=1))

    def _update(self, sid: str, status: str) -> Any:
        try:
            return self._client.calls(sid).update(status=status)
        except TwilioRestException as error:
            if error.code != _HAS_ENDED:
                raise
            return self._client.calls(sid).fetch()

    def _asked(self, ask: Callable[[], ResultT], *, creates: bool = False) -> ResultT:
        try:
            return ask()
        except RequestException as error:
            raise self._unanswered(error, creates) from error
        except (TwilioException, ValueError, LookupError, TypeError, AttributeError) as error:
            # Twilio's client tells errors in several ways, a list's without its status: the answer itself says it.
            raise _answered(self._http.last, creates) from error
        finally:
            self._http.session.close()

    def _unanswered(self, error: RequestException, creates: bool) -> TelephonyError:
        if isinstance(error, SSLError):
            return TelephonyError("No trusted TLS with Twilio: check TWILIO_API_URL, or the proxy between.")
        if isinstance(error, ConnectTimeout) or _never_connected(error):
            return TelephonyError("Twilio cannot be reached.", retryable=True)
        return TelephonyError(
            f"Twilio gave no whole answer (within {self._timeout:g} s).", retryable=True, uncertain=creates
        )


def _answered(answer: Response | None, creates: bool) -> TelephonyError:
    """Say what an error answer means, without a word of Twilio's, which repeats numbers."""
    status = 0 if answer is None else int(answer.status_code)
    if answer is None or status < 400:
        return TelephonyError(_NO_CALL, retryable=True, uncertain=creates, status=status or None)
    code = _code(answer.text)
    if status == 429:
        sentence = "Twilio is asked too often (429)."
    elif status >= 500:
        sentence = f"Twilio has a fault of its own ({status})."
    elif status == 404:
        sentence = "Twilio knows no such call (404): check the sid and TWILIO_ACCOUNT_SID."
    elif code in _WORDS:
        sentence = f"Twilio refused ({status}, error {code}): {_WORDS[code]}."
    elif status == 401:
        sentence = f"Twilio refused (401): {_WORDS[20003]}."
    else:
        named = "" if code is None else f", error {code}, explained at https://www.twilio.com/docs/api/errors/{code}"
        sentence = f"Twilio refused ({status}{named})."
    return TelephonyError(
        sentence,
        retryable=status == 429 or status >= 500,
        uncertain=creates and status >= 500,
        status=status,
        code=code,
        retry_after=_seconds(answer.headers.get("Retry-After")),
    )


def _code(text: str) -> int | None:
    """Return Twilio's error code, which is none of HTTP's."""
    try:
        code = json.loads(text)["code"]
    except (ValueError, LookupError, TypeError):
        return None
    return code if isinstance(code, int) and code >= 10_000 else None


def _pair(call: Any) -> tuple[str, str]:
    if not call.sid or not call.status:
        raise TelephonyError(_NO_CALL, retryable=True, uncertain=True)
    return str(call.sid), str(call.status)


def _never_connected(error: BaseException) -> bool:
    """Tell whether no connection was made, so that nothing can have been done."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError | NameResolutionError)


def _seconds(value: str | None) -> float | None:
    try:
        return None if value is None else max(0.0, float(value))
    except ValueError:
        return None
