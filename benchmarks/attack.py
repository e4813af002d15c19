"""How many records an attacker can name, for each way of hardening the encodings, and what that way costs in F1.

What is seen: (a) what lies in the zone's file or a partner's file, which is ciphertext; (b) the working words inside
the matching process, as if the process itself were read. The attacker holds a list of people in clear that shares
none, half or all of them with the records, but no key. `named` is the share of records whose given name, or family
name, he states rightly by his best attack. F1 is the real engine's on FEBRL 3 and a small county."""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from unittest import mock

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.county import write_county
from benchmarks import samples
from benchmarks.attackers import ATTACKS, Guess, Listed, Seen, Side, listed, propagation
from benchmarks.section import Section
from linkage.encoding.encode import FILTERS, SCHEMA, RoleIdentity, encode, rekey
from linkage.normalise.names import fold
from linkage.rows import Identity, KeyedHash, Sex
from tests.integration import linking

FAMILIES = 600
KEYS = linking.KEYS
PAGE = Path(__file__).resolve().parent.parent / "docs" / "encodings.md"
_START, _END = "<!-- measured -->\n", "<!-- /measured -->"
_NAMES = {"given": "given_f", "family": "family_f"}
_TOKENS_OF = {
    "given": ("given", "given_formal", "given_sound", "middle", "name_bag"),
    "family": ("family", "family_first", "family_last", "family_sound", "former", "name_bag"),
}
_SALTED = ("given", "family", "name_bag", "given_formal", "given_sound", "family_sound", "birth_order", *FILTERS)
OVERLAPS = (0.0, 0.5, 1.0)
Encode = Callable[[Sequence[RoleIdentity], KeyedHash], pa.Table]


def plain(roles: Sequence[RoleIdentity], keys: KeyedHash) -> pa.Table:
    return rekey(encode(roles, keys), keys)


@dataclass(frozen=True)
class _Salted:
    """A ring whose keys for names and filters differ by salt."""

    keys: KeyedHash
    salt: str = field(repr=False)

    def mac(self, label: str, data: bytes) -> bytes:
        return self.keys.mac(label, data)

    def subkey(self, label: str, info: str) -> bytes:
        return self.keys.subkey(label, f"{info}|{self.salt}" if info in _SALTED else info)


def salted(years: int) -> Encode:
    """Names keyed apart for each so many years of birth; those without a date of birth are keyed apart too."""

    def encoded(roles: Sequence[RoleIdentity], keys: KeyedHash) -> pa.Table:
        salts = [_span(role, years) for role in roles]
        parts, places = [], []
        for salt in sorted(set(salts)):
            chosen = [at for at, held in enumerate(salts) if held == salt]
            parts.append(plain([roles[at] for at in chosen], _Salted(keys, salt)))
            places += chosen
        return pa.concat_tables(parts).take(pa.array(np.argsort(places)))

    return encoded


