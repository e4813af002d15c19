"""Finding a person in the published index by number, or by name and date of birth.

Invariants: the index holds tokens and filters, never clear values, and is sealed; a number is looked up only when its
check digit agrees; a name is looked up under keyed hashes of its parts and scored with the words' own keyed filters;
whose a role is the record store says, so that who is no longer current is not found; at most twenty hits, best first;
a hit names a person and on which fields it agreed, nothing else."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import pyarrow as pa

from linkage.encoding.encode import RoleIdentity
from linkage.index.index import Index, PersonsOf
from linkage.index.keys import SEARCHED
from linkage.normalise import numbers
from linkage.reasons import Reason
from linkage.rows import Identity, PersonId

MOST_HITS = 20
_MOST_UNDER_A_RULE = 2_000
"""Rows looked at under one name, however many people bear it."""
_AT_ONCE = 200
_TOKENS = (
    "nhs", "upn", "upn_temporary", "given", "given_formal", "given_sound", "middle", "family", "family_first",
    "family_last", "family_sound", "former", "name_bag", "dob", "dob_canon", "dob_dm", "dob_my", "dob_dy",
)  # fmt: skip
_FILTERS = ("given_f0", "given_f1", "family_f0", "family_f1")
_READ = (*_TOKENS, *_FILTERS, "profile")
_NUMBERS = {"nhs": "nhs_number", "upn": "upn", "upn_temporary": "upn"}


class Strength(StrEnum):
    EXACT = "exact"
    STRONG = "strong"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, repr=False)
class SearchQuery:
    """What is asked: a number, or a given and family name with perhaps a date of birth. Canonical text."""

    nhs_number: str | None = None
    upn: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    date_of_birth: date | None = None

    def __repr__(self) -> str:
        return "SearchQuery(…)"


@dataclass(frozen=True, slots=True)
class Hit:
    """One person found. `matched_on` names fields, never values."""

    person_id: PersonId
    strength: Strength
    matched_on: tuple[str, ...]


def _number(asked: str, check: Callable[[str], str | Reason]) -> str | None:
    found = check(asked)
    return None if isinstance(found, Reason) else found


def _identity(query: SearchQuery) -> Identity:
    return Identity(
        nhs_number=query.nhs_number and _number(query.nhs_number, numbers.nhs_number),
        upn=query.upn and _number(query.upn, numbers.upn),
        given_name=query.given_name,
        family_name=query.family_name,
        date_of_birth=query.date_of_birth,
    )


_ALIKE = (
    "2.0 * (bit_count({f}0 & ${f}0)::INT + bit_count({f}1 & ${f}1)::INT) / greatest(1, bit_count({f}0)::INT"
    " + bit_count({f}1)::INT + bit_count(${f}0::BIGINT)::INT + bit_count(${f}1::BIGINT)::INT)"
)
_GIVEN = "(given = $given OR given_formal = $given_formal OR middle = $given)"
_FAMILY = (
    "(family = $family OR former = $family OR $family_first IN (family_first, family_last)"
    " OR $family_last IN (family_first, family_last))"
)
_BORN = "(dob = $dob)"
_BORN_NEAR = "(dob_canon = $dob_canon OR dob_my = $dob_my OR dob_dy = $dob_dy OR dob_dm = $dob_dm)"


def _wanted(index: Index, query: SearchQuery) -> dict[str, Any]:
    row = index.encoder.encode(RoleIdentity("", "", "", "", "", False, False, _identity(query)))
    return {name: row[name] for name in (*_TOKENS, *_FILTERS)}


def _by_number(index: Index, persons_of: PersonsOf, column: str, token: int) -> list[Hit]:
    if column == "nhs" and index.model is not None:
        token = index.model.successor(token)
    found = index.find([{column: token}], [(column,)], wanted=["profile"])
    persons = index.persons(found.column("profile").to_pylist(), persons_of)
    counted = sorted(Counter(persons.values()).items(), key=lambda held: (-held[1], held[0]))
    return [Hit(PersonId(who), Strength.EXACT, (_NUMBERS[column],)) for who, _ in counted[:MOST_HITS]]


_BY_NAME = """
SELECT profile, score, given_hit, family_hit, born_hit, exact
FROM (
    SELECT profile, given_hit, family_hit, born_hit,
           given = $given AND family = $family AND dob = $dob AS exact,
           (CASE WHEN given = $given THEN 4 WHEN given_hit THEN 3 ELSE 0 END)
           + (CASE WHEN family = $family THEN 4 WHEN family_hit THEN 3 ELSE 0 END)
           + (CASE WHEN dob = $dob THEN 6 WHEN born_hit THEN 3 ELSE 0 END)
           + (CASE WHEN name_bag = $name_bag THEN 2 ELSE 0 END) AS score
    FROM (
        SELECT *, coalesce({given} OR given_sound = $given_sound AND {given_alike} >= 0.6, FALSE) AS given_hit,
               coalesce({family} OR family_sound = $family_sound AND {family_alike} >= 0.6, FALSE) AS family_hit,
               coalesce({born} OR {born_near}, FALSE) AS born_hit
        FROM entry
    )
)
WHERE (given_hit AND family_hit) OR (born_hit AND (given_hit OR family_hit)) OR score >= 8
ORDER BY score DESC, exact DESC NULLS LAST, profile
"""


def _strength(score: int, exact: bool | None, fields: tuple[str, ...]) -> Strength:
    if exact:
        return Strength.EXACT
    return Strength.STRONG if len(fields) == 3 or score >= 10 else Strength.POSSIBLE


def _asked(wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tokens looked up: as they are, and with each in the place of what it is compared with."""
    found = {name: value for name, value in wanted.items() if value is not None}
    given, family = found.get("given"), found.get("family")
    other = {"middle": given, "former": family, "family_first": found.get("family_last")}
    crossed = {**found, **other, "family_last": found.get("family_first")}
    return [found | {"middle": given, "former": family}, crossed]


