"""A form signed on the page acts at once, gives a receipt, and is asked again when it is due."""

import re

from governance.terms import ResponsibilityEvidence, ResponsibilityKind
from governance.wishes.responsibilities import record_responsibility
from governance.wishes.signing import signed_forms
from governance.wishes.store import records_of
from tests.factories import EARLIER, World
from tests.journeys.visitor import Visitor, text_of

SIGNED = {"evidence": "paper", "language": "cy", "module.health": "given", "module.home": "refused", "key": "k" * 32}


def path(world: World, form: str = "family-support-consent") -> str:
    return f"/families/{world.child}/wishes/forms/{form}"


def sign(worker: Visitor, world: World, form: str = "family-support-consent", **other: str) -> str:
    said = SIGNED | {"person": world.child, "basis": f"parental_responsibility|{world.mother}"} | other
    answer = worker.post(path(world, form), **said)
    assert answer.status_code == 200, text_of(answer)
    return text_of(answer)


def test_a_signed_form_gives_a_receipt_in_both_languages(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    assert "Agreeing to work together" in text_of(worker.get(path(world)))
    page = sign(worker, world)
    assert "Where you live, and help with housing. Refused" in page
    assert "Early help or Families First, and your child's nursery or childcare. Not asked" in page
    assert "Stops" in page
    assert "Address from Marlshire County Council to" in page.split("Goes on")[1]
    assert "from Marlshire County Council to Marlshire County Council" not in page.split("Goes on")[1]
    with world.deployment.database.reading() as session:
        [form] = signed_forms(session, person_ids=[world.child])
        assert {record.recorded_by for record in records_of(session, [world.child])} == {world.health_visitor}
    welsh = worker.get(f"/families/{world.child}/wishes/{form.id}/receipt?lang=cy")
    assert "Cytuno i weithio gyda'n gilydd" in text_of(welsh)
    assert form.language == "cy"


def test_the_same_page_sent_twice_records_once(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    sign(worker, world)
    sign(worker, world)
    with world.deployment.database.reading() as session:
        assert len(signed_forms(session, person_ids=[world.child])) == 1


def test_each_page_has_its_own_key(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    keys = {re.findall(r'name="key" value="([0-9a-f]{32})"', worker.get(path(world)).text)[0] for _ in range(2)}
    assert len(keys) == 2


def test_a_form_not_filled_in_says_what_is_missing_and_records_nothing(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    missing = worker.post(path(world), person=world.stranger)
    assert missing.status_code == 422
    for said in ("Choose whose data it is about", "Choose who signed", "Answer at least one line"):
        assert said in text_of(missing)
    own = SIGNED | {"person": world.child, "basis": "competent_child"}
    assert "Say that the child understands" in text_of(worker.post(path(world), **own))
    with world.deployment.database.reading() as session:
        assert records_of(session, [world.child]) == ()
    assert worker.get(path(world, "no-such-form")).status_code == 404


def test_a_childs_own_form_holds_who_found_that_they_understand(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    assert "A child who understands" in sign(worker, world, basis="competent_child", understands="yes")


def test_what_is_due_is_on_the_page_and_a_receipt_of_another_child_is_not_found(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    sign(worker, world)
    with world.deployment.database.writing() as session:
        record_responsibility(
            session, world.deployment.ring, EARLIER, "test", person_id=world.child,
            kind=ResponsibilityKind.CARE_ORDER, since=EARLIER.date(), evidence=ResponsibilityEvidence.ORDER_OF_COURT,
        )  # fmt: skip
        other = "f" * 32
    page = text_of(worker.get(f"/families/{world.child}/wishes"))
    assert "What was recorded" in page
    assert worker.get(f"/families/{world.child}/wishes/{other}/receipt").status_code == 404


def test_without_a_purpose_nothing_of_wishes_is_shown(worker: Visitor, world: World) -> None:
    assert worker.get(path(world)).status_code == 403
    assert worker.post(path(world), person=world.child).status_code == 403
    worker.open_family(world.child)
    assert worker.get(path(world).replace(world.child, world.stranger)).status_code in (403, 404)
