"""A key worker's work: from home to the telephone number, and what the page owes its reader."""

from tests.factories import CANARIES, World
from tests.journeys.visitor import Visitor, text_of


def test_the_home_page_lists_the_workers_own_families(worker: Visitor, world: World) -> None:
    page = text_of(worker.get("/"))
    assert "Gwenllian Okonkwo-Pryce" in page
    assert "Tomos" not in page


def test_a_purpose_is_asked_before_the_record_opens(worker: Visitor, world: World) -> None:
    answer = worker.get(f"/families/{world.child}", follow=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/families/{world.child}/purpose")


def test_the_record_shows_who_is_involved_and_how_to_reach_them(worker: Visitor, world: World) -> None:
    page = text_of(worker.open_family(world.child))
    assert "Hannah Vale" in page
    assert "01632 960222" in page
    assert "Twelve month review" in page
    assert "Why am I shown this?" in page


def test_a_child_off_the_caseload_is_refused_with_a_reason_and_a_reference(worker: Visitor, world: World) -> None:
    answer = worker.open_family(world.stranger)
    assert answer.status_code == 403
    page = text_of(answer)
    assert "not on your caseload" in page
    assert answer.headers["x-request-id"] in page
    assert "Tomos" not in page


def test_nobody_and_somebody_unseen_answer_alike(worker: Visitor, world: World) -> None:
    assert worker.open_family("f" * 32).status_code == 404


def test_no_identifier_is_in_an_address_or_a_log(worker: Visitor, world: World, logs: object) -> None:
    seen = [worker.get("/"), worker.open_family(world.child), worker.post("/search", number="9991234535")]
    told = " ".join([*(str(a.url) for a in seen), *(str(h) for a in seen for h in a.headers.items())])
    told += logs.getvalue()  # type: ignore[attr-defined]
    assert [canary for canary in CANARIES if canary in told] == []
    assert world.child not in logs.getvalue()  # type: ignore[attr-defined]
