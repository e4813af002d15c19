"""The loop that warns by name of reviews that come due, so that nobody has to remember to.

Invariants: each person is warned once at each stage however often this runs; a failure is logged and tried again, never
fatal; what stops access is the calendar, not this.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.agreement_warnings import warn_due
from app.deployment import Deployment
from app.logs import Log, fault
from governance.keys.keys import KeyRefused

EVERY_SECONDS: Final = 3600


class Reminder:
    def __init__(self, deployment: Deployment, clock: Callable[[], datetime], log: Log) -> None:
        self.deployment, self.clock, self.log = deployment, clock, log

    async def keep_on(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.to_thread(self.once)
            await asyncio.sleep(EVERY_SECONDS)

    def once(self) -> int:
        """Warn whoever has not been warned yet; return how many were."""
        try:
            warned = warn_due(self.deployment, self.clock()).get("warned", 0)
        except (SQLAlchemyError, OSError, KeyRefused) as error:
            self.log.error("warning of reviews failed", **fault(error))
            return 0
        if warned:
            self.log.info("warned of reviews", count=warned)
        return warned
