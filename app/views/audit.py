"""Ledger entries as an information governance officer reads them.

Invariant: everything here comes from the entry itself; persons appear only as the ledger's pseudonyms.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
    categories: str
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
        segments=_segments(words, body["segments"]),
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


def _segments(words: Language, held: Iterable[Mapping[str, Any]]) -> tuple[SegmentView, ...]:
    """One line for everything that went the same way: refusals first."""
    grouped: dict[tuple[bool, str, str, str, str, str], list[str]] = {}
    for one in held:
        flow = one["flow"]
        said = f"{flow['agreement']} v{flow['version']} {flow['flow']}" if flow else ""
        key = (one["permitted"], one["subject"], one["member"], one["source"], one["reason"], said)
        grouped.setdefault(key, []).append(words.gettext(labels.CATEGORIES[Category(one["category"])]))
    return tuple(
        SegmentView(
            member=member[:12],
            subject=words.gettext(labels.SUBJECTS[SubjectRole(subject)]),
            categories=words.together(categories),
            source=source,
            permitted=permitted,
            reason="" if permitted else reason_said(words, Reason(reason)),
            flow=flow or None,
        )
        for (permitted, subject, member, source, reason, flow), categories in sorted(grouped.items())
    )
