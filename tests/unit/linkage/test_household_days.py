"""Which day a record's row speaks of."""

from datetime import date

from app.database import Database
from linkage.kin.households import days
from tests.stored import LOADED, Stored

FIRST, SECOND, LATER = date(2024, 3, 1), date(2024, 9, 1), date(2099, 1, 1)


def _days(database: Database, *persons: str) -> dict[str, date]:
    with database.reading() as session:
        found = days(session, persons or None).to_pylist()
    return {row["person"]: row["day"] for row in found}


def test_a_row_speaks_of_its_placement_else_its_first_event_else_its_load(database: Database) -> None:
    with database.writing() as session:
        stored = Stored(session)
        for name in ("placed", "seen", "silent", "future", "unborn"):
            stored.person(name)
        for name in ("placed", "seen", "future"):
            role = stored.record("contacts", self=name)["self"]
            if name == "future":
                stored.event(name, "new_birth_visit", LATER, role=role)
                continue
            for day in (SECOND, FIRST):
                stored.event(name, "new_birth_visit", day, role=role)
            if name == "placed":
                stored.event(name, "looked_after_episode", SECOND, role=role)
        stored.record("contacts", self="silent", baby={"person_id": "unborn", "unborn": True})
    loaded = LOADED.date()
    assert _days(database) == {"placed": SECOND, "seen": FIRST, "silent": loaded, "future": loaded}
    assert _days(database, "seen", "nobody") == {"seen": FIRST}
