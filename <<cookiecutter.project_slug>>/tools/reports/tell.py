"""Tells people of a report that is stored: by mail, and on Slack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools import email, slack
from tools.reports import ledger as book
from tools.reports.errors import ReportError

if TYPE_CHECKING:
    from configuration.reports import ReportSettings
    from tools.reports.ledger import Ledger
    from tools.reports.values import Published, Report

_UNKNOWN_POST = (
    "Whether Slack has the message about this report is not known, since an earlier try got no answer; it is not "
    "posted again unless you publish with resend."
)


@dataclass
class _Faults:
    """What went wrong: one sentence a kind of fault, with the places in REPORT_EMAILS that it concerns."""

    mails: dict[str, list[int]] = field(default_factory=dict)
    slack: str | None = None
    retryable: bool = True

    def mail(self, numbers: Iterable[int], error: email.EmailError) -> None:
        self.mails.setdefault(str(error).rstrip("."), []).extend(numbers)
        self.retryable = self.retryable and error.retryable

    def __bool__(self) -> bool:
        return bool(self.mails or self.slack)

    def __str__(self) -> str:
        parts = [f"{_addresses(numbers)} of REPORT_EMAILS: {text}" for text, numbers in self.mails.items()]
        return "; ".join(parts + ([f"Slack: {self.slack}"] if self.slack else []))


def _addresses(numbers: list[int]) -> str:
    listed = ", ".join(map(str, numbers))
    return f"address {listed}" if len(numbers) == 1 else f"addresses {listed}"


async def tell(settings: ReportSettings, report: Report, published: Published, ledger: Ledger) -> None:
    """Tell everybody who was not told before, and note each in the ledger; adds to `published` what it did.

    Mails come first, since a mail that is sent again is the same mail by its Message-ID. A message to Slack has no such
    name, so one whose end is not known is not posted again.

    Raises:
        ReportError: somebody was not told; the others were.
        StorageError: the ledger could not be kept.
    """
    faults = _Faults()
    before = dict(ledger.messages)
    await _mail(settings, report, published, ledger, faults)
    await _post(settings, report, published, ledger, faults)
    if ledger.messages != before:
        await book.save(settings, ledger)
    if faults:
        raise ReportError(
            f"The report is stored, but not everybody was told ({faults}); a further run tells only those.",
            stored=True,
            retryable=faults.retryable,
        )


async def _mail(
    settings: ReportSettings, report: Report, published: Published, ledger: Ledger, faults: _Faults
) -> None:
    for number, address in enumerate(settings.report_emails, start=1):
        whom = f"address {number} of REPORT_EMAILS"
        name = ledger.mail_name(address)
        if ledger.uncertain(name):
            if await email.was_sent(name, settings):
                ledger.done(name)
            else:
                published.notes.append(
                    f"The mail to {whom} may have gone before, since an earlier try was cut off: it goes again with "
                    "the same Message-ID, by which most mail programs show it once."
                )
        if ledger.told(name):
            published.already.append(address)
            continue
        try:
            mail = email.compose(
                "report",
                to=address,
                message_id=name,
                subject=report.title,
                summary=report.headline,
                link=published.page_url,
            )
        except email.EmailError as error:
            faults.mail([number], error)
            continue
        ledger.begin(name)
        await book.save(settings, ledger)
        try:
            await email.send(mail, settings)
        except email.EmailError as error:
            if not error.uncertain:
                ledger.forget(name)
            if error.code is None:  # no word from the server: the others would wait as long for the same
                faults.mail(range(number, len(settings.report_emails) + 1), error)
                return
            faults.mail([number], error)
            continue
        ledger.done(name)
        published.mailed.append(address)


async def _post(
    settings: ReportSettings, report: Report, published: Published, ledger: Ledger, faults: _Faults
) -> None:
    if settings.slack_webhook_url is None and settings.environment == "production":
        return  # nobody reads the file of a container
    if ledger.told(book.SLACK):
        published.already.append(book.SLACK)
        return
    if ledger.uncertain(book.SLACK):
        published.notes.append(_UNKNOWN_POST)
        return
    ledger.begin(book.SLACK)
    await book.save(settings, ledger)
    try:
        await slack.post(settings, f"{report.title}\n{report.headline}", blocks=_blocks(report, published))
    except slack.SlackError as error:
        faults.slack = str(error).rstrip(".")
        faults.retryable = faults.retryable and error.retryable and not error.uncertain
        if error.uncertain:
            faults.slack += " (the message may be there, so it is not posted again unless you publish with resend)"
        else:
            ledger.forget(book.SLACK)
        return
    ledger.done(book.SLACK)
    published.posted = True


def _blocks(report: Report, published: Published) -> list[dict[str, object]]:
    title, headline = (
        slack.escape(text.encode("utf-8", "replace").decode()[:longest])
        for text, longest in ((" ".join(report.title.split()), 200), (report.headline.strip(), 1500))
    )
    # Slack makes links of https only, and takes no more text: then it is said where the report lies.
    opens = slack.link(published.page_url, "Open the report")
    if not published.page_url.startswith("http") or len(opens) > slack.LONGEST:
        opens = slack.escape(published.stored[0])
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*{title}*\n{headline}"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": opens}},
    ]
