"""Whatever the data: one state for each service and person, one for each milestone, one order."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from linkage.facts import CoverageRow, EventRow, InvolvementRow, MilestoneFact
from linkage.kin.milestones import MilestoneState, milestone_views
from linkage.kin.timeline import CellState, arrange, cell
from linkage.rows import EventStatus, PersonId, Precision

AT = date(2026, 11, 22)
LOADED = datetime(2026, 11, 1, tzinfo=UTC)
SERVICES = ["health_visiting", "school", "maternity"]
PEOPLE = [PersonId("child"), PersonId("mother")]
days = st.dates(date(2024, 1, 1), date(2027, 12, 31))
maybe = st.none() | days
events = st.lists(
    st.builds(
        EventRow,
        st.uuids().map(str),
        st.sampled_from(PEOPLE),
        st.none(),
        st.just(False),
        st.just("health_visiting"),
        st.sampled_from(["two_year_review", "six_month_contact", "pregnancy_booking"]),
        st.sampled_from(SERVICES),
        st.just("ZCH"),
        st.just("ZCH"),
        days,
        st.sampled_from(Precision),
        maybe,
        st.sampled_from(EventStatus),
        st.just({}),
        st.just("contacts"),
        st.just("load"),
        st.just(1),
        st.just(LOADED),
    ),
    max_size=6,
)
involvements = st.lists(
    st.builds(
        InvolvementRow,
        st.uuids().map(str),
        st.sampled_from(PEOPLE),
        st.just("health_visiting"),
        st.sampled_from(SERVICES),
        st.just("ZCH"),
        st.just("ZCH"),
        *[st.none()] * 5,
        maybe,
        maybe,
        st.just("contacts"),
        st.just("load"),
        st.just(1),
        st.just(LOADED),
    ),
    max_size=3,
)
coverage = st.lists(
    st.builds(
        CoverageRow,
        st.just("ZCH"),
        st.just("contacts"),
        st.sampled_from(SERVICES),
        maybe,
        maybe,
        st.sampled_from([(), ("W1",)]),
        st.none(),
        st.just(LOADED),
    ),
    max_size=4,
)
areas = st.sampled_from([frozenset[str](), frozenset({"W1"}), frozenset({"W2"})])
steps = st.builds(
    lambda code, first, length, types, service: MilestoneFact(
        "hcp", "1", code, "england", "t", None, first, first + length, tuple(types), service
    ),
    st.text("abcdef", min_size=1, max_size=4),
    st.integers(-84, 900),
    st.integers(0, 200),
    st.lists(st.sampled_from(["two_year_review", "six_month_contact"]), min_size=1, unique=True),
    st.sampled_from(SERVICES),
)
schedules = st.lists(steps, max_size=5, unique_by=lambda s: s.code)


@given(st.sampled_from(SERVICES), st.sampled_from(PEOPLE), events, involvements, coverage, st.booleans(), areas)
def test_every_service_and_person_is_exactly_one_state_that_its_words_allow(
    service: str,
    person: PersonId,
    seen: list[EventRow],
    held: list[InvolvementRow],
    loads: list[CoverageRow],
    withheld: bool,
    where: frozenset[str],
) -> None:
    got = cell(service, person, seen, held, loads, AT, withheld, where)
    assert isinstance(got, CellState)
    assert (got is CellState.WITHHELD) == withheld
    rows: list[EventRow | InvolvementRow] = [*seen, *held]
    mine = [r for r in rows if r.service == service and r.person_id == person]
    if got in (CellState.CURRENT, CellState.HISTORIC):
        assert mine
    if got in (CellState.NONE_FOUND, CellState.LATE):
        assert any(c.service == service and (not c.areas or where & set(c.areas)) for c in loads)
    others = [e for e in seen if e.person_id != person]
    assert got is cell(service, person, [e for e in seen if e not in others], held, loads, AT, withheld, where)


@given(schedules, days, st.sampled_from(Precision), events, coverage, st.sets(st.sampled_from(SERVICES)), areas)
def test_every_milestone_is_exactly_one_state_that_its_words_allow(
    schedule: list[MilestoneFact],
    born: date,
    precision: Precision,
    seen: list[EventRow],
    loads: list[CoverageRow],
    withheld: set[str],
    where: frozenset[str],
) -> None:
    views = milestone_views(schedule, born, precision, seen, loads, AT, withheld, where)
    assert sorted(v.code for v in views) == sorted(s.code for s in schedule)
    by_id = {e.id: e for e in seen}
    for view in views:
        status = by_id[view.entry_id].status if view.entry_id else None
        assert (view.state is MilestoneState.MET) == (status is EventStatus.HAPPENED)
        assert (view.state is MilestoneState.DECLINED) == (status is EventStatus.DECLINED)
        assert (view.state is MilestoneState.WITHHELD) <= (view.service in withheld)
        assert (view.state is MilestoneState.UPCOMING) <= (view.due_from > AT)
        assert (view.state is MilestoneState.DUE) <= (view.due_from <= AT <= view.due_to)
        assert (view.state is MilestoneState.MISSED) <= (view.due_to < AT)
        if view.state is MilestoneState.MISSED and view.entry_id is None:
            for day in (view.due_from, view.due_to):
                assert any(c.service == view.service and (c.covers_from or day) <= day <= c.last_day for c in loads)


@given(schedules, days, events, coverage, days)
def test_a_loss_closes_every_due_date_whatever_else_is_known(
    schedule: list[MilestoneFact], born: date, seen: list[EventRow], loads: list[CoverageRow], lost: date
) -> None:
    loss = EventRow(
        "loss", PEOPLE[0], None, False, "maternity", "pregnancy_loss", "maternity", "ZMH", "ZMH", min(lost, AT),
        Precision.DAY, None, EventStatus.HAPPENED, {}, "bookings", "load", 1, LOADED,
    )  # fmt: skip
    assert milestone_views(schedule, born, Precision.MONTH, [*seen, loss], loads, AT, ()) == ()


@given(events, involvements, st.randoms(use_true_random=False))
def test_the_order_is_stable_and_newest_first(seen: list[EventRow], held: list[InvolvementRow], order: object) -> None:
    mixed, mixed_held = list(seen), list(held)
    order.shuffle(mixed)  # type: ignore[attr-defined]
    order.shuffle(mixed_held)  # type: ignore[attr-defined]
    got = arrange(seen, held)
    assert got == arrange(mixed, mixed_held)
    dates = [e.occurred_on for e in got.entries]
    assert dates == sorted(dates, reverse=True)
    said = {
        (r.person_id, r.about_person_id, r.type, r.category, r.service, r.organisation, r.provider, r.occurred_on,
         r.precision, r.until, r.status, frozenset(r.values.items()))
        for r in seen
    }  # fmt: skip
    dated = [i for i in held if i.since]
    starts = {(i.person_id, i.category, i.service, i.organisation, i.provider, i.since, i.until) for i in dated}
    undated = [i for i in held if i.since is None]
    assert len(got.entries) == len(said) + len(starts)
    assert len(got.undated) == len(undated)
