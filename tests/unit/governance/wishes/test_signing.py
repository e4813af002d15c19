"""Recording signed forms, forms that do not hold, responsibility and leaflets."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.store import audit_entry, signed_form, wish
from governance.terms import (
    Category,
    Evidence,
    FormFault,
    Ground,
    ResponsibilityEvidence,
    ResponsibilityKind,
    SignerBasis,
    WishAnswer,
    WishKind,
)
from governance.wishes.forms import Form, shipped
from governance.wishes.responsibilities import end_responsibility, record_responsibility, responsibilities_of
from governance.wishes.signing import Competence, Signing, fault_form, give_leaflet, record_form, signed_forms
from governance.wishes.store import (
    COMPELLING,
    FAMILY_GROUNDS,
    GROUNDS,
    NEEDS_GROUND,
    WishRefused,
    record_wish,
    wishes_of,
)
from governance.wishes.wishes import Consent, Subject, active, consent

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
LATER = AT + timedelta(days=1)
CHILD = Subject("child", adult=False, responsible=frozenset({"mother"}))
PR = SignerBasis.PARENTAL_RESPONSIBILITY
CARE_ORDER = {"kind": ResponsibilityKind.CARE_ORDER, "evidence": ResponsibilityEvidence.ORDER_OF_COURT}
SIGNING = Signing(
    person_id="child", language="cy", answers={"health": WishAnswer.GIVEN, "home": WishAnswer.REFUSED},
    signer_basis=PR, evidence=Evidence.PAPER, signed_at=AT, signer_person_id="mother",
)  # fmt: skip


def form(code: str = "family-support-consent") -> Form:
    found = shipped().newest(code)
    assert found is not None
    return found


def sign(session: Session, ring: KeyRing, signing: Signing = SIGNING, code: str = "family-support-consent") -> str:
    return record_form(session, ring, AT, "test", form(code), signing)


def state(session: Session, category: Category, at: datetime = AT) -> Consent:
    return consent(wishes_of(session, ["child"]), CHILD, category, "isp", at)


def count(session: Session, table: object) -> int:
    return int(session.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def test_each_module_is_answered_on_its_own_and_what_was_not_asked_is_unknown(session: Session, ring: KeyRing) -> None:
    form_id = sign(session, ring)
    assert state(session, Category.DEVELOPMENT) is Consent.GIVEN
    assert state(session, Category.HOUSING) is Consent.REFUSED
    assert state(session, Category.EARLY_HELP) is Consent.UNKNOWN
    [held] = signed_forms(session, form_ids=[form_id])
    assert held.text_hash == form().text_hash("cy")
    assert held.answers == SIGNING.answers
    assert held.expires == date(2028, 5, 4)


def test_before_the_first_form_the_state_is_unknown(session: Session, ring: KeyRing) -> None:
    sign(session, ring)
    assert state(session, Category.DEVELOPMENT, AT - timedelta(seconds=1)) is Consent.UNKNOWN


def test_a_withdrawal_form_takes_back_a_module_the_same_day_and_leaves_the_rest(
    session: Session, ring: KeyRing
) -> None:
    sign(session, ring, replace(SIGNING, answers=dict.fromkeys(("health", "home"), WishAnswer.GIVEN)))
    gone = replace(SIGNING, answers={"health": WishAnswer.WITHDRAWN})
    sign(session, ring, gone, "family-support-withdrawal")
    assert state(session, Category.DEVELOPMENT) is Consent.WITHDRAWN
    assert state(session, Category.HOUSING) is Consent.GIVEN


def test_an_objection_form_makes_an_objection_with_its_ground(session: Session, ring: KeyRing) -> None:
    made = replace(SIGNING, answers={"school": WishAnswer.MADE}, ground=Ground.SAFETY)
    sign(session, ring, made, "sharing-objection")
    [row] = wishes_of(session, ["child"])
    assert row.kind is WishKind.OBJECTION
    assert active([row], row.kind, "child", Category.SCHOOL, "isp-school-readiness", AT)
    assert not active([row], row.kind, "child", Category.SCHOOL, "isp-early-years", AT)


def test_the_same_form_sent_twice_is_recorded_once_and_another_under_its_key_is_refused(
    session: Session, ring: KeyRing
) -> None:
    keyed = replace(SIGNING, client_key="k-1")
    assert sign(session, ring, keyed) == sign(session, ring, keyed)
    assert (count(session, signed_form), count(session, wish), count(session, audit_entry)) == (1, 2, 2)
    with pytest.raises(WishRefused, match="client_key"):
        sign(session, ring, replace(keyed, answers={"home": WishAnswer.GIVEN}))


def test_a_wish_sent_twice_under_one_key_is_recorded_once(session: Session, ring: KeyRing) -> None:
    said = {"person_id": "child", "kind": WishKind.RESTRICTION, "client_key": "k-2"}
    first = record_wish(session, ring, AT, "test", answer=WishAnswer.MADE, **said)  # type: ignore[arg-type]
    assert record_wish(session, ring, LATER, "test", answer=WishAnswer.MADE, **said) == first  # type: ignore[arg-type]
    with pytest.raises(WishRefused, match="client_key"):
        record_wish(session, ring, AT, "test", answer=WishAnswer.LIFTED, **said)  # type: ignore[arg-type]


def test_a_childs_own_consent_stands_on_an_assessment_that_reaches_it(session: Session, ring: KeyRing) -> None:
    own = replace(SIGNING, signer_basis=SignerBasis.COMPETENT_CHILD, signer_person_id="child")
    found = Competence("hv.vale", AT.date(), ("health",))
    for faulty in (
        own,
        replace(own, competence=replace(found, scope=("home",))),
        replace(own, competence=replace(found, on=LATER.date())),
        replace(own, competence=replace(found, by="")),
    ):
        with pytest.raises(WishRefused, match="competence"):
            sign(session, ring, faulty)
    sign(session, ring, replace(own, competence=found))
    assert state(session, Category.DEVELOPMENT) is Consent.GIVEN


def test_a_childs_no_needs_no_assessment(session: Session, ring: KeyRing) -> None:
    own = replace(SIGNING, signer_basis=SignerBasis.COMPETENT_CHILD, signer_person_id="child")
    own = replace(own, answers={"home": WishAnswer.REFUSED})
    sign(session, ring, own)
    assert state(session, Category.HOUSING) is Consent.REFUSED


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"language": "fr"}, "language"),
        ({"answers": {}}, "answers"),
        ({"answers": {"nothing": WishAnswer.GIVEN}}, "answers"),
        ({"answers": {"home": WishAnswer.WITHDRAWN}}, "answers"),
        ({"signed_at": LATER}, "signed_at"),
        ({"ground": Ground.SAFETY}, "ground"),
    ],
)
def test_a_form_filled_in_wrongly_is_refused_and_nothing_is_kept(
    other: dict[str, object], named: str, session: Session, ring: KeyRing
) -> None:
    with pytest.raises(WishRefused, match=f"^{named}"):
        sign(session, ring, replace(SIGNING, **other))  # type: ignore[arg-type]
    assert (count(session, signed_form), count(session, wish)) == (0, 0)


def test_a_form_that_does_not_hold_stops_giving_and_goes_on_refusing(session: Session, ring: KeyRing) -> None:
    form_id = sign(session, ring)
    fault_form(session, ring, LATER, "test", form_id, FormFault.NOT_SIGNED)
    assert state(session, Category.DEVELOPMENT, LATER - timedelta(seconds=1)) is Consent.GIVEN
    assert state(session, Category.DEVELOPMENT, LATER) is Consent.UNKNOWN
    assert state(session, Category.HOUSING, LATER) is Consent.REFUSED
    with pytest.raises(WishRefused):
        fault_form(session, ring, LATER, "test", form_id, FormFault.WRONG_PERSON)
    with pytest.raises(WishRefused):
        fault_form(session, ring, LATER, "test", "no such form", FormFault.WRONG_PERSON)


def test_a_form_of_another_person_says_nothing_at_all(session: Session, ring: KeyRing) -> None:
    form_id = sign(session, ring)
    fault_form(session, ring, LATER, "test", form_id, FormFault.WRONG_PERSON)
    assert state(session, Category.HOUSING, LATER) is Consent.UNKNOWN


def test_deciding_against_an_objection_needs_a_compelling_ground(session: Session, ring: KeyRing) -> None:
    said = {"person_id": "child", "kind": WishKind.OBJECTION}
    for ground in (None, *FAMILY_GROUNDS):
        with pytest.raises(WishRefused, match="ground"):
            record_wish(session, ring, AT, "t", answer=WishAnswer.OVERRULED, ground=ground, **said)  # type: ignore[arg-type]
    for ground in COMPELLING:
        record_wish(session, ring, AT, "t", answer=WishAnswer.OVERRULED, ground=ground, **said)  # type: ignore[arg-type]
        with pytest.raises(WishRefused, match="ground"):
            record_wish(session, ring, AT, "t", answer=WishAnswer.MADE, ground=ground, **said)  # type: ignore[arg-type]


def test_every_ground_belongs_somewhere() -> None:
    assert FAMILY_GROUNDS | COMPELLING == set(Ground) == set().union(*GROUNDS.values())
    assert set(GROUNDS) >= NEEDS_GROUND


def test_responsibility_is_recorded_ended_once_and_logged_without_names(session: Session, ring: KeyRing) -> None:
    row_id = record_responsibility(session, ring, AT, "test", person_id="child", since=date(2026, 5, 1), **CARE_ORDER)  # type: ignore[arg-type]
    end_responsibility(session, ring, LATER, "test", responsibility_id=row_id, on=LATER.date())
    with pytest.raises(WishRefused):
        end_responsibility(session, ring, LATER, "test", responsibility_id=row_id, on=LATER.date())
    [row] = responsibilities_of(session, ["child"])
    assert row.stands(LATER - timedelta(seconds=1))
    assert not row.stands(LATER)
    assert [row for row in session.scalars(select(audit_entry.c.body)) if "child" in row] == []
    assert count(session, audit_entry) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"holder_person_id": "mother"},
        {"kind": ResponsibilityKind.PARENTAL_RESPONSIBILITY},
        {"kind": ResponsibilityKind.SPECIAL_GUARDIAN, "holder_person_id": "child"},
        {"kind": ResponsibilityKind.SPECIAL_GUARDIAN, "holder_person_id": "gran", "holder_organisation": "ZMC"},
        {"until": date(2026, 5, 1)},
    ],
)
def test_a_responsibility_that_contradicts_itself_is_refused(
    other: dict[str, object], session: Session, ring: KeyRing
) -> None:
    said = {"person_id": "child", "since": date(2026, 5, 1)} | CARE_ORDER | other
    with pytest.raises(WishRefused):
        record_responsibility(session, ring, AT, "test", **said)  # type: ignore[arg-type]


def test_a_leaflet_given_twice_in_a_day_is_recorded_once(session: Session, ring: KeyRing) -> None:
    given = {"person_id": "child", "agreement": "isp-early-years", "version": 1, "language": "cy"}
    first = give_leaflet(session, ring, AT, "test", on=AT.date(), **given)  # type: ignore[arg-type]
    assert give_leaflet(session, ring, LATER, "test", on=AT.date(), **given) == first  # type: ignore[arg-type]
    for faulty in ({"on": LATER.date()}, {"on": AT.date(), "language": "fr"}):
        with pytest.raises(WishRefused):
            give_leaflet(session, ring, AT, "test", **(given | faulty))  # type: ignore[arg-type]
