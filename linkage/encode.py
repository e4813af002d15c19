"""Keyed tokens and keyed similarity-preserving filters: the point at which clear identifiers end.

Invariants: what leaves `encode` is a table of numbers that means nothing without the keys; every field has its own
key (HKDF), so equal words in different fields give different tokens; nothing clear is kept after the call returns;
`rekey` is applied on receipt, so that a partner's encoding keys do not unmask the linkage zone. Sparse identities are
normal: each column may be null.
Sources: HMAC-SHA-256 (RFC 2104); keyed Bloom filters with random hashing, never double hashing (Schnell, Bachteler
and Reiher 2009; Kroll and Steinmetzer 2014)."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa

from linkage.features import (
    address_features,
    date_features,
    family_features,
    given_features,
    name_parts,
    name_words,
    pairs_of_letters,
    placed_pairs,
    sector,
    sex_feature,
)
from linkage.normalise.numbers import is_temporary_upn
from linkage.normalise.places import address_tokens
from linkage.rows import Identity, KeyedHash

_T = TypeVar("_T")
_V = TypeVar("_V")

FILTER_BITS = 128
TOKENS = (
    "nhs", "upn", "upn_temporary", "local", "local_stem",
    "given", "given_formal", "given_sound", "middle", "birth_order",
    "family", "family_first", "family_last", "family_sound", "former", "name_bag",
    "dob", "dob_canon", "dob_dm", "dob_my", "dob_dy", "dob_y",
    "sex", "postcode", "sector", "address", "street", "uprn", "telephone", "email",
)  # fmt: skip
FILTERS = ("given_f", "family_f", "name_f", "address_f", "postcode_f")
_DOMAIN = {
    "upn_temporary": "upn", "local_stem": "local", "middle": "given",
    "family_first": "family", "family_last": "family", "former": "family",
}  # fmt: skip
"""Columns that are compared with each other share one key; all others have their own."""
_LABEL = {"nhs": "nhs-number/1", "upn": "upn/1"}
_ENCODING = "encoding/1"
_REKEY = "rekey/1"
_HASHES = {"given_f": 3, "family_f": 3, "name_f": 2, "address_f": 1, "postcode_f": 4}
_STEM = re.compile(r"[-/_.][0-9]{1,2}$")
_BLOCK = 64
_IPAD = bytes(x ^ 0x36 for x in range(256))
_OPAD = bytes(x ^ 0x5C for x in range(256))

SCHEMA = pa.schema(
    [pa.field(n, pa.string(), nullable=False) for n in ("role_id", "record_id", "dataset", "provider", "role")]
    + [pa.field("unborn", pa.bool_(), nullable=False), pa.field("one_row_per_person", pa.bool_(), nullable=False)]
    + [pa.field("dob_default", pa.bool_(), nullable=False)]
    + [pa.field(name, pa.int64()) for name in TOKENS]
    + [pa.field(f"{name}{half}", pa.int64()) for name in FILTERS for half in (0, 1)]
)
"""The shape of an encoded table, at the partner and in the zone."""


@dataclass(frozen=True, slots=True)
class RoleIdentity:
    """One role of one record with its clear identifiers, on its way into `encode`."""

    role_id: str
    record_id: str
    dataset: str
    provider: str
    role: str
    unborn: bool
    one_row_per_person: bool
    identity: Identity


class _Mac:
    """HMAC-SHA-256 with the padded key hashed once; `token` keeps the first 64 bits as a signed number."""

    def __init__(self, key: bytes) -> None:
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(padded.translate(_IPAD))
        self._outer = hashlib.sha256(padded.translate(_OPAD))

    def digest(self, data: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(data)
        outer.update(inner.digest())
        return outer.digest()

    def token(self, data: bytes) -> int:
        return int.from_bytes(self.digest(data)[:8], "big", signed=True)


def _subkey(keys: KeyedHash, column: str) -> bytes:
    domain = _DOMAIN.get(column, column)
    return keys.subkey(_LABEL.get(domain, _ENCODING), domain)


def record_token(keys: KeyedHash, dataset: str, record_id: str) -> str:
    """The token by which a record id is known in the zone: 128 bits, in hexadecimal."""
    return keys.mac("record-id/1", f"{dataset}\x1f{record_id}".encode())[:16].hex()


def nhs_token(keys: KeyedHash, number: str) -> int:
    """The zone's token of a canonical NHS number (encoded, then re-keyed)."""
    at_partner = _Mac(_subkey(keys, "nhs")).token(number.encode())
    return _rekeyed(keys, "nhs").token(at_partner.to_bytes(8, "big", signed=True))


