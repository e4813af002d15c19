"""Ledger entries as an information governance officer reads them.

Invariant: everything here comes from the entry itself; persons appear only as the ledger's pseudonyms.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app import explanations, labels
from app.auditing import Page, Proof, Worker
from app.language import N_, Language
from governance.ledger.ledger import EntryView
from governance.terms import Category, Outcome, Reason, RelationshipKind, Role, SubjectRole

OF_THE_WORKER: Final[Mapping[Reason, str]] = {
    Reason.ASSURANCE_TOO_LOW: N_("the worker’s sign-in was not strong enough"),
    Reason.ACCOUNT_SUSPENDED: N_("the worker’s account was suspended"),
    Reason.NO_ROLE: N_("the worker no longer held the role they signed in with"),
    Reason.ROLE_NOT_ALLOWED: N_("the worker’s role may not open this"),
    Reason.TRAINING_LAPSED: N_("the worker’s information governance training had lapsed"),
    Reason.PURPOSE_MISSING: N_("the worker had not said why they needed it"),
    Reason.PURPOSE_NOT_ALLOWED: N_("the worker’s role may not use this purpose"),
    Reason.SELF_OR_FAMILY: N_("it was the worker’s own record, or that of their family or someone close to them"),
    Reason.NOT_FOUND: N_("there is no such record"),
    Reason.OUT_OF_SCOPE: N_("the person is outside what this worker may look for"),
    Reason.ERASED: N_("the record was erased"),
    Reason.NO_RELATIONSHIP: N_("the child was not on the worker’s caseload, nor their team’s"),
    Reason.RELATIONSHIP_ENDED: N_("the worker’s work with this child had ended"),
    Reason.NO_AGREEMENT: N_("no agreement covers sharing this with the worker’s role for this purpose"),
    Reason.HARD_BLOCK: N_("a firewall protects this person"),
    Reason.UNBORN: N_("an unborn child is reached only through its mother"),
    Reason.MINIMISED: N_("the worker’s role does not need it for this purpose"),
    Reason.RATE_LIMITED: N_("the worker had looked at too many records in a short time"),
}
"""Reasons as an officer reads them: of the worker who looked, and apart where the worker is told all alike."""

RELATED: Final[Mapping[RelationshipKind, str]] = {
    RelationshipKind.CASELOAD: N_("on the worker’s caseload"),
    RelationshipKind.TEAM: N_("on the caseload of the worker’s team"),
    RelationshipKind.DUTY: N_("the worker was on duty"),
    RelationshipKind.REFERRAL: N_("referred to the worker"),
    RelationshipKind.DELEGATION: N_("care delegated to the worker"),
    RelationshipKind.SELF_CLAIMED: N_("the worker said they work with them"),
}


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
    said = OF_THE_WORKER.get(reason, explanations.REASONS[reason].why)
    why = words.gettext(said) % {"source": words.gettext(N_("the source"))}
    return f"{why} ({reason})"


def _relationship(words: Language, held: str | None) -> str | None:
    return words.gettext(RELATED[RelationshipKind(held)]) if held else None


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
