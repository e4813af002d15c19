"""The loop that gives ledger entries their places and anchors them outside the database while the service runs.

Invariants: everything committed is anchored within `checkpoint_seconds` and once more at the end; a failure is logged
and tried again, never fatal: reading stops only when the log itself cannot be written; a further anchor folder that
cannot be reached stops neither the signing nor the other folders.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.deployment import Deployment
from app.logs import Log, fault
from app.metrics import Metrics
from governance.ledger.checkpoints import Checkpoint, LedgerInconsistent, advance
from governance.ledger.copies import AnchorsDisagree, mirror, refuse_fork


class Anchor:
    def __init__(self, deployment: Deployment, clock: Callable[[], datetime], log: Log, metrics: Metrics) -> None:
        self.deployment, self.clock, self.log, self.metrics = deployment, clock, log, metrics

    async def keep_on(self) -> None:
        """Advance the ledger again and again until cancelled."""
        while True:
            await asyncio.sleep(self.deployment.settings.checkpoint_seconds)
            await asyncio.to_thread(self.once)

    def once(self) -> Checkpoint | None:
        """Sequence and anchor what is committed; return the newest checkpoint, or None when that failed."""
        try:
            made = anchor_now(self.deployment, self.clock())
        except (SQLAlchemyError, OSError, LedgerInconsistent, AnchorsDisagree) as error:
            self.log.error("anchor failed", **fault(error))
            return None
        for failure in copy_anchors(self.deployment):
            self.log.error("anchor copy failed", **fault(failure))
        self.metrics.ledger.set(made.size)
        if made.new:
            self.log.info("anchored", size=made.size)
        return made


def anchor_now(deployment: Deployment, at: datetime) -> Checkpoint:
    """Sequence every committed entry, sign the tree and keep the note outside the database; raise AnchorsDisagree."""
    settings = deployment.settings
    refuse_fork(settings.anchors, settings.anchor_copies)
    with Session(deployment.database.engine.execution_options(writing=True)) as session:
        return advance(session, deployment.ring, settings.anchors, at)


def copy_anchors(deployment: Deployment) -> list[Exception]:
    """Bring every further anchor folder up to date; return what went wrong where."""
    failed: list[Exception] = []
    for copy in deployment.settings.anchor_copies:
        try:
            mirror(deployment.settings.anchors, copy)
        except (OSError, AnchorsDisagree) as error:
            failed.append(error)
    return failed
