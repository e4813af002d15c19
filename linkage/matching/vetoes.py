"""What no weight of evidence may overrule, as SQL over a scored pair and its two profiles.

Invariants: a number alone never links; clearly different given names, or clearly different dates of birth, need an
equal number wherever twins, or a parent and child, could be meant; a pair that agrees in too little never joins by
itself. A pair's standing depends on its own two profiles and the settings only."""

from collections.abc import Mapping
from typing import Any

from linkage.matching.model_levels import level_weights

FREE, THIN, VETOED = 0, 1, 2
"""A pair's standing: its weight counts; it cannot join by itself; no weight of evidence may join it."""
VETO_WEIGHT = -10.0
THIN_WEIGHT = -3.0

_UNSTEADY = {"given": 0.05, "dob": 0.02}
"""Where one person's records turn out to differ clearly more often than this, that a name and birth stand on more than
one record does not prove another person: aliases and wrong years are repeated too."""

_RIVAL = (
    "((l.single AND l.dataset = r.dataset)"
    " OR hash(l.dataset, r.given_formal, r.dob_canon, r.family) IN (SELECT described FROM singly)"
    " OR hash(r.dataset, l.given_formal, l.dob_canon, l.family) IN (SELECT described FROM singly))"
)
"""Of two twins' records: both stand in one data set that hardly ever holds a person twice, or the one's data set, being
such, also holds the other's name and birth."""
_LISTED = "(l.dataset = r.dataset AND l.dob_canon = r.dob_canon AND l.family = r.family AND coalesce({apart}, FALSE))"
_TWO_NUMBERS = _LISTED.format(apart="l.local <> r.local")
"""One data set lists both under one surname, by two numbers of its own."""
_ONE_HOME = _LISTED.format(apart="l.address = r.address AND (l.local IS NULL OR r.local IS NULL)")
"""One data set without numbers of its own lists both under one surname at one address."""
_OTHER_SEX = "coalesce(l.sex <> r.sex, FALSE)"


def standing_sql(settings: Mapping[str, Any]) -> str:
    """SQL over a pair's weights `p` and its profiles `l` and `r`: the standing of the pair.

    A number alone never links. Clearly different given names with one birth (twins), or clearly different births with
    one name (a parent and child), need an equal number: where either side carries a number at all, where both
    descriptions stand on more than one record (if records are steady in it, or ties say who is grown up), where a twin
    has a rival, where one data set lists both, or where the two stand in different roles.
    An equal number does not make one of two whose given names clearly differ and whose sex does too: a twin's number.
    Such a pair cannot join by itself.
    Who stands above a child in one tie and below somebody in another needs an agreeing birth or number to be one
    person. Without either, both names must agree (the given name as evidence for, not merely near: a couple shares all
    else) and a place or a telephone too, else the pair is thin; where neither side carries a number or stands in a tie,
    either will do, and the weight decides.
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
    rival = f"{_RIVAL} OR {_TWO_NUMBERS} OR {_ONE_HOME if _steady(settings, 'given') else 'FALSE'}"
    twins = f"{given} AND (l.numbered OR r.numbered OR {_established(settings, 'given')} OR {rival})"
    generations = f"{born} AND (l.numbered OR r.numbered OR {_established(settings, 'dob')} OR l.role <> r.role)"
    parents = f"coalesce(l.generation <> r.generation, FALSE) AND NOT {agrees.get('dob', 'FALSE')}"
    near = " OR ".join(f"p.mw_{name} > 0" for name in ("place", "contact", "local") if name in weights) or "FALSE"
    known = "(l.numbered OR r.numbered OR l.generation IS NOT NULL OR r.generation IS NOT NULL)"
    named = f"{agrees.get('given', 'FALSE')} AND {agrees.get('family', 'FALSE')}"
    sure = f"{'p.mw_given > 0' if given != 'FALSE' else 'FALSE'} AND {agrees.get('family', 'FALSE')}"
    enough = f"CASE WHEN {known} THEN ({near}) AND {sure} ELSE ({near}) OR {named} END"
    thin = f"NOT {agrees.get('dob', 'FALSE')} AND NOT ({enough})"
    against = f"({number_alone}) OR ((({twins}) OR ({generations}) OR ({parents})) AND NOT ({number}))"
    alone = f"(({thin}) AND NOT ({number})) OR ({given} AND {_OTHER_SEX})"
    return f"CASE WHEN {against} THEN {VETOED} WHEN {alone} THEN {THIN} ELSE {FREE} END"


def _steady(settings: Mapping[str, Any], name: str) -> bool:
    """Whether one person's records hardly ever differ clearly in this field."""
    levels = next((c["comparison_levels"] for c in settings["comparisons"] if c["output_column_name"] == name), None)
    return levels is None or float(levels[-1]["m_probability"]) < _UNSTEADY[name]


def _established(settings: Mapping[str, Any], name: str) -> str:
    """SQL: both descriptions stand on more than one record, and that proves two people."""
    tied = "" if _steady(settings, name) else " AND (l.generation IS NOT NULL OR r.generation IS NOT NULL)"
    return f"(l.established AND r.established{tied})"
