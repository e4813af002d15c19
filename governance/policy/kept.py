"""The facts of each decision, kept so that it can be made again years later.

Invariants: written in the transaction of the decision's own entry, whose sealed body names them by digest; persons
stand under the pseudonyms of the audit domain, so that what is kept joins nothing outside it, and no record content is
among them; each document is kept once under the SHA-256 of its canonical text, the standings of agreements apart since
they are the same for days; rows are only added.
Sources: RFC 8785 (canonical JSON); UK GDPR Article 5(2).
"""

import json
import zlib
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.entries import DecidedFrom, canonical, subject_pseudonym
from governance.policy.canonical import FactsUnreadable, facts_document
from governance.policy.policy import ENGINE
from governance.policy.request import Made
from governance.store import decision_fact

STANDINGS = "standings"


def keep(session: Session, ring: KeyRing, made: Made, at: datetime) -> DecidedFrom:
    """Keep the facts in the caller's transaction; return how the entry names them."""
    document = facts_document(made.facts, _Pseudonyms(ring))
    standings, standings_text = _addressed(document.pop(STANDINGS))
    digest, text = _addressed(document | {STANDINGS: standings})
    _write(session, {standings: standings_text, digest: text}, at)
    request = made.request
    return DecidedFrom(request.action, subject_pseudonym(ring, request.index), request.purpose, digest, ENGINE)


def kept(session: Session, digest: str) -> Mapping[str, Any]:
    """Return the facts' document under this digest, whole. Raises FactsUnreadable."""
    document = _fetched(session, digest)
    if not isinstance(document, dict) or not isinstance(document.get(STANDINGS), str):
        raise FactsUnreadable("facts: not of the form this engine knows")
    return document | {STANDINGS: _fetched(session, document[STANDINGS])}


class _Pseudonyms:
    """Names persons as the ledger does, each worked out once."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._known: dict[str, str] = {}

    def __call__(self, person: str) -> str:
        if person not in self._known:
            self._known[person] = subject_pseudonym(self._ring, person)
        return self._known[person]


def _addressed(document: Any) -> tuple[str, bytes]:
    text = canonical(document)
    return sha256(text).hexdigest(), zlib.compress(text)


def _write(session: Session, documents: Mapping[str, bytes], at: datetime) -> None:
    rows = [{"digest": digest, "document": text, "recorded_at": at} for digest, text in sorted(documents.items())]
    if session.get_bind().dialect.name == "postgresql":
        session.execute(postgresql.insert(decision_fact).on_conflict_do_nothing(), rows)
    else:
        session.execute(sqlite.insert(decision_fact).on_conflict_do_nothing(), rows)


def _fetched(session: Session, digest: str) -> Any:
    held = session.scalar(select(decision_fact.c.document).where(decision_fact.c.digest == digest))
    if held is None:
        raise FactsUnreadable("facts: none are kept under the digest the entry names")
    try:
        text = zlib.decompress(held)
    except zlib.error:
        raise FactsUnreadable("facts: what is kept cannot be read") from None
    if sha256(text).hexdigest() != digest:
        raise FactsUnreadable("facts: what is kept is not what the entry names")
    return json.loads(text)
