"""What comes later is linked against what stands: the same persons as comparing everything, untouched ids untouched."""

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from linkage import store
from linkage.index import index
from linkage.matching import incremental, merging
from linkage.persons.run_store import known_runs
from linkage.rows import Identity
from linkage.run import link
from linkage.zone import state
from tests.integration.linking import KEYS, Partnership

GIVEN = ("Ffion", "Gareth", "Megan", "Rhys", "Cerys", "Owain", "Ayesha", "Tomos", "Zofia", "Dylan", "Nia", "Idris")
FAMILY = ("Roberts", "Pritchard", "Kowalski", "Okafor", "Hughes", "Begum", "Lloyd", "Marsh", "Vaughan", "Bowen")
STREETS = ("High Street", "Mill Lane", "Heol y Bont", "Church Road", "Station Road", "Park View")


def drawn(seed: int, people: int) -> list[Identity]:
    """People with names, births and addresses, no two alike in all."""
    chance = random.Random(seed)
    return [
        Identity(
            given_name=chance.choice(GIVEN), family_name=chance.choice(FAMILY),
            date_of_birth=date(2016, 1, 1) + timedelta(days=chance.randrange(3000)),
            address=f"{at % 97 + 1} {chance.choice(STREETS)}",
            postcode=f"ZZ{chance.randrange(1, 9)} {chance.randrange(1, 9)}AB",
        )
        for at in range(people)
    ]  # fmt: skip


def seen_again(who: Identity, chance: random.Random) -> Identity:
    """The same person as another agency might have written them down."""
    return replace(
        who,
        given_name=(who.given_name or "")[:-1] + "y" if chance.random() < 0.1 else who.given_name,
        address=None if chance.random() < 0.2 else who.address,
        postcode="ZZ9 9ZZ" if chance.random() < 0.2 else who.postcode,
    )


def rows(people: list[Identity], seed: int, prefix: str) -> dict[str, Mapping[str, Identity]]:
    chance = random.Random(seed)
    return {f"{prefix}{at}": {"self": seen_again(who, chance)} for at, who in enumerate(people)}


@pytest.fixture
def partnership(tmp_path: Path) -> Partnership:
    return Partnership(tmp_path / "zone")


def run(partnership: Partnership, *, full: bool = False) -> str:
    with Session(partnership.engine) as session, session.begin(), partnership.zone() as zone:
        return link(session, zone, KEYS, full=full).mode


def persons(partnership: Partnership) -> dict[str, str]:
    with Session(partnership.engine) as session:
        return dict(session.execute(sa.select(store.record_role.c.id, store.record_role.c.person_id)).all())


