"""Who lived where and when, and so who shared a household: from addresses that rows give on their own days.

Invariants: a row places a person on the day it speaks of, not on the day it was loaded; a person leaves a home when
seen elsewhere after the last sighting there; one stray sighting between others, or one late sighting at a home that was
left, is an address not brought up to date, unless kin bear it out; a household lasts as long as two stays overlap, and
an unseen child goes with its parent; a dwelling that ever held more than ten people at once, or more than three
families, or that is listed as communal, makes nobody a household, nor does a foster placement; an unborn child lives
nowhere.
Source: ELDB treats more than ten people at one address as improbable for a household."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, groupby

CROWDED = 10
FAMILIES_AT_ONCE = 3
LINGER = timedelta(days=730)
"""How long after a last sighting somebody still counts among those who crowd a dwelling."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A row that gives a person's home on a day. `home` is an opaque number of the linkage zone."""

    person: str
    home: int
    day: date
    role: str


@dataclass(frozen=True, slots=True)
class Residence:
    """A person's stay at a home: from the first sighting, until first seen elsewhere. `role` is a row that says so."""

    person: str
    role: str
    home: int
    since: date
    last: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Shared:
    """A time in which two persons lived at one home, and a row for each that says so. `a` < `b`."""

    a: str
    b: str
    since: date
    until: date | None
    roles: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Kin:
    """What rows say of persons, as far as it bears on households.

    `pairs` are tied by blood or care, whichever way round; `raised` are child → those who bring it up or whose child it
    also is; `placed` are foster child → foster carers.
    """

    pairs: frozenset[tuple[str, str]]
    raised: Mapping[str, frozenset[str]]
    placed: Mapping[str, frozenset[str]]


NO_KIN = Kin(frozenset(), {}, {})


def stays(sightings: Iterable[Sighting], kin: Kin = NO_KIN) -> list[Residence]:
    """The stays of each person, in order of person and first sighting; `kin` bear out a move or a staying."""
    ordered = sorted(sightings, key=lambda s: (s.person, s.day, s.home, s.role))
    seen = {person: list(own) for person, own in groupby(ordered, key=lambda s: s.person)}
    near: dict[str, list[str]] = defaultdict(list)
    for a, b in sorted(kin.pairs):
        near[a].append(b)
        near[b].append(a)
    return [
        stay for person, own in seen.items() for stay in _stays_of(own, [seen.get(who, []) for who in near[person]])
    ]


def _stays_of(own: Sequence[Sighting], kin: Sequence[Sequence[Sighting]]) -> list[Residence]:
    if len({s.home for s in own}) > 1:
        own = _without_stale(own, [s for theirs in kin for s in theirs])
    by_home: dict[int, list[Sighting]] = defaultdict(list)
    for sighting in own:
        by_home[sighting.home].append(sighting)
    firsts = sorted(held[0].day for held in by_home.values())
    return [
        Residence(
            held[0].person, min(s.role for s in held), home, held[0].day, held[-1].day,
            next((day for day in firsts if day > held[-1].day), None),
        )
        for home, held in by_home.items()
    ]  # fmt: skip


def _without_stale(own: Sequence[Sighting], kin: Sequence[Sighting]) -> list[Sighting]:
    """Leave out single sightings that kin do not bear out, or that give a home which had been left."""
    seen = Counter(s.home for s in own)
    shared = {s.home for s in kin}
    inner = range(1, len(own) - 1)
    strays = {
        at
        for at in inner
        if seen[own[at].home] == 1 and own[at - 1].home == own[at + 1].home and own[at].home not in shared
    }
    runs = [list(run) for _, run in groupby((s for at, s in enumerate(own) if at not in strays), key=lambda s: s.home)]
    of_home = Counter(run[0].home for run in runs)
    kept: list[list[Sighting]] = []
    for run in runs:
        met = {before[0].home for before in kept}
        if (
            len(run) > 1
            or not kept
            or not _left(run[0], kept, kin, back=run[0].home in met and of_home[run[0].home] == 2)
        ):
            kept.append(run)
    return [sighting for run in kept for sighting in run]


