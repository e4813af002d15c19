"""Finding a person in the published index by number, or by name and date of birth.

Invariants: the index holds tokens and filters, never clear values, and is encrypted; a number is looked up only when
its check digit agrees; a name is scored with the words' own keyed filters; at most twenty hits, best first; a hit
names a person and on which fields it agreed, nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import pyarrow as pa

from linkage.encode import search_table
from linkage.normalise import numbers
from linkage.reasons import Reason
from linkage.rows import Identity, KeyedHash, PersonId
from linkage.zone import Database, Zone

MOST_HITS = 20
_TOKENS = (
    "nhs", "upn", "upn_temporary", "given", "given_formal", "given_sound", "middle", "family", "family_first",
    "family_last", "family_sound", "former", "name_bag", "dob", "dob_canon", "dob_dm", "dob_my", "dob_dy",
)  # fmt: skip
_FILTERS = ("given_f0", "given_f1", "family_f0", "family_f1")


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


def write_index(zone: Zone, keys: KeyedHash, run_id: str, person_of: Mapping[str, str]) -> Callable[[], None]:
    """Write the index of every compared role under its person; what is returned makes it the published one."""
    placed = pa.table(
        {
            "role_id": pa.array(list(person_of), pa.string()),
            "person_id": pa.array(list(person_of.values()), pa.string()),
        }
    )
    columns = ", ".join(f"l.{name}" for name in (*_TOKENS, *_FILTERS))
    with zone.lent("placed", placed):
        return zone.stage_index(
            run_id,
            f"SELECT DISTINCT p.person_id, {columns} FROM live l JOIN placed p USING (role_id) WHERE NOT l.unborn",
            keys,
        )


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


def _wanted(query: SearchQuery, keys: KeyedHash) -> dict[str, Any]:
    [row] = search_table(_identity(query), keys).select([*_TOKENS, *_FILTERS]).to_pylist()
    return dict(row)


def _by_number(index: Database, column: str, token: int) -> list[Hit]:
    found = index.rows(
        f"SELECT person_id FROM search.entry WHERE {column} = $1 GROUP BY 1"
        f" ORDER BY count(*) DESC, 1 LIMIT {MOST_HITS}",
        [token],
    )
    field = "nhs_number" if column == "nhs" else "upn"
    return [Hit(PersonId(who), Strength.EXACT, (field,)) for (who,) in found]


_BY_NAME = """
SELECT person_id, max(score) AS best, arg_max(given_hit, score), arg_max(family_hit, score), arg_max(born_hit, score),
       arg_max(exact, score)
FROM (
    SELECT person_id, given_hit, family_hit, born_hit,
           given = $given AND family = $family AND dob = $dob AS exact,
           (CASE WHEN given = $given THEN 4 WHEN given_hit THEN 3 ELSE 0 END)
           + (CASE WHEN family = $family THEN 4 WHEN family_hit THEN 3 ELSE 0 END)
           + (CASE WHEN dob = $dob THEN 6 WHEN born_hit THEN 3 ELSE 0 END)
           + (CASE WHEN name_bag = $name_bag THEN 2 ELSE 0 END) AS score
    FROM (
        SELECT *, coalesce({given} OR given_sound = $given_sound AND {given_alike} >= 0.6, FALSE) AS given_hit,
               coalesce({family} OR family_sound = $family_sound AND {family_alike} >= 0.6, FALSE) AS family_hit,
               coalesce({born} OR {born_near}, FALSE) AS born_hit
        FROM search.entry
        WHERE dob = $dob OR dob_canon = $dob_canon OR given = $given OR given_formal = $given_formal OR family = $family
              OR former = $family OR name_bag = $name_bag OR given_sound = $given_sound OR family_sound = $family_sound
    )
)
WHERE (given_hit AND family_hit) OR (born_hit AND (given_hit OR family_hit)) OR score >= 8
GROUP BY person_id ORDER BY best DESC, person_id LIMIT {most}
"""


def _strength(score: int, exact: bool | None, fields: tuple[str, ...]) -> Strength:
    if exact:
        return Strength.EXACT
    return Strength.STRONG if len(fields) == 3 or score >= 10 else Strength.POSSIBLE


def _by_name(index: Database, wanted: Mapping[str, Any], dated: bool) -> list[Hit]:
    statement = _BY_NAME.format(
        given=_GIVEN, family=_FAMILY, born=_BORN, born_near=_BORN_NEAR, given_alike=_ALIKE.format(f="given_f"),
        family_alike=_ALIKE.format(f="family_f"), most=MOST_HITS * 3,
    )  # fmt: skip
    used = {name: value for name, value in wanted.items() if f"${name}" in statement}
    hits = []
    for who, score, given, family, born, exact in index.rows(statement, used):
        agreed = zip(("given_name", "family_name", "date_of_birth"), (given, family, born), strict=True)
        fields = tuple(name for name, agrees in agreed if agrees)
        if len(fields) >= 2 or not dated:
            hits.append(Hit(PersonId(who), _strength(score, exact, fields), fields))
    return hits[:MOST_HITS]


def find(index: Database, keys: KeyedHash, query: SearchQuery) -> list[Hit]:
    """Find persons, best first. A number decides alone where one is given and valid; else names and date of birth."""
    wanted = _wanted(query, keys)
    for column in ("nhs", "upn", "upn_temporary"):
        if wanted[column] is not None:
            return _by_number(index, column, wanted[column])
    if wanted["given"] is None and wanted["family"] is None:
        return []
    return _by_name(index, wanted, query.date_of_birth is not None)
