"""Whether those who are told of a report can open it. Mail, Slack and storage are tried by doctors of their own."""

from __future__ import annotations

from datetime import timedelta

from configuration.reports import ReportSettings
from tools.checking import Finding, State

SETTINGS = ReportSettings

_LIMIT_SECONDS = 8.0


def state(settings: ReportSettings) -> State:
    """Say who is told, and where reports are kept."""
    from tools.email.address import parse_address
    from tools.email.errors import EmailError

    people = len(settings.report_emails)
    for number, address in enumerate(settings.report_emails, start=1):
        try:
            parse_address(address, f"Address {number} of REPORT_EMAILS")
        except EmailError as error:
            return State("broken", str(error))
    told = [f"{people} by mail"] if people else []
    told += ["Slack"] if settings.slack_webhook_url is not None else []
    kept = f"{settings.dev_folder}/storage" if settings.s3_bucket is None else f"the bucket {settings.s3_bucket}"
    if not told:
        return State("default", f"REPORT_EMAILS and SLACK_WEBHOOK_URL are empty: reports are kept in {kept}.")
    return State("configured", f"Told of a report: {' and '.join(told)}; it is kept in {kept}.")


async def check(settings: ReportSettings) -> list[Finding]:
    """Make a link as a report's would be, and see whether mails and links leave this machine; nothing is sent."""
    from tools import storage

    findings = []
    if settings.report_emails and settings.smtp_url is None and settings.environment == "production":
        said = f"Mails about reports become files in {settings.dev_folder}/outbox."
        findings.append(Finding("mail", False, said, "Set SMTP_URL, or empty REPORT_EMAILS."))
    leaves = settings.slack_webhook_url is not None or (settings.report_emails and settings.smtp_url is not None)
    if settings.s3_bucket is None:
        if leaves:
            said = "People are told of reports, but links lead to files of this machine, which they cannot open."
            findings.append(Finding("link", False, said, "Set S3_BUCKET and what belongs to it."))
        return findings
    expires = timedelta(days=settings.report_link_days)
    try:
        await storage.presign(settings, "reports/doctor/report.html", expires, timeout_seconds=_LIMIT_SECONDS)
    except storage.StorageError as error:
        findings.append(Finding("link", False, str(error), "Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY."))
    else:
        days = "1 day" if settings.report_link_days == 1 else f"{settings.report_link_days} days"
        findings.append(Finding("link", True, f"A link to a report can be made, for {days}."))
    return findings
