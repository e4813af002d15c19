"""Family 5's lost pregnancy leaves no trace on the sibling's page; family 6's wishes each remove only what they can."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from app.logs import make_log
from app.main import create_app
from app.purposes import choices
from app.subjects import Merges, held_segments, policy_members
from governance import people
from governance.legal_time import legal_date
from governance.policy import facts as governance_facts
from governance.policy.policy import decide
from governance.policy.request import Facts, Request
from governance.policy.segments import ACCOMPANYING
from governance.store import staff
from governance.terms import (
    Action,
    Actor,
    Category,
    Decision,
    LegalBasis,
    Purpose,
    RelationshipKind,
    Role,
    SegmentDecision,
    SignerBasis,
    WishAnswer,
    WishKind,
)
from governance.wishes.wishes import Wish
from linkage import store
from linkage.kin import records
from tests.county import County, copied
from tests.journeys.visitor import Visitor

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BOOKED = date(2026, 4, 14)
WORKERS = {
    "hv.morgan": Role.HEALTH_VISITOR,
    "fsw.evans": Role.FAMILY_SUPPORT_WORKER,
    "sw.okoro": Role.SOCIAL_WORKER,
    "mw.rees": Role.MIDWIFE,
    "hs.bevan": Role.CHARITY_WORKER,
    "np.hart": Role.NURSERY_PRACTITIONER,
    "sc.lowe": Role.SCHOOL_LEAD,
}


@pytest.fixture(scope="module")
def never(built_county: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The same county, in which family 5's mother was never pregnant again."""
    with copied(built_county, tmp_path_factory.mktemp("never")) as made:
        with made.deployment.database.writing() as session:
            forget(session, made.people["F05-mother"], made.people["F05-unborn"])
        yield made


def forget(session: Session, mother: str, unborn: str) -> None:
    role, event = store.record_role, store.event
    hers = select(role.c.record_id).where(role.c.person_id == mother)
    late = select(role.c.record_id).join(event, event.c.role_id == role.c.id).where(event.c.occurred_on >= BOOKED)
    of_unborn = select(role.c.record_id).where(role.c.person_id == unborn)
    gone = set(session.scalars(of_unborn)) | (set(session.scalars(late)) & set(session.scalars(hers)))
    assert gone, "there is a pregnancy to forget"
    roles = session.scalars(select(role.c.id).where(role.c.record_id.in_(gone))).all()
    for table in (event, store.involvement):
        session.execute(delete(table).where(table.c.role_id.in_(roles)))
    session.execute(delete(store.tie).where(or_(store.tie.c.person_a == unborn, store.tie.c.person_b == unborn)))
    session.execute(role.update().where(role.c.id.in_(roles)).values(current=False, person_id=None))


def pages(
    county: County, username: str, role: Role, person: str, purpose: Purpose, at: datetime
) -> list[tuple[str, int, str]]:
    """What a worker who has this person on their caseload is shown, without what differs by chance."""
    app = create_app(county.deployment, lambda: at, make_log(io.StringIO()))
    client = TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000))
    visitor = Visitor(client).signed_in(f"{username}|{role}")
    visitor.open_family(person, purpose)
    paths = (f"/families/{person}", f"/v1/families/{person}", f"/families/{person}/wishes")
    found = [(path, answer.status_code, answer.text) for path in paths for answer in [client.get(path)]]
    return [
        (path, status, re.sub(r"[0-9a-f]{12,64}|[\w-]{43}|nonce=\"[\w-]+\"", "·", text)) for path, status, text in found
    ]


@pytest.mark.parametrize("username", WORKERS)
def test_nobody_permitted_on_a_sibling_sees_the_lost_pregnancy(county: County, never: County, username: str) -> None:
    sibling, role, at = county.people["F05-sibling"], WORKERS[username], datetime.now(UTC)
    for one in (county, never):
        with one.deployment.database.writing() as session:
            staff_id = people.staff_named(session, username)
            assert staff_id is not None
            people.open_relationship(
                session, one.deployment.ring, at, "factory", staff_id=staff_id, person_id=sibling,
                kind=RelationshipKind.CASELOAD, since=date(2026, 11, 1),
            )  # fmt: skip
    for purpose in choices(role):
        real, without = (pages(one, username, role, sibling, purpose, at) for one in (county, never))
        assert real == without
        assert {status for _, status, _ in real} <= ({200} if username == "hv.morgan" else {200, 403})


