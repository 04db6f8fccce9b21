#!/usr/bin/env python3
# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "pydantic>=2.0",
#   "rich>=13.0",
#   "pygal>=3.1",
# ]
# ///
"""Report on the candidates of a period: funnel, outcomes, time in stage, by week; as JSON and as an HTML page."""

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
from report_period import choose_period
from report_sample import sample_rows

from raw_runtime import BaseWorkflow, step
from tools import llm

PAGE = "report.html"

INSTRUCTIONS = (
    "Say in one to five plain sentences what stands out in these figures: changes, bottlenecks, who waits too long. "
    "Name no person. Claim nothing that the figures do not show."
)


def read_clock() -> dt.datetime:
    """Return the time now: the one place where the clock is read, and only when `now` is not given."""
    return dt.datetime.now(dt.UTC)  # raw: allow clock


class GenerateReport(BaseWorkflow[ReportParams]):
    """Report on the candidates of a period."""

    @step("choose-period")
    def choose_period(self, now: dt.datetime) -> Period:
        """Turn "today" or a date into a span of time."""
        p = self.params
        return choose_period(p.date, p.start, p.end, now, p.timezone)

    @step("measure")
    def measure(self, period: Period) -> ReportData:
        """Count and time; without rows, those of the sample."""
        p = self.params
        rows = sample_rows(period.now) if p.rows is None else p.rows
        return measure(rows, period, title=p.title, timezone=p.timezone, sample=p.rows is None, show_names=p.show_names)

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
        """Save results/report.html and results/result.json."""
        data = self.measure(self.choose_period(self.params.now or read_clock()))
        commented = self.comment(data)
        self.save(PAGE, self.render(data, commented))
        result = ReportResult(
            **data.model_dump(),
            id=self.params.id,
            comment=commented.comment.sentences,
            answered_by=commented.answered_by,
            answer_reason=commented.answer_reason,
            files=[PAGE],
        )
        self.save("result.json", result)
        told = f"{data.totals.received} received, {data.totals.finished} ended, {data.totals.in_progress} in progress"
        return self.success(f"{told}{' (sample data)' if data.sample else ''}").exit_code


if __name__ == "__main__":
    GenerateReport.main()
