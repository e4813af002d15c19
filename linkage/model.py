"""The match model as plain values: what is compared, at which levels, from which priors, and which pairs are compared.

Invariants: only keyed columns are named; every level has a stated default m (how often it holds between two records
of one person) used wherever the data cannot teach a better one; a comparison whose column is empty leaves the model.
Vetoes say what no weight of evidence may overrule: a number alone never links; clearly different given names, or
clearly different dates of birth, need an equal number.
Source: Fellegi and Sunter (1969); Splink's settings format. Default m values follow the ALSPAC and HES–PDS error
rates (surname differs in 8–18 %, forename in 6–12 %, postcode in 25–53 %, date of birth in 0.1–0.5 % of records of
one person)."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

UNIQUE_ID = "profile"
NULL_LEVEL = -1
FREE, THIN, VETOED = 0, 1, 2
"""A pair's standing: its weight counts; it cannot join by itself; no weight of evidence may join it."""
VETO_WEIGHT = -10.0
THIN_WEIGHT = -3.0


@dataclass(frozen=True, slots=True)
class Level:
    """One level of agreement: SQL over `_l` and `_r` columns, its default m and u, and a column for term frequency."""

    label: str
    sql: str
    m: float
    u: float
    frequency: str | None = None
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field: when it cannot be compared, and its levels from best to `else`."""

    name: str
    needs: tuple[str, ...]
    null_sql: str
    levels: tuple[Level, ...]

    def gamma(self, label: str) -> int:
        """Splink's number of a level: the last is 0."""
        labels = [level.label for level in self.levels]
        return len(labels) - 1 - labels.index(label)


def _missing(column: str) -> str:
    return f'("{column}_l" IS NULL OR "{column}_r" IS NULL)'


def _same(left: str, right: str | None = None) -> str:
    return f'"{left}_l" = "{right or left}_r"'


def _crossed(one: str, other: str) -> str:
    return f"({_same(one, other)} OR {_same(other, one)})"


def _alike(filter_: str, tenths: int) -> str:
    """Dice of two 128-bit filters is at least so many twentieths, in whole numbers."""
    shared = " + ".join(f'CAST(bit_count("{filter_}{h}_l" & "{filter_}{h}_r") AS INTEGER)' for h in (0, 1))
    return f'40 * ({shared}) >= {tenths} * ("{filter_}n_l" + "{filter_}n_r")'


ELSE = "ELSE"
_NUMBER_DIFFERS = 0.01

COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        "nhs", ("nhs",), _missing("nhs"),
        (
            Level("same", _same("nhs"), 0.985, 1e-6, fixed=True),
            Level("different", ELSE, 0.015, 1.0, fixed=True),
        ),
    ),
    Comparison(
        "upn", ("upn",), _missing("upn"),
        (
            Level("same", _same("upn"), 0.985, 1e-6, fixed=True),
            Level("different", ELSE, 0.015, 1.0, fixed=True),
        ),
    ),
    Comparison(
        "upn_temporary", ("upn_temporary",), f'{_missing("upn_temporary")} OR {_same("upn_temporary")} IS FALSE',
        (
            Level("same", _same("upn_temporary"), 0.9, 0.02, fixed=True),
            Level("different", ELSE, 0.1, 0.98, fixed=True),
        ),
    ),
    Comparison(
        "local", ("local",),
        f'{_missing("local")} OR ("local_l" <> "local_r" AND ("dataset_l" <> "dataset_r" OR "role_l" <> "role_r"))',
        (
            Level("same", _same("local"), 0.9, 1e-3, fixed=True),
            Level("different", ELSE, 0.1, 0.9, fixed=True),
        ),
    ),
    Comparison(
        "birth_order", ("birth_order",), _missing("birth_order"),
        (
            Level("same", _same("birth_order"), 0.99, 0.5, fixed=True),
            Level("different", ELSE, 0.01, 0.5, fixed=True),
        ),
    ),
    Comparison(
        "given", ("given",), _missing("given"),
        (
            Level("same", _same("given"), 0.90, 0.004, "given"),
            Level("short form", _same("given_formal"), 0.02, 0.001),
            Level("close", _alike("given_f", 14), 0.03, 0.004),
            Level(
                "swapped", f'({_same("name_bag")} OR {_crossed("given", "middle")} OR {_alike("name_f", 16)})',
                0.015, 0.001,
            ),
            Level("near", f'({_same("given_sound")} OR {_alike("given_f", 10)})', 0.015, 0.02),
            Level("different", ELSE, 0.02, 0.97),
        ),
    ),
    Comparison(
        "family", ("family",), _missing("family"),
        (
            Level("same", _same("family"), 0.86, 0.002, "family"),
            Level("former", f'({_crossed("family", "former")} OR {_same("former")})', 0.015, 0.0005),
            Level(
                "part",
                f'({_same("family_first")} OR {_same("family_last")} OR {_crossed("family_first", "family_last")})',
                0.02, 0.001,
            ),
            Level("close", _alike("family_f", 14), 0.03, 0.002),
            Level("swapped", f'({_same("name_bag")} OR {_alike("name_f", 16)})', 0.01, 0.0001),
            Level("near", f'({_same("family_sound")} OR {_alike("family_f", 10)})', 0.015, 0.01),
            Level("different", ELSE, 0.05, 0.98),
        ),
    ),
    Comparison(
        "dob", ("dob",), _missing("dob"),
        (
            Level("same", _same("dob"), 0.975, 0.0003, "dob"),
            Level("swapped", _same("dob_canon"), 0.004, 0.0002),
            Level("two parts", f'({_same("dob_my")} OR {_same("dob_dy")} OR {_same("dob_dm")})', 0.014, 0.02),
            Level("default", f'({_same("dob_y")} AND ("dob_default_l" OR "dob_default_r"))', 0.003, 0.001),
            Level("year", _same("dob_y"), 0.003, 0.03),
            Level("different", ELSE, 0.003, 0.94),
        ),
    ),
    Comparison(
        "place", ("address", "postcode", "uprn", "address_f0"),
        f'{_missing("uprn")} AND {_missing("address_f0")} AND {_missing("postcode")}',
        (
            Level("dwelling", _same("address"), 0.60, 0.0002),
            Level("dwelling, other spelling", f'({_same("uprn")} OR {_alike("address_f", 17)})', 0.08, 0.0003),
            Level("postcode", _same("postcode"), 0.08, 0.001),
            Level("address alike", f'({_alike("address_f", 14)} OR {_same("street")})', 0.03, 0.005),
            Level("sector", f'({_same("sector")} OR {_alike("postcode_f", 13)})', 0.06, 0.05),
            Level("different", ELSE, 0.15, 0.94),
        ),
    ),
    Comparison(
        "contact", ("telephone", "email"), f'{_missing("telephone")} AND {_missing("email")}',
        (
            Level("same", f'({_same("telephone")} OR {_same("email")})', 0.7, 1e-3),
            Level("different", ELSE, 0.3, 0.999),
        ),
    ),
    Comparison(
        "sex", ("sex",), _missing("sex"),
        (Level("same", _same("sex"), 0.995, 0.5), Level("different", ELSE, 0.005, 0.5)),
    ),
)  # fmt: skip

BY_NAME: Mapping[str, Comparison] = {comparison.name: comparison for comparison in COMPARISONS}

BLOCKING: tuple[tuple[str, ...], ...] = (
    ("nhs",), ("upn",), ("local",), ("upn_temporary",),
    ("dob_canon", "given_formal"), ("dob_canon", "family"), ("dob_canon", "given_sound"), ("dob_canon", "family_sound"),
    ("dob_canon", "postcode"), ("dob_canon", "street"), ("dob_canon", "middle"), ("dob_canon", "sector"),
    ("given_formal", "family"), ("name_bag",),
    ("given_sound", "family_sound", "dob_y"), ("given_sound", "family_sound", "sector"),
    ("given_formal", "postcode"), ("given_formal", "street"), ("given_sound", "address"), ("family_sound", "address"),
    ("given_formal", "dob_my"), ("given_formal", "dob_dm"), ("given_formal", "dob_dy"),
    ("family_sound", "dob_my"), ("family_sound", "dob_dm"), ("family_sound", "dob_dy"),
    ("family", "postcode", "dob_y"), ("address", "dob_y"), ("uprn", "dob_y"), ("uprn", "given_sound"),
    ("address",), ("street",), ("given_sound", "postcode"), ("family_sound", "postcode"),
    ("telephone", "given_sound"), ("telephone", "dob_y"), ("email", "given_sound"), ("email", "dob_y"),
)  # fmt: skip
"""Each rule compares the pairs that agree in all its columns; blocks too large to afford are left to others."""

