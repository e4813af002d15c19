"""Drawing names: one person's given, middle and family name, and how a family's names hang together.

A name other than the one in use now (before marriage, the mother's at birth) is kept as `former`: it is
what an out-of-date register still says.
"""

from bisect import bisect
from dataclasses import dataclass
from random import Random

from app.county.names.groups import GROUPS, Bank, Custom, NameGroup
from app.county.names.world import MUSLIM_WOMENS_LAST, SOMALI_MEN


@dataclass(slots=True)
class Names:
    given: str
    middle: str
    family: str
    former: str


def pick(rng: Random, names: Bank) -> str:
    weights = names.weights
    return names.names[bisect(weights, rng.random() * weights[-1])]


def draw_group(rng: Random, wales: bool) -> NameGroup:
    weights = [group.wales if wales else group.england for group in GROUPS]
    return rng.choices(GROUPS, weights)[0]


def surname(rng: Random, group: NameGroup) -> str:
    if group.tail and rng.random() < group.tail_share:
        return group.tail[int(rng.random() * len(group.tail))]
    if group.custom is Custom.PORTUGUESE:
        return f"{pick(rng, group.surnames)} {pick(rng, group.surnames)}"
    return pick(rng, group.surnames)


def feminine(name: str) -> str:
    return f"{name[:-1]}a" if name.endswith(("ski", "cki", "dzki")) else name


def naming(rng: Random, group: NameGroup, *, female: bool, child: bool) -> Names:
    """Name one person by themself, as born."""
    given = _given(rng, group, female, child)
    family = surname(rng, group)
    middle = _given(rng, group, female, child) if rng.random() < 0.45 else ""
    if group.custom is Custom.POLISH and female:
        family = feminine(family)
    elif group.custom is Custom.SIKH:
        middle = "Kaur" if female else "Singh"
    elif group.custom is Custom.SOMALI:
        middle = pick(rng, group.surnames)
    elif group.custom is Custom.MUSLIM and female and rng.random() < 0.5:
        family = rng.choice(MUSLIM_WOMENS_LAST)
    elif group.custom is Custom.WELSH and rng.random() < 0.03:
        family = f"{'ferch' if female else 'ap'} {pick(rng, group.men)}"
    return Names(given, "" if middle == given else middle, family, "")


def _given(rng: Random, group: NameGroup, female: bool, child: bool) -> str:
    banks = (group.girls, group.boys) if child else (group.women, group.men)
    return pick(rng, banks[0] if female else banks[1])


def marry(rng: Random, mother: Names, father: Names, custom: Custom) -> None:
    """Let the mother's name change as it does in her community; the name she had becomes `former`."""
    new = ""
    if custom in (Custom.BRITISH, Custom.WELSH, Custom.POLISH):
        draw = rng.random()
        if draw < 0.6:
            new = feminine(father.family) if custom is Custom.POLISH else father.family
        elif draw < 0.7 and "-" not in mother.family + father.family and mother.family != father.family:
            new = f"{mother.family}-{father.family}"
    if new and new != mother.family:
        mother.former, mother.family = mother.family, new


def name_family(rng: Random, group: NameGroup, mother: Names, father: Names | None) -> str:
    """Return the family name the children of this family bear (masculine form for Polish names)."""
    if father is None:
        return mother.family
    if group.custom is Custom.PORTUGUESE:
        return f"{mother.family.split()[-1]} {father.family.split()[-1]}"
    if group.custom is Custom.SOMALI:
        return father.middle or rng.choice(SOMALI_MEN)
    draw = rng.random()
    if draw < 0.8:
        return father.family
    own = mother.former or mother.family
    if draw < 0.88 and "-" not in own + father.family and own != father.family:
        return f"{own}-{father.family}"
    return mother.family


def name_child(rng: Random, group: NameGroup, female: bool, family: str, mother: Names, father: Names | None) -> Names:
    given = _given(rng, group, female, True)
    middle = _given(rng, group, female, True) if rng.random() < 0.5 else ""
    if group.custom is Custom.SIKH:
        middle = "Kaur" if female else "Singh"
    elif group.custom is Custom.SOMALI:
        middle = father.given if father else ""
    own = feminine(family) if group.custom is Custom.POLISH and female else family
    former = mother.former or mother.family
    return Names(given, "" if middle == given else middle, own, "" if former == own else former)
