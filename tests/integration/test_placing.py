"""One record placed alone scores as a full run scores it, and is found as a look through every row finds it."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from linkage.encoding.encode import RoleIdentity, encode, record_token, rekey
from linkage.index.index import Index, open_index, publish, write_model, write_part
from linkage.index.placing import Scored, place, score
from linkage.matching import blocking, frequencies, model, profiles, scoring
from linkage.rows import Identity
from linkage.zone import live
from linkage.zone.zone import Zone, open_zone
from tests.integration.linking import KEYS

GIVEN = ("Megan", "Ffion", "Gareth", "William", "Bill", "Elizabeth", "Liz", "Zofia", "Mohammed", "Owen", "Ann", "Baby")
FAMILY = ("Jones", "Smith", "Smith-Jones", "Nowak", "Khan", "Davies", "O'Neill", "Evans", "Rees", "Patel")
ROLES = (("health", "self", False), ("school", "self", True), ("births", "mother", False), ("births", "baby", False))
PEOPLE = 260


def _person(rng: random.Random, number: int) -> Identity:
    return Identity(
        nhs_number=f"999{number:07d}" if rng.random() < 0.6 else None,
        given_name=rng.choice(GIVEN),
        family_name=rng.choice(FAMILY),
        date_of_birth=date(2015, 1, 1) + timedelta(days=rng.randrange(400)),
        address=f"{rng.randrange(1, 40)} High Street",
        postcode=f"CF10 {rng.randrange(1, 9)}A{rng.choice('AB')}",
    )


def _damaged(rng: random.Random, who: Identity) -> Identity:
    changes: dict[str, Any] = {}
    if rng.random() < 0.3:
        changes["nhs_number"] = None if rng.random() < 0.7 else f"999{rng.randrange(PEOPLE):07d}"
    if rng.random() < 0.2:
        changes["given_name"] = rng.choice(GIVEN)
    if rng.random() < 0.2:
        changes["family_name"] = (who.family_name or "")[:-1] + "x"
    if rng.random() < 0.2:
        changes["date_of_birth"] = None if rng.random() < 0.5 else date(2015, 1, rng.randrange(1, 28))
    if rng.random() < 0.3:
        changes |= {"address": None, "postcode": f"CF11 {rng.randrange(1, 9)}BB"}
    return replace(who, **changes)


def _roles(seed: int = 5) -> list[RoleIdentity]:
    rng = random.Random(seed)
    made: list[RoleIdentity] = []
    for number in range(PEOPLE):
        who = _person(rng, number)
        for copy in range(rng.randrange(1, 5)):
            dataset, role, once = rng.choice(ROLES)
            at = len(made)
            identity = who if copy == 0 else _damaged(rng, who)
            made.append(RoleIdentity(f"{at:032x}", f"{at:031x}r", dataset, "P", role, False, once, identity))
    return made


def _fill(zone: Zone, roles: Sequence[RoleIdentity]) -> None:
    zone.begin("l1", 1, "d")
    zone.add_records([(role.record_id, record_token(KEYS, "d", role.record_id), "x") for role in roles])
    zone.add_encoded(rekey(encode(roles, KEYS), KEYS))
    zone.commit()


def _run(zone: Zone) -> dict[str, Any]:
    """Everything a full run does up to scored pairs, with the stated model."""
    live.note_roles(zone, {("births", "mother", "elder"), ("births", "baby", "young")})
    profiles.prepare(zone)
    count = profiles.fold(zone)
    filled = profiles.filled_columns(zone)
    rules = blocking.add_blocks(zone, count, filled)
    settings = model.settings(filled, rules, 0.002)
    frequencies.learn(zone, settings)
    frequencies.attach(zone, settings)
    blocking.candidates(zone, rules)
    zone.run(f"CREATE OR REPLACE TABLE pair AS {scoring.pairs_sql(settings)}")
    return settings


def _indexed(zone: Zone, where: str = "TRUE") -> None:
    zone.run(
        "CREATE OR REPLACE TABLE indexed AS SELECT p.*, m.role_id FROM profile p JOIN"
        f" (SELECT profile, min(role_id) AS role_id FROM member GROUP BY 1) m USING (profile) WHERE {where}"
    )


@dataclass(frozen=True, slots=True)
class World:
    roles: list[RoleIdentity]
    profile_of: dict[str, int]
    pairs: dict[int, dict[int, tuple[float, int]]]
    index: Index


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("zone")
    roles = _roles()
    with open_zone(folder, KEYS, memory_limit="1GB") as zone:
        _fill(zone, roles)
        settings = _run(zone)
        write_model(zone, folder, "m", KEYS, settings, 7)
        for name, where in (("one", "profile % 3 <> 0"), ("two", "profile % 3 = 0")):
            _indexed(zone, where)
            write_part(zone, folder, name, KEYS, "member" if name == "two" else "(FROM member LIMIT 0)")
        publish(folder, ["one", "two"], "m")
        members = dict(zone.rows("SELECT role_id, profile FROM member"))
        pairs: dict[int, dict[int, tuple[float, int]]] = {}
        for a, b, weight, standing in zone.rows("SELECT a, b, match_weight, standing FROM pair"):
            pairs.setdefault(a, {})[b] = pairs.setdefault(b, {})[a] = (weight, standing)
    with open_index(folder, KEYS) as index:
        yield World(roles, members, pairs, index)


def _by_profile(found: Sequence[Scored], but: int) -> dict[int, tuple[float, int]]:
    return {one.profile: (one.match_weight, one.standing) for one in found if one.profile != but}


def test_one_record_scores_as_the_full_run_scores_it(world: World) -> None:
    compared = 0
    for role in world.roles:
        own = world.profile_of[role.role_id]
        wanted, found = world.pairs.get(own, {}), _by_profile(score(world.index, role), own)
        assert found.keys() == wanted.keys()
        for other, (weight, standing) in wanted.items():
            assert found[other][0] == pytest.approx(weight, abs=1e-9)
            assert found[other][1] == standing
        compared += len(wanted)
    assert compared > 2_000


def test_a_record_is_placed_with_the_person_of_its_best_score(world: World) -> None:
    def persons_of(roles: Sequence[str]) -> Mapping[str, str]:
        return {role: whose[world.profile_of[role]] for role in roles if world.profile_of[role] % 7 != 3}

    whose = {profile: f"person {profile % 7}" for profile in world.profile_of.values()}
    role = world.roles[40]
    scored, placed = score(world.index, role), place(world.index, role, persons_of)
    assert len({one.person_id for one in placed}) == len(placed)
    assert len(placed) > 3
    assert all(one.person_id != "person 3" for one in placed)
    for one in placed:
        same = [s for s in scored if whose[s.profile] == one.person_id]
        assert (one.standing, -one.match_weight) == min((s.standing, -s.match_weight) for s in same)
