"""What a run shows of itself while its profiles are open: completeness, unlinkables, weights, what blocking caught.

Invariants: counts, shares and weights only, by data set, field, stratum or rule; no token, no person, no record; at
most a stated number of profiles or pairs is looked at, so that the cost does not grow with the square of anything."""

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.matching import blocking, blocking_choice, scoring
from linkage.zone.zone import Database

FIELDS: Mapping[str, str] = {
    "NHS number": "nhs", "UPN": "upn", "given name": "given", "middle names": "middle", "family name": "family",
    "date of birth": "dob", "sex": "sex", "address": "address", "postcode": "postcode", "UPRN": "uprn",
    "telephone": "telephone", "email": "email", "local identifier": "local",
}  # fmt: skip
"""Field as people call it → the column that is empty where it is missing."""
FAMILIES: Mapping[str, frozenset[str]] = {
    "number": frozenset({"nhs", "upn", "upn_temporary", "local"}),
    "contact": frozenset({"telephone", "email"}),
    "name": frozenset({"given", "given_formal", "given_sound", "middle", "family", "family_sound", "name_bag"}),
    "birth and place": frozenset(
        {"dob", "dob_canon", "dob_y", "dob_my", "dob_dm", "dob_dy", "postcode", "sector", "street", "address", "uprn"}
    ),
}
"""Groups of columns that share nothing: a rule within one group catches a pair independently of the others' fields."""
_PROFILES = 50_000
_PAIRS = 200_000
_HASHES = 2**32
_ANY = -1e9


def completeness(zone: Database) -> list[dict[str, Any]]:
    """Per data set and field: how many records, and how many of them hold a value."""
    counts = ", ".join(f"sum(n) FILTER ({column} IS NOT NULL)" for column in FIELDS.values())
    rows = zone.rows(
        f"SELECT dataset, sum(n), {counts} FROM profile p"
        " JOIN (SELECT profile, roles AS n FROM reviewed) USING (profile) GROUP BY 1 ORDER BY 1"
    )
    return [
        {"dataset": dataset, "field": field, "records": int(total), "filled": int(filled or 0)}
        for dataset, total, *held in rows
        for field, filled in zip(FIELDS, held, strict=True)
    ]


def unlinkables(zone: Database, settings: Mapping[str, Any], seed: int) -> list[dict[str, float]]:
    """The share of profiles that would not reach a weight even beside themselves, by weight, rising."""
    [(held,)] = zone.rows("SELECT count(*) FROM profile")
    part = int(_HASHES * min(1.0, _PROFILES / max(held, 1)))
    zone.run(
        "CREATE OR REPLACE TABLE oneself AS SELECT profile AS a, profile AS b FROM profile"
        f" WHERE hash(profile, {seed}) % {_HASHES} <= {part}"
    )
    own = scoring.pairs_sql(settings, candidate="oneself", least=_ANY)
    rows = zone.rows(
        "SELECT weight, sum(n) OVER (ORDER BY weight) / sum(n) OVER () FROM ("
        f" SELECT round(match_weight, 1) AS weight, count(*) AS n FROM ({own}) GROUP BY 1) ORDER BY 1"
    )
    return [{"match_weight": float(weight), "share": float(share)} for weight, share in rows]


def unlinkable_at(curve: Sequence[Mapping[str, float]], weight: float) -> float:
    """The share of profiles below a weight beside themselves."""
    return max((point["share"] for point in curve if point["match_weight"] < weight), default=0.0)


def weights(zone: Database) -> list[dict[str, Any]]:
    """How many compared pairs stand at each whole weight, and how many of them are linked."""
    rows = zone.rows("SELECT floor(match_weight), count(*), count(*) FILTER (linked) FROM judged GROUP BY 1 ORDER BY 1")
    return [{"low": float(low), "pairs": pairs, "linked": linked} for low, pairs, linked in rows]


def caught(zone: Database, rules: Mapping[str, Sequence[str]], seed: int) -> dict[str, Any]:
    """How many of the linked pairs each independent group of blocking rules caught, and how many groups caught each.

    `rules`: block column → the columns that must agree. A rule counts for the one group all its columns are in.
    """
    held = {name for (name,) in zone.rows("SELECT column_name FROM duckdb_columns() WHERE table_name = 'profile'")}
    groups = {
        family: [block for block, columns in rules.items() if block in held and set(columns) <= among]
        for family, among in FAMILIES.items()
    }
    used = {family: blocks for family, blocks in groups.items() if blocks}
    if len(used) < 2:
        return {"lists": {}, "times": {}}
    flags = [
        "CAST(coalesce(" + " OR ".join(f"coalesce(l.{b} = r.{b}, FALSE)" for b in blocks) + ", FALSE) AS INTEGER)"
        for blocks in used.values()
    ]
    [(linked,)] = zone.rows("SELECT count(*) FROM judged WHERE linked")
    part = int(_HASHES * min(1.0, _PAIRS / max(linked, 1)))
    rows = zone.rows(
        f"SELECT {', '.join(f'sum(f{at})' for at in range(len(flags)))}, map_from_entries(list((times, n))) FROM ("
        f" SELECT times, count(*) AS n, {', '.join(f'sum(f{at}) AS f{at}' for at in range(len(flags)))} FROM ("
        f" SELECT *, {' + '.join(f'f{at}' for at in range(len(flags)))} AS times FROM ("
        f" SELECT {', '.join(f'{flag} AS f{at}' for at, flag in enumerate(flags))} FROM judged j"
        " JOIN profile l ON l.profile = j.a JOIN profile r ON r.profile = j.b"
        f" WHERE j.linked AND hash(j.a, j.b, {seed}) % {_HASHES} <= {part})) GROUP BY times)"
    )
    [(*sums, times)] = rows
    listed = {family: int(total or 0) for family, total in zip(used, sums, strict=True)}
    return {"lists": listed, "times": {str(k): int(n) for k, n in sorted((times or {}).items())}}


def rules(zone: Database, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What each blocking rule asked costs and buys on a sample, cheapest first, overall and between data sets.

    `new`: pairs no cheaper rule proposed; `likely`: those of them that the model finds likelier than not one person.
    """
    held = {name for (name,) in zone.rows("SELECT column_name FROM duckdb_columns() WHERE table_name = 'profile'")}
    asked = [at for at in range(len(blocking.BLOCKING)) if blocking.column(at) in held]
    sampled, costs = blocking_choice.measure(zone, settings, asked)
    return {"sampled": sampled, "rules": [_rule(cost) for cost in costs]}


def _rule(cost: blocking_choice.Bought) -> dict[str, Any]:
    between = [{"a": a, "b": b, "new": new, "likely": likely} for (a, b), (new, likely) in sorted(cost.between.items())]
    return {
        "columns": list(cost.columns), "proposed": cost.proposed, "new": cost.new, "likely": cost.likely,
        "between": between,
    }  # fmt: skip