def parted(found: Mapping[str, str]) -> set[frozenset[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for role, who in found.items():
        groups[who].add(role)
    return {frozenset(group) for group in groups.values()}


def doubts(partnership: Partnership) -> set[tuple[frozenset[frozenset[str]], str]]:
    """The possible duplicates, each by the roles of the two persons."""
    groups: dict[str, set[str]] = defaultdict(set)
    for role, who in persons(partnership).items():
        groups[who].add(role)
    held = store.possible_duplicate.c
    with Session(partnership.engine) as session:
        found = session.execute(sa.select(held.person_a, held.person_b, held.reason))
        return {(frozenset((frozenset(groups[a]), frozenset(groups[b]))), reason) for a, b, reason in found}


def test_three_loads_one_by_one_give_the_persons_of_all_at_once(partnership: Partnership) -> None:
    people = drawn(1, 400)
    partnership.load("a", rows(people, 2, "a"))
    partnership.load("b", rows(people[:300], 3, "b"))
    assert run(partnership) == "full"
    before = persons(partnership)
    partnership.load("c", rows(people[250:330], 4, "c"))
    assert run(partnership) == "incremental"
    between = persons(partnership)
    assert {role: between[role] for role in before} == before
    partnership.load("d", rows(people[:60], 5, "d"))
    assert run(partnership) == "incremental"
    later = persons(partnership)
    assert run(partnership, full=True) == "full"
    whole = persons(partnership)
    assert parted(later) == parted(whole)
    assert later == whole


def test_looking_only_at_what_new_rows_can_change_finds_what_looking_at_everything_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for name in ("near", "all"):
        people = [replace(who, address=None, postcode=None) for who in drawn(5, 300)]
        dateless = [replace(who, date_of_birth=None) for who in people]
        partnership = Partnership(tmp_path / name)
        partnership.load("a", rows(people, 2, "a"))
        partnership.load("b", {f"b{at}": {"self": who} for at, who in enumerate(dateless[:120])})
        run(partnership)
        before = doubts(partnership)
        partnership.load("c", {f"c{at}": {"self": who} for at, who in enumerate(dateless[40:70])})
        if name == "all":
            monkeypatch.setattr(incremental, "_alike", lambda label, some: np.ones(len(some), np.bool_))
        assert run(partnership) == "incremental"
        found.append((parted(persons(partnership)), doubts(partnership)))
    assert found[0] == found[1]
    later = found[0][1]
    assert before & later
    assert later - before


def test_a_run_with_nothing_new_changes_nothing(partnership: Partnership) -> None:
    partnership.load("a", rows(drawn(1, 50), 2, "a"))
    run(partnership)
    before = persons(partnership)
    assert run(partnership) == "incremental"
    assert persons(partnership) == before


def test_a_new_version_moves_its_record_to_another_person(partnership: Partnership) -> None:
    people = drawn(7, 60)
    partnership.load("a", rows(people, 2, "a"))
    partnership.load("b", rows(people, 3, "b"))
    run(partnership)
    before = persons(partnership)
    partnership.load("b", {"b0": {"self": people[9]}})
    assert run(partnership) == "incremental"
    after = persons(partnership)
    moved = {role for role in before if before[role] != after[role]}
    assert len(moved) <= 1
    assert run(partnership, full=True) == "full"
    assert parted(persons(partnership)) == parted(after)


def test_what_a_run_kept_is_dropped_where_the_record_store_does_not_know_the_run(partnership: Partnership) -> None:
    people = drawn(1, 80)
    partnership.load("a", rows(people, 2, "a"))
    run(partnership)
    partnership.load("b", rows(people[:10], 3, "b"))
    with Session(partnership.engine) as session, partnership.zone() as zone:
        session.begin()
        link(session, zone, KEYS)
        session.rollback()
    assert run(partnership) == "incremental"
    found = persons(partnership)
    run(partnership, full=True)
    assert persons(partnership) == found


def test_many_small_runs_are_made_one_and_nothing_changes_by_it(
    partnership: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "MOST_APART", 2)
    people = drawn(3, 240)
    partnership.load("a", rows(people[:200], 2, "a"))
    run(partnership)
    for at in range(5):
        before = persons(partnership)
        partnership.load(
            f"b{at}", rows(people[at * 8 : at * 8 + 8] + people[200 + at * 8 : 208 + at * 8], at, f"b{at}-")
        )
        assert run(partnership) == "incremental"
        assert {role: persons(partnership)[role] for role in before} == before
        with Session(partnership.engine) as session, partnership.zone() as zone:
            standing = state.standing(known_runs(session))
            assert len(standing) <= 3
            assert {owner for owner, _, _ in zone.parts.names(state.ROWS)} >= set(standing)
        published = index.published(partnership.folder)
        assert published is not None
        assert list(published.parts) == standing
    stepwise = persons(partnership)
    assert set(stepwise.values()) == searched(partnership)
    run(partnership, full=True)
    assert parted(persons(partnership)) == parted(stepwise)


def searched(partnership: Partnership) -> set[str]:
    """The persons that the published index leads to, by every profile that it holds."""
    with index.open_index(partnership.folder, KEYS) as held:
        profiles = [int(profile) for part in held.parts for profile in part.profiles()]
        return set(held.persons(profiles, partnership.persons_of).values())