def _span(role: RoleIdentity, years: int) -> str:
    born = role.identity.date_of_birth
    return "none" if born is None else str(born.year // years)


def flipped(share: float) -> Encode:
    """Each filter bit turned over with this chance, anew in every record (BLIP)."""

    def encoded(roles: Sequence[RoleIdentity], keys: KeyedHash) -> pa.Table:
        table, drawn = plain(roles, keys), np.random.default_rng(3)
        for name in FILTERS:
            for half in (0, 1):
                column = table.column(f"{name}{half}").combine_chunks()
                words = np.asarray(column.fill_null(0)).view(np.uint64)
                noise = np.packbits(drawn.random((len(words), 64)) < share, axis=1).view(np.uint64).ravel()
                noisy = pa.array((words ^ noise).view(np.int64), mask=np.asarray(column.is_null()))
                table = table.set_column(SCHEMA.get_field_index(f"{name}{half}"), f"{name}{half}", noisy)
        return table

    return encoded


def without_tokens(encoded: Encode) -> Encode:
    """No exact token of any name; filters, dates and places stay."""
    gone = {name for names in _TOKENS_OF.values() for name in names}

    def made(roles: Sequence[RoleIdentity], keys: KeyedHash) -> pa.Table:
        table = encoded(roles, keys)
        for name in gone:
            table = table.set_column(SCHEMA.get_field_index(name), name, pa.nulls(len(table), pa.int64()))
        return table

    return made


ALTERNATIVES: Mapping[str, Encode] = {
    "as it is": plain,
    "1 % of filter bits flipped": flipped(0.01),
    "5 % of filter bits flipped": flipped(0.05),
    "10 % of filter bits flipped": flipped(0.10),
    "salted by decade of birth": salted(10),
    "salted by year of birth": salted(1),
    "no name tokens": without_tokens(plain),
    "no name tokens, 5 % flipped": without_tokens(flipped(0.05)),
}


@dataclass(frozen=True)
class Named:
    """The share of records named by the best attack, by field, and which attack that was."""

    given: float
    family: float
    how: str


@dataclass(frozen=True)
class Town:
    """Records to be attacked, and the people an attacker's list may hold beside them."""

    records: tuple[RoleIdentity, ...]
    inside: tuple[RoleIdentity, ...]
    outside: tuple[RoleIdentity, ...]

    def known(self, overlap: float) -> tuple[RoleIdentity, ...]:
        """A list as long as the people inside, so much of which are they."""
        shared = int(len(self.inside) * overlap)
        return self.inside[:shared] + self.outside[: len(self.inside) - shared]


def town(sample: samples.Sample, seed: int = 1) -> Town:
    """Half of a sample's people with all their records; one record of each as who they are."""
    first: dict[str, RoleIdentity] = {}
    for role, who in zip(sample.roles, sample.truth, strict=True):
        if role.identity.given_name and role.identity.family_name:
            first.setdefault(who, role)
    people = sorted(first)
    Random(seed).shuffle(people)
    inside, outside = people[: len(people) // 2], people[len(people) // 2 :]
    chosen = set(inside)
    records = tuple(
        role
        for role, who in zip(sample.roles, sample.truth, strict=True)
        if who in chosen and role.identity.given_name and role.identity.family_name
    )
    return Town(records, tuple(first[who] for who in inside), tuple(first[who] for who in outside))


def _name(role: RoleIdentity, column: str) -> str:
    """The name as the encoder compares it."""
    if column == "family":
        return fold(role.identity.family_name or "").replace(" ", "")
    return next((word for word in fold(role.identity.given_name or "").split() if len(word) > 1), "")


def _sex(role: RoleIdentity) -> int:
    return int(role.identity.sex is Sex.MALE)


def _values(table: pa.Table, column: str) -> tuple[list[int], list[object]]:
    """Which distinct value of a name column each record holds (-1: none), by token or else by filter; the values."""
    tokens = table.column(column).to_pylist()
    if not any(token is not None for token in tokens):
        low, high = (table.column(f"{_NAMES[column]}{half}").to_pylist() for half in (0, 1))
        tokens = [None if a is None else (a, b) for a, b in zip(low, high, strict=True)]
    place: dict[object, int] = {}
    at = [-1 if token is None else place.setdefault(token, len(place)) for token in tokens]
    return at, list(place)


def _people(table: pa.Table) -> list[int]:
    """One record for each different (given, family, birth), so that people are counted and not their contacts."""
    births = table.column("dob").to_pylist()
    keys = zip(_values(table, "given")[0], _values(table, "family")[0], births, strict=True)
    first: dict[object, int] = {}
    for row, key in enumerate(keys):
        first.setdefault(key, row)
    return list(first.values())


def _seen(table: pa.Table, column: str, people: Sequence[int], sexes: Sequence[int]) -> Seen:
    at, values = _values(table, column)
    counts, bits, met = np.zeros((len(values), 2)), np.zeros((len(values), 128)), np.zeros(len(values))
    low, high = (table.column(f"{_NAMES[column]}{half}").to_pylist() for half in (0, 1))
    for row in people:
        if at[row] >= 0:
            counts[at[row], sexes[row]] += 1
    for row, value in enumerate(at):
        if value >= 0 and low[row] is not None:
            bits[value] += _unpacked(low[row], high[row])
            met[value] += 1
    return Seen(counts, np.round(bits / np.maximum(met, 1)[:, None]))


def _together(first: Sequence[int], second: Sequence[int], shape: tuple[int, int]) -> np.ndarray:
    found = np.zeros(shape)
    for a, b in zip(first, second, strict=True):
        if a >= 0 and b >= 0:
            found[a, b] += 1
    return found


def _unpacked(low: int, high: int) -> np.ndarray:
    packed = np.array([low, high], dtype="<i8").view(np.uint8)
    return np.unpackbits(packed, bitorder="little").astype(float)


def attacked(target: Town, encoded: Encode, overlap: float, keys: KeyedHash) -> Named:
    """What the best of the attacks names, of working words encoded this way."""
    table = encoded(target.records, keys)
    sexes = [_sex(role) for role in target.records]
    people = _people(table)
    list_ = [role for role in target.known(overlap) if _name(role, "given") and _name(role, "family")]
    known = {column: listed([(_name(role, column), _sex(role)) for role in list_]) for column in _NAMES}
    values = {column: _seen(table, column, people, sexes) for column in _NAMES}
    guesses = {
        how: {column: attack(values[column], known[column]) for column in _NAMES} for how, attack in ATTACKS.items()
    }
    pairs = _pairs_of(table, people, list_, known, values)
    for how in tuple(guesses):
        sides = [Side(values[column], known[column], guesses[how][column]) for column in ("given", "family")]
        first, second = propagation(sides[0], sides[1], *pairs)
        guesses[f"{how}, propagated"] = {"given": first, "family": second}
    return _best(table, target, guesses)


def _pairs_of(
    table: pa.Table,
    people: Sequence[int],
    list_: Sequence[RoleIdentity],
    known: Mapping[str, Listed],
    values: Mapping[str, Seen],
) -> tuple[np.ndarray, np.ndarray]:
    """How many people bear each pair of values, and each pair of listed names."""
    held = [[_values(table, column)[0][row] for row in people] for column in ("given", "family")]
    places = {column: {name: at for at, name in enumerate(known[column].names)} for column in _NAMES}
    named = [[places[column][_name(role, column)] for role in list_] for column in ("given", "family")]
    shape = len(values["given"].total), len(values["family"].total)
    listed_shape = len(places["given"]), len(places["family"])
    return _together(held[0], held[1], shape), _together(named[0], named[1], listed_shape)


def _best(table: pa.Table, target: Town, guesses: Mapping[str, Mapping[str, Guess]]) -> Named:
    best: dict[str, tuple[float, str]] = {}
    for column in _NAMES:
        at = _values(table, column)[0]
        truth = [_name(role, column) for role in target.records]
        best[column] = max((_right(guess[column], at, truth), how) for how, guess in guesses.items())
    (given, how), (family, other) = best["given"], best["family"]
    return Named(given, family, how if how == other else f"{how}; {other}")


def _right(guess: Guess, at: Sequence[int], truth: Sequence[str]) -> float:
    right = sum(bool(name) and guess.get(value) == name for value, name in zip(at, truth, strict=True))
    return right / max(1, sum(map(bool, truth)))


def stored(table: pa.Table, key: bytes) -> bytes:
    """A table as it lies in the zone or in a partner's file: a sealed part."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, sink.getvalue().to_pybytes(), b"part")


def attacked_file(target: Town, overlap: float, keys: KeyedHash, body: bytes) -> Named:
    """What rank alignment of the file's own eight-byte words names: without the keys, words are all there is."""
    words = np.frombuffer(body[: len(body) // 8 * 8], dtype="<i8")
    values, at = np.unique(words, return_inverse=True)
    counts = np.bincount(at).astype(float)
    found = Seen(np.column_stack((counts / 2, counts / 2)), np.zeros((len(values), 0)))
    table = plain(target.records, keys)
    right = []
    for column in _NAMES:
        known: Listed = listed([(_name(role, column), _sex(role)) for role in target.known(overlap)])
        guess = ATTACKS["rank alignment"](found, known)
        said = {int(values[value]): name for value, name in guess.items()}
        tokens = table.column(column).to_pylist()
        truth = [_name(role, column) for role in target.records]
        right.append(sum(said.get(token) == name for token, name in zip(tokens, truth, strict=True)) / len(truth))
    return Named(right[0], right[1], "rank alignment of stored words")


def f1(sample: samples.Sample, encoded: Encode) -> float:
    """The engine's pairwise F1 on a sample encoded this way."""
    rows: dict[str, dict[str, dict[str, Identity]]] = {}
    for role in sample.roles:
        rows.setdefault(role.dataset, {}).setdefault(role.record_id, {})[role.role] = role.identity
    one = {role.dataset: role.one_row_per_person for role in sample.roles}
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
        partnership = linking.Partnership(Path(folder))
        with (
            mock.patch.object(linking, "encode", lambda roles, _keys: roles),
            mock.patch.object(linking, "rekey", encoded),
            mock.patch.object(linking.Partnership, "_claim_ties"),
        ):
            for name, held in rows.items():
                partnership.load(name, held, spec=sample.specs.get(name), one_row_per_person=one[name])
        partnership.link()
        found = partnership.persons()
    numbers = {(name, record): at for name, held in rows.items() for at, record in enumerate(held, start=1)}
    said = [found[role.dataset, f"{numbers[role.dataset, role.record_id]} {role.role}"] for role in sample.roles]
    return _pairwise(said, sample.truth)


def _pairwise(said: Sequence[str], truth: Sequence[str]) -> float:
    def pairs(labels: Iterable[Hashable]) -> int:
        return sum(count * (count - 1) // 2 for count in Counter(labels).values())

    right = pairs(zip(said, truth, strict=True))
    return 2 * right / max(1, pairs(said) + pairs(truth))


@dataclass(frozen=True)
class Line:
    """One alternative: what the attacks name at each overlap, and F1 on each sample."""

    name: str
    named: tuple[Named, ...]
    f1: tuple[float, ...]


def lines(
    target: Town, measured: Sequence[samples.Sample], alternatives: Mapping[str, Encode] = ALTERNATIVES
) -> Iterator[Line]:
    """Every alternative attacked and measured, one after the other."""
    for name, encoded in alternatives.items():
        named = tuple(attacked(target, encoded, overlap, KEYS) for overlap in OVERLAPS)
        yield Line(name, named, tuple(f1(sample, encoded) for sample in measured))


def measure(families: int = FAMILIES) -> Section:
    """The trade-off, as a table and into docs/encodings.md."""
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
        write_county(families, 7, "medium", Path(folder), lambda _at, _total: None)
        county = samples.county(Path(folder), "small county")
    measured = (samples.febrl_3(), county)
    target = town(county)
    body = stored(plain(target.records, KEYS), os.urandom(32))
    files = tuple(attacked_file(target, overlap, KEYS, body) for overlap in OVERLAPS)
    found = [Line("the file, sealed", files, ())]
    for line in lines(target, measured):
        found.append(line)
        _write(found, [sample.name for sample in measured], len(target.records))
    return Section(f"Attacks on the names of {len(target.records):,} records", tuple(map(_told, found)))


def _told(line: Line) -> tuple[str, str]:
    shares = "; ".join(f"{named.given:.1%} / {named.family:.1%}" for named in line.named)
    return line.name, shares + "".join(f"; F1 {value:.4f}" for value in line.f1)


def table(found: Sequence[Line], names: Sequence[str]) -> str:
    """The trade-off as a Markdown table."""
    head = ["what is read", *(f"list shares {overlap:.0%}" for overlap in OVERLAPS), *(f"F1 {name}" for name in names)]
    rows = [head, ["---"] * len(head)]
    for line in found:
        shares = [f"{named.given:.1%} / {named.family:.1%}" for named in line.named]
        rows.append([line.name, *shares, *([f"{value:.4f}" for value in line.f1] or ["no cost"] * len(names))])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _write(found: Sequence[Line], names: Sequence[str], records: int) -> None:
    page = PAGE.read_text(encoding="utf-8")
    start, end = page.index(_START) + len(_START), page.index(_END)
    told = f"\n{records:,} records of a medium county; given / family names stated rightly.\n\n{table(found, names)}"
    PAGE.write_text(page[:start] + told + page[end:], encoding="utf-8")


if __name__ == "__main__":
    for what, told in measure().rows:
        sys.stdout.write(f"{what}: {told}\n")
