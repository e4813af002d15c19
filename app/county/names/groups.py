"""Name groups: who carries which names, how often each group occurs in either nation, and which errors it meets.

Shares are round figures for a mixed English county and a Welsh one, not census estimates. `new_year` is the
share of the group's adults whose every record says 1 January (a date of birth assigned on arrival), the
known trap for linkage.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, product

from app.county.names import britain as b
from app.county.names import world as w


class Custom(StrEnum):
    """How a family name passes on."""

    BRITISH = "british"
    WELSH = "welsh"
    POLISH = "polish"
    SIKH = "sikh"
    MUSLIM = "muslim"
    SOMALI = "somali"
    PORTUGUESE = "portuguese"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Bank:
    """Names from common to rare with cumulative weights (rank-based, Zipf-like)."""

    names: tuple[str, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class NameGroup:
    code: str
    custom: Custom
    women: Bank
    men: Bank
    girls: Bank
    boys: Bank
    surnames: Bank
    tail: tuple[str, ...]
    tail_share: float
    england: float
    wales: float
    new_year: float
    ethnicity: str


def bank(names: Sequence[str], skew: float = 0.55) -> Bank:
    """Rank the names given, drop repeats and weigh the n-th by 1/(n+3)^skew."""
    unique = tuple(dict.fromkeys(names))
    return Bank(unique, tuple(accumulate(1 / (n + 3) ** skew for n in range(len(unique)))))


def joined(starts: Sequence[str], ends: Sequence[str], glue: str = "") -> tuple[str, ...]:
    return tuple(f"{start}{glue}{end}" for start, end in product(starts, ends))


def polish_surnames() -> tuple[str, ...]:
    """Masculine forms; the feminine -ska is made when a woman is named."""
    adjectival = tuple(f"{stem}ski" for stem in w.POLISH_STEMS if stem[-1] in "wńnlm")
    whole = tuple(s for s in w.POLISH_STEMS if s.endswith(("ski", "k", "c", "l", "s", "z", "a")))
    return adjectival + whole + joined([s for s in w.POLISH_STEMS if s[-1] in "wnlm"], ["czyk", "icz"])


def _group(
    code: str, custom: Custom, people: Sequence[Sequence[str]], surnames: Sequence[str], shares: tuple[float, float],
    ethnicity: str, *, tail: tuple[str, ...] = (), tail_share: float = 0.0, new_year: float = 0.0, skew: float = 0.55,
) -> NameGroup:  # fmt: skip
    women, men, girls, boys = (bank(names) for names in people)
    england, wales = shares
    return NameGroup(
        code, custom, women, men, girls, boys, bank(surnames, skew), tail, tail_share, england, wales,
        new_year, ethnicity
    )  # fmt: skip


_ENGLISH = (b.ENGLISH_WOMEN, b.ENGLISH_MEN, b.ENGLISH_GIRLS, b.ENGLISH_BOYS)
_WELSH = (b.WELSH_WOMEN, b.WELSH_MEN, b.WELSH_GIRLS, b.WELSH_BOYS)
_IRISH = (b.IRISH_WOMEN, b.IRISH_MEN, b.IRISH_GIRLS, b.IRISH_BOYS)
_POLISH = (w.POLISH_WOMEN, w.POLISH_MEN, w.POLISH_GIRLS, w.POLISH_BOYS)
_SIKH = (w.SIKH_WOMEN, w.SIKH_MEN, w.SIKH_GIRLS, w.SIKH_BOYS)
_HINDU = (w.HINDU_WOMEN, w.HINDU_MEN, w.HINDU_GIRLS, w.HINDU_BOYS)
_MUSLIM = (w.MUSLIM_WOMEN, w.MUSLIM_MEN, w.MUSLIM_GIRLS, w.MUSLIM_BOYS)
_ARABIC = (w.ARABIC_WOMEN, w.ARABIC_MEN, w.ARABIC_GIRLS, w.ARABIC_BOYS)
_SOMALI = (w.SOMALI_WOMEN, w.SOMALI_MEN, w.SOMALI_GIRLS, w.SOMALI_BOYS)
_PORTUGUESE = (w.PORTUGUESE_WOMEN, w.PORTUGUESE_MEN, w.PORTUGUESE_GIRLS, w.PORTUGUESE_BOYS)
_NIGERIAN = (w.NIGERIAN_WOMEN, w.NIGERIAN_MEN, w.NIGERIAN_GIRLS, w.NIGERIAN_BOYS)
_CHINESE = (w.CHINESE_WOMEN, w.CHINESE_MEN, w.CHINESE_GIRLS, w.CHINESE_BOYS)
_ROMANIAN = (w.ROMANIAN_WOMEN, w.ROMANIAN_MEN, w.ROMANIAN_GIRLS, w.ROMANIAN_BOYS)

_PLACES = joined(b.PLACE_STARTS, b.PLACE_ENDS)
_FARMS = joined(b.WELSH_FARMS, b.WELSH_FARM_ENDS)
_POLES = polish_surnames()

GROUPS: tuple[NameGroup, ...] = (
    _group("english", Custom.BRITISH, _ENGLISH, b.ENGLISH_SURNAMES, (62, 38), "A", tail=_PLACES, tail_share=0.4),
    _group("welsh", Custom.WELSH, _WELSH, b.WELSH_SURNAMES, (3, 45), "A", tail=_FARMS, tail_share=0.05, skew=0.9),
    _group("irish", Custom.BRITISH, _IRISH, b.IRISH_SURNAMES, (4, 3), "B"),
    _group("polish", Custom.POLISH, _POLISH, _POLES, (5, 3), "C"),
    _group("sikh", Custom.SIKH, _SIKH, w.SIKH_SURNAMES, (3, 0.5), "H"),
    _group("hindu", Custom.BRITISH, _HINDU, w.HINDU_SURNAMES, (4, 1), "H"),
    _group("pakistani", Custom.MUSLIM, _MUSLIM, w.PAKISTANI_SURNAMES, (5, 1.5), "J", new_year=0.05),
    _group("bengali", Custom.MUSLIM, _MUSLIM, w.BENGALI_SURNAMES, (2, 1.5), "K", new_year=0.08),
    _group("arabic", Custom.KEEP, _ARABIC, w.ARABIC_SURNAMES, (2, 1.5), "S", new_year=0.1),
    _group("somali", Custom.SOMALI, _SOMALI, w.SOMALI_MEN, (2, 1.5), "N", new_year=0.2),
    _group("portuguese", Custom.PORTUGUESE, _PORTUGUESE, w.PORTUGUESE_SURNAMES, (2, 1), "C"),
    _group("nigerian", Custom.BRITISH, _NIGERIAN, w.NIGERIAN_SURNAMES, (3, 1), "N"),
    _group("chinese", Custom.KEEP, _CHINESE, w.CHINESE_SURNAMES, (1.5, 0.5), "R"),
    _group("romanian", Custom.BRITISH, _ROMANIAN, w.ROMANIAN_SURNAMES, (3, 1), "C"),
)  # fmt: skip
