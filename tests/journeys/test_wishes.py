"""What a family says about sharing acts on the next look."""

from app.language import Code, language
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