def _left(lone: Sighting, before: Sequence[Sequence[Sighting]], kin: Sequence[Sighting], *, back: bool) -> bool:
    """Whether a lone sighting gives a home that this person (`back`), or else its kin, had left by then."""
    here = before[-1][0]
    there = [s.day for s in kin if s.home == lone.home and s.day != lone.day]
    if back:
        return max(there, default=date.min) < here.day
    since = max((s.day for s in kin if s.home == here.home), default=date.min)
    return bool(there) and max(there) < since


def crowded(residents: Sequence[Residence], kin: Kin = NO_KIN) -> bool:
    """Whether one dwelling ever held too many people, or too many families, at once."""
    if len(residents) <= FAMILIES_AT_ONCE:
        return False
    spans = [(stay.since, min(stay.until or date.max, stay.last + LINGER), stay.person) for stay in residents]
    for day in {since for since, _, _ in spans}:
        present = {who for since, until, who in spans if since <= day <= until}
        if len(present) > CROWDED:
            return True
        if len(present) > 2 * FAMILIES_AT_ONCE and _families(present, kin.pairs) > FAMILIES_AT_ONCE:
            return True
    return False


def _families(present: Collection[str], pairs: Collection[tuple[str, str]]) -> int:
    """How many components ties make of those present, not counting people who are tied to nobody there."""
    root = {who: who for who in present}
    for a, b in combinations(sorted(present), 2):
        if (a, b) in pairs:
            before, after = root[b], root[a]
            root = {who: after if top == before else top for who, top in root.items()}
    return sum(count > 1 for count in Counter(root.values()).values())


def together(residences: Iterable[Residence], kin: Kin = NO_KIN, communal: Collection[int] = ()) -> list[Shared]:
    """Who shared a household and when, in order of persons; `communal` lists homes that make nobody one."""
    by_home: dict[int, list[Residence]] = defaultdict(list)
    seen: dict[str, date] = {}
    for stay in residences:
        by_home[stay.home].append(stay)
        seen[stay.person] = max(stay.last, seen.get(stay.person, stay.last))
    found: list[Shared] = []
    for home in sorted(by_home.keys() - set(communal)):
        if len(by_home[home]) > 1 and not crowded(by_home[home], kin):
            found += _sharing(by_home[home], kin, seen)
    return _joined(found)


def _sharing(residents: Sequence[Residence], kin: Kin, seen: Mapping[str, date]) -> list[Shared]:
    here = {stay.person for stay in residents}
    own = [stay for stay in residents if here.isdisjoint(kin.placed.get(stay.person, ()))]
    found = []
    for one, other in combinations(sorted(own, key=lambda stay: stay.person), 2):
        since, until = max(one.since, other.since), _parted(one, other, kin, seen)
        if one.person != other.person and (until is None or since < until):
            found.append(Shared(one.person, other.person, since, until, (one.role, other.role)))
    return found


def _parted(one: Residence, other: Residence, kin: Kin, seen: Mapping[str, date]) -> date | None:
    """When two stays at one home stop overlapping. A child not seen since goes with its own, wherever they went."""
    gone, left = sorted((one, other), key=lambda stay: stay.until or date.max)
    if gone.until is None:
        return None
    unseen = left.last < gone.until if left.until is not None else seen[left.person] < gone.until
    return left.until if unseen and gone.person in kin.raised.get(left.person, ()) else gone.until


def _joined(shared: Iterable[Shared]) -> list[Shared]:
    """Each pair's times together, those that touch made one."""
    found: list[Shared] = []
    for time in sorted(shared, key=lambda t: (t.a, t.b, t.since, t.until or date.max)):
        last = found[-1] if found else None
        if (
            last is not None
            and (last.a, last.b) == (time.a, time.b)
            and (last.until is None or time.since <= last.until)
        ):
            until = None if last.until is None or time.until is None else max(last.until, time.until)
            found[-1] = Shared(last.a, last.b, last.since, until, last.roles)
        else:
            found.append(time)
    return found
