"""Ledger entries as an information governance officer reads them.

Invariant: everything here comes from the entry itself; persons appear only as the ledger's pseudonyms.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app import explanations, labels
from app.auditing import Page, Proof, Worker
from app.language import N_, Language
from governance.ledger import EntryView
from governance.terms import Category, Outcome, Reason, RelationshipKind, Role, SubjectRole


@dataclass(frozen=True, slots=True)
class LineView:
    id: str
    index: int | None
    at: datetime
    who: str
    role: str | None
    organisation: str | None
    what: str
    purpose: str | None
    outcome: str
    outcome_said: str
    reasons: tuple[str, ...]
    relationship: str | None


@dataclass(frozen=True, slots=True)
class SegmentView:
    member: str
    subject: str
    category: str
    source: str
    permitted: bool
    reason: str
    flow: str | None


@dataclass(frozen=True, slots=True)
class EntryPage:
    line: LineView
    subjects: tuple[str, ...]
    segments: tuple[SegmentView, ...]
    detail: tuple[tuple[str, str], ...]
    request: str | None
    policy: str | None
    override: str | None
    proof: Proof | None


def lines(words: Language, page: Page) -> list[LineView]:
    return [_line(words, entry, page.workers) for entry in page.entries]


def entry_view(words: Language, entry: EntryView, workers: Mapping[str, Worker], proof: Proof | None) -> EntryPage:
    """Return everything one entry says."""
    body = entry.body
    return EntryPage(
        line=_line(words, entry, workers),
        subjects=tuple(body["subjects"]),
        segments=tuple(_segment(words, segment) for segment in body["segments"]),
        detail=tuple((name, str(value)) for name, value in sorted(body["detail"].items())),
        request=body["request"],
        policy=body["policy"],
        override=body["override"],
        proof=proof,
    )


def _line(words: Language, entry: EntryView, workers: Mapping[str, Worker]) -> LineView:
    worker = workers.get(entry.staff_id or "")
    body = entry.body
    return LineView(
        id=entry.id,
        index=entry.index,
        at=entry.recorded_at,
        who=worker.name if worker else words.gettext(N_("The service")),
        role=words.gettext(labels.ROLES[Role(body["role"])]) if body["role"] else None,
        organisation=entry.organisation,
        what=words.gettext(labels.EVENT_KINDS[entry.kind]),
        purpose=words.gettext(labels.PURPOSES[entry.purpose]) if entry.purpose else None,
        outcome=str(entry.outcome),
        outcome_said=words.gettext(labels.OUTCOMES[entry.outcome]),
        reasons=_reasons(words, entry),
        relationship=_relationship(words, body["relationship"]),
    )


def _reasons(words: Language, entry: EntryView) -> tuple[str, ...]:
    if entry.outcome not in (Outcome.DENY, Outcome.PARTIAL):
        return ()
    told = [Reason(name) for name in entry.body["reasons"]]
    return tuple(reason_said(words, reason) for reason in told if reason is not Reason.PERMITTED)


def reason_said(words: Language, reason: Reason) -> str:
    """Return a reason's words and its own code: several reasons read alike outside, and an officer must tell them."""
    why = words.gettext(explanations.REASONS[reason].why) % {"source": words.gettext(N_("the source"))}
    return f"{why} ({reason})"


def _relationship(words: Language, held: str | None) -> str | None:
    return words.gettext(labels.RELATIONSHIPS[RelationshipKind(held)]) if held else None


def _segment(words: Language, held: Mapping[str, object]) -> SegmentView:
    flow = held["flow"]
    said = f"{flow['agreement']} v{flow['version']} {flow['flow']}" if isinstance(flow, Mapping) else None
    reason = Reason(str(held["reason"]))
    return SegmentView(
        member=str(held["member"])[:12],
        subject=words.gettext(labels.SUBJECTS[SubjectRole(str(held["subject"]))]),
        category=words.gettext(labels.CATEGORIES[Category(str(held["category"]))]),
        source=str(held["source"]),
        permitted=bool(held["permitted"]),
        reason="" if reason is Reason.PERMITTED else reason_said(words, reason),
        flow=said,
    )
