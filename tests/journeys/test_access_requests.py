"""A parent asks who looked at their child's record: the officer's work, and what leaves the building."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.anchoring import anchor_now
from app.searching import SearchIndex
from governance import people
from governance.ledger.merkle import leaf_hash
from governance.ledger.standalone import check_inclusion, read_keys
from governance.people import DeclarationKind
from governance.store import access_request, audit_entry
from governance.terms import BlockKind, Role
from tests import factories
from tests.factories import BY, CANARIES, EARLIER, World
from tests.journeys.conftest import Clock
from tests.journeys.visitor import Visitor, text_of

NUMBERS = {"child": "9991234535", "mother": "9997654323"}
FATHERS = "9990000018"


@pytest.fixture(autouse=True)
def index(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    held = {NUMBERS["child"]: [world.child], NUMBERS["mother"]: [world.mother], FATHERS: [world.father]}

    def find_by_number(_self: SearchIndex, number: str) -> list[str] | None:
        return held.get(number, []) if number else None

    monkeypatch.setattr(SearchIndex, "find_by_number", find_by_number)


@pytest.fixture
def second(world: World, visit: Callable[[], Visitor]) -> Visitor:
    factories.add_staff(world.deployment, "ig.moss", "Ivor Moss", "ZMC", Role.IG_OFFICER)
    return visit().signed_in("ig.moss|ig_officer")


def ask(officer: Visitor, asker: str = NUMBERS["mother"], **more: str) -> str:
    """Record a request by a parent and return its address."""
    fields = {
        "right": "parental_responsibility", "number": NUMBERS["child"], "asker": asker, "received": "2026-11-20",
        "evidence_identity_seen": "yes", "evidence_responsibility_seen": "yes", **more,
    }  # fmt: skip
    answer = officer.post("/access-requests", **fields)
    assert answer.status_code == 200, text_of(answer)
    return str(answer.url.path)


def act(officer: Visitor, request: str, step: str, **fields: str) -> int:
    return officer.post(f"{request}/step", step=step, **fields).status_code


def protect(world: World) -> None:
    """The mother and child flee from the father."""
    with world.deployment.database.writing() as session:
        for person in (world.child, world.mother):
            people.record_block(
                session, world.deployment.ring, EARLIER, BY, person_id=person, kind=BlockKind.REFUGE,
                since=date(2026, 8, 15), against_person_id=world.father,
            )  # fmt: skip


def test_a_mother_is_told_who_looked_with_proofs_that_hold(worker: Visitor, officer: Visitor, world: World) -> None:
    worker.open_family(world.child)
    request = ask(officer)
    assert "Nothing stands in the way" in text_of(officer.get(request))
    assert officer.get(f"{request}/report").status_code == 409
    assert act(officer, request, "released", in_interest="yes") == 200
    page = text_of(officer.get(f"{request}/report"))
    assert "Marlshire Community Health NHS Trust" in page
    assert "Health visitor" in page
    assert "Hannah Vale" not in page
    files = zipfile.ZipFile(io.BytesIO(officer.get(f"{request}/report.zip").content))
    manifest, report = json.loads(files.read("manifest.json")), json.loads(files.read("report.json"))
    assert manifest["content_hash"] == hashlib.sha256(files.read("report.json")).hexdigest()
    assert all(hashlib.sha256(files.read(name)).hexdigest() == held for name, held in manifest["files"].items())
    [line] = report["looks"]
    proof = files.read(f"proofs/{line['index']}.tlog-proof").decode()
    with world.deployment.database.reading() as session:
        bodies = session.scalars(select(audit_entry.c.body).where(audit_entry.c.kind == "read_family")).all()
    [body] = bodies
    assert leaf_hash(body.encode()).hex() == line["leaf_hash"]
    keys = read_keys(files.read("log-keys.txt").decode())
    assert check_inclusion(proof, body.encode(), keys)[0] == line["index"]
    everything = b"".join(files.read(name) for name in files.namelist())
    assert not any(canary.encode() in everything for canary in CANARIES)
    assert body.encode() not in everything


def test_the_report_is_offered_in_welsh(officer: Visitor, worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    request = ask(officer)
    act(officer, request, "released", in_interest="yes")
    english, welsh = text_of(officer.get(f"{request}/report")), text_of(officer.get(f"{request}/report?lang=cy"))
    assert english != welsh


def test_a_report_once_released_is_the_same_for_ever_or_not_shown(
    officer: Visitor, worker: Visitor, world: World, clock: Clock
) -> None:
    worker.open_family(world.child)
    request = ask(officer)
    act(officer, request, "released", in_interest="yes")
    first = officer.get(f"{request}/report.json").json()
    clock.forward(minutes=5)
    worker.get(f"/families/{world.child}")
    anchor_now(world.deployment, clock.now)
    assert officer.get(f"{request}/report.json").json() == first
    with world.deployment.database.writing() as session:
        people.record_block(
            session, world.deployment.ring, EARLIER, BY, person_id=world.child, kind=BlockKind.COURT_ORDER,
            since=date(2026, 11, 1), against_person_id=world.mother,
        )  # fmt: skip
    assert officer.get(f"{request}/report.json").status_code == 409


def test_where_there_is_danger_two_officers_must_agree(
    officer: Visitor, second: Visitor, worker: Visitor, world: World
) -> None:
    worker.open_family(world.child)
    protect(world)
    request = ask(officer, FATHERS)
    page = text_of(officer.get(request))
    assert "A protection stands or stood against the person who is asking" in page
    assert act(officer, request, "released", in_interest="yes") == 200
    assert officer.get(f"{request}/report").status_code == 409
    assert act(officer, request, "released", in_interest="yes") == 409, "the same officer twice is not two"
    assert act(second, request, "released", in_interest="yes") == 200
    report = second.get(f"{request}/report.json").json()["report"]
    assert report["looks"] == []
    page = text_of(second.get(f"{request}/report"))
    assert "Marlshire Community Health" not in page
    assert "The law does not let us show every look" in page


def test_the_mother_who_fled_is_told_what_the_father_is_not(
    officer: Visitor, second: Visitor, worker: Visitor, world: World
) -> None:
    worker.open_family(world.child)
    protect(world)
    request = ask(officer)
    for one in (officer, second):
        assert act(one, request, "released", in_interest="yes") == 200
    assert len(second.get(f"{request}/report.json").json()["report"]["looks"]) == 1


def test_findings_that_change_between_two_officers_undo_the_proposal(
    officer: Visitor, second: Visitor, world: World
) -> None:
    with world.deployment.database.writing() as session:
        people.record_block(
            session, world.deployment.ring, EARLIER, BY, person_id=world.sibling, kind=BlockKind.PLACEMENT,
            since=date(2026, 8, 15),
        )  # fmt: skip
    request = ask(officer, FATHERS)
    assert act(officer, request, "released", in_interest="yes") == 200
    protect(world)
    assert act(second, request, "released", in_interest="yes") == 409
    assert act(second, request, "returned") == 200
    assert act(second, request, "released", in_interest="yes") == 200
    assert officer.get(f"{request}/report").status_code == 409


@pytest.mark.parametrize("without", ["evidence_identity_seen", "evidence_responsibility_seen"])
def test_a_check_that_stops_cannot_be_outvoted(officer: Visitor, world: World, without: str) -> None:
    request = ask(officer, **{without: ""})
    assert "Stops a release" in text_of(officer.get(request))
    assert act(officer, request, "released", in_interest="yes") == 409
    assert act(officer, request, "refused") == 200
    assert act(officer, request, "released", in_interest="yes") == 409


def test_nothing_is_released_that_was_not_found_to_be_in_the_childs_interest(officer: Visitor) -> None:
    request = ask(officer)
    assert act(officer, request, "released") == 409


def test_an_organisation_an_officer_leaves_out_is_not_in_the_report(
    officer: Visitor, worker: Visitor, world: World
) -> None:
    worker.open_family(world.child)
    request = ask(officer)
    act(officer, request, "released", in_interest="yes", left_out="ZCH")
    assert officer.get(f"{request}/report.json").json()["report"]["looks"] == []


def test_an_officer_deals_with_no_request_of_their_own_family(officer: Visitor, world: World) -> None:
    request = ask(officer)
    with world.deployment.database.writing() as session:
        held = people.staff_named(session, "ig.gray")
        assert held is not None
        people.declare(session, world.deployment.ring, held, world.mother, DeclarationKind.FAMILY, EARLIER, BY)
    assert officer.get(request).status_code == 403
    assert act(officer, request, "released", in_interest="yes") == 403
    mothers = {"right": "adult_self", "number": NUMBERS["mother"], "received": "2026-11-20"}
    assert officer.post("/access-requests", **mothers).status_code == 403


def test_a_key_worker_has_nothing_to_do_with_requests(worker: Visitor, officer: Visitor) -> None:
    request = ask(officer)
    for path in ("/access-requests", request, f"{request}/report", f"{request}/report.json", f"{request}/report.zip"):
        assert worker.get(path).status_code == 403
    assert worker.post(f"{request}/step", step="refused").status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [{"right": "x"}, {"number": ""}, {"number": "1"}, {"received": ""}, {"received": "2026-11-23"}, {"asker": ""}],
)
def test_a_request_that_cannot_be_read_is_not_recorded(officer: Visitor, world: World, wrong: dict[str, str]) -> None:
    fields = {
        "right": "parental_responsibility", "number": NUMBERS["child"], "asker": NUMBERS["mother"],
        "received": "2026-11-20",
    }  # fmt: skip
    answer = officer.post("/access-requests", **(fields | wrong))
    assert answer.status_code == 422
    with world.deployment.database.reading() as session:
        assert session.execute(select(access_request)).first() is None


def test_what_is_late_is_said_to_be_late(officer: Visitor, clock: Clock) -> None:
    ask(officer)
    assert "Overdue" not in text_of(officer.get("/access-requests"))
    clock.now += timedelta(days=40)
    officer.signed_in("ig.gray|ig_officer")
    assert "Overdue" in text_of(officer.get("/access-requests"))


def test_every_step_is_in_the_log(officer: Visitor, world: World) -> None:
    request = ask(officer)
    for step in ("clock_stopped", "clock_resumed", "extended"):
        assert act(officer, request, step) == 200
    assert act(officer, request, "extended") == 409
    act(officer, request, "released", in_interest="yes")
    officer.get(f"{request}/report.zip")
    with world.deployment.database.reading() as session:
        rows = [json.loads(b) for b in session.scalars(select(audit_entry.c.body).order_by(audit_entry.c.recorded_at))]
    steps = [row["detail"]["act"] for row in rows if row["kind"] == "access_request"]
    assert sorted(steps) == sorted(["received", "clock_stopped", "clock_resumed", "extended", "released"])
    assert "access-report-bundle" in {row["detail"].get("operation") for row in rows if row["kind"] == "export"}