TRAINING: tuple[tuple[str, ...], ...] = (
    ("dob", "given_formal"),
    ("dob", "family"),
    ("given_formal", "family", "postcode"),
)
CERTAIN = ("given_formal", "family", "dob")
"""Records that agree in all of these are taken as one person's when guessing how many pairs match at all."""
CERTAIN_RECALL = 0.7


_TRUST = 0.8
"""How far expectation maximisation is believed over the stated defaults, given matches enough to learn from."""
_MATCHES_ENOUGH = 100
"""With fewer certain pairs it is believed in proportion: without matches it learns from people who merely resemble."""


def block_column(at: int) -> str:
    return f"block_{at:02d}"


def used_comparisons(filled: Collection[str]) -> list[Comparison]:
    """The comparisons for which at least one column holds anything."""
    return [c for c in COMPARISONS if not set(c.needs).isdisjoint(filled)]


def used_training(filled: Collection[str]) -> list[tuple[str, ...]]:
    return [rule for rule in TRAINING if set(rule) <= set(filled)]


def used_blocking(filled: Collection[str]) -> list[int]:
    return [at for at, rule in enumerate(BLOCKING) if set(rule) <= set(filled)]


def _level(level: Level) -> dict[str, Any]:
    made: dict[str, Any] = {
        "sql_condition": level.sql, "label_for_charts": level.label,
        "m_probability": level.m, "u_probability": level.u,
        "fix_m_probability": level.fixed, "fix_u_probability": level.fixed,
    }  # fmt: skip
    if level.frequency:
        made |= {"tf_adjustment_column": level.frequency, "tf_adjustment_weight": 1.0, "tf_minimum_u_value": 1e-5}
    return made


def _comparison(comparison: Comparison) -> dict[str, Any]:
    null = {"sql_condition": comparison.null_sql, "label_for_charts": "missing", "is_null_level": True}
    return {
        "output_column_name": comparison.name,
        "comparison_description": comparison.name,
        "comparison_levels": [null, *(_level(level) for level in comparison.levels)],
    }


def settings(filled: Collection[str], blocks: Sequence[int], prior: float) -> dict[str, Any]:
    """Splink settings for the columns that hold anything, with every default in place."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": UNIQUE_ID,
        "probability_two_random_records_match": prior,
        "comparisons": [_comparison(c) for c in used_comparisons(filled)],
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": f'l."{block_column(at)}" = r."{block_column(at)}"'} for at in blocks
        ],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
        "max_iterations": 12,
    }


def prior(certain_pairs: float, profiles: int) -> float:
    """The chance that two random profiles match, from pairs that agree in name and birth, kept within reason."""
    pairs = max(1.0, profiles * (profiles - 1) / 2)
    guess = certain_pairs / CERTAIN_RECALL / pairs
    return min(max(guess, 0.2 / max(profiles, 2)), 50.0 / max(profiles, 100), 0.2)


_COMPANY = {"given": ("family_sound", "dob_y"), "family": ("given_sound", "dob_y"), "dob": ("given_sound",)}


def frequencies(settings: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The columns adjusted for term frequency, and what stands beside each when people are counted."""
    levels = (level for c in settings["comparisons"] for level in c["comparison_levels"])
    columns = {level["tf_adjustment_column"] for level in levels if level.get("tf_adjustment_column")}
    return {column: _COMPANY[column] for column in sorted(columns)}


def weight(level: Mapping[str, Any]) -> float:
    """The match weight of a level before term frequency: log2 of m over u."""
    return math.log2(float(level["m_probability"]) / float(level["u_probability"]))


def level_weights(settings: Mapping[str, Any]) -> dict[str, list[tuple[str, float]]]:
    """Each comparison's (label, weight), best level first, `else` last."""
    return {
        c["output_column_name"]: [
            (level["label_for_charts"], weight(level))
            for level in c["comparison_levels"]
            if not level.get("is_null_level")
        ]
        for c in settings["comparisons"]
    }


_RIVAL = (
    "((l.single AND l.dataset = r.dataset)"
    " OR hash(l.dataset, r.given_formal, r.dob_canon, r.family) IN (SELECT described FROM singly)"
    " OR hash(r.dataset, l.given_formal, l.dob_canon, l.family) IN (SELECT described FROM singly))"
)
"""Of two twins' records: both stand in one data set that hardly ever holds a person twice, or the one's data set, being
such, also holds the other's name and birth."""


