"""Telling somebody who looked at their record, or at their child's.

Invariants: nothing is told but through a request whose checks an officer has seen, and two officers where danger is
possible; the checks are made again in the transaction of the release, on the same findings; what was released is bound
to its hash and to the size of the signed log, so that it can be written again but never differently; whoever is the
person's or the asker's family deals with no request of theirs.
Sources: UK GDPR Articles 12 and 15; Data Protection Act 2018 Schs. 2 and 3.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.anchoring import anchor_now
from app.auditing import names_of, pseudonyms
from app.deployment import Deployment
from app.subjects import Merges, held_segments, policy_members
from governance.ledger import ledger
from governance.ledger.checkpoints import inclusion_proof
from governance.ledger.ledger import AuditFilter
from governance.legal_time import legal_date
from governance.policy import facts as governance_facts
from governance.policy.request import Facts
from governance.reports import looks, store
from governance.reports.asking import Asked, Finding, Step, Taken, due, findings, needs_two, stopped
from governance.reports.looks import Hidden, Look
from governance.reports.store import Held, RequestRefused
from governance.store import audit_checkpoint
from governance.terms import Actor
from linkage.kin import records

PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Opened:
    """A request as it stands: what the checks find now, and by when it must be answered."""

    held: Held
    found: tuple[Finding, ...]
    due: date


@dataclass(frozen=True, slots=True)
class Report:
    """What is told, as plain JSON with its hash, and the entries behind each line."""

    content: dict[str, Any]
    content_hash: str
    entries: tuple[str, ...]


def receive(deployment: Deployment, actor: Actor, asked: Asked, received_on: date, at: datetime) -> str:
    """Record a request; raise RequestRefused where it would have been received after today."""
    if received_on > legal_date(at):
        raise RequestRefused("a request cannot be received after today")
    with deployment.database.writing() as session:
        return store.receive(session, deployment.ring, at, actor, asked, received_on)


def every(deployment: Deployment, at: datetime) -> list[tuple[Held, date]]:
    """Return every request with its last day; those that wait first, the most urgent at the top."""
    with deployment.database.reading() as session:
        held = store.every(session)
    dated = [(one, due(one.received_on, one.steps, legal_date(at))) for one in held]
    return sorted(dated, key=lambda pair: (not waits(pair[0]), pair[1], pair[0].id))


def waits(held: Held) -> bool:
    return held.last.step not in (Step.RELEASED, Step.REFUSED, Step.WITHDRAWN)


def opened(deployment: Deployment, request_id: str, at: datetime) -> Opened | None:
    """Return a request and what the checks find at this moment; None where there is none of this id."""
    with deployment.database.reading() as session:
        held = store.held(session, request_id)
        return None if held is None else _opened(session, held, at)


def _opened(session: Session, held: Held, at: datetime) -> Opened:
    asked, facts = _facts(session, held.asked, at)
    return Opened(held, findings(asked, facts, at), due(held.received_on, held.steps, legal_date(at)))


def _facts(session: Session, asked: Asked, at: datetime) -> tuple[Asked, Facts]:
    """The request under the ids of today, and the facts that the checks look at."""
    merges = Merges(session)
    now = merges.current([asked.person_id, asked.asker_person_id])
    asked = replace(asked, person_id=now[asked.person_id], asker_person_id=now[asked.asker_person_id])
    family = records.load_family(session, asked.person_id, legal_date(at))
    members = () if family is None else policy_members(family, legal_date(at))
    held = () if family is None else held_segments(family, records.holdings(session, family.person_ids))
    return asked, governance_facts.read_facts(session, None, members, held, at, merges)


def step(deployment: Deployment, actor: Actor, request_id: str, wanted: Step, at: datetime) -> None:
    """Stop or restart the clock, extend it, send a proposal back, refuse or withdraw; raise RequestRefused."""
    if wanted in (Step.RECEIVED, Step.PROPOSED, Step.RELEASED):
        raise RequestRefused(f"{wanted} is not a step of its own")
    with deployment.database.writing() as session:
        held = _known(session, request_id)
        found = _opened(session, held, at).found
        store.take(session, deployment.ring, actor, held, Taken(wanted, at, actor.staff_id, found))


def release(
    deployment: Deployment, actor: Actor, request_id: str, left_out: Sequence[str], in_interest: bool, at: datetime
) -> Step:
    """Release a report, or propose to where a second officer must agree; return which was done.

    Raises RequestRefused where a check stops it, the child's interest was not found, the second officer is the first,
    or the findings changed between the two.
    """
    if not in_interest:
        raise RequestRefused("only what is in the child's interest is told; otherwise refuse the request")
    size = anchor_now(deployment, at).size
    with deployment.database.writing() as session:
        held = _known(session, request_id)
        found = _opened(session, held, at).found
        if stopped(found):
            raise RequestRefused("a check stops the release")
        by = actor.staff_id
        if needs_two(found) and held.last.step is not Step.PROPOSED:
            taken = Taken(Step.PROPOSED, at, by, found, frozenset(left_out))
        else:
            kept_out = _agreed(held, found, frozenset(left_out), by)
            taken = Taken(Step.RELEASED, at, by, found, kept_out, "", size)
            made = _report(session, deployment, replace(held, steps=(*held.steps, taken)))
            taken = replace(taken, content_hash=made.content_hash)
        store.take(session, deployment.ring, actor, held, taken)
    return taken.step


def _agreed(held: Held, found: tuple[Finding, ...], left_out: frozenset[str], by: str) -> frozenset[str]:
    """The organisations left out: those proposed and any the second officer adds, never fewer."""
    last = held.last
    if last.step is not Step.PROPOSED:
        return left_out
    if last.by == by:
        raise RequestRefused("another officer must agree")
    if last.found != found:
        raise RequestRefused("the findings have changed since it was proposed: send it back")
    return left_out | last.left_out


def _known(session: Session, request_id: str) -> Held:
    held = store.held(session, request_id)
    if held is None:
        raise RequestRefused("there is no such request")
    return held


def preview(deployment: Deployment, held: Held, actor: Actor, at: datetime) -> Report:
    """Return what would be told if it were released now, with nothing more left out than was proposed."""
    with deployment.database.reading() as session:
        size = session.scalar(select(func.max(audit_checkpoint.c.size))) or 0
        taken = Taken(Step.RELEASED, at, actor.staff_id, (), held.last.left_out, "", size)
        return _report(session, deployment, replace(held, steps=(*held.steps, taken)))


def report(deployment: Deployment, held: Held) -> Report:
    """Write a released report again; raise RequestRefused where it is not released, or would not be the same today."""
    if held.last.step is not Step.RELEASED:
        raise RequestRefused("the report is not released")
    with deployment.database.reading() as session:
        made = _report(session, deployment, held)
    if made.content_hash != held.last.content_hash:
        raise RequestRefused("what may be told has changed since the release: a new request is needed")
    return made


def _report(session: Session, deployment: Deployment, held: Held) -> Report:
    """Write the report of a request whose last step is its release."""
    taken = held.last
    asked, facts = _facts(session, held.asked, taken.at)
    hidden = [
        Hidden(None if one.persons is None else _every_name(session, deployment, one.persons), one.since, one.until)
        for one in looks.protections(asked, facts, taken.at)
    ]
    told = looks.told(_looks(session, deployment, asked.person_id, taken.log_size or 0), asked, hidden, taken.left_out)
    about = {
        "request": held.id, "right": str(asked.right), "received_on": held.received_on.isoformat(),
        "released_at": ledger.instant(taken.at), "log_size": taken.log_size,
    }  # fmt: skip
    content = looks.document(about, asked, told, _workers(session, deployment, told))
    return Report(content, looks.content_hash(content), tuple(one.entry_id for one in told))


def _every_name(session: Session, deployment: Deployment, persons: frozenset[str]) -> frozenset[str]:
    return frozenset(name for person in persons for name in pseudonyms(session, deployment.ring, person))


def _looks(session: Session, deployment: Deployment, person_id: str, log_size: int) -> Iterator[Look]:
    """Every look at this person, under any id they had, among the first `log_size` entries."""
    names = pseudonyms(session, deployment.ring, person_id)
    asked, cursor = AuditFilter(subjects=names), None
    while page := ledger.find(session, asked, PAGE, cursor):
        for entry in page:
            seen = looks.look(entry, names, log_size)
            if seen is not None:
                yield seen
        cursor = page[-1].cursor


def _workers(session: Session, deployment: Deployment, told: Sequence[Look]) -> dict[str, str]:
    if not deployment.settings.report_names_staff:
        return {}
    return names_of(session, {one.worker for one in told if one.worker})


def proofs(deployment: Deployment, made: Report) -> dict[int, str]:
    """Return a proof file for each line, by its index in the log; raise NotCovered where the log is not yet signed."""
    with deployment.database.reading() as session:
        found = [inclusion_proof(session, entry_id) for entry_id in made.entries]
    return {proof.index: str(proof) for proof in found}
