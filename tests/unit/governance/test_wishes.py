"""The state of a person's wishes at an instant."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.store import audit_entry, metadata
from governance.terms import Category, SignerBasis, WishAnswer, WishKind
from governance.wishes.store import WishRefused, opted_out_persons, record_wish, wishes_of
from governance.wishes.wishes import ANSWERS, CONSENT_REASON, Consent, Subject, Wish, active, consent, opted_out

DAY = datetime(2026, 5, 4, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CHILD = Subject("child", adult=False, responsible=frozenset({"mother", "father"}))
FATHER = Subject("father", adult=True, responsible=frozenset({"mother", "father"}))
GIVEN, REFUSED, WITHDRAWN = WishAnswer.GIVEN, WishAnswer.REFUSED, WishAnswer.WITHDRAWN
PR = SignerBasis.PARENTAL_RESPONSIBILITY


def said(
    answer: WishAnswer,
    ordinal: int,
    *,
    kind: WishKind = WishKind.CONSENT,
    by: str | None = "mother",
    basis: SignerBasis | None = PR,
    scope: tuple[str, ...] = ("*",),
    valid: datetime = DAY,
    recorded: datetime = DAY,
    expires: date | None = None,
    person: str = "child",
) -> Wish:
    return Wish(person, kind, answer, scope, None, by, basis, valid, expires, recorded, ordinal)


def state(*rows: Wish, subject: Subject = CHILD, at: datetime = NOW, category: Category = Category.SCHOOL) -> Consent:
    return consent(rows, subject, category, "isp-a", at)


def test_nothing_said_is_not_consent() -> None:
    assert state() is Consent.UNKNOWN


def test_before_the_first_form_the_state_is_unknown() -> None:
    assert state(said(GIVEN, 1), at=DAY - timedelta(seconds=1)) is Consent.UNKNOWN
    assert state(said(GIVEN, 1, recorded=NOW + timedelta(days=1))) is Consent.UNKNOWN


def test_given_and_withdrawn_on_one_day_is_withdrawn_and_the_other_way_given() -> None:
    assert state(said(GIVEN, 1), said(WITHDRAWN, 2)) is Consent.WITHDRAWN
    assert state(said(WITHDRAWN, 1), said(GIVEN, 2)) is Consent.GIVEN


def test_a_form_typed_late_does_not_undo_a_later_withdrawal() -> None:
    withdrawn = said(WITHDRAWN, 1, valid=DAY + timedelta(days=2))
    assert state(withdrawn, said(GIVEN, 2, recorded=DAY + timedelta(days=9))) is Consent.WITHDRAWN


def test_a_withdrawal_recorded_last_counts_even_when_dated_back() -> None:
    assert state(said(GIVEN, 1), said(WITHDRAWN, 2, valid=DAY - timedelta(days=9))) is Consent.WITHDRAWN


def test_a_refusal_outlives_a_later_consent_of_a_lesser_voice() -> None:
    child = said(REFUSED, 1, by="child", basis=SignerBasis.COMPETENT_CHILD)
    assert state(child, said(GIVEN, 2)) is Consent.REFUSED
    court = said(REFUSED, 1, by=None, basis=SignerBasis.COURT)
    later = said(GIVEN, 2, by="child", basis=SignerBasis.COMPETENT_CHILD)
    assert state(court, later) is Consent.REFUSED


def test_a_refusal_outlives_its_own_expiry() -> None:
    assert state(said(REFUSED, 1, expires=date(2026, 5, 20))) is Consent.REFUSED


@pytest.mark.parametrize(("expires", "found"), [(date(2026, 6, 2), Consent.GIVEN), (date(2026, 6, 1), Consent.EXPIRED)])
def test_a_consent_expires_at_midnight_in_london(expires: date, found: Consent) -> None:
    assert state(said(GIVEN, 1, expires=expires)) is found
    late = datetime(2026, 5, 31, 23, 30, tzinfo=UTC)
    assert state(said(GIVEN, 1, expires=date(2026, 6, 1)), at=late) is Consent.EXPIRED


def test_two_holders_of_responsibility_in_conflict_leave_no_consent() -> None:
    assert state(said(GIVEN, 1), said(REFUSED, 2, by="father")) is Consent.CONFLICT
    assert state(said(REFUSED, 1, by="father"), said(GIVEN, 2)) is Consent.CONFLICT
    assert state(said(GIVEN, 1), said(GIVEN, 2, by="father")) is Consent.GIVEN
    assert state(said(REFUSED, 1), said(WITHDRAWN, 2, by="father")) is Consent.REFUSED


def test_a_mother_cannot_consent_for_a_father() -> None:
    hers = said(GIVEN, 1, person="father", by="mother", basis=SignerBasis.ADULT_SELF)
    assert state(hers, subject=FATHER) is Consent.NOT_ENTITLED
    assert state(said(GIVEN, 1, person="father", by="mother"), subject=FATHER) is Consent.NOT_ENTITLED
    his = said(GIVEN, 2, person="father", by="father", basis=SignerBasis.ADULT_SELF)
    assert state(hers, his, subject=FATHER) is Consent.GIVEN


def test_who_holds_no_responsibility_does_not_consent() -> None:
    assert state(said(GIVEN, 1, by="aunt")) is Consent.NOT_ENTITLED
    assert state(said(GIVEN, 1, basis=None)) is Consent.NOT_ENTITLED
    assert state(said(REFUSED, 1, by="aunt"), said(GIVEN, 2)) is Consent.GIVEN


def test_a_consent_reaches_what_it_names_and_no_more() -> None:
    partial = said(GIVEN, 1, scope=("school", "isp-b"))
    assert state(partial) is Consent.GIVEN
    assert state(partial, category=Category.SEND) is Consent.UNKNOWN
    assert consent([partial], CHILD, Category.SEND, "isp-b", NOW) is Consent.GIVEN
    assert state(said(GIVEN, 1), said(WITHDRAWN, 2, scope=("school",)), category=Category.SEND) is Consent.GIVEN


def objection(answer: WishAnswer, ordinal: int, by: str | None = "mother", **other: object) -> Wish:
    return said(answer, ordinal, kind=WishKind.OBJECTION, by=by, **other)  # type: ignore[arg-type]


def objects(*rows: Wish, at: datetime = NOW) -> bool:
    return active(rows, WishKind.OBJECTION, "child", Category.SCHOOL, "isp-a", at)


def test_an_objection_counts_from_the_day_it_is_made_until_it_is_lifted_or_overruled() -> None:
    made = objection(WishAnswer.MADE, 1)
    assert objects(made)
    assert not objects(made, at=DAY - timedelta(seconds=1))
    assert objects(made, objection(WishAnswer.UPHELD, 2))
    assert not objects(made, objection(WishAnswer.LIFTED, 2))
    assert not objects(made, objection(WishAnswer.OVERRULED, 2, by=None, basis=None))
    assert objects(made, objection(WishAnswer.OVERRULED, 2, by=None), objection(WishAnswer.MADE, 3))


def test_one_parent_does_not_lift_the_other_ones_objection() -> None:
    assert objects(objection(WishAnswer.MADE, 1, by="father"), objection(WishAnswer.LIFTED, 2))


def test_a_restriction_is_lifted_by_the_organisation_whoever_asked_for_it() -> None:
    made = said(WishAnswer.MADE, 1, kind=WishKind.RESTRICTION)
    lifted = said(WishAnswer.LIFTED, 2, kind=WishKind.RESTRICTION, by=None, basis=None)
    where = (WishKind.RESTRICTION, "child", Category.SCHOOL, "isp-a", NOW)
    assert active([made], *where)
    assert not active([made, lifted], *where)


def test_another_persons_wish_is_not_ones_own() -> None:
    assert not objects(objection(WishAnswer.MADE, 1, person="sibling"))


def test_every_state_and_kind_has_its_row() -> None:
    assert set(CONSENT_REASON) == set(Consent)
    assert set(ANSWERS) == set(WishKind)


def test_the_store_only_adds_refuses_nonsense_and_logs_without_the_person() -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    ring = SoftwareKeyRing(new_keys(FIRST_LABELS))
    with Session(engine) as session:
        out = {"person_id": "someone", "kind": WishKind.OPT_OUT_NATIONAL}
        record_wish(session, ring, DAY, "test", answer=WishAnswer.MADE, **out)  # type: ignore[arg-type]
        assert opted_out_persons(session, WishKind.OPT_OUT_NATIONAL, NOW) == {"someone"}
        record_wish(session, ring, NOW, "test", answer=WishAnswer.LIFTED, **out)  # type: ignore[arg-type]
        assert opted_out_persons(session, WishKind.OPT_OUT_NATIONAL, NOW) == frozenset()
        assert opted_out_persons(session, WishKind.OPT_OUT_NATIONAL, DAY) == {"someone"}
        rows = wishes_of(session, ["someone"])
        assert [row.ordinal for row in rows] == [1, 2]
        assert not opted_out(rows, WishKind.OPT_OUT_TYPE_1, "someone", NOW)
        with pytest.raises(WishRefused):
            record_wish(session, ring, NOW, "test", answer=WishAnswer.GIVEN, **out)  # type: ignore[arg-type]
        with pytest.raises(WishRefused):
            record_wish(session, ring, NOW, "test", person_id="someone", kind=WishKind.CONSENT, answer=WishAnswer.GIVEN)
        assert session.execute(select(func.count()).select_from(audit_entry)).scalar_one() == 2
        assert all("someone" not in body for body in session.scalars(select(audit_entry.c.body)))
