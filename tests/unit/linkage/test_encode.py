"""What encoding keeps true: nothing clear leaves, equal means equal under one key only, likeness survives re-keying."""

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.encoding.encode import FILTERS, SCHEMA, TOKENS, encode, nhs_token, record_token, rekey
from linkage.encoding.features import birth_order
from linkage.rows import Sex
from tests.unit.linkage.linkage_keys import TestKeys, role
from tests.unit.linkage.plain_encoding import date_features, sector, sound

KEYS = TestKeys()
OTHER = TestKeys(b"another secret")
FULL: dict[str, Any] = {
    "nhs_number": "9990000018", "upn": "A123456789012", "local_id": "K-1", "given_name": "Siân", "middle_names": "Mair",
    "family_name": "Ó Briain-Jones", "former_family_name": "Pugh", "date_of_birth": date(2019, 3, 12),
    "sex": Sex.FEMALE,
    "address": "Flat 3, 12 High St", "postcode": "CF10 1AA", "uprn": "100012345", "telephone": "01632960001",
    "email": "sian@example.org",
}  # fmt: skip


def _bits(table: pa.Table, name: str, at: int) -> int:
    low, high = (table.column(f"{name}{half}")[at].as_py() & (2**64 - 1) for half in (0, 1))
    return int(low | high << 64)


def _dice(table: pa.Table, name: str, a: int, b: int) -> float:
    one, other = _bits(table, name, a), _bits(table, name, b)
    return 2 * (one & other).bit_count() / (one.bit_count() + other.bit_count())


def test_every_shape_of_identity_encodes() -> None:
    sparse = [role(at, **{field: FULL[field]}) for at, field in enumerate(FULL)]
    table = encode([role(98, **FULL), role(99), *sparse], KEYS)
    assert table.schema == SCHEMA
    assert table.num_rows == len(FULL) + 2
    assert all(table.column(name)[1].as_py() is None for name in TOKENS)


def test_nothing_clear_leaves() -> None:
    table = encode([role(1, **FULL)], KEYS)
    text = str(table.to_pylist())
    for clear in ("9990000018", "Siân", "SIAN", "JONES", "2019", "CF10", "High", "100012345", "example"):
        assert clear not in text


def test_equal_values_are_equal_tokens_under_one_key_only() -> None:
    one, same, other = (
        encode([role(1, **FULL)], KEYS),
        encode([role(2, **FULL)], KEYS),
        encode([role(3, **FULL)], OTHER),
    )
    for name in TOKENS:
        assert one.column(name)[0] == same.column(name)[0]
        if one.column(name)[0].as_py() is not None:
            assert one.column(name)[0] != other.column(name)[0]


def test_one_word_in_two_fields_is_two_tokens() -> None:
    table = encode([role(1, given_name="Jordan", family_name="Jordan")], KEYS)
    assert table.column("given")[0] != table.column("family")[0]


def test_re_keying_hides_the_encoders_tokens_and_keeps_likeness() -> None:
    names = ("Katherine", "Kathrine", "Mohammed")
    encoded = encode([role(at, given_name=name) for at, name in enumerate(names)], KEYS)
    received = rekey(encoded, KEYS)
    assert received.schema == SCHEMA
    for name in TOKENS:
        sent, held = encoded.column(name)[0].as_py(), received.column(name)[0].as_py()
        assert (sent is None and held is None) or sent != held
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert _dice(received, "given_f", a, b) == _dice(encoded, "given_f", a, b)
    assert _dice(received, "given_f", 0, 1) > 0.7 > 0.5 > _dice(received, "given_f", 0, 2)
    assert _bits(received, "given_f", 0) != _bits(encoded, "given_f", 0)


def test_batches_do_not_change_the_result() -> None:
    rows = [role(at, **(FULL if at % 2 else {"given_name": f"Name{at}"})) for at in range(20)]
    whole = rekey(encode(rows, KEYS), KEYS)
    parts = [rekey(encode(rows[at : at + 7], KEYS), KEYS) for at in range(0, 20, 7)]
    assert pa.concat_tables(parts).to_pylist() == whole.to_pylist()


def test_a_number_has_the_token_by_which_pairs_name_it() -> None:
    received = rekey(encode([role(1, nhs_number="9990000018")], KEYS), KEYS)
    assert received.column("nhs")[0].as_py() == nhs_token(KEYS, "9990000018")


def test_a_record_id_is_a_token_of_its_data_set() -> None:
    assert record_token(KEYS, "a", "1") != record_token(KEYS, "b", "1")
    assert len(record_token(KEYS, "a", "1")) == 32


def test_local_ids_of_two_providers_differ() -> None:
    here = role(1, local_id="7")
    there = type(here)("x", "y", "d", "Q", "self", False, False, here.identity)
    table = encode([here, there], KEYS)
    assert table.column("local")[0] != table.column("local")[1]


def test_newborn_placeholders_are_no_name_but_an_order() -> None:
    table = encode([role(1, given_name="Baby 1"), role(2, given_name="Baby 2"), role(3, given_name="Baby")], KEYS)
    assert table.column("given").null_count == 3
    assert table.column("birth_order")[0] != table.column("birth_order")[1]
    assert table.column("birth_order").null_count == 1


@pytest.mark.parametrize(
    ("name", "order"), [("Baby 2", "2"), ("Twin II", "2"), ("Twin One", "1"), ("Baby", None), ("Sam 2", None)]
)
def test_birth_order_is_read_from_placeholders_only(name: str, order: str | None) -> None:
    assert birth_order(name) == order


def test_swapped_day_and_month_share_a_canonical_date() -> None:
    one, other = date_features(date(2019, 3, 12)), date_features(date(2019, 12, 3))
    assert one["dob"] != other["dob"]
    assert one["dob_canon"] == other["dob_canon"]


def test_postcodes_of_any_country_have_a_sector() -> None:
    assert sector("CF10 1AA") == "CF10 1"
    assert sector("2650") == "265"


@given(st.dates(min_value=date(1500, 1, 1)), st.text(max_size=30), st.text(max_size=60))
@settings(deadline=None)
def test_any_text_and_century_encodes(born: date, name: str, place: str) -> None:
    table = rekey(
        encode([role(1, given_name=name, family_name=name, address=place, postcode=place, date_of_birth=born)], KEYS),
        KEYS,
    )
    assert table.column("dob")[0].as_py() is not None


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=12))
@settings(deadline=None)
def test_a_sound_is_short_and_numeric(word: str) -> None:
    assert len(sound(word)) <= 6
    assert sound(word).isdigit() or sound(word) == ""


def test_filters_are_never_full() -> None:
    table = encode([role(1, **FULL)], KEYS)
    for name in FILTERS:
        assert 0 < _bits(table, name, 0).bit_count() < 100
