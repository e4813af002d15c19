"""Who would gain and lose what: the counts are those that the gate itself gives once the version is in force."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import impact
from app.database import Database
from app.impact import Count, Direction
from governance import people
from governance.agreements.ceremony import bring_into_force, new_signing_keys
from governance.agreements.documents import read_agreement, shipped
from governance.agreements.flows import Agreement
from governance.agreements.standings import standings
from governance.policy.policy import PURPOSES
from governance.policy.reach import Workers, proposed, reach
from governance.store import relationship
from governance.terms import Category, Role, SubjectRole
from tests.integration.partnership import LATER, NOW, START, WORKERS, Partnership, build
from tests.stored import Stored


@pytest.fixture
def partnership(sqlite_database: Database) -> Partnership:
    return crowded(sqlite_database)


def crowded(database: Database) -> Partnership:
    """The partnership, with more cases than one: a sibling, an adult, a merged person, an ended case."""
    made = build(database)
    made.relate("nursery", "ben")
    made.relate("charity", "ben")
    made.relate("sw", "tom")
    with database.writing() as session:
        Stored(session).person("adas-other", "2023-06", "female", merged_into="ada")
    made.relate("nursery", "adas-other")
    with database.writing() as session:
        over = made.relationships["charity", "ben"]
        people.end_relationship(session, made.ring, over, NOW - timedelta(days=1), "test")
    return made


def version(change: Callable[[dict[str, Any]], object], code: str = "isp-early-years") -> Agreement:
    document = json.loads(json.dumps(shipped(code).document)) | {"version": 2}
    change(document)
    return read_agreement(json.dumps(document))


def flow_to(document: dict[str, Any], source: str, role: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        f for f in document["flows"] if f["from"] == source and any(role in to["roles"] for to in f["to"])
    )
    return found


def widened(document: dict[str, Any]) -> None:
    """Nurseries gain immunisation from health visiting; family support workers lose whatever maternity gives them."""
    nursery = flow_to(document, "ZCH", "nursery_practitioner")
    nursery["categories"].append("immunisation")
    document["flows"] = [
        f for f in document["flows"]
        if not (f["from"] == "ZMH" and all(to["roles"] == ["family_support_worker"] for to in f["to"]))
    ]  # fmt: skip


def widened_to_four(document: dict[str, Any]) -> None:
    widened(document)
    document["population"]["to_age"] = 4


def counted(partnership: Partnership, wanted: Agreement) -> impact.Impact:
    with partnership.database.reading() as session:
        return impact.count(session, wanted, LATER)


def of(found: impact.Impact, category: Category, direction: Direction) -> dict[tuple[str, Role] | None, Count]:
    every = (*found.totals, *found.counts)
    return {one.workers_of: one for one in every if (one.category, one.direction) == (category, direction)}


def test_a_category_that_comes_is_counted_over_the_caseloads(partnership: Partnership) -> None:
    found = counted(partnership, version(widened))
    assert (found.before, found.after) == (1, 2)
    gained = of(found, Category.IMMUNISATION, Direction.GAIN)
    nursery = gained["ZNF", Role.NURSERY_PRACTITIONER]
    assert (nursery.workers, nursery.children, nursery.sources) == (1, 2, ("ZCH",))
    assert SubjectRole.CHILD in nursery.subjects
    assert (gained[None].workers, gained[None].children) == (1, 2)
    lost = of(found, Category.BIRTH, Direction.LOSE)
    assert (lost[None].workers, lost[None].children) == (1, 1)
    assert lost[None].sources == ("ZMH",)
    assert "v1→v2: 1 workers gain immunisation on 2 children" in found.sentences


def test_the_same_version_changes_nothing(partnership: Partnership) -> None:
    found = counted(partnership, version(lambda _: None))
    assert (found.totals, found.counts) == ((), ())


def test_an_age_is_a_bound_and_an_adult_no_child(partnership: Partnership) -> None:
    found = counted(partnership, version(lambda d: d["population"].update(to_age=4)))
    lost = of(found, Category.HEALTH_VISITING, Direction.LOSE)
    assert lost["ZNF", Role.NURSERY_PRACTITIONER].children == 1
    assert ("ZMC", Role.SOCIAL_WORKER) not in lost


def test_the_counts_are_what_the_gate_gives_once_it_is_in_force(partnership: Partnership) -> None:
    new = version(widened)
    found = counted(partnership, new)
    before = reached_at_the_gate(partnership)
    with partnership.database.writing() as session:
        bring_into_force(session, partnership.ring, new, new_signing_keys(new), START + timedelta(days=1), "test")
    after = reached_at_the_gate(partnership)
    for direction, gained in ((Direction.GAIN, after - before), (Direction.LOSE, before - after)):
        for category in Category:
            workers = {who for who, _, _, c, _ in gained if c is category}
            held = of(found, category, direction).get(None)
            if workers:
                assert held is not None
                assert held.workers >= len(workers)
                assert {source for _, _, _, c, source in gained if c is category} <= set(held.sources)


def reached_at_the_gate(partnership: Partnership) -> set[tuple[str, str, str, Category, str]]:
    """What each worker is shown of each child: (worker, child, member, category, source)."""
    return {
        (who, child, d.segment.member, d.segment.category, d.segment.source)
        for who in ("hv", "fsw", "sw", "nursery", "charity")
        for child in ("ada", "ben")
        for purpose in PURPOSES[WORKERS[who][1]]
        for d in partnership.read(who, child, purpose).decision.permitted
    }


def test_the_counts_are_those_of_looking_at_each_case_by_itself(database: Database) -> None:
    partnership = crowded(database)
    new = version(widened_to_four)
    found = counted(partnership, new)
    births = {"ada": 3, "ben": 6, "adas-other": 3}
    same = {"adas-other": "ada"}
    with partnership.database.reading() as session:
        held = standings(session, LATER)
        cases = session.execute(select(relationship).where(relationship.c.ended_at.is_(None))).all()
    people_of = {staff: name for name, staff in partnership.staff.items()}
    pairs: dict[tuple[Direction, Category], set[tuple[str, str]]] = {}
    for case in cases:
        organisation, role = WORKERS[people_of[case.staff_id]]
        if case.person_id not in births:
            continue
        age, workers = births[case.person_id], Workers(organisation, role)
        was, now = (reach(v, workers, age, LATER.date()) for v in (held, proposed(held, new)))
        for direction, changed in ((Direction.GAIN, now - was), (Direction.LOSE, was - now)):
            for one in changed:
                child = same.get(case.person_id, case.person_id)
                pairs.setdefault((direction, one.category), set()).add((case.staff_id, child))
    expected = {key: (len({s for s, _ in held_of}), len({c for _, c in held_of})) for key, held_of in pairs.items()}
    assert {(one.direction, one.category): (one.workers, one.children) for one in found.totals} == expected


def test_a_worker_whose_role_or_training_has_ended_counts_for_nothing(partnership: Partnership) -> None:
    with partnership.database.writing() as session:
        people.set_active(session, partnership.ring, partnership.staff["nursery"], False, NOW, "test")
    assert of(counted(partnership, version(widened)), Category.IMMUNISATION, Direction.GAIN) == {}