def _scored(index: Index, wanted: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """(profile, score, whether given name, family name and birth agree, whether all exactly) of who may be meant."""
    entries = index.find(_asked(wanted), SEARCHED, most=_MOST_UNDER_A_RULE, wanted=_READ)
    if len(entries) == 0:
        return []
    statement = _BY_NAME.format(
        given=_GIVEN, family=_FAMILY, born=_BORN, born_near=_BORN_NEAR, given_alike=_ALIKE.format(f="given_f"),
        family_alike=_ALIKE.format(f="family_f"),
    )  # fmt: skip
    used = {name: value for name, value in wanted.items() if f"${name}" in statement}
    with index.database.lent("entry", _whole(entries)):
        return index.database.rows(statement, used)


def _whole(entries: pa.Table) -> pa.Table:
    """Entries with every column that is compared, empty where no part of the index holds it."""
    held = set(entries.column_names)
    return pa.table(
        {
            name: entries.column(name) if name in held else pa.nulls(len(entries), pa.int64())
            for name in ("profile", *_TOKENS, *_FILTERS)
        }
    )


def _by_name(index: Index, persons_of: PersonsOf, wanted: Mapping[str, Any], dated: bool) -> list[Hit]:
    found: dict[str, tuple[int, Hit]] = {}
    scored = _scored(index, wanted)
    for start in range(0, len(scored), _AT_ONCE):
        some = scored[start : start + _AT_ONCE]
        persons = index.persons([profile for profile, *_ in some], persons_of)
        for profile, score, given, family, born, exact in some:
            agreed = zip(("given_name", "family_name", "date_of_birth"), (given, family, born), strict=True)
            fields = tuple(name for name, agrees in agreed if agrees)
            who = persons.get(profile)
            if who is not None and who not in found and (len(fields) >= 2 or not dated):
                found[who] = (score, Hit(PersonId(who), _strength(score, exact, fields), fields))
        if len(found) >= MOST_HITS:
            break
    best = sorted(found.values(), key=lambda held: (-held[0], held[1].person_id))
    return [hit for _, hit in best[:MOST_HITS]]


def find(index: Index, query: SearchQuery, persons_of: PersonsOf) -> list[Hit]:
    """Find persons, best first. A number decides alone where one is given and valid; else names and date of birth."""
    wanted = _wanted(index, query)
    for column in _NUMBERS:
        if wanted[column] is not None:
            return _by_number(index, persons_of, column, wanted[column])
    if wanted["given"] is None and wanted["family"] is None:
        return []
    return _by_name(index, persons_of, wanted, query.date_of_birth is not None)
