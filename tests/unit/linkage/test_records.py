"""Reading the record store on both databases."""

from datetime import date

from sqlalchemy import event as engine_event
from sqlalchemy.orm import Session

from app.database import Database
from linkage.facts import Holding
from linkage.kin import records
from linkage.rows import PersonId
from tests.stored import Stored

AT = date(2026, 11, 22)
CHILD, MOTHER, SISTER = PersonId("child"), PersonId("mother"), PersonId("sister")


def county(session: Session) -> Stored:
    stored = Stored(session)
    stored.person("child", "2024-06")
    stored.person("sister", "2021-02")
    stored.person("mother", "1990-05", "female")
    stored.person("unborn", None)
    stored.person("merged", "2024-06", merged_into="child")
    stored.person("stranger", "2024-06")
    for child in ("child", "sister", "unborn"):
        stored.tie("mother", "birth_mother", child)
    stored.tie("stranger", "birth_mother", "child", ended_run="later")
    stored.tie("stranger", "parent", "child", standing="sealed")
    return stored


def test_merges_are_followed_to_the_person_who_stands_today(database: Database) -> None:
    with database.writing() as session:
        stored = county(session)
        stored.person("loop", merged_into="loop")
        assert records.resolve(session, "merged") == CHILD
        assert records.resolve(session, "child") == CHILD
        assert records.resolve(session, "nobody") is None
        assert records.resolve(session, "loop") is None


def test_a_family_is_loaded_without_ended_and_sealed_ties_or_the_unborn(database: Database) -> None:
    with database.writing() as session:
        county(session)
        family = records.load_family(session, "merged", AT)
        assert family is not None
        assert [m.person_id for m in family.members] == ["child", "sister", "mother"]
        assert records.load_family(session, "nobody", AT) is None


def test_only_allowed_current_segments_of_the_family_are_read(database: Database) -> None:
    with database.writing() as session:
        stored = county(session)
        shown = stored.event("child", "two_year_review", date(2026, 7, 1))
        stored.event("child", "two_year_review", date(2026, 7, 2), current=False)
        stored.event("child", "asq3", date(2026, 7, 1), category="development")
        stored.event("child", "two_year_review", date(2026, 7, 3), "elsewhere", "ZWB")
        stored.event("stranger", "two_year_review", date(2026, 7, 1))
        own = stored.involvement("child", team="North")
        stored.involvement("sister")
        family = records.load_family(session, "child", AT)
        assert family is not None
        allowed = [
            Holding(CHILD, "health_visiting", "ZCH"),
            Holding(PersonId("stranger"), "health_visiting", "ZCH"),
        ]
        assert [e.id for e in records.events(session, allowed, family)] == [shown]
        assert [i.id for i in records.involvements(session, allowed, family)] == [own]
        assert records.events(session, [], family) == []
        assert records.involvements(session, [], family) == []


def test_a_row_of_a_superseded_record_is_not_read(database: Database) -> None:
    with database.writing() as session:
        stored = county(session)
        old = stored.record("contacts", self={"person_id": "child", "current": False})
        stored.event("child", "two_year_review", date(2026, 7, 1), role=old["self"])
        family = records.load_family(session, "child", AT)
        assert family is not None
        assert records.events(session, [Holding(CHILD, "health_visiting", "ZCH")], family) == []
        assert records.role_ids(session, "child", ["ZCH"]) == []


def test_the_loss_of_another_pregnancy_stays_hidden_even_where_maternity_is_allowed(database: Database) -> None:
    with database.writing() as session:
        stored = county(session)
        late = stored.record("bookings", "ZMH", mother="mother", baby={"person_id": "unborn", "unborn": True})
        for type_, on in (("pregnancy_booking", date(2026, 2, 1)), ("pregnancy_loss", date(2026, 5, 1))):
            stored.event("mother", type_, on, "bookings", "ZMH", role=late["mother"], about_role_id=late["baby"],
                         category="maternity")  # fmt: skip
        allowed = [Holding(MOTHER, "maternity", "ZMH")]
        seen = {}
        for index in ("child", "sister", "mother"):
            family = records.load_family(session, index, AT)
            assert family is not None
            seen[index] = [e.type for e in records.events(session, allowed, family)]
        assert seen == {"child": [], "sister": [], "mother": ["pregnancy_booking", "pregnancy_loss"]}


def test_holdings_tell_what_exists_by_person_category_and_provider(database: Database) -> None:
    with database.writing() as session:
        stored = county(session)
        stored.event("child", "two_year_review", date(2026, 7, 1))
        stored.involvement("child", "census", "ZMC", category="school", service="school")
        got = records.holdings(session, [CHILD])
        assert got == {
            Holding(CHILD, category, provider)
            for provider, categories in {
                "ZCH": ("health_visiting", "identity", "address"),
                "ZMC": ("school", "identity", "address"),
                "ZMH": ("family",),
            }.items()
            for category in categories
        }


def test_roles_and_homes_come_from_the_newest_load(database: Database) -> None:
    with database.writing() as session:
        stored = county(session)
        old = stored.record("contacts", self={"person_id": "child", "ward": "W1", "nation": "wales"})
        stored.load("contacts")
        new = stored.record("contacts", self={"person_id": "child", "ward": "E1", "nation": "england"})
        blank = stored.record("census", "ZMC", self={"person_id": "child"})
        assert records.role_ids(session, "child", ["ZCH"]) == [new["self"], old["self"]]
        assert records.role_ids(session, "child", ["ZCH", "ZMC"])[0] == blank["self"]
        assert records.home(session, "child", ["ZCH", "ZMC"]) == ("E1", None, "england")
        assert records.home(session, "child", []) == (None, None, None)


def test_coverage_is_of_completed_loads(database: Database) -> None:
    with database.writing() as session:
        stored = county(session)
        stored.coverage("contacts", "health_visiting", date(2019, 4, 1), None, areas=["W1"])
        (row,) = records.coverage(session)
        assert (row.service, row.covers_from, row.areas) == ("health_visiting", date(2019, 4, 1), ("W1",))
        assert row.last_day == date(2026, 11, 1)


def test_the_number_of_queries_does_not_grow_with_the_family(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        stored = county(session)
        for n in range(30):
            stored.person(f"sibling{n}", "2015-01")
            stored.tie("mother", "birth_mother", f"sibling{n}")
            stored.event(f"sibling{n}", "two_year_review", date(2017, 7, 1))
        statements: list[str] = []
        engine_event.listen(
            session.get_bind(), "before_cursor_execute", lambda _c, _k, text, *_: statements.append(text)
        )
        family = records.load_family(session, "child", AT)
        assert family is not None
        held = records.holdings(session, family.person_ids)
        assert len(records.events(session, held, family)) == 30
        assert len(statements) <= 10