def standing_sql(settings: Mapping[str, Any]) -> str:
    """SQL over a pair's weights `p` and its profiles `l` and `r`: the standing of the pair.

    A number alone never links. Clearly different given names with one birth (twins), or clearly different births with
    one name (a parent and child), need an equal number: where either side carries a number at all, where both
    descriptions stand on more than one record, where a twin has a rival, or where the two stand in different roles.
    Who stands above a child in one tie and below somebody in another needs an agreeing birth or number to be one
    person. Without either, both names must agree and a place or a telephone too, else the pair is thin.
    """
    weights = level_weights(settings)
    different = {name: f"abs(p.mw_{name} - ({levels[-1][1]!r})) < 1e-9" for name, levels in weights.items()}
    agrees = {name: f"(p.mw_{name} <> 0 AND NOT {sql})" for name, sql in different.items()}
    given, born = different.get("given", "FALSE"), different.get("dob", "FALSE")
    if "dob" in weights:
        year = dict(weights["dob"])["year"]
        agrees["dob"] = f"({agrees['dob']} AND NOT abs(p.mw_dob - ({year!r})) < 1e-9)"
    number = " OR ".join(f"p.mw_{name} > 0" for name in ("nhs", "upn") if name in weights) or "FALSE"
    number_alone = f"({number}) AND NOT {agrees.get('given', 'FALSE')} AND NOT {agrees.get('dob', 'FALSE')}"
    twins = f"{given} AND (l.numbered OR r.numbered OR (l.established AND r.established) OR {_RIVAL})"
    generations = f"{born} AND (l.numbered OR r.numbered OR (l.established AND r.established) OR l.role <> r.role)"
    parents = f"coalesce(l.generation <> r.generation, FALSE) AND NOT {agrees.get('dob', 'FALSE')}"
    near = " OR ".join(f"p.mw_{name} > 0" for name in ("place", "contact", "local") if name in weights) or "FALSE"
    known = "(l.numbered OR r.numbered OR l.generation IS NOT NULL OR r.generation IS NOT NULL)"
    named = f"{agrees.get('given', 'FALSE')} AND {agrees.get('family', 'FALSE')}"
    thin = f"NOT {agrees.get('dob', 'FALSE')} AND NOT (({near}) AND ({named} OR NOT {known}))"
    against = f"({number_alone}) OR ((({twins}) OR ({generations}) OR ({parents})) AND NOT ({number}))"
    return f"CASE WHEN {against} THEN {VETOED} WHEN ({thin}) AND NOT ({number}) THEN {THIN} ELSE {FREE} END"


def trust(certain_pairs: float) -> float:
    """How far learnt m is believed over the stated, where so many pairs certainly match."""
    return _TRUST * min(1.0, certain_pairs / _MATCHES_ENOUGH)


def merged(stated: Mapping[str, Any], learnt: Mapping[str, Any], profiles: int, certain_pairs: float) -> dict[str, Any]:
    """The stated settings with what was learnt: u of every level not fixed, floored at what the sample could show."""
    believed = trust(certain_pairs)
    floor = max(1e-6, 0.1 / max(profiles, 1))
    found = {c["output_column_name"]: c["comparison_levels"] for c in learnt["comparisons"]}
    comparisons = []
    for comparison in stated["comparisons"]:
        levels = [
            _with_learnt(level, taught, floor, believed, stated["probability_two_random_records_match"])
            for level, taught in zip(
                comparison["comparison_levels"], found[comparison["output_column_name"]], strict=True
            )
        ]
        comparisons.append({**comparison, "comparison_levels": levels})
    return {**stated, "comparisons": comparisons}


def _with_learnt(
    level: Mapping[str, Any], taught: Mapping[str, Any], floor: float, believed: float, prior: float
) -> dict[str, Any]:
    """A level with its m moved towards what was learnt, and its u less what random matching pairs put there."""
    if level.get("is_null_level") or level["fix_u_probability"]:
        return dict(level)
    u, m = taught.get("u_probability"), taught.get("m_probability")
    learnt_m = level["m_probability"] if m is None else believed * float(m) + (1 - believed) * level["m_probability"]
    learnt_u = level["u_probability"] if u is None else float(u) - prior * learnt_m
    return {**level, "u_probability": min(max(learnt_u, floor), 1.0), "m_probability": learnt_m}