def search_table(identity: Identity, keys: KeyedHash) -> pa.Table:
    """The zone's encoding of one searched identity."""
    asked = RoleIdentity("", "", "", "", "", False, False, identity)
    return rekey(encode([asked], keys), keys)


def _distinct(values: Sequence[_T | None], of: Callable[[_T], _V]) -> list[_V | None]:
    """`of` each value, computed once per distinct value of this call."""
    seen: dict[_T, _V] = {}
    for value in values:
        if value is not None and value not in seen:
            seen[value] = of(value)
    return [None if value is None else seen[value] for value in values]


def _token_column(column: str, values: Sequence[str | None], keys: KeyedHash) -> pa.Array:
    mac = _Mac(_subkey(keys, column))
    return pa.array(_distinct(values, lambda text: mac.token(text.encode())), pa.int64())


def _mask(digest: bytes, hashes: int) -> int:
    """A filter with one bit set for each of the first independent 16-bit slices of a digest."""
    mask = 0
    for at in range(0, 2 * hashes, 2):
        mask |= 1 << (int.from_bytes(digest[at : at + 2], "big") % FILTER_BITS)
    return mask


def _filter_columns(column: str, grams: Sequence[frozenset[str] | None], keys: KeyedHash) -> list[pa.Array]:
    mac, hashes = _Mac(keys.subkey(_ENCODING, column)), _HASHES[column]
    masks: dict[str, int] = {}

    def filled(features: frozenset[str]) -> int:
        whole = 0
        for gram in features:
            if gram not in masks:
                masks[gram] = _mask(mac.digest(gram.encode()), hashes)
            whole |= masks[gram]
        return whole

    return _halves([None if not g else filled(g) for g in grams])


def _halves(filters: Sequence[int | None]) -> list[pa.Array]:
    width = FILTER_BITS // 8
    packed = b"".join((value or 0).to_bytes(width, "little") for value in filters)
    words = np.frombuffer(packed, dtype="<i8").reshape(-1, 2)
    missing = np.array([value is None for value in filters], dtype=bool)
    return [pa.array(np.ascontiguousarray(words[:, half]), pa.int64(), mask=missing) for half in (0, 1)]


def _spread(features: Sequence[Mapping[str, str | None] | None], columns: Sequence[str]) -> dict[str, list[str | None]]:
    return {name: [None if row is None else row[name] for row in features] for name in columns}


def _texts(roles: Sequence[RoleIdentity]) -> dict[str, list[str | None]]:
    """The feature texts of every token column, each distinct name, date and address worked out once."""
    people = [role.identity for role in roles]
    given = _distinct(
        [(p.given_name, p.middle_names) if p.given_name or p.middle_names else None for p in people],
        lambda pair: given_features(*pair),
    )
    family = _distinct([p.family_name for p in people], family_features)
    born = _distinct([p.date_of_birth for p in people], date_features)
    home = _distinct(
        [(p.address, p.postcode) if p.address else None for p in people], lambda pair: address_features(*pair)
    )
    local = [p.local_id and f"{role.provider}\x1f{p.local_id.upper()}" for p, role in zip(people, roles, strict=True)]
    former = _distinct([p.former_family_name for p in people], family_features)
    return {
        "nhs": [p.nhs_number for p in people],
        "upn": [p.upn if p.upn and not is_temporary_upn(p.upn) else None for p in people],
        "upn_temporary": [p.upn if p.upn and is_temporary_upn(p.upn) else None for p in people],
        "local": local,
        "local_stem": [value and _STEM.sub("", value) for value in local],
        **_spread(given, ("given", "given_formal", "given_sound", "middle", "birth_order")),
        **_spread(family, ("family", "family_first", "family_last", "family_sound")),
        "former": [None if row is None else row["family"] for row in former],
        "name_bag": _distinct(
            [(p.given_name, p.family_name) if p.given_name and p.family_name else None for p in people],
            lambda pair: name_words(*pair),
        ),
        **_spread(born, ("dob", "dob_canon", "dob_dm", "dob_my", "dob_dy", "dob_y")),
        "sex": [sex_feature(p.sex) for p in people],
        "postcode": [p.postcode for p in people],
        "sector": [p.postcode and sector(p.postcode) for p in people],
        **_spread(home, ("address", "street")),
        "uprn": [p.uprn for p in people],
        "telephone": [p.telephone for p in people],
        "email": [p.email for p in people],
    }


