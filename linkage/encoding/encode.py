"""Keyed tokens and keyed similarity-preserving filters: the point at which clear identifiers end.

Invariants: what leaves `encode` is a table of numbers that means nothing without the keys; every field has its own
key (HKDF), so equal words in different fields give different tokens; nothing clear is kept after the call returns;
`rekey` is applied on receipt, so that a partner's encoding keys do not unmask the linkage zone. Sparse identities are
normal: each column may be null. Columns are worked on whole, and each distinct value once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.encoding import features
from linkage.encoding.filters import BITS, Filter, Pairs, columns, permuted
from linkage.encoding.flat import whole
from linkage.encoding.mac import Cmac, Hmac
from linkage.encoding.words import Words, words
from linkage.rows import Identity, KeyedHash, Sex

FILTER_BITS = BITS
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
"""Numbers printed on cards are hashed by HMAC-SHA-256 under labels of their own."""
_ENCODING = "encoding/1"
_REKEY = "rekey/1"
_RECORD, _CONTENT = "record", "content"
MARK = 16
"""Bytes of a record id's mark."""
_HASHES = {"given_f": 3, "family_f": 3, "name_f": 2, "address_f": 1, "postcode_f": 4}
_SEXES = {Sex.FEMALE: "F", Sex.MALE: "M"}
_STEM = r"[-/_.][0-9]{1,2}$"

