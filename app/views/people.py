"""How people are named on a screen: by name where it may be shown, otherwise by what they are to the child.

Invariant: no name is made up and no date of birth is shown unless the vault gave it under the permit.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from app import labels
from app.identities import NOTHING, Known
from app.language import N_, Language
from governance.terms import SubjectRole
from linkage.kin.families import Member

DAYS_IN_WEEKS = 12 * 7
MONTHS_IN_MONTHS = 24


@dataclass(frozen=True, slots=True)
class PersonLabel:
    """`name` is the whole label; `short` fits a timeline line; `held` is whether the name itself may be shown."""

    person_id: str
    name: str
    short: str
    held: bool


def label(words: Language, member: Member, known: Mapping[str, Known]) -> PersonLabel:
    """Name one member of a family."""
    held = known.get(member.person_id, NOTHING)
    if held.name:
        first = (held.given_name or held.name).split()[0]
        return PersonLabel(member.person_id, held.name, first.title() if first.isupper() else first, True)
    told = described(words, member.subject, member.unborn, member.birth_month)
    return PersonLabel(member.person_id, told, told, False)


def labelled(words: Language, members: Iterable[Member], known: Mapping[str, Known]) -> dict[str, PersonLabel]:
    """Name every member so that no two can be taken for each other: twins may both be "Baby"."""
    made = [label(words, member, known) for member in members]
    shorts = Counter(person.short for person in made)
    names = Counter(person.name for person in made)
    told: Counter[str] = Counter()
    found: dict[str, PersonLabel] = {}
    for person in made:
        told[person.name] += 1
        name = person.name if names[person.name] == 1 else f"{person.name} ({told[person.name]})"
        short = person.short if shorts[person.short] == 1 else name
        found[person.person_id] = replace(person, name=name, short=short)
    return found


def described(words: Language, subject: str, unborn: bool, birth_month: str | None) -> str:
    """Say who this is without a name: "Child, born March 2023"."""
    role = words.gettext(labels.SUBJECTS[SubjectRole(subject)])
    if unborn:
        return words.gettext(N_("Unborn child"))
    if birth_month is None or subject not in (SubjectRole.CHILD, SubjectRole.SIBLING):
        return role
    return words.gettext(N_("%(who)s, born %(month)s"), who=role, month=words.month(month_start(birth_month)))


def age(words: Language, born: date, at: date) -> str:
    """Return an age as people say it: days in weeks, infants in months, then years and months."""
    days = (at - born).days
    if days < DAYS_IN_WEEKS:
        return words.ngettext("%(num)s week old", "%(num)s weeks old", max(0, days) // 7)
    months = (at.year - born.year) * 12 + at.month - born.month - (at.day < born.day)
    if months < MONTHS_IN_MONTHS:
        return words.ngettext("%(num)s month old", "%(num)s months old", months)
    years, rest = divmod(months, 12)
    whole = words.ngettext("%(num)s year", "%(num)s years", years)
    if not rest or years >= 18:
        return words.gettext(N_("%(age)s old"), age=whole)
    part = words.ngettext("%(num)s month", "%(num)s months", rest)
    return words.gettext(N_("%(years)s and %(months)s old"), years=whole, months=part)


def month_start(month: str) -> date:
    return date(int(month[:4]), int(month[5:7]), 1)
