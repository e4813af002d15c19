"""Readers racing a family that gives its consent and takes it back: what a read may show, and what it may not."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from governance import people
from governance.terms import Purpose, Role, SignerBasis, WishAnswer, WishKind
from governance.wishes.store import record_wish
from tests.integration.partnership import Partnership

READERS = 8


@dataclass
class Raced:
    """`wrong` are reads that started after a withdrawal was acknowledged and still showed what it had closed."""

    withdrawals: int = 0
    reads: int = 0
    shown: int = 0
    after: int = 0
    wrong: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


@dataclass
class _Consent:
    """When the newest withdrawal was acknowledged, and when consent was next asked for (monotonic seconds)."""

    withdrawn: float | None = None
    given: float = 0.0


def race(partnership: Partnership, withdrawals: int, readers: int = READERS) -> Raced:
    """Give and withdraw consent so many times while so many clients read what it opens."""
    found, consent, over = Raced(withdrawals), _Consent(), threading.Event()
    with ThreadPoolExecutor(readers) as pool:
        reading = [pool.submit(_read_on, partnership, found, consent, over) for _ in range(readers)]
        try:
            for _ in range(withdrawals):
                _say(partnership, consent, WishAnswer.GIVEN)
                _until_read(found, readers)
                _say(partnership, consent, WishAnswer.WITHDRAWN)
                _until_read(found, readers)
        finally:
            over.set()
    for each in reading:
        each.result()
    return found


def _until_read(found: Raced, more: int) -> None:
    wanted = found.reads + more
    while found.reads < wanted:
        time.sleep(0.001)


def _say(partnership: Partnership, consent: _Consent, answer: WishAnswer) -> None:
    given = answer is WishAnswer.GIVEN
    if given:
        consent.withdrawn, consent.given = None, time.monotonic()
    with partnership.database.writing() as session:
        record_wish(
            session, partnership.ring, datetime.now(UTC), "test", person_id="ada", kind=WishKind.CONSENT,
            answer=answer, signer="mother", signer_basis=SignerBasis.PARENTAL_RESPONSIBILITY,
        )  # fmt: skip
    if not given:
        consent.withdrawn = time.monotonic()


def _read_on(partnership: Partnership, found: Raced, consent: _Consent, over: threading.Event) -> None:
    with partnership.database.reading() as session:
        today = datetime.now(UTC).date()
        actor = people.actor_for(session, partnership.staff["charity"], Role.CHARITY_WORKER, today)
    while not over.is_set():
        withdrawn, given = consent.withdrawn, consent.given
        read = partnership.gate.read_family(actor, "ada", Purpose.EARLY_HELP, datetime.now(UTC), "race")
        shown = bool(read.decision.permitted)
        # Only where nobody asked for consent again meanwhile is a read certain to be after the withdrawal.
        certain = withdrawn is not None and consent.given == given
        with found.lock:
            found.reads += 1
            found.shown += shown
            found.after += certain
            found.wrong += certain and shown
