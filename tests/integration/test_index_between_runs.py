"""Who was found before an incremental run is found after it, whatever became of their record; so is who came since."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from linkage import store
from linkage.encoding.encode import nhs_token
from linkage.index import index
from linkage.index.search import SearchQuery, Strength, find
from linkage.rows import Identity
from tests.integration.linking import KEYS, Partnership

BORN = date(2021, 4, 5)
NAMES = ("Ffion", "Gareth", "Owen", "Megan", "Zofia", "Aled", "Nia", "Tomos", "Cerys", "Bryn", "Elin", "Rhys")


def _child(at: int) -> Identity:
    return Identity(
        given_name=NAMES[at % 12], family_name=f"Jones{'abcdefghij'[at // 12]}x", date_of_birth=BORN,
        address=f"{at} High Street", postcode="CF10 1AA",
    )  # fmt: skip


@pytest.fixture
def partnership(tmp_path: Path) -> Iterator[Partnership]:
    made = Partnership(tmp_path / "zone")
    made.load("health", {str(at): {"self": _child(at)} for at in range(60)})
    assert made.link().mode == "full"
    yield made
    made.engine.dispose()


def _found(partnership: Partnership, at: int) -> list[str]:
    who = _child(at)
    query = SearchQuery(given_name=who.given_name, family_name=who.family_name, date_of_birth=BORN)
    with index.open_index(partnership.folder, KEYS) as held:
        hits = find(held, query, partnership.persons_of)
    return [str(hit.person_id) for hit in hits if hit.strength is Strength.EXACT]


def _end(partnership: Partnership) -> None:
    """Versions that a later load superseded are no longer current."""
    with Session(partnership.engine) as session, session.begin():
        newer = select(store.record_role.c.supersedes).where(store.record_role.c.supersedes.is_not(None))
        session.execute(update(store.record_role).where(store.record_role.c.id.in_(newer)).values(current=False))


def test_a_child_whose_record_changed_and_one_who_came_are_found(partnership: Partnership) -> None:
    before = _found(partnership, 7)
    assert before == [partnership.persons()[("health", "8 self")]]
    partnership.load("health", {"7": {"self": _child(7)}, "100": {"self": _child(70)}})
    _end(partnership)
    assert partnership.link().mode == "incremental"
    held = index.published(partnership.folder)
    assert held is not None
    assert len(held.parts) == 2
    assert _found(partnership, 7) == before
    assert len(_found(partnership, 70)) == 1
    assert _found(partnership, 9) == [partnership.persons()[("health", "10 self")]]


def test_a_run_whose_pointer_was_never_written_is_in_the_next(
    partnership: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    partnership.load("health", {"100": {"self": _child(70)}})
    with monkeypatch.context() as cut_off:
        cut_off.setattr(index, "publish", lambda *_given: None)
        assert partnership.link().mode == "incremental"
    assert _found(partnership, 70) == []
    partnership.load("health", {"101": {"self": _child(71)}})
    assert partnership.link().mode == "incremental"
    assert len(_found(partnership, 70)) == len(_found(partnership, 71)) == 1


def test_a_superseded_number_finds_who_has_the_new_one(partnership: Partnership) -> None:
    partnership.load("clinic", {"1": {"self": replace(_child(3), nhs_number="9990000026")}})
    with partnership.zone() as zone:
        zone.add_supersessions([(nhs_token(KEYS, "9990000018"), nhs_token(KEYS, "9990000026"))])
    partnership.link()
    who = partnership.persons()[("clinic", "1 self")]
    with index.open_index(partnership.folder, KEYS) as held:
        for number in ("9990000018", "9990000026"):
            [hit] = find(held, SearchQuery(nhs_number=number), partnership.persons_of)
            assert hit.person_id == who