def _grams(
    roles: Sequence[RoleIdentity], texts: Mapping[str, list[str | None]]
) -> dict[str, list[frozenset[str] | None]]:
    people = [role.identity for role in roles]
    names = [(p.given_name, p.middle_names, p.family_name, p.former_family_name) for p in people]
    return {
        "given_f": _distinct(texts["given"], placed_pairs),
        "family_f": _distinct(texts["family"], placed_pairs),
        "name_f": _distinct(names, lambda whole: pairs_of_letters(name_parts(whole))),
        "address_f": _distinct([p.address for p in people], lambda text: pairs_of_letters(address_tokens(text))),
        "postcode_f": _distinct([p.postcode for p in people], placed_pairs),
    }


def encode(identities: Sequence[RoleIdentity], keys: KeyedHash) -> pa.Table:
    """Encode roles under the encoding keys (`SCHEMA`). This is all that a partner's own encoder runs."""
    texts = _texts(identities)
    columns: dict[str, pa.Array] = {
        name: pa.array([getattr(role, name) for role in identities], SCHEMA.field(name).type)
        for name in ("role_id", "record_id", "dataset", "provider", "role", "unborn", "one_row_per_person")
    }
    births = (role.identity.date_of_birth for role in identities)
    columns["dob_default"] = pa.array([born is not None and (born.day, born.month) == (1, 1) for born in births])
    for name in TOKENS:
        columns[name] = _token_column(name, texts[name], keys)
    for name, grams in _grams(identities, texts).items():
        columns[f"{name}0"], columns[f"{name}1"] = _filter_columns(name, grams, keys)
    return pa.table(columns, schema=SCHEMA)


def _rekeyed(keys: KeyedHash, column: str) -> _Mac:
    return _Mac(keys.subkey(_REKEY, _DOMAIN.get(column, column)))


def _rekey_tokens(column: pa.ChunkedArray, mac: _Mac) -> pa.Array:
    values = column.combine_chunks().dictionary_encode()
    words = values.dictionary.to_pylist()
    fresh = pa.array([mac.token(word.to_bytes(8, "big", signed=True)) for word in words], pa.int64())
    return fresh.take(values.indices)


def _permutation(keys: KeyedHash, column: str) -> np.ndarray:
    mac = _Mac(keys.subkey(_REKEY, column))
    return np.array(sorted(range(FILTER_BITS), key=lambda bit: mac.digest(bit.to_bytes(2, "big"))))


def _permute(low: pa.ChunkedArray, high: pa.ChunkedArray, order: np.ndarray) -> list[pa.Array]:
    missing = np.asarray(low.is_null().combine_chunks())
    words = np.stack([np.asarray(half.fill_null(0).combine_chunks()) for half in (low, high)], axis=1).astype("<i8")
    bits = np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=1, bitorder="little")
    moved = np.ascontiguousarray(np.packbits(bits[:, order], axis=1, bitorder="little")).view("<i8")
    return [pa.array(np.ascontiguousarray(moved[:, half]), pa.int64(), mask=missing) for half in (0, 1)]


def rekey(table: pa.Table, keys: KeyedHash) -> pa.Table:
    """Put an encoded table under the zone's own keys: a MAC of each token, a secret order of each filter's bits."""
    columns = {name: table.column(name) for name in SCHEMA.names}
    for name in TOKENS:
        columns[name] = _rekey_tokens(table.column(name), _rekeyed(keys, name))
    for name in FILTERS:
        order = _permutation(keys, name)
        columns[f"{name}0"], columns[f"{name}1"] = _permute(table.column(f"{name}0"), table.column(f"{name}1"), order)
    return pa.table(columns, schema=SCHEMA)
