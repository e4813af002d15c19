"""What is compared of two profiles, and at which levels of agreement.

Invariants: only keyed columns are named, always in double quotes with `_l` or `_r`; every level has a stated default m
(how often it holds between two records of one person) and u (between two people), used wherever the data cannot teach
better ones; a fixed level is never taught.
Source: Fellegi and Sunter (1969); Splink's settings format. Default m values follow the ALSPAC and HES–PDS error rates
(surname differs in 8–18 %, forename in 6–12 %, postcode in 25–53 %, date of birth in 0.1–0.5 % of records of one
person)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
            Level(
                "postcode, address alike",
                f'({_same("postcode")} AND ({_alike("address_f", 11)} OR {_same("street")}))',
                0.04, 0.0004,
            ),
            Level("postcode", _same("postcode"), 0.05, 0.001),
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
    Comparison(
        "company", ("given", "family", "dob", "postcode"), 'NOT ("single_l" AND "single_r")',
        (
            Level("two data sets", '"dataset_l" <> "dataset_r"', 0.98, 0.5, fixed=True),
            Level("one data set, each person once", ELSE, 0.008, 0.5, fixed=True),
        ),
    ),
)  # fmt: skip
"""`company`: a data set in which hardly a description repeats holds each person once, so two of its rows are hardly one
person, and rows of two such data sets the likelier."""

BY_NAME: Mapping[str, Comparison] = {comparison.name: comparison for comparison in COMPARISONS}


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
