"""What the published index shows without keys (nothing), what it finds with them, and how one gives way to the next."""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from linkage.encoding.encode import RoleIdentity
from linkage.index import index, search
from linkage.index.file import path_of
from linkage.index.keys import Mixer
from linkage.index.part import Part, write_part
from linkage.index.rows import layout_of
from linkage.index.search import SearchQuery
from linkage.matching import model
from linkage.rows import Identity
from linkage.zone.encrypted import ZoneError, ZoneFault
from linkage.zone.zone import Zone, open_zone
from tests.integration.linking import KEYS
from tests.integration.test_placing import GIVEN, _fill, _indexed, _roles, _run
from tests.unit.linkage.linkage_keys import TestKeys

ROLES: list[RoleIdentity] = _roles(11)[:300]


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Zone, Path]]:
    """A scored zone with `indexed`, and the folder of its parts."""
    folder = tmp_path_factory.mktemp("zone")
    with open_zone(folder, KEYS, memory_limit="1GB") as held:
        _fill(held, ROLES)
        settings = _run(held)
        _indexed(held)
        index.write_model(held, folder, "model", KEYS, settings, 3)
        write_part(held, folder, "all", KEYS, "member")
        yield held, folder


def test_no_token_and_no_equality_is_in_the_file(zone: tuple[Zone, Path]) -> None:
    held, folder = _published(zone)
    body = path_of(folder, "all").read_bytes()
    tokens = {
        word for row in held.rows("SELECT given, family, dob, nhs, postcode FROM indexed") for word in row if word
    }
    assert len(tokens) > 100
    assert not [word for word in tokens if int(word).to_bytes(8, "little", signed=True) in body]
    for role in ROLES:
        assert bytes.fromhex(role.role_id) == bytes(16) or bytes.fromhex(role.role_id) not in body
    blocks = [body[at : at + 32] for at in range(0, len(body) - 32, 32)]
    assert len(set(blocks)) == len(blocks)


def test_the_same_rows_written_twice_have_nothing_in_common(zone: tuple[Zone, Path]) -> None:
    held, folder = _published(zone)
    write_part(held, folder, "again", KEYS, "member")
    one, other = (path_of(folder, name).read_bytes() for name in ("all", "again"))
    assert len(one) == len(other)
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 0.02 * len(one)


