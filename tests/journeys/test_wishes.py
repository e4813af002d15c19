"""What a family says about sharing acts on the next look."""

from app.language import Code, language
from governance.terms import Category
from governance.wishes.store import wishes_of
from governance.wishes.wishes import Consent, Subject, consent
from tests.factories import World
from tests.journeys.visitor import Visitor, text_of

EARLY_HELP = {"scope": "early_help", "basis": "parental_responsibility"}


def test_an_objection_hides_at_once_what_it_is_about_and_says_why(worker: Visitor, world: World) -> None:
    assert "Sam Evans" in text_of(worker.open_family(world.child))
    path = f"/families/{world.child}/wishes"
    page = text_of(worker.post(path, person=world.child, answer="restriction|made", **EARLY_HELP))
    assert "Sam Evans" not in page
    assert "its use is restricted while a dispute is settled" in page
    assert "Hannah Vale" in page
    again = text_of(worker.post(path, person=world.child, answer="restriction|lifted", **EARLY_HELP))
    assert "Sam Evans" in again


def test_two_parents_are_two_voices_and_the_second_does_not_undo_the_first(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    for parent, answer in ((world.mother, "refused"), (world.father, "given")):
        said = EARLY_HELP | {"answer": f"consent|{answer}", "basis": f"parental_responsibility|{parent}"}
        assert worker.post(f"/families/{world.child}/wishes", person=world.child, **said).status_code == 200
    with world.deployment.database.reading() as session:
        rows = wishes_of(session, [world.child])
    assert [row.signer_person_id for row in rows] == [world.mother, world.father]
    child = Subject(world.child, False, frozenset({world.mother, world.father}))
    state = consent(rows, child, Category.EARLY_HELP, "any", rows[-1].recorded_at)
    assert state is Consent.CONFLICT


def test_nobody_outside_the_family_is_taken_as_a_parent(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    said = EARLY_HELP | {"answer": "consent|given", "basis": f"parental_responsibility|{world.stranger}"}
    assert worker.post(f"/families/{world.child}/wishes", person=world.child, **said).status_code == 422


def test_a_form_not_filled_in_says_what_is_missing(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    answer = worker.post(f"/families/{world.child}/wishes", person=world.stranger)
    assert answer.status_code == 422
    assert "Choose whose data it is about" in text_of(answer)


def test_the_page_stays_when_the_language_changes(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    page = worker.get(f"/families/{world.child}?year=2024&lang=cy")
    assert '<html lang="cy"' in page.text
    assert f"/families/{world.child}?year=2024&amp;lang=en" in page.text
    assert language(Code.CY).gettext("Who is involved now") in text_of(page)
    assert '<html lang="cy"' in worker.get("/").text