ROLE_COLUMNS = ("role_id", "record_id", "dataset", "provider", "role", "unborn", "one_row_per_person")
SCHEMA = pa.schema(
    [pa.field(n, pa.string(), nullable=False) for n in ROLE_COLUMNS[:5]]
    + [pa.field(n, pa.bool_(), nullable=False) for n in ROLE_COLUMNS[5:]]
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


@dataclass(frozen=True, slots=True, repr=False)
class Identities:
    """Clear identifiers by column (Arrow strings; `date_of_birth` date32; `sex` F or M). Lives as long as a batch."""

    nhs_number: pa.Array
    upn: pa.Array
    local_id: pa.Array
    given_name: pa.Array
    middle_names: pa.Array
    family_name: pa.Array
    former_family_name: pa.Array
    date_of_birth: pa.Array
    sex: pa.Array
    address: pa.Array
    postcode: pa.Array
    uprn: pa.Array
    telephone: pa.Array
    email: pa.Array

    def __len__(self) -> int:
        return len(self.sex)


_FIELDS = tuple(held.name for held in fields(Identities))
_ARROW = {"date_of_birth": pa.date32()}


def by_column(held: Mapping[str, Sequence[object]], rows: int) -> Identities:
    """Identities from lists by field, each as long as the batch; a field left out is missing in every row."""
    made = {}
    for name in _FIELDS:
        kind, values = _ARROW.get(name, pa.string()), held.get(name)
        if values is not None and name == "sex":
            values = [_SEXES.get(value) for value in values]  # type: ignore[call-overload]  # Sex or None
        made[name] = pa.nulls(rows, kind) if values is None else pa.array(values, kind)
    return Identities(**made)


def _subkey(keys: KeyedHash, column: str) -> bytes:
    domain = _DOMAIN.get(column, column)
    return keys.subkey(_LABEL.get(domain, _ENCODING), domain)


def _mac(keys: KeyedHash, column: str) -> Hmac | Cmac:
    return _maker(column)(_subkey(keys, column))


def _rekeyed(keys: KeyedHash, column: str) -> Hmac | Cmac:
    return _maker(column)(keys.subkey(_REKEY, _DOMAIN.get(column, column)))


def _maker(column: str) -> type[Hmac] | type[Cmac]:
    return Hmac if _DOMAIN.get(column, column) in _LABEL else Cmac


def transport(partner: str) -> tuple[str, str]:
    """(label, purpose) of the key under which a partner's files travel."""
    return _ENCODING, f"transport/{partner}"


def partner_subkeys(keys: KeyedHash, partner: str) -> dict[tuple[str, str], bytes]:
    """Every derived key that a partner's own encoder uses, by label and purpose: none of them re-keys or opens."""
    label, purpose = transport(partner)
    return _encoding_subkeys(keys) | {(label, purpose): keys.subkey(label, purpose)}


def _encoding_subkeys(keys: KeyedHash) -> dict[tuple[str, str], bytes]:
    domains = {_DOMAIN.get(name, name) for name in TOKENS} | set(FILTERS)
    asked = {(_LABEL.get(domain, _ENCODING), domain) for domain in domains}
    asked |= {(_ENCODING, purpose) for purpose in (_RECORD, _CONTENT)}
    return {(label, info): keys.subkey(label, info) for label, info in sorted(asked)}


def encoder_subkeys(keys: KeyedHash) -> dict[tuple[str, str], bytes]:
    """The keys of encoding and of re-keying, for a process of the service that has not the ring."""
    domains = {_DOMAIN.get(name, name) for name in TOKENS} | set(FILTERS)
    return _encoding_subkeys(keys) | {(_REKEY, domain): keys.subkey(_REKEY, domain) for domain in sorted(domains)}


def record_marks(keys: KeyedHash, dataset: str, record_ids: Iterable[str]) -> list[bytes]:
    """What a partner's encoder makes of record ids."""
    mac = Hmac(keys.subkey(_ENCODING, _RECORD))
    return [mac.digest(f"{dataset}\x1f{record_id}".encode())[:MARK] for record_id in record_ids]


def content_marks(keys: KeyedHash, contents: Iterable[bytes]) -> list[bytes]:
    """What a partner's encoder makes of all that rows say, to tell later whether one has changed."""
    mac = Hmac(keys.subkey(_ENCODING, _CONTENT))
    return [mac.digest(content) for content in contents]


def received_records(keys: KeyedHash, marks: Iterable[bytes]) -> list[str]:
    """The tokens by which the zone knows records, from their marks: 128 bits each, in hexadecimal."""
    return [keys.mac("record-id/1", mark)[:MARK].hex() for mark in marks]


def record_token(keys: KeyedHash, dataset: str, record_id: str) -> str:
    """The token by which a record id is known in the zone (marked at the encoder, then re-keyed)."""
    [token] = received_records(keys, record_marks(keys, dataset, [record_id]))
    return token


def postcode_tokens(keys: KeyedHash, postcodes: Sequence[str]) -> list[int]:
    """The encoder's tokens of canonical postcodes, before re-keying."""
    tokens: list[int] = _mac(keys, "postcode").tokens(pa.array(postcodes, pa.string())).to_pylist()
    return tokens


def nhs_token(keys: KeyedHash, number: str) -> int:
    """The zone's token of a canonical NHS number (encoded, then re-keyed)."""
    encoded = _mac(keys, "nhs").tokens(pa.array([number]))
    token: int = _rekeyed(keys, "nhs").again(encoded)[0].as_py()
    return token


def search_table(identity: Identity, keys: KeyedHash) -> pa.Table:
    """The zone's encoding of one searched identity."""
    asked = RoleIdentity("", "", "", "", "", False, False, identity)
    return rekey(encode([asked], keys), keys)


class _Encoder:
    """One batch on its way from text to numbers."""

    def __init__(self, roles: Mapping[str, pa.Array], people: Identities, keys: KeyedHash) -> None:
        self._people, self._keys = people, keys
        self.columns: dict[str, pa.Array] = dict(roles)
        self._names = np.zeros((len(people), 2), dtype=np.uint64)

    def table(self) -> pa.Table:
        self._numbers()
        self._locals()
        given, first = self._given()
        self._family(given, first)
        self._born()
        self._homes()
        for name in ("sex", "uprn", "telephone", "email"):
            self._token(name, getattr(self._people, name))
        self._filter("name_f", self._names)
        return pa.table(self.columns, schema=SCHEMA)

    def _token(self, name: str, texts: pa.Array, at: pa.Array | None = None) -> None:
        """Tokens of texts; `at` says which text each row holds, where the texts are the distinct ones."""
        if texts.null_count == len(texts):
            self.columns[name] = pa.nulls(len(self._people), pa.int64())
            return
        tokens = _mac(self._keys, name).tokens(texts)
        self.columns[name] = tokens if at is None else tokens.take(at)

    def _filter(self, name: str, filters: Filter, at: pa.Array | None = None) -> None:
        self.columns[f"{name}0"], self.columns[f"{name}1"] = columns(filters if at is None else _at(filters, at))

    def _pairs(self, name: str) -> Pairs:
        return Pairs(self._keys.subkey(_ENCODING, name), _HASHES[name])

    def _numbers(self) -> None:
        self._token("nhs", self._people.nhs_number)
        upn = self._people.upn
        temporary = pc.match_substring_regex(upn, r"[A-Z]$")
        self._token("upn", _where(pc.invert(temporary), upn))
        self._token("upn_temporary", _where(temporary, upn))

    def _locals(self) -> None:
        local = self._people.local_id
        if local.null_count < len(local):
            upper = pc.if_else(pc.string_is_ascii(local), pc.ascii_upper(local), pc.utf8_upper(local))
            local = pc.binary_join_element_wise(self.columns["provider"], upper, "\x1f")
        self._token("local", local)
        self._token("local_stem", pc.replace_substring_regex(local, _STEM, ""))

    def _given(self) -> tuple[pa.Array, pa.Array]:
        """Tokens of given names; the distinct first names and which stands on each row."""
        held = self._people.given_name.dictionary_encode()
        names, at = held.dictionary, held.indices
        clean = features.folded(names)
        parts = features.given_words(clean)
        first = parts.nth(0)
        self._token("given", first, at)
        self._token("given_formal", features.formal(first), at)
        self._token("given_sound", features.sounds(first), at)
        self._token("birth_order", features.birth_orders(names, first), at)
        self._filter("given_f", self._pairs("given_f").of_words(first, placed=True), at)
        self._add_to_name(words(clean), at)
        self._middle(parts.nth(1).take(at))
        return first, at

    def _middle(self, second: pa.Array) -> None:
        held = self._people.middle_names.dictionary_encode()
        clean = features.folded(held.dictionary)
        self._add_to_name(words(clean), held.indices)
        self._token("middle", pc.coalesce(second, features.given_words(clean).nth(0).take(held.indices)))

    def _family(self, given: pa.Array, given_at: pa.Array) -> None:
        held = self._people.family_name.dictionary_encode()
        parts = words(features.folded(held.dictionary))
        texts = features.family_features(parts)
        for name, column in texts.items():
            self._token(name, column, held.indices)
        self._filter("family_f", self._pairs("family_f").of_words(texts["family"], placed=True), held.indices)
        self._add_to_name(parts, held.indices)
        self._token("name_bag", features.name_bags(given.take(given_at), parts.at(held.indices)))
        former = self._people.former_family_name.dictionary_encode()
        parts = words(features.folded(former.dictionary))
        self._token("former", features.family_features(parts)["family"], former.indices)
        self._add_to_name(parts, former.indices)

    def _add_to_name(self, parts: Words, at: pa.Array) -> None:
        self._names |= _at(self._pairs("name_f").of_rows(parts), at)

    def _born(self) -> None:
        held = self._people.date_of_birth.dictionary_encode()
        born = held.dictionary
        for name, column in features.date_features(born).items():
            self._token(name, column, held.indices)
        default = pc.and_(pc.equal(pc.day(born), 1), pc.equal(pc.month(born), 1))
        self.columns["dob_default"] = default.take(held.indices).fill_null(False)

    def _homes(self) -> None:
        codes = self._people.postcode.dictionary_encode()
        self._token("postcode", codes.dictionary, codes.indices)
        self._token("sector", features.sectors(codes.dictionary), codes.indices)
        self._filter("postcode_f", self._pairs("postcode_f").of_words(codes.dictionary, placed=True), codes.indices)
        held = self._people.address.dictionary_encode()
        places = features.places_of(held.dictionary)
        self._token("street", features.streets(places), held.indices)
        self._token("address", features.dwellings(places, held.indices, self._people.postcode))
        self._filter("address_f", self._pairs("address_f").of_rows(places.words), held.indices)


def _where(chosen: pa.Array, texts: pa.Array) -> pa.Array:
    return pc.if_else(chosen, texts, pa.scalar(None, pa.string()))


def _at(filters: Filter, at: pa.Array) -> Filter:
    """Each row's filter, zero where the row holds nothing."""
    extended = np.concatenate((filters, np.zeros((1, 2), dtype=np.uint64)))
    found: Filter = extended[np.asarray(at.fill_null(len(filters)))]
    return found


def encode_columns(roles: Mapping[str, pa.Array], people: Identities, keys: KeyedHash) -> pa.Table:
    """Encode identities by column under the encoding keys (`SCHEMA`); `roles` holds `ROLE_COLUMNS`."""
    return _Encoder(roles, people, keys).table()


def encode(identities: Sequence[RoleIdentity], keys: KeyedHash) -> pa.Table:
    """Encode roles under the encoding keys (`SCHEMA`). This is all that a partner's own encoder runs."""
    roles = {name: pa.array(list(map(attrgetter(name), identities)), SCHEMA.field(name).type) for name in ROLE_COLUMNS}
    people = list(map(attrgetter("identity"), identities))
    held = {name: list(map(attrgetter(name), people)) for name in _FIELDS}
    return encode_columns(roles, by_column(held, len(people)), keys)


def _permutation(keys: KeyedHash, column: str) -> np.ndarray:
    mac = Hmac(keys.subkey(_REKEY, column))
    return np.array(sorted(range(FILTER_BITS), key=lambda bit: mac.digest(bit.to_bytes(2, "big"))))


def rekey(table: pa.Table, keys: KeyedHash) -> pa.Table:
    """Put an encoded table under the zone's own keys: a MAC of each token, a secret order of each filter's bits."""
    made = {name: table.column(name) for name in SCHEMA.names}
    for name in TOKENS:
        made[name] = _rekeyed(keys, name).again(whole(table.column(name)))
    for name in FILTERS:
        low, high = (whole(table.column(f"{name}{half}")) for half in (0, 1))
        made[f"{name}0"], made[f"{name}1"] = permuted(low, high, _permutation(keys, name))
    return pa.table(made, schema=SCHEMA)
