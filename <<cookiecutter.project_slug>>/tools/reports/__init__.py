"""Publishes reports: stores page and figures, and tells people of them by mail and on Slack, each once.

For the edge of a workflow, in `run()`, after the last step. Nothing but the standard library is imported until then. In
run.py write `from tools import reports`.
"""

from tools.reports.errors import ReportError
from tools.reports.publish import publish, publish_async, timezone
from tools.reports.values import Published, Report

__all__ = ["Published", "Report", "ReportError", "publish", "publish_async", "timezone"]
