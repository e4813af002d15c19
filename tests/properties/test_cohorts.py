"""The cohort query against a naive evaluator, on generated counties."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from app.cohorts.count import families_of
from app.cohorts.population import population
from app.cohorts.question import Criterion, Geography, Question
from app.cohorts.scope import Counted, Scope
from governance import store as governance_store
from governance.terms import Category
from linkage import store
from linkage.rows import EventStatus
from tests.stored import Stored

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SCOPE = Scope(
    frozenset({
        Counted(Category.ADDRESS, "ZCH", "isp", True, False),
        Counted(Category.HEALTH_VISITING, "ZCH", "isp", True, False),
    })
)  # fmt: skip
QUESTION = Question(
    "readiness", "t", "2023-01", "2023-06",
    (Criterion("two_year_review", (EventStatus.HAPPENED,), 22, 30),),
    (Criterion("twelve_month_review", (EventStatus.HAPPENED, EventStatus.DECLINED), 9, 15),),
    Geography.WARD, Geography.WARD, "nhs-subnational",
)  # fmt: skip


@dataclass(frozen=True)
class Happening:
    type: str
    month: int
    status: str
    category: str
    provider: str
    current: bool


@dataclass(frozen=True)
class Child:
    born: str
    ward: str | None
    ward_provider: str
    events: tuple[Happening, ...]
    wishes: tuple[tuple[str, str, str], ...]
    erased: bool
    merged_wish: bool
    mother: int


review = st.builds(
    Happening, st.just("two_year_review"), st.integers(22, 30), st.just("happened"), st.just("health_visiting"),
    st.just("ZCH"), st.just(True),
)  # fmt: skip
happenings = st.one_of(review, st.builds(
    Happening,
    st.sampled_from(["two_year_review", "twelve_month_review"]),
    st.sampled_from([8, 9, 12, 15, 16, 21, 22, 25, 30, 31]),
    st.sampled_from(["happened", "declined", "missed"]),
    st.sampled_from(["health_visiting", "health_visiting", "development"]),
    st.sampled_from(["ZCH", "ZCH", "ZCH", "ZWB"]),
    st.sampled_from([True, True, True, False]),
))  # fmt: skip
wishes = st.one_of(
    st.tuples(st.just("opt_out_national"), st.sampled_from(["made", "lifted"]), st.just("*")),
    st.tuples(st.just("opt_out_type_1"), st.just("made"), st.just("*")),
    st.tuples(
        st.just("objection"), st.sampled_from(["made", "upheld", "overruled", "lifted"]),
        st.sampled_from(["*", "health_visiting", "school"]),
    ),
    st.tuples(st.just("restriction"), st.just("made"), st.sampled_from(["isp", "other"])),
)  # fmt: skip
children = st.builds(
    Child,
    st.sampled_from(["2022-12", "2023-01", "2023-03", "2023-06", "2023-07"]),
    st.sampled_from(["W1", "W1", "W2", None]),
    st.sampled_from(["ZCH", "ZCH", "ZCH", "ZMC"]),
    st.lists(happenings, max_size=3).map(tuple),
    st.one_of(st.just([]), st.lists(wishes, max_size=2)).map(tuple),
    st.sampled_from([False, False, False, True]),
    st.booleans(),
    st.integers(0, 3),
)


@contextmanager
def county() -> Iterator[Session]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    store.metadata.create_all(engine)
    governance_store.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


def write(session: Session, people: list[Child]) -> None:
    stored = Stored(session)
    for n in range(4):
        stored.person(f"m{n}", "1990-01")
    for n, child in enumerate(people):
        stored.person(f"c{n}", child.born)
        stored.person(f"old{n}", child.born, merged_into=f"c{n}")
        stored.tie(f"m{child.mother}", "birth_mother", f"c{n}", provider="ZCH")
        home = {"person_id": f"c{n}", "ward": child.ward}
        stored.record("homes" + child.ward_provider, child.ward_provider, self=home)
        for e in child.events:
            year, month = divmod(int(child.born[:4]) * 12 + int(child.born[5:]) - 1 + e.month, 12)
            stored.event(
                f"c{n}", e.type, date(year, month + 1, 9), "contacts" + e.provider, e.provider,
                status=e.status, category=e.category, current=e.current,
            )  # fmt: skip
        write_wishes(session, n, child)


def write_wishes(session: Session, n: int, child: Child) -> None:
    person = f"old{n}" if child.merged_wish else f"c{n}"
    for ordinal, (kind, answer, scope) in enumerate(child.wishes):
        said = AT - timedelta(days=10 - ordinal)
        session.execute(
            insert(governance_store.wish).values(
                id=f"{n}-{ordinal}", person_id=person, kind=kind, answer=answer, scope=[scope], valid_from=said,
                recorded_at=said, recorded_by="t", ordinal=ordinal,
            )
        )  # fmt: skip
    if child.erased:
        session.execute(insert(governance_store.erasure).values(person_id=person, recorded_at=AT, recorded_by="t"))


def naive(child: Child) -> str | None:
    """The page-sized oracle: one child at a time, the words of the question one by one."""
    if not "2023-01" <= child.born <= "2023-06" or child.ward is None or child.erased or stopped(child):
        return None
    if child.ward_provider != "ZCH":
        return None
    seen = [e for e in child.events if e.current and e.provider == "ZCH" and e.category == "health_visiting"]
    has = any(e.type == "two_year_review" and e.status == "happened" and 22 <= e.month <= 30 for e in seen)
    without = not any(
        e.type == "twelve_month_review" and e.status in ("happened", "declined") and 9 <= e.month <= 15 for e in seen
    )
    return child.ward if has and without else None


def stopped(child: Child) -> bool:
    by: dict[tuple[str, str], str] = {}
    for kind, answer, scope in child.wishes:
        reach = "all" if kind.startswith("opt_out") else "any" if scope in ("*", "health_visiting", "isp") else "none"
        by[kind, reach] = answer
    standing = {key for key, answer in by.items() if answer in ("made", "upheld")}
    return bool(standing & {("opt_out_national", "all"), ("objection", "any"), ("restriction", "any")})


@settings(deadline=None, max_examples=60)
@given(st.lists(children, max_size=8))
def test_the_query_and_the_naive_evaluator_agree(people: list[Child]) -> None:
    with county() as session:
        write(session, people)
        got = population(session, QUESTION, SCOPE, AT)
        assert got == {f"c{n}": area for n, c in enumerate(people) if (area := naive(c)) is not None}
        families = families_of(session, got, {"ZCH"})
        mothers = {child: people[int(child[1:])].mother for child in got}
        for a in got:
            for b in got:
                assert (families[a] == families[b]) == (mothers[a] == mothers[b])
