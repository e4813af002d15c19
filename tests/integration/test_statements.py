"""A family read asks the store a fixed number of questions, whatever the family's size and however ids have merged."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event, text

from app.database import Database
from app.subjects import Merges
from governance import people
from governance.terms import BlockKind, Purpose, Reason, Role, SignerBasis, WishAnswer, WishKind
from governance.wishes.store import record_wish
from tests.integration.partnership import LATER, NOW, Partnership, build
from tests.stored import Stored

MOST = 28
"""Reading facts takes 25 statements at most, keeping the decision 3."""

CHAIN = 7


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    sent: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def asked(partnership: Partnership) -> list[str]:
    with partnership.database.reading() as session:
        actor = people.actor_for(session, partnership.staff["hv"], Role.HEALTH_VISITOR, LATER.date())
    with statements(partnership.database) as sent:
        read = partnership.gate.read_family(actor, "ada", Purpose.DIRECT_CARE, LATER, "request")
    assert read.decision.reason is Reason.PERMITTED
    return [statement for statement in sent if not statement.startswith("BEGIN")]


def add_siblings(partnership: Partnership, first: int, last: int) -> None:
    """Brothers and sisters with a wish each, and the ids the last of them had before, merged one into the next."""
    said = {"signer": "mother", "signer_basis": SignerBasis.PARENTAL_RESPONSIBILITY}
    with partnership.database.writing() as session:
        stored = Stored(session, count(1000 * last))
        for name in (f"sib{number}" for number in range(first, last)):
            stored.person(name, "2019-01")
            stored.tie("mair", "parent", name, "ZMC", dataset="early-help")
            wish = {"person_id": name, "kind": WishKind.CONSENT, "answer": WishAnswer.GIVEN, **said}
            record_wish(session, partnership.ring, NOW, "test", **wish)  # type: ignore[arg-type]
        into = f"sib{last - 1}"
        for number in range(CHAIN):
            into = stored.person(f"was{last}{number}", "2019-01", merged_into=into)


def wall(partnership: Partnership, person: str, against: str) -> None:
    block = {"person_id": person, "kind": BlockKind.PLACEMENT, "since": NOW.date(), "against_person_id": against}
    with partnership.database.writing() as session:
        people.record_block(session, partnership.ring, NOW, "test", **block)  # type: ignore[arg-type]


def test_a_large_family_with_a_history_takes_no_more_statements_than_a_small_one(database: Database) -> None:
    partnership = build(database)
    alone = len(asked(partnership))
    add_siblings(partnership, 0, 3)
    wall(partnership, "was30", "tom")
    few = len(asked(partnership))
    add_siblings(partnership, 3, 90)
    wall(partnership, "was906", "was905")
    many = asked(partnership)
    assert few == len(many) <= MOST, "\n".join(many)
    assert alone <= few


def test_ids_are_followed_through_merges_both_ways_and_not_round_in_circles(database: Database) -> None:
    with database.writing() as session:
        stored = Stored(session)
        for name, into in (("d", None), ("c", "d"), ("b", "c"), ("a", "b"), ("e", "d"), ("x", None)):
            stored.person(name, "2019-01", merged_into=into)
    with database.reading() as session:
        merges = Merges(session)
        assert merges.current({"a", "b", "d", "x", "unknown"}) == {
            "a": "d", "b": "d", "d": "d", "x": "x", "unknown": "unknown"
        }  # fmt: skip
        assert merges.former({"d", "x"}) == {"a", "b", "c", "d", "e", "x"}
        assert (merges.current(()), merges.former(())) == ({}, frozenset())
        session.execute(text("UPDATE person SET merged_into = 'a' WHERE id = 'd'"))
        with pytest.raises(RuntimeError, match="circle"):
            merges.current({"b"})
        assert merges.former({"b"}) == {"a", "b", "c", "d", "e"}
