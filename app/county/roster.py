"""Organisations and staff of the partnership. The first staff are fixed demo accounts, the same in every county."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from app.county.books import Table
from app.county.extracts import plain
from app.county.names.draw import draw_group, naming
from app.county.numbers import mobile
from app.county.places import ENGLAND, WALES


@dataclass(frozen=True, slots=True)
class Staff:
    username: str
    name: str
    organisation: str
    role: str
    team: str
    training_until: date
    telephone: str


_TRAINED = date(2027, 6, 30)
DEMO_STAFF = (
    Staff("hv.morgan", "Alys Morgan", "ZCH", "health_visitor", "Marlford Central 0-5 Team", _TRAINED, "01632 960111"),
    Staff("ig.patel", "Hetal Patel", "ZMC", "ig_officer", "Information Governance", _TRAINED, "01632 960112"),
    Staff("analyst.reid", "Callum Reid", "ZMC", "analyst", "Insight and Performance", _TRAINED, "01632 960113"),
    Staff("fsw.evans", "Rhodri Evans", "ZMC", "family_support_worker", "Marlford Family Hub", _TRAINED, "01632 960114"),
    Staff("sw.okoro", "Ngozi Okoro", "ZMC", "social_worker", "Assessment Team North", _TRAINED, "01632 960115"),
    Staff("steward.price", "Non Price", "ZMC", "data_steward", "Data Quality", _TRAINED, "01632 960116"),
    Staff("hv.cadi", "Cadi Roberts", "ZWB", "health_visitor", "Tîm Dechrau'n Deg Aberwern", _TRAINED, "01632 960117"),
    Staff("aw.stone", "Peter Stone", "ZMC", "adult_worker", "Adult Services East", _TRAINED, "01632 960118"),
    Staff("hs.bevan", "Menna Bevan", "ZFS", "charity_worker", "Hafan Outreach", _TRAINED, "01632 960119"),
    Staff("sc.lowe", "Denise Lowe", "ZMC", "school_lead", "Thornwick Primary School", _TRAINED, "01632 960120"),
    Staff("mw.rees", "Bronwen Rees", "ZMH", "midwife", "Marlford Community Midwives", _TRAINED, "01632 960121"),
    Staff("np.hart", "Josie Hart", "ZNF", "nursery_practitioner", "Little Acorns Marlford", _TRAINED, "01632 960122"),
    Staff("fw.parry", "Gwion Parry", "ZGC", "family_support_worker", "Teuluoedd yn Gyntaf", _TRAINED, "01632 960123"),
)
_POSTS = (
    ("hv", "ZCH", "health_visitor", "0-5 Team", ENGLAND, 4.0),
    ("mw", "ZMH", "midwife", "Community Midwives", ENGLAND, 1.5),
    ("fs", "ZMC", "family_support_worker", "Family Hub", ENGLAND, 1.8),
    ("sw", "ZMC", "social_worker", "Children's Social Work Team", ENGLAND, 1.5),
    ("np", "ZNF", "nursery_practitioner", "Little Acorns", ENGLAND, 1.0),
    ("hw", "ZWB", "health_visitor", "Tîm Plant 0-5", WALES, 1.4),
    ("fw", "ZGC", "family_support_worker", "Teuluoedd yn Gyntaf", WALES, 0.6),
    ("ho", "ZMC", "family_support_worker", "Housing Patch", ENGLAND, 0.3),
    ("hs", "ZFS", "charity_worker", "Hafan Outreach", ENGLAND, 0.2),
)
_TOWNS = {ENGLAND: ("Marlford", "Kettlebridge", "Stowmarl", "Ashhollow"), WALES: ("Glanwern", "Aberwern", "Llanwernog")}


class Roster:
    """All staff, about twelve for a thousand families, findable by post."""

    def __init__(self, families: int, seed: int) -> None:
        self.by_username = {staff.username: staff for staff in DEMO_STAFF}
        self._posts: dict[str, list[Staff]] = {}
        for post, organisation, role, team, nation, share in _POSTS:
            count = max(1, round(share * families / 1000))
            self._posts[post] = [
                _hire(Random(f"{seed}/staff/{post}/{n}"), post, n, organisation, role, team, nation)
                for n in range(count)
            ]

    def at(self, post: str, ordinal: int) -> Staff:
        holders = self._posts[post]
        return holders[ordinal % len(holders)]

    def __iter__(self) -> Iterator[Staff]:
        yield from DEMO_STAFF
        for holders in self._posts.values():
            yield from holders

    def write(self, table: Table) -> None:
        for s in self:
            table.row((s.username, s.name, s.organisation, s.role, s.team, s.training_until.isoformat(), s.telephone))


def _hire(rng: Random, post: str, number: int, organisation: str, role: str, team: str, nation: str) -> Staff:
    group = draw_group(rng, nation == WALES)
    names = naming(rng, group, female=rng.random() < 0.85, child=False)
    towns = _TOWNS[nation]
    letters = "".join(c for c in plain(names.family).lower() if c.isalpha())
    trained = date(2027, 1 + rng.randrange(12), 28) if rng.random() > 0.03 else date(2026, 9, 30)
    place = towns[number % len(towns)]
    return Staff(
        f"{post}.{letters}{number + 1}", f"{names.given} {names.family}", organisation, role,
        f"{place} {team}", trained, mobile(rng)
    )  # fmt: skip
