"""From a template and its values to a mail."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from tools.email.address import parse_address
from tools.email.errors import EmailError
from tools.email.mail import Mail

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment
    from pydantic import ValidationError

    from tools.email.values import Values

_FOLDER = Path(__file__).parent / "templates"

TEMPLATES = tuple(sorted(path.stem for path in _FOLDER.glob("*.txt")))
"""The names that `compose` takes, by the files in templates/; what each needs is a class in values.py or beside it."""

_SUBJECT = "Subject: "


def compose(template: str, *, to: str, message_id: str, **values: Any) -> Mail:
    """Return a mail of this template.

    Args:
        template: one of `TEMPLATES`.
        to: the recipient, `ann@example.com` or `Ann <ann@example.com>`.
        message_id: makes it one mail however often it is sent, see `Mail`.
        **values: what the template needs, by its class in values.py or beside it. A report's: subject, summary, link.

    Raises:
        EmailError: there is no such template, or a value is missing, unknown or wrong; not retryable.
    """
    given = _checked(template, values)
    parse_address(to, "to")
    context = given.model_dump()
    subject, _, text = _jinja().get_template(f"{template}.txt").render(context).partition("\n")
    html = _jinja().get_template(f"{template}.html").render(context, subject=subject.removeprefix(_SUBJECT))
    return Mail(
        to=to,
        subject=subject.removeprefix(_SUBJECT),
        text=text.lstrip("\n"),
        html=html,
        message_id=message_id,
        ics=given.calendar_entry(to),
    )


def _checked(template: str, values: dict[str, Any]) -> Values:
    from pydantic import ValidationError

    model = _models().get(template)
    if model is None:
        raise EmailError(f"There is no template {template!r:.60}. There are: {', '.join(TEMPLATES)}.")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise EmailError(_explained(template, error)) from None


@lru_cache(maxsize=1)
def _models() -> dict[str, type[Values]]:
    """Return the class of each template's values, from values.py and the modules beside it."""
    names = [module.name for module in iter_modules([str(Path(__file__).parent)]) if module.name.endswith("values")]
    models: dict[str, type[Values]] = {}
    for name in names:
        models |= import_module(f"tools.email.{name}").MODELS
    return models


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
        loader=FileSystemLoader(_FOLDER),
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
