"""Spellings of one dwelling meet; neighbours never do."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from linkage.encoding.encode import RoleIdentity, encode, rekey
from linkage.kin.dwellings import settle
from linkage.rows import Identity
from linkage.zone.encrypted import Database, connect
from tests.unit.linkage.linkage_keys import TestKeys

KEYS = TestKeys()
Lived = tuple[str, str, str | None, str | None, str]
"""Person, address, postcode, UPRN, surname."""


@pytest.fixture
def zone(tmp_path: Path) -> Iterator[Database]:
    with Database(connect(tmp_path, "1GB", 1), tmp_path) as database:
        yield database


def _homes(zone: Database, *lived: Lived, kin: tuple[tuple[str, str], ...] = ()) -> list[int]:
    """One number for each row; equal numbers for one dwelling."""
    roles = [
        RoleIdentity(
            f"{at:032x}", f"record{at}", "d", "P", "self", False, False,
            Identity(address=address, postcode=postcode, uprn=uprn, family_name=family, given_name="Ann"),
        )
        for at, (_, address, postcode, uprn, family) in enumerate(lived)
    ]  # fmt: skip
    table = rekey(encode(roles, KEYS), KEYS).append_column("person", pa.array([who for who, *_ in lived]))
    tied = pa.table({"a": pa.array([a for a, _ in kin], pa.string()), "b": pa.array([b for _, b in kin], pa.string())})
    with zone.lent("encoded", table), zone.lent("tied", tied):
        zone.run("CREATE OR REPLACE TABLE sighted AS SELECT * FROM encoded")
        zone.run("CREATE OR REPLACE TABLE kin AS SELECT * FROM tied")
    settle(zone)
    rows = zone.rows("SELECT home FROM sighted ORDER BY role_id")
    seen: dict[int, int] = {}
    return [seen.setdefault(home, len(seen)) for (home,) in rows]


def test_abbreviations_and_order_of_writing_are_one_dwelling(zone: Database) -> None:
    assert _homes(
        zone, ("a", "12 Alder Rd, Marlford", "MR1 1AA", None, "Lee"), ("b", "12 ALDER ROAD", "MR1 1AA", None, "Ray")
    ) == [0, 0]


@pytest.mark.parametrize(
    ("address", "postcode"),
    [
        ("12 Aldrr Road, Marlford", "MR1 1AA"),
        ("12 Alder Road, Marlford", "MR1 1AX"),
        ("72 Alder Road, Marlford", "MR1 1AA"),
    ],
)
def test_a_slip_in_any_part_leads_to_the_dwelling_of_the_same_people(
    zone: Database, address: str, postcode: str
) -> None:
    home = "12 Alder Road, Marlford"
    assert _homes(
        zone, ("a", home, "MR1 1AA", None, "Lee"), ("b", home, "MR1 1AA", None, "Lee"),
        ("c", address, postcode, None, "Lee"),
    ) == [0, 0, 0]  # fmt: skip


def test_a_slip_in_a_row_about_two_people_leads_there_too(zone: Database) -> None:
    rows = [(who, "5 Tanner Court, Marlford", "MR1 1WS", None, "Lee") for who in "aabb"]
    slip = [(who, "5 Tanfer Court, Marlford", "MR1 1WS", None, "Lee") for who in "a"]
    assert set(_homes(zone, *rows, *slip)) == {0}


def test_neighbours_of_other_names_are_never_one_dwelling(zone: Database) -> None:
    people = [(f"p{n}", f"{n} Alder Road, Marlford", "MR1 1AA", None, f"Name{'abcdefghijkl'[n]}") for n in range(1, 12)]
    assert len(set(_homes(zone, *people))) == len(people)


def test_streets_that_begin_alike_are_not_one(zone: Database) -> None:
    rows = [
        ("a", "41 Heol y Garth, Glanwern", "GW1 1JF", None, "Lee"),
        ("b", "41 Heol y Derwen, Glanwern", "GW1 1HL", None, "Ray"),
        ("b", "41 Heol y Derwen, Glanwern", "GW1 1HL", None, "Ray"),
    ]
    assert _homes(zone, *rows) == [0, 1, 1]


def test_established_neighbours_of_one_name_stay_two(zone: Database) -> None:
    rows = [
        (who, f"{number} Alder Road, Marlford", "MR1 1AA", None, "Lee")
        for number, pair in ((12, "ab"), (14, "cd"))
        for who in pair
    ]
    assert _homes(zone, *rows) == [0, 0, 1, 1]


def test_a_wrong_uprn_moves_nobody_to_a_neighbour(zone: Database) -> None:
    rows = [
        ("a", "12 Alder Road, Marlford", "MR1 1AA", "100", "Lee"),
        ("b", "12 Alder Road, Marlford", "MR1 1AA", "100", "Lee"),
        ("c", "31 Quarry Lane, Hexby", "MR2 4AB", "100", "Ray"),
    ]
    assert _homes(zone, *rows) == [0, 0, 1]


def test_an_address_in_one_line_without_a_postcode_finds_its_dwelling_through_kin(zone: Database) -> None:
    home = "12 Alder Road, Marlford"
    rows = [("a", home, "MR1 1AA", None, "Lee"), ("b", home, "MR1 1AA", None, "Lee")]
    lines = [(who, f"{home}, MR1 1AA", None, None, "Lee") for who in "ab"]
    assert set(_homes(zone, *rows, *lines)) == {0}


def test_kin_by_a_rows_own_word_bring_a_slip_home_where_names_differ(zone: Database) -> None:
    rows = [
        ("mother", "12 Alder Road, Marlford", "MR1 1AA", None, "Lee"),
        ("mother", "12 Alder Road, Marlford", "MR1 1AA", None, "Lee"),
        ("child", "12 Aldrr Road, Marlford", "MR1 1AA", None, "Ray"),
    ]
    assert _homes(zone, *rows) == [0, 0, 1]
    assert _homes(zone, *rows, kin=(("child", "mother"),)) == [0, 0, 0]
