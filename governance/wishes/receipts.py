"""What somebody takes home of a wish: what was said, when and in what right, and what it changes, flow by flow.

Invariants: a receipt is made for every consent, refusal, withdrawal, objection, restriction and opt-out alike; it tells
the truth of each flow (this stops, this goes on and why), from the agreements themselves; persons stand in it by random
id; its digest is over its canonical form.
Sources: ISO/IEC TS 27560:2023 (record, processing, parties, events) as read through the W3C Data Privacy Vocabulary's
guide; UK GDPR Articles 7(1), 12, 18 and 21; RFC 8785.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

import rfc8785

from governance.agreements.flows import Flow, Standing, lapse
from governance.legal_time import legal_date
from governance.terms import Category, Purpose, WishAnswer, WishKind
from governance.wishes.forms import Form
from governance.wishes.reach import REACH, Use, honoured
from governance.wishes.wishes import EVERYTHING, flow_name

SHAPE: Final = "urn:family-record:receipt:1"


class Effect(StrEnum):
    SHARED = "shared"
    STOPS = "stops"
    GOES_ON = "goes_on"


EFFECT: Final[Mapping[WishAnswer, Effect]] = {
    WishAnswer.GIVEN: Effect.SHARED,
    WishAnswer.REFUSED: Effect.STOPS,
    WishAnswer.WITHDRAWN: Effect.STOPS,
    WishAnswer.MADE: Effect.STOPS,
    WishAnswer.UPHELD: Effect.STOPS,
    WishAnswer.OVERRULED: Effect.GOES_ON,
    WishAnswer.LIFTED: Effect.GOES_ON,
}
"""What an answer does to a flow that honours its kind; a withdrawn objection or opt-out lets go on (see `_effect`)."""

STATE: Final[Mapping[WishAnswer, str]] = {
    WishAnswer.GIVEN: "dpv:ConsentGiven",
    WishAnswer.REFUSED: "dpv:ConsentRefused",
    WishAnswer.WITHDRAWN: "dpv:ConsentWithdrawn",
    WishAnswer.MADE: "requested",
    WishAnswer.UPHELD: "upheld",
    WishAnswer.OVERRULED: "overruled",
    WishAnswer.LIFTED: "lifted",
}

RIGHT: Final[Mapping[WishKind, str]] = {
    WishKind.CONSENT: "UK GDPR Article 7",
    WishKind.OBJECTION: "UK GDPR Article 21",
    WishKind.RESTRICTION: "UK GDPR Article 18",
    WishKind.OPT_OUT_NATIONAL: "National data opt-out",
    WishKind.OPT_OUT_TYPE_1: "Type 1 opt-out",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One act as its receipt tells it: one wish, or all the wishes of one signed form."""

    record_id: str
    person_id: str
    kind: WishKind
    answers: tuple[tuple[WishAnswer, tuple[str, ...]], ...]
    basis: str | None
    language: str
    said_at: datetime
    recorded_at: datetime
    expires: str | None
    ground: str | None
    evidence: str | None = None
    form: Form | None = None
    text_hash: str | None = None
    module_answers: Mapping[str, WishAnswer] | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What an act changes of one flow."""

    agreement: str
    version: int
    flow: str
    source: str
    recipients: tuple[str, ...]
    categories: tuple[str, ...]
    why: Mapping[str, str]
    basis: str
    effect: Effect


def lines(
    said: Said, standings: Iterable[Standing], nations: Mapping[str, str | None], at: datetime
) -> tuple[Line, ...]:
    """Return what an act changes, for each flow in force that carries what it is about."""
    live = [standing for standing in standings if lapse(standing, legal_date(at)) is None]
    found = [
        _line(standing, flow, about, _effect(said.kind, answer, flow, nations.get(flow.source)))
        for answer, scope in said.answers
        for standing in live
        for flow in standing.agreement.flows
        if _use(flow) in REACH[said.kind] and (about := _about(scope, standing, flow))
    ]
    return tuple(sorted(found, key=lambda line: (line.effect, line.agreement, line.flow, line.categories)))


def receipt(said: Said, changed: Sequence[Line], made_at: datetime) -> dict[str, Any]:
    """Return the receipt as a JSON document with its digest."""
    document = {
        "schema_version": SHAPE,
        "shaped_after": "ISO/IEC TS 27560:2023",
        "record_id": said.record_id,
        "pii_principal_id": said.person_id,
        "created": made_at.isoformat(),
        "language": said.language,
        "right": RIGHT[said.kind],
        "events": [_event(said, answer, scope) for answer, scope in said.answers],
        "form": _form(said),
        "processing": [_processing(line) for line in changed],
    }
    return document | {"digest": sha256(rfc8785.dumps(document)).hexdigest()}


def _use(flow: Flow) -> Use:
    return Use.PLANNING if Purpose.PLANNING in flow.purposes else Use.DIRECT_CARE


def _about(scope: Sequence[str], standing: Standing, flow: Flow) -> tuple[Category, ...]:
    whole = {EVERYTHING, standing.agreement.code, flow_name(standing.agreement.code, flow.no)}
    carried = flow.categories if whole & set(scope) else flow.categories & set(scope)
    return tuple(category for category in Category if category in carried)


def _effect(kind: WishKind, answer: WishAnswer, flow: Flow, nation: str | None) -> Effect:
    if not honoured(kind, flow, _use(flow), nation):
        return Effect.GOES_ON
    taken_back = kind is not WishKind.CONSENT and answer is WishAnswer.WITHDRAWN
    return Effect.GOES_ON if taken_back else EFFECT[answer]


def _line(standing: Standing, flow: Flow, about: Sequence[Category], effect: Effect) -> Line:
    return Line(
        agreement=standing.agreement.code,
        version=standing.agreement.version,
        flow=flow.no,
        source=flow.source,
        recipients=tuple(sorted({recipient.organisation for recipient in flow.to})),
        categories=tuple(str(category) for category in about),
        why={"en": flow.why.en, "cy": flow.why.cy},
        basis=str(flow.basis),
        effect=effect,
    )


def _event(said: Said, answer: WishAnswer, scope: Sequence[str]) -> dict[str, Any]:
    return {
        "event_type": str(said.kind),
        "event_state": STATE[answer] if said.kind is WishKind.CONSENT else str(answer),
        "event_time": said.said_at.isoformat(),
        "recorded_time": said.recorded_at.isoformat(),
        "valid_until": said.expires if answer is WishAnswer.GIVEN else None,
        "entity": said.basis,
        "evidence": said.evidence,
        "ground": said.ground,
        "about": list(scope),
    }


def _form(said: Said) -> dict[str, Any] | None:
    form = said.form
    if form is None:
        return None
    answers = said.module_answers or {}
    return {
        "form": form.code,
        "version": form.version,
        "kind": str(form.kind),
        "title": getattr(form.title, said.language),
        "text_hash": said.text_hash,
        "fault": said.fault,
        "modules": [
            {
                "module": module.code,
                "text": getattr(module.text, said.language),
                "answer": str(answers[module.code]) if module.code in answers else "not_asked",
            }
            for module in form.modules
        ],
    }


def _processing(line: Line) -> dict[str, Any]:
    return {
        "agreement": line.agreement,
        "version": line.version,
        "flow": line.flow,
        "controller": line.source,
        "recipients": list(line.recipients),
        "personal_data": list(line.categories),
        "purpose": dict(line.why),
        "lawful_basis": line.basis,
        "effect": str(line.effect),
    }
