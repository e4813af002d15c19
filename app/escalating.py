"""The loop that escalates reviews of overrides that became late, and counts what waits for officers.

Invariants: a late review is escalated once, however often this runs; a failure is logged and tried again, never fatal;
nothing here stops an override.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.deployment import Deployment
from app.logs import Log, fault
from app.metrics import Metrics
from app.overriding import counts, escalate
from governance.keys.keys import KeyRefused

EVERY_SECONDS: Final = 60


class Watch:
    def __init__(self, deployment: Deployment, clock: Callable[[], datetime], log: Log, metrics: Metrics) -> None:
        self.deployment, self.clock, self.log, self.metrics = deployment, clock, log, metrics

    async def keep_on(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.to_thread(self.once)
            await asyncio.sleep(EVERY_SECONDS)

    def once(self) -> int:
        """Escalate what became late; return how many reviews did."""
        try:
            late = escalate(self.deployment, self.clock())
            waiting = counts(self.deployment, self.clock())
        except (SQLAlchemyError, OSError, KeyRefused) as error:
            self.log.error("escalation failed", **fault(error))
            return 0
        for kind, count in waiting.items():
            self.metrics.waiting.labels(kind).set(count)
        if late:
            self.log.warning("reviews overdue", count=late)
        return late
