"""Who is involved and how to reach them: what key workers come for.

Invariants: every line names its service, its source and the day the source said so; where no telephone of the worker is
held, the organisation's duty desk stands in its place; the newest row of one service, team and worker is shown once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app import labels
from app.language import Language
from app.reading import FamilyData
from app.views.people import PersonLabel
from app.views.services import LOOKS
from linkage.facts import InvolvementRow
from linkage.kin.timeline import is_current


@dataclass(frozen=True, slots=True)
class InvolvedView:
    service: str
    service_name: str
    team: str | None
    professional: str | None
    role: str | None
    accountable: str | None
    telephone: str | None
    organisation: str
    desk: str
    desk_telephone: str | None
    who: tuple[str, ...]
    since: date | None
    until: date | None
    as_of: date


def involved(
    words: Language, data: FamilyData, people: Mapping[str, PersonLabel], at: date
) -> tuple[tuple[InvolvedView, ...], tuple[InvolvedView, ...]]:
    """Return who is involved today, and who was."""
    grouped: dict[tuple[str | None, ...], list[InvolvementRow]] = {}
    for row in sorted(data.involvements, key=lambda r: r.loaded_at, reverse=True):
        key = (str(is_current(row, at)), row.service, row.organisation, row.team, row.professional)
        grouped.setdefault(key, []).append(row)
    order = {m.person_id: place for place, m in enumerate(data.family.members)}
    rank = {service: place for place, service in enumerate(LOOKS)}
    ranked = sorted(
        grouped.values(), key=lambda rows: (min(order[r.person_id] for r in rows), rank.get(rows[0].service, 99))
    )
    now = tuple(_line(words, data, people, rows) for rows in ranked if is_current(rows[0], at))
    former = tuple(_line(words, data, people, rows) for rows in ranked if not is_current(rows[0], at))
    return now, former


def _line(
    words: Language, data: FamilyData, people: Mapping[str, PersonLabel], rows: list[InvolvementRow]
) -> InvolvedView:
    row = rows[0]
    held = data.organisation(row.organisation)
    sharer = held if held.telephone else data.organisation(row.provider)
    starts = [r.since for r in rows if r.since is not None]
    return InvolvedView(
        service=row.service,
        service_name=words.gettext(labels.SERVICES.get(row.service, row.service)),
        team=row.team,
        professional=row.professional,
        role=row.professional_role,
        accountable=row.accountable if row.accountable != row.professional else None,
        telephone=next((r.telephone for r in rows if r.telephone), None),
        organisation=words.pick(held.name_en, held.name_cy),
        desk=sharer.duty_desk or words.pick(sharer.name_en, sharer.name_cy),
        desk_telephone=sharer.telephone,
        who=tuple(dict.fromkeys(people[r.person_id].short for r in rows)),
        since=min(starts, default=None),
        until=row.until,
        as_of=row.loaded_at.date(),
    )
