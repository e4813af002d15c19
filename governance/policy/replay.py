"""A past decision made again from what was kept of it.

Invariants: nothing but the entry, the facts it names by digest and the agreements they name by hash is looked at; what
was decided and what is decided now are compared in outcome, reasons and every segment; another engine is said, and may
or may not decide the same; an entry whose seal does not hold, or whose facts are not those it names, is not replayed.
Source: UK GDPR Article 5(2) (to be able to demonstrate).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from governance.agreements.standings import agreements_with
from governance.keys.keys import KeyRing
from governance.ledger.entries import entry_seal, segment_body, subject_pseudonym
from governance.ledger.ledger import get
from governance.legal_time import legal_date
from governance.policy.canonical import FactsUnreadable, facts_from
from governance.policy.kept import STANDINGS, kept
from governance.policy.policy import ENGINE, decide_all, policy_hash
from governance.policy.request import Made, Request
from governance.policy.segments import EVERYBODY
from governance.terms import Action, Purpose

COMPARED: Final = ("outcome", "reasons", "segments", "relationship", "override", "policy")


class NotReplayable(Exception):
    """No decision that could be made again stands under that id. The message says why, never what was decided."""


@dataclass(frozen=True, slots=True)
class Replay:
    """`differs` names the parts of the entry that come out otherwise now."""

    entry_id: str
    engine_then: str
    engine_now: str
    decisions: int
    differs: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not self.differs


def replay(session: Session, ring: KeyRing, entry_id: str) -> Replay:
    """Make the decision of that entry again and compare. Raises NotReplayable."""
    entry = get(session, entry_id)
    if entry is None:
        raise NotReplayable("no entry has this id")
    body = entry.body
    if entry_seal(ring, body) != body.get("seal"):
        raise NotReplayable("the entry's seal does not hold")
    named = body.get("decided_from", ())
    if not named:
        raise NotReplayable("the entry is of no decision whose facts were kept")
    try:
        made = [_made(session, each, body["at"]) for each in named]
    except FactsUnreadable as error:
        raise NotReplayable(str(error)) from None
    engine = str(named[0]["engine"])
    again = _as_entry(made, engine, subject_pseudonym(ring, EVERYBODY), of_staff=body["staff"] is not None)
    return Replay(entry_id, engine, ENGINE, len(made), _differences(body, again))


def _made(session: Session, named: Mapping[str, Any], at: str) -> Made:
    document = kept(session, named["facts"])
    agreements = agreements_with(session, {standing["hash"] for standing in document[STANDINGS]})
    purpose = None if named["purpose"] is None else Purpose(named["purpose"])
    request = Request(Action(named["action"]), named["index"], purpose, datetime.fromisoformat(at))
    return Made(request, facts_from(document, agreements))


def _as_entry(made: Sequence[Made], engine: str, everybody: str, *, of_staff: bool) -> Mapping[str, Any]:
    """Return what the entry of this decision says, as far as it follows from the facts."""
    decision = decide_all(made)
    said = {
        "outcome": str(decision.outcome),
        "reasons": [str(reason) for reason in decision.failed or (decision.reason,)],
        "segments": [],
        "relationship": None,
        "override": None,
        "policy": policy_hash(made[0].facts, legal_date(made[0].request.at), engine),
    }
    if not of_staff:
        return said
    names = {s.segment.member: s.segment.member for s in decision.segments} | {EVERYBODY: everybody}
    return said | {
        "segments": [segment_body(s, names) for s in decision.segments],
        "relationship": decision.relationship and str(decision.relationship),
        "override": decision.override,
    }


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in COMPARED if _ordered(then[name]) != _ordered(now[name]))


def _ordered(value: Any) -> Any:
    """Segments stand in the order of ids in the entry, of pseudonyms in a replay."""
    if isinstance(value, list):
        return sorted(map(_text, value))
    return value


def _text(value: Any) -> str:
    return "|".join(f"{k}={_text(v)}" for k, v in sorted(value.items())) if isinstance(value, dict) else str(value)
