"""Whole columns at once give what one identity at a time gives, bit for bit."""

from datetime import date
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.encoding.encode import FILTERS, TOKENS, RoleIdentity, encode, rekey
from linkage.rows import Sex
from tests.unit.linkage.linkage_keys import TestKeys, role
from tests.unit.linkage.plain_encoding import encoded, rekeyed

KEYS = TestKeys()
NAMES = (
    "Siân", "Mary-Jane O'Neill",
    "Baby 2", "Twin II", "Babette", "Mohd", "J", "J P Ann", "UNKNOWN", "Øystein", "李 小龍",
    "van der Berg", "Philip", "PHPH", "Test Patient", "x.y.z", "'", "Straße", "Ó Briain-Jones", "Ng", "Aa", "A1",
)  # fmt: skip
PLACES = (
    "Flat 3, 12 High St", "12B St John's Rd",
    "Rose Cottage", "NO 7", "1", "Unit 4 Apartment 9", "Y Tŷ Gwyn, 3 Heol Fawr",
    "x" * 40, "5 a b c d e f", ",;", "St. Mary's Court 12/3",
)  # fmt: skip
CODES = ("CF10 1AA", "M1 1AE", "SW1A 2AA", "2650", "D-1234", "X", "K1A 0B1", "ÉÉ 1")
words = (
    st.sampled_from(NAMES) | st.text(min_size=1, max_size=25) | st.text("ABCDEFGHPabc' -.0129", min_size=1, max_size=20)
)
identities = st.fixed_dictionaries(
    {},
    optional={
        "nhs_number": st.sampled_from(("9990000018", "9990000026")),
        "upn": st.sampled_from(("A123456789012", "B12345678901C")),
        "local_id": st.sampled_from(("K-1", "k/12", "åb_7", "77")) | st.text("aZ09-/", min_size=1),
        "given_name": words,
        "middle_names": words,
        "family_name": words,
        "former_family_name": words,
        "date_of_birth": st.dates(),
        "sex": st.sampled_from(Sex),
        "address": st.sampled_from(PLACES) | st.text("ab 1,2'éST", min_size=1, max_size=60),
        "postcode": st.sampled_from(CODES),
        "uprn": st.just("100012345"),
        "telephone": st.just("01632960001"),
        "email": st.just("a@example.org"),
    },
)


def _as_found(table: pa.Table, at: int) -> dict[str, Any]:
    row = table.slice(at, 1).to_pylist()[0]
    found: dict[str, Any] = {name: row[name] for name in TOKENS}
    for name in FILTERS:
        low, high = ((row[f"{name}{half}"] or 0) & (2**64 - 1) for half in (0, 1))
        found[name] = {bit for bit in range(128) if (low | high << 64) >> bit & 1}
    return found


@given(st.lists(identities, min_size=1, max_size=8))
@settings(deadline=None, max_examples=150)
def test_columns_equal_the_plain_encoding(held: list[dict[str, Any]]) -> None:
    roles = [role(at, **identity) for at, identity in enumerate(held)]
    table = encode(roles, KEYS)
    assert [_as_found(table, at) for at in range(len(roles))] == [encoded(one, KEYS) for one in roles]


@given(st.lists(identities, min_size=1, max_size=4))
@settings(deadline=None, max_examples=40)
def test_re_keying_equals_the_plain_re_keying(held: list[dict[str, Any]]) -> None:
    roles = [role(at, **identity) for at, identity in enumerate(held)]
    table = rekey(encode(roles, KEYS), KEYS)
    assert [_as_found(table, at) for at in range(len(roles))] == [rekeyed(encoded(one, KEYS), KEYS) for one in roles]


def test_every_awkward_name_and_place_encodes_plainly() -> None:
    held: list[dict[str, Any]] = [
        {"given_name": name, "family_name": NAMES[-at], "address": PLACES[at % len(PLACES)], "postcode": CODES[at % 8]}
        for at, name in enumerate(NAMES)
    ]
    roles: list[RoleIdentity] = [role(at, date_of_birth=date(1, 1, 1), **one) for at, one in enumerate(held)]
    table = encode(roles, KEYS)
    assert [_as_found(table, at) for at in range(len(roles))] == [encoded(one, KEYS) for one in roles]


def test_nothing_encodes_to_an_empty_table() -> None:
    assert rekey(encode([], KEYS), KEYS).num_rows == 0