def test_the_midwife_of_a_pregnant_mother_does_see_it(county: County) -> None:
    """The comparison above would fail if something were shown: where it may be shown, it is."""
    mother = county.people["F03-mother"]
    told = pages(county, "mw.rees", Role.MIDWIFE, mother, Purpose.DIRECT_CARE, datetime.now(UTC))
    assert "Unborn child" in told[0][2]


@pytest.fixture(scope="module")
def family_six(county: County) -> Callable[[str, Purpose], tuple[Request, Facts]]:
    child = county.people["F06-child"]

    def facts(username: str, purpose: Purpose) -> tuple[Request, Facts]:
        with county.deployment.database.reading() as session:
            family = records.load_family(session, child, legal_date(NOW))
            assert family is not None
            held = held_segments(family, records.holdings(session, family.person_ids))
            members = policy_members(family, legal_date(NOW))
            at = datetime.now(UTC)
            known = governance_facts.read_facts(session, actor(session, username), members, held, at, Merges(session))
        return Request(Action.READ_FAMILY, child, purpose, at), known

    return facts


def actor(session: Session, username: str) -> Actor:
    row = session.execute(select(staff.c.id).where(staff.c.username == username)).one()
    found = people.actor_for(session, row.id, WORKERS[username], legal_date(datetime.now(UTC)))
    assert found is not None
    return found


def shown(decision: Decision) -> dict[object, SegmentDecision]:
    return {s.segment: s for s in decision.permitted}


def may_remove(wish: Wish, lost: SegmentDecision) -> bool:
    """Whether a wish has any say in what was shown: its own categories, and who somebody is."""
    reach = set(wish.scope)
    in_scope = lost.segment.category in reach or "*" in reach
    goes_with = lost.segment.category in ACCOMPANYING and bool(reach)
    if wish.kind is WishKind.CONSENT:
        return lost.basis is LegalBasis.CONSENT and (in_scope or goes_with)
    return in_scope and lost.segment.member == wish.person_id


@pytest.mark.parametrize("username", ["fsw.evans", "hs.bevan"])
@pytest.mark.parametrize("purpose", [Purpose.EARLY_HELP, Purpose.SAFEGUARDING])
def test_each_wish_of_family_six_removes_only_what_it_can(
    family_six: Callable[[str, Purpose], tuple[Request, Facts]], username: str, purpose: Purpose
) -> None:
    request, facts = family_six(username, purpose)
    assert {w.answer for w in facts.wishes} >= {WishAnswer.GIVEN, WishAnswer.REFUSED}
    with_all = shown(decide(request, facts))
    for wish in facts.wishes:
        without = shown(decide(request, replace(facts, wishes=tuple(w for w in facts.wishes if w != wish))))
        removed = [held for segment, held in without.items() if segment not in with_all]
        assert all(may_remove(wish, held) for held in removed)
        if wish.answer is WishAnswer.REFUSED:
            assert not any(segment not in without for segment in with_all), "a refusal never opens anything"


@pytest.mark.parametrize("kind", [WishKind.OBJECTION, WishKind.RESTRICTION])
@pytest.mark.parametrize("category", list(Category))
def test_an_objection_or_restriction_of_family_six_reaches_its_own_category_only(
    family_six: Callable[[str, Purpose], tuple[Request, Facts]], kind: WishKind, category: Category
) -> None:
    request, facts = family_six("fsw.evans", Purpose.EARLY_HELP)
    wish = Wish(
        request.index, kind, WishAnswer.MADE, (str(category),), None, None, SignerBasis.PARENTAL_RESPONSIBILITY,
        request.at, None, request.at, 10_000,
    )  # fmt: skip
    before = shown(decide(request, facts))
    after = shown(decide(request, replace(facts, wishes=(*facts.wishes, wish))))
    assert after.keys() <= before.keys()
    assert all(may_remove(wish, held) for segment, held in before.items() if segment not in after)


def test_the_father_s_refusal_closes_early_help_and_not_health(
    family_six: Callable[[str, Purpose], tuple[Request, Facts]],
) -> None:
    request, facts = family_six("fsw.evans", Purpose.EARLY_HELP)
    refused = next(w for w in facts.wishes if w.answer is WishAnswer.REFUSED)
    before = shown(decide(request, replace(facts, wishes=tuple(w for w in facts.wishes if w != refused))))
    after = shown(decide(request, facts))
    gone = {held.segment.category for segment, held in before.items() if segment not in after}
    assert gone, "the refusal removes something"
    assert gone <= set(map(Category, refused.scope)) | ACCOMPANYING
    assert Category.HEALTH_VISITING not in gone
