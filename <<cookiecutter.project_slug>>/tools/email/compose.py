"""From a template and its values to a mail."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.email.address import parse_address
from tools.email.errors import EmailError
from tools.email.mail import Mail

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment
    from pydantic import ValidationError

    from tools.email.values import Values

TEMPLATES = (
    "scheduling",
    "scheduling_reminder",
    "invitation",
    "cancellation",
    "rejection",
    "withdrawal",
    "report",
)
"""The names that `compose` takes; the files are in templates/, the values in values.py."""

_SUBJECT = "Subject: "


def compose(template: str, *, to: str, message_id: str, **values: Any) -> Mail:
    """Return a mail of this template.

    Args:
        template: one of `TEMPLATES`.
        to: the recipient, `ann@example.com` or `Ann <ann@example.com>`.
        message_id: makes it one mail however often it is sent, see `Mail`.
        **values: what the template needs, by its class in values.py:
            scheduling, scheduling_reminder: name, position, scheduling_url; days_left if there is a limit.
            invitation, cancellation: name, position, call_time (aware), uid (the same for every version of one
            entry), organizer (settings.mail_from); sequence (0, grows with each version), duration_minutes (30).
            rejection: name, position.
            withdrawal: name, position; note and link if there are.
            report: subject, summary, link.

    Raises:
        EmailError: there is no such template, or a value is missing, unknown or wrong; not retryable.
    """
    given = _checked(template, values)
    parse_address(to, "to")
    context = given.model_dump()
    ics = None
    if template in ("invitation", "cancellation"):
        from tools.email.invitation import calendar_entry

        ics = calendar_entry(given, to=to, cancelled=template == "cancellation")
    subject, _, text = _jinja().get_template(f"{template}.txt").render(context).partition("\n")
    html = _jinja().get_template(f"{template}.html").render(context, subject=subject.removeprefix(_SUBJECT))
    return Mail(
        to=to,
        subject=subject.removeprefix(_SUBJECT),
        text=text.lstrip("\n"),
        html=html,
        message_id=message_id,
        ics=ics,
    )


def _checked(template: str, values: dict[str, Any]) -> Values:
    from pydantic import ValidationError

    from tools.email.values import MODELS

    if template not in MODELS:
        raise EmailError(f"There is no template {template!r:.60}. There are: {', '.join(TEMPLATES)}.")
    try:
        return MODELS[template].model_validate(values)
    except ValidationError as error:
        raise EmailError(_explained(template, error)) from None


def _explained(template: str, error: ValidationError) -> str:
    """Say what is wrong in one sentence, without the values."""
    faults = []
    for fault in error.errors(include_input=False, include_url=False):
        reason = fault["msg"].removeprefix("Value error, ")
        faults.append(f"{'.'.join(map(str, fault['loc']))}: {reason[:1].lower()}{reason[1:]}")
    return f"The mail {template} cannot be composed: {'; '.join(faults)}."


@lru_cache(maxsize=1)
def _jinja() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["moment"] = moment
    return environment


def moment(at: datetime) -> str:
    """Return a time as people read it, with its zone: `Tuesday, 3 March 2026 at 14:00 (UTC+01:00)`."""
    offset = f"{at:%z}"
    zone = "UTC" if offset in ("+0000", "") else f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{_DAYS[at.weekday()]}, {at.day} {_MONTHS[at.month - 1]} {at.year} at {at:%H:%M} ({zone})"


# Written out, since strftime speaks the machine's language and these mails speak English.
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
