#!/usr/bin/env python3
# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "pydantic>=2.0",
#   "rich>=13.0",
#   "pygal>=3.1",
# ]
# ///
"""Report on the entities of a period: funnel, outcomes, time in stage, by week; as JSON and as an HTML page."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

# The project's root, for `tools`, when nothing is installed; last, so that it hides nothing that is.
if (root := str(Path(__file__).resolve().parents[3])) not in sys.path:
    sys.path.append(root)

from report_comment import comment
from report_data import measure
from report_models import Comment, Commented, Period, ReportData, ReportParams, ReportResult
from report_page import render
from report_period import choose_period, key_of
from report_rows import Case, case, from_row, horizon_of
from report_sample import sample_rows
from report_stages import Stages
from report_words import words_of

from raw_runtime import BaseWorkflow, step
from tools import llm, reports

try:
    from tools import records  # type: ignore[attr-defined, unused-ignore]
except ImportError:  # a system without a database
    records = None  # type: ignore[assignment, unused-ignore]

PAGE = "report.html"

FAULTS: tuple[type[Exception], ...] = (reports.ReportError, *((records.RecordsError,) if records is not None else ()))
"""What the edge raises: each is one plain sentence."""

INSTRUCTIONS = (
    "Say in one to five plain sentences what stands out in these figures: changes, bottlenecks, who waits too long. "
    "Name no person. Claim nothing that the figures do not show."
)


def read_clock() -> dt.datetime:
    """Return the time now: the one place where the clock is read, and only when `now` is not given."""
    return dt.datetime.now(dt.UTC)  # raw: allow clock


def stored(entity: str, horizon: float, names: bool) -> list[Case] | None:
    """Return the entities of the database; None where there is none.

    Raises:
        RecordsError: they could not be read.
    """
    everyone: list[Case] = []
    stages = Stages(words_of(entity))

    def keep(h: records.History) -> None:
        # Groups are few: one text each, not one an entity.
        texts = (h.id, h.label if names else "", sys.intern(h.group), h.status)
        everyone.append(case(texts, h.created, h.updated, h.events, stages, horizon))

    return everyone if records is not None and records.histories(keep, entity) else None


def local_timezone() -> str:
    """Return REPORT_TIMEZONE, else UTC.

    Raises:
        ReportError: it is no time zone.
    """
    try:
        return reports.timezone()
    except ImportError:  # under another runtime, which installs what this file names and no more
        return "UTC"


class GenerateReport(BaseWorkflow[ReportParams]):
    """Report on the entities of a period."""

    # Of the database, if there is one. No argument of a step: those are written down, a hundred thousand too.
    everyone: list[Case] | None = None

    @step("choose-period")
    def choose_period(self, now: dt.datetime) -> Period:
        """Turn "today" or a date into a span of time."""
        p = self.params
        return choose_period(p.date, p.start, p.end, now, p.timezone or "UTC")

    @step("measure")
    def measure(self, period: Period) -> ReportData:
        """Count and time; without entities from the database those that were given, or those of the sample."""
        p, everyone = self.params, self.everyone
        words = words_of(p.entity)
        stages = Stages(words)
        source = "given" if p.rows is not None else "sample" if everyone is None else "database"
        if everyone is None:
            horizon = horizon_of(period)
            rows = sample_rows(words, period.now) if p.rows is None else p.rows
            everyone = [from_row(row, stages, horizon) for row in rows]
        return measure(
            everyone,
            stages,
            period,
            entity=p.entity,
            title=words.heading if p.title is None else p.title,
            timezone=p.timezone or "UTC",
            source=source,
            show_names=p.show_names,
            stuck_days=p.stuck_days,
        )

    @step("comment")
    def comment(self, data: ReportData) -> Commented:
        """Say what stands out."""
        answer = llm.answer(
            task="generate-report", inputs=data, output_type=Comment, heuristic=comment, instructions=INSTRUCTIONS
        )
        return Commented(comment=answer.value, answered_by=answer.answered_by, answer_reason=answer.reason)

    @step("render")
    def render(self, data: ReportData, commented: Commented) -> str:
        """Draw the page."""
        return render(data, commented.comment.sentences, commented.answered_by)

    def run(self) -> int:
        """Save results/report.html and results/result.json; a report about the database is published as well."""
        p = self.params
        try:
            if p.timezone is None:
                self.params = p = p.model_copy(update={"timezone": local_timezone()})
            period = self.choose_period(p.now or read_clock())
            self.everyone = stored(p.entity, horizon_of(period), p.show_names) if p.rows is None else None
        except FAULTS as error:
            return self.error(str(error)).exit_code
        data = self.measure(period)
        commented = self.comment(data)
        page = self.render(data, commented)
        self.save(PAGE, page)
        result = ReportResult(
            **data.model_dump(),
            id=p.id,
            comment=commented.comment.sentences,
            answered_by=commented.answered_by,
            answer_reason=commented.answer_reason,
            files=[PAGE],
        )
        told = f"{data.totals.received} received, {data.totals.finished} ended, {data.totals.in_progress} in progress"
        self.save("result.json", result)
        if data.source == "database" if p.publish is None else p.publish:
            report = reports.Report(
                key=key_of(p.entity, period),
                title=f"{data.title}, {period.label}"[:200],
                headline="\n".join([f"{told}, {data.totals.stuck} stuck.", *commented.comment.sentences]),
                page=page.encode(),
                data=result.model_dump_json().encode(),
            )
            try:
                published = reports.publish(report, resend=p.resend)
            except reports.ReportError as error:
                return self.error(str(error)).exit_code
            result = result.model_copy(update={"published": [published.page_url, published.data_url]})
            self.save("result.json", result)
        return self.success(f"{told}{' (sample data)' if data.sample else ''}").exit_code


if __name__ == "__main__":
    GenerateReport.main()
