"""Services as a screen shows them: a name, a shape and a colour, and the categories that are theirs.

Invariants: every service of the catalogue stands here; each has its own shape and colour pair, so neither alone tells
them apart; the colours stand out from white and from the panel's grey by 3:1 and carry white text at 4.5:1 (tests
compute both).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from governance.terms import Category


@dataclass(frozen=True, slots=True)
class Look:
    shape: str
    colour: str


LOOKS: Final[Mapping[str, Look]] = {
    "maternity": Look("circle", "#912b88"),
    "health_visiting": Look("square", "#1a65a6"),
    "speech_language": Look("diamond", "#54319f"),
    "primary_care": Look("cross", "#0f7a52"),
    "early_education": Look("triangle", "#a33a00"),
    "school": Look("hexagon", "#1d4f5c"),
    "send": Look("star", "#6b4b00"),
    "early_help": Look("pentagon", "#00703c"),
    "social_care": Look("bar", "#aa2a2a"),
    "housing": Look("house", "#505a5f"),
    "domestic_abuse_support": Look("ring", "#7a2048"),
    "adult_mental_health": Look("drop", "#3d5a80"),
    "family_support": Look("heart", "#b3174b"),
    "fire": Look("chevron", "#8a3b12"),
}

CATEGORIES_OF: Final[Mapping[str, tuple[Category, ...]]] = {
    "maternity": (Category.MATERNITY, Category.BIRTH),
    "health_visiting": (Category.HEALTH_VISITING,),
    "speech_language": (Category.DEVELOPMENT,),
    "primary_care": (Category.PRIMARY_CARE, Category.IMMUNISATION),
    "early_education": (Category.EARLY_EDUCATION,),
    "school": (Category.SCHOOL, Category.ATTAINMENT),
    "send": (Category.SEND,),
    "early_help": (Category.EARLY_HELP,),
    "social_care": (Category.SOCIAL_CARE,),
    "housing": (Category.HOUSING,),
    "domestic_abuse_support": (Category.DOMESTIC_ABUSE,),
    "adult_mental_health": (Category.ADULT_HEALTH,),
    "family_support": (Category.FAMILY_SUPPORT,),
    "fire": (),
}
"""The categories that say whether a service is involved at all."""
