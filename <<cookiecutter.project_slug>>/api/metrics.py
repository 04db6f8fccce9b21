"""Figures for Prometheus. Labels are words from fixed lists and route templates: no id, no name, no path as sent."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class Metrics:
    """The figures of one application, in a registry of their own, so that one process can hold several."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        # Requests that are being answered now.
        self.in_flight = 0
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self.requests = Counter(
            "http_requests_total", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "http_request_duration_seconds",
            "Seconds from a request's start to the end of its answer.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        Gauge("http_requests_in_flight", "Requests being answered now.", registry=self.registry).set_function(
            lambda: self.in_flight
        )
        self.webhooks = Counter(
            "webhooks_total",
            "Webhooks by what came of them: accepted, replayed or refused.",
            ["source", "outcome"],
            registry=self.registry,
        )
        self.submission_runs = Counter(
            "submission_runs_total",
            "Runs of submissions: complete, retry, failed, lost (another process had taken over) or given_back.",
            ["outcome"],
            registry=self.registry,
        )
        # From zero on, or Prometheus would see no rise to the first of each.
        for outcome in ("complete", "retry", "failed", "lost"):
            self.submission_runs.labels(outcome)
        self.submissions_in_flight = Gauge(
            "submissions_in_flight", "Submissions that this process runs now.", registry=self.registry
        )
        self.deliveries = Counter(
            "outbox_deliveries_total",
            "Tries to deliver an outbox entry: delivered, retried, parked or lost.",
            ["outcome"],
            registry=self.registry,
        )
        for outcome in ("delivered", "retried", "parked", "lost"):
            self.deliveries.labels(outcome)
        self.outbox_entries = Gauge(
            "outbox_entries", "Outbox entries that are not delivered.", ["status"], registry=self.registry
        )
        self.outbox_oldest_seconds = Gauge(
            "outbox_oldest_pending_seconds", "Age of the oldest pending outbox entry.", registry=self.registry
        )
        self.database_up = Gauge(
            "database_up", "1 when the database answered this scrape, else 0.", registry=self.registry
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is the template, never the path as sent."""
        method = method if method in _METHODS else "OTHER"
        self.requests.labels(method, route, str(status)).inc()
        self.request_seconds.labels(method, route).observe(seconds)