def test_a_changed_byte_another_name_and_another_key_are_refused(zone: tuple[Zone, Path]) -> None:
    _, folder = _published(zone)
    body = bytearray(path_of(folder, "all").read_bytes())
    path_of(folder, "renamed").write_bytes(body)
    body[len(body) // 3] ^= 1
    apart = folder / "apart"
    apart.mkdir()
    path_of(apart, "all").write_bytes(body)
    path_of(folder, "short").write_bytes(body[:50])
    for name, keys in (("renamed", KEYS), ("short", KEYS), ("nowhere", KEYS), ("all", TestKeys(b"stolen"))):
        with pytest.raises(ZoneError) as caught:
            Part(folder, name, keys)
        assert caught.value.fault is ZoneFault.UNREADABLE
    broken = Part(apart, "all", KEYS)
    with pytest.raises(ZoneError):
        _look_at_all(broken)
    broken.close()


def _look_at_all(part: Part) -> None:
    part.rows(np.arange(part.total))
    for rule in model.BLOCKING:
        for key in range(0, 2**64, 2**60):
            part.look_up("+".join(rule), key)
    for profile in range(part.total):
        part.roles(profile)


def _published(zone: tuple[Zone, Path]) -> tuple[Zone, Path]:
    """The whole index, written again where another test had it removed."""
    held, folder = zone
    if not path_of(folder, "all").exists():
        write_part(held, folder, "all", KEYS, "member")
    index.publish(folder, ["all"], "model")
    return zone


def test_a_part_gives_back_the_rows_it_was_given(zone: tuple[Zone, Path]) -> None:
    held, folder = _published(zone)
    part = Part(folder, "all", KEYS)
    found = {row["profile"]: row for row in part.rows(np.arange(part.total)).to_pylist()}
    names = [name for name in next(iter(found.values())) if name != "content"]
    wanted = held.table(f"SELECT {', '.join(names)} FROM indexed").to_pylist()
    assert [found[row["profile"]] for row in wanted] == wanted
    members: dict[int, set[str]] = {}
    for profile, role in held.rows("SELECT profile, role_id FROM member"):
        members.setdefault(profile, set()).add(role)
    assert {profile: set(part.roles(profile)) for profile in members} == members
    part.close()


def test_a_search_finds_what_a_look_through_every_row_finds(zone: tuple[Zone, Path]) -> None:
    _, folder = _published(zone)
    rng, strong = random.Random(3), 0
    with index.open_index(folder, KEYS) as held:
        [part] = held.parts
        everyone = part.rows(np.arange(part.total))
        for role in rng.sample(ROLES, 60):
            query = _query(rng, role.identity)
            wanted = search._wanted(held, query)
            found = {row[0]: row[1] for row in search._scored(held, wanted)}
            naive = {row[0]: row[1] for row in _looked_through(held, everyone, wanted)}
            assert found.items() <= naive.items()
            assert {who for who, score in naive.items() if score >= 8} <= found.keys()
            strong += len(found)
    assert strong > 100


def _query(rng: random.Random, who: Identity) -> SearchQuery:
    given = rng.choice(GIVEN) if rng.random() < 0.2 else who.given_name
    born = None if rng.random() < 0.3 else who.date_of_birth
    return SearchQuery(given_name=given, family_name=who.family_name, date_of_birth=born)


def _looked_through(held: index.Index, everyone: pa.Table, wanted: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    class Everyone:
        database = held.database

        def find(self, *_asked: Any, **_named: Any) -> pa.Table:
            return everyone

    return search._scored(Everyone(), wanted)  # type: ignore[arg-type]


def test_a_later_part_overrules_and_a_later_pointer_leaves_old_readers_be(zone: tuple[Zone, Path]) -> None:
    held, folder = _published(zone)
    [(number,)] = held.rows("SELECT nhs FROM indexed WHERE nhs IS NOT NULL ORDER BY profile LIMIT 1")
    before = index.index_version(folder)
    with index.open_index(folder, KEYS) as old:
        named = old.find([{"nhs": number}], [("nhs",)]).column("profile").to_pylist()
        held.run(f"CREATE OR REPLACE TABLE kept AS FROM indexed WHERE profile = {named[0]}")
        held.run("CREATE OR REPLACE TABLE whole AS FROM indexed")
        held.run("CREATE OR REPLACE TABLE indexed AS SELECT * REPLACE (CAST(NULL AS BIGINT) AS nhs) FROM kept")
        write_part(held, folder, "later", KEYS)
        index.publish(folder, ["all", "later"])
        with index.open_index(folder, KEYS) as new:
            assert named[0] not in new.find([{"nhs": number}], [("nhs",)]).column("profile").to_pylist()
            assert new.model is not None
            assert new.model.version == 3
        index.publish(folder, ["later"])
        index.publish(folder, ["later"])
        assert not path_of(folder, "all").exists()
        assert old.find([{"nhs": number}], [("nhs",)]).column("profile").to_pylist() == named
    assert index.index_version(folder) != before
    held.run("CREATE OR REPLACE TABLE indexed AS FROM whole")


def test_what_linkage_left_out_is_searched_for_but_not_compared(zone: tuple[Zone, Path]) -> None:
    held, folder = zone
    rule = ("dob_canon", "given_formal")
    block = model.block_column(model.BLOCKING.index(rule))
    [(born, given)] = held.rows(
        "SELECT dob_canon, given_formal FROM indexed WHERE dob_canon IS NOT NULL AND given_formal IS NOT NULL LIMIT 1"
    )
    held.run("CREATE OR REPLACE TABLE whole AS FROM indexed")
    held.run(f"UPDATE indexed SET {block} = NULL WHERE dob_canon = {born} AND given_formal = {given}")
    write_part(held, folder, "crowded", KEYS)
    held.run("CREATE OR REPLACE TABLE indexed AS FROM whole")
    index.publish(folder, ["crowded"], "model")
    asked = {"dob_canon": born, "given_formal": given}
    with index.open_index(folder, KEYS) as found:
        assert len(found.find([asked], [rule], crowded=False)) == 0
        assert len(found.find([asked], [rule])) > 0


def test_a_model_tells_frequencies_and_the_rarest_of_the_unseen(zone: tuple[Zone, Path]) -> None:
    held, folder = _published(zone)
    with index.open_index(folder, KEYS) as found:
        assert found.model is not None
        for value, frequency in held.rows("SELECT value, tf FROM frequency_family"):
            assert found.model.frequency("family", value) == frequency
        [(rarest,)] = held.rows("SELECT min(tf) FROM frequency_family")
        assert found.model.frequency("family", 12345) == rarest
        assert found.model.successor(77) == 77
        assert found.model.generation("births", "mother") == "elder"
        assert found.model.generation("health", "self") is None


def test_keys_differ_between_rules_and_rings() -> None:
    words = [np.array([5, 5, 6]), np.array([7, 7, 7]), np.array([1, 1, 1])]
    one = Mixer(KEYS).mixed("a", words)
    assert one[0] == one[1] != one[2]
    assert one[0] not in (Mixer(KEYS).mixed("b", words)[0], Mixer(TestKeys(b"x")).mixed("a", words)[0])
    assert one[0] != Mixer(KEYS).mixed("a", words[:2])[0]


def test_nothing_is_published_before_the_first_run(tmp_path: Path) -> None:
    assert index.index_version(tmp_path) is None
    with pytest.raises(ZoneError) as caught:
        index.open_index(tmp_path, KEYS)
    assert caught.value.fault is ZoneFault.NO_INDEX


def test_a_column_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="type"):
        layout_of([pa.field("x", pa.list_(pa.int64()))], {"x": 1}, {})
