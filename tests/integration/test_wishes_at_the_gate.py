"""Signed forms and responsibility, through the gate on both databases, act on the next read."""

from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from app import wishing
from app.database import Database
from governance.store import responsibility
from governance.terms import (
    Category,
    Evidence,
    FormFault,
    Reason,
    ResponsibilityEvidence,
    ResponsibilityKind,
    SignerBasis,
    WishAnswer,
    WishKind,
)
from governance.wishes.forms import shipped
from governance.wishes.responsibilities import end_responsibility, record_responsibility
from governance.wishes.signing import Signing, fault_form, give_leaflet, record_form
from governance.wishes.store import record_wish
from linkage.store import person
from tests.integration.partnership import LATER, NOW, Partnership, build, shown
from tests.stored import Stored

SIGNED = Signing(
    person_id="ada", language="en", answers={"family-support": WishAnswer.GIVEN, "early-help": WishAnswer.GIVEN},
    signer_basis=SignerBasis.PARENTAL_RESPONSIBILITY, signer_person_id="mair", evidence=Evidence.PAPER, signed_at=NOW,
)  # fmt: skip


def sign(held: Partnership, signing: Signing = SIGNED) -> str:
    form = shipped().newest("family-support-consent")
    assert form is not None
    with held.database.writing() as session:
        return record_form(session, held.ring, NOW, "test", form, signing)


def decides(held: Partnership, kind: ResponsibilityKind, child: str = "ada", holder: str | None = None) -> str:
    with held.database.writing() as session:
        return record_responsibility(
            session, held.ring, NOW, "test", person_id=child, kind=kind, since=NOW.date(),
            evidence=ResponsibilityEvidence.ORDER_OF_COURT, holder_person_id=holder,
        )  # fmt: skip


def charity(held: Partnership) -> tuple[Reason, set[Category]]:
    read = held.read("charity")
    return read.decision.reason, {category for _, category, _ in shown(read)}


def test_a_form_opens_its_modules_and_a_faulty_one_closes_them_again(database: Database) -> None:
    held = build(database)
    form = sign(held)
    reason, categories = charity(held)
    assert reason is Reason.PERMITTED
    assert Category.EARLY_HELP in categories
    assert Category.DEVELOPMENT not in categories
    with database.writing() as session:
        fault_form(session, held.ring, NOW, "test", form, FormFault.NOT_EXPLAINED)
    assert charity(held) == (Reason.CONSENT_UNKNOWN, set())


def test_a_care_order_stops_what_a_parent_agreed_to_until_it_ends(database: Database) -> None:
    held = build(database)
    sign(held)
    order = decides(held, ResponsibilityKind.CARE_ORDER)
    assert charity(held)[0] is Reason.CONSENT_SIGNER_NOT_ENTITLED
    with database.writing() as session:
        end_responsibility(session, held.ring, NOW, "test", responsibility_id=order, on=NOW.date())
    assert charity(held)[0] is Reason.PERMITTED


def test_responsibility_follows_a_child_and_a_holder_through_merges(sqlite_database: Database) -> None:
    held = build(sqlite_database)
    sign(held)
    with sqlite_database.writing() as session:
        stored = Stored(session)
        for old, new in (("old-ada", "ada"), ("old-gran", "mair")):
            stored.person(old)
            session.execute(update(person).where(person.c.id == old).values(merged_into=new))
    decides(held, ResponsibilityKind.SPECIAL_GUARDIAN, child="old-ada", holder="old-gran")
    assert charity(held)[0] is Reason.PERMITTED
    with sqlite_database.writing() as session:
        session.execute(update(person).where(person.c.id == "old-gran").values(merged_into="tom"))
    assert charity(held)[0] is Reason.CONSENT_SIGNER_NOT_ENTITLED


def test_accommodation_and_another_childs_care_order_change_nothing(sqlite_database: Database) -> None:
    held = build(sqlite_database)
    sign(held)
    decides(held, ResponsibilityKind.ACCOMMODATED)
    decides(held, ResponsibilityKind.CARE_ORDER, child="ben")
    assert charity(held)[0] is Reason.PERMITTED


def test_what_is_due_about_everybody_is_listed_under_the_id_that_stands(sqlite_database: Database) -> None:
    held = build(sqlite_database)
    sign(held)
    with sqlite_database.writing() as session:
        record_wish(
            session, held.ring, NOW - timedelta(days=60), "test", person_id="ben", kind=WishKind.OBJECTION,
            answer=WishAnswer.MADE,
        )  # fmt: skip
    with sqlite_database.reading() as session:
        due = [(review.person_id, str(review.why)) for review in wishing.reviews_due(session, LATER)]
    assert due == [("ben", "objection_to_answer")]


@pytest.mark.parametrize("table", ["signed_form", "signed_form_fault", "leaflet_given", "wish"])
def test_what_was_signed_is_never_changed(table: str, database: Database) -> None:
    held = build(database)
    form = sign(held)
    with database.writing() as session:
        fault_form(session, held.ring, NOW, "test", form, FormFault.NOT_SIGNED)
        give_leaflet(
            session, held.ring, NOW, "test", person_id="ada", agreement="isp-early-years", version=1, language="en",
            on=NOW.date(),
        )  # fmt: skip
    for act in (f"DELETE FROM {table}", f"UPDATE {table} SET recorded_by = 'x'"):
        with pytest.raises(DBAPIError, match="INSERT only"), database.writing() as session:
            session.execute(text(act))


def test_an_end_is_written_whole_or_not_at_all(database: Database) -> None:
    held = build(database)
    decides(held, ResponsibilityKind.COURT)
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(update(responsibility).values(ended_on=NOW.date()))
