"""Counts for Prometheus, one registry for each app.

Invariant: labels are route templates, methods, statuses and closed codes; never an id, a name or a number of anyone.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """What the service counts about itself."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "family_record_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "family_record_request_seconds", "Time to answer", ["method", "route"], registry=self.registry
        )
        self.decisions = Counter(
            "family_record_decisions", "Decisions at the gate", ["outcome", "reason"], registry=self.registry
        )
        self.waiting = Gauge(
            "family_record_waiting",
            "Reviews overdue, alarms not seen",
            ["kind"],
            registry=self.registry,
        )
        self.ledger = Gauge("family_record_ledger_size", "Entries in the newest checkpoint", registry=self.registry)

    def text(self) -> bytes:
        return generate_latest(self.registry)
