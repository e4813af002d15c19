"""The review queue on a small noisy partnership: what is asked, what answers say of quality, what binds."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from linkage import store
from linkage.encoding.encode import nhs_token
from linkage.matching import model
from linkage.persons import run_store
from linkage.quality import answers, estimates, review, sampling
from linkage.quality.answers import AlreadyAnswered, Answer, NotInQueue
from linkage.rows import Identity
from linkage.run import link
from tests.integration.linking import KEYS, NOW, Partnership
from tests.integration.noisy_people import noisy


class Reviewed(Partnership):
    """A partnership whose runs fill the queue, with the truth of every role."""

    def fill(self, people: int, seed: int) -> None:
        rows, truth = noisy(people, seed)
        for name, held in rows.items():
            self.load(name, held)
        names = sa.select(store.record_role.c.id, store.source_record.c.dataset, store.source_record.c.row_number).join(
            store.source_record, store.source_record.c.id == store.record_role.c.record_id
        )
        with Session(self.engine) as session:
            self.truth = {role: truth[(name, f"{row} self")] for role, name, row in session.execute(names)}

    def link_and_refresh(self, full: bool = True, **sizes: int) -> review.Refreshed:
        with Session(self.engine) as session, session.begin(), self.zone() as zone:
            report = link(session, zone, KEYS, full=full)
            self.refreshed = review.refresh(session, zone, report.run_id, np.random.default_rng(1), **sizes)
            names = sampling.stratum_names()
            self.judged = [
                (a, b, linked, names[at])
                for a, b, linked, at in zone.rows(
                    "SELECT x.role_id, y.role_id, linked, stratum FROM judged j"
                    " JOIN reviewed x ON x.profile = j.a JOIN reviewed y ON y.profile = j.b"
                )
            ]
        return self.refreshed

    def same(self, role_a: str, role_b: str) -> bool:
        return self.truth[role_a] == self.truth[role_b]

    def rows(self, *, sampled: bool) -> list[sa.Row[Any]]:
        held = store.review_pair.c
        query = sa.select(store.review_pair).where(held.chance.is_not(None) if sampled else held.chance.is_(None))
        with Session(self.engine) as session:
            newest = session.execute(sa.select(store.link_run.c.id).order_by(store.link_run.c.ordinal.desc())).scalars()
            return list(session.execute(query.where(held.run_id == next(newest)).order_by(held.priority.desc())))


@pytest.fixture(scope="module")
def partnership(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewed]:
    made = Reviewed(tmp_path_factory.mktemp("reviewed") / "zone")
    made.fill(220, 5)
    made.link_and_refresh(sampled=120)
    yield made
    made.engine.dispose()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Reviewed]:
    made = Reviewed(tmp_path / "zone")
    made.fill(60, 6)
    made.link_and_refresh(sampled=40)
    yield made
    made.engine.dispose()


def test_an_answered_sample_tells_precision_and_recall_without_a_truth_file(partnership: Reviewed) -> None:
    rows = partnership.rows(sampled=True)
    sample = [estimates.Answered(r.stratum, r.linked, r.chance, partnership.same(r.role_a, r.role_b)) for r in rows]
    found = estimates.quality(sample, np.random.default_rng(1))
    asked = [pair for pair in partnership.judged if pair[3] not in sampling.NOT_ASKED]
    linked = [pair for pair in asked if pair[2]]
    true = [pair for pair in asked if partnership.same(pair[0], pair[1])]
    precision = sum(partnership.same(a, b) for a, b, *_ in linked) / len(linked)
    recall = sum(pair[2] for pair in true) / len(true)
    assert len(rows) < len(asked)
    for estimate, truth in ((found.precision, precision), (found.recall, recall)):
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low - 0.01 <= truth <= estimate.high + 0.01


def test_every_stratum_is_drawn_from_with_its_recorded_chance(partnership: Reviewed) -> None:
    held = Counter(stratum for *_, stratum in partnership.judged)
    for stratum, pairs in Counter(row.stratum for row in partnership.rows(sampled=True)).items():
        [chance] = {row.chance for row in partnership.rows(sampled=True) if row.stratum == stratum}
        if stratum != sampling.UNCOMPARED:
            assert chance == pytest.approx(pairs / held[stratum])


def test_a_doubtful_pair_says_how_far_fields_agree_and_nothing_else(partnership: Reviewed) -> None:
    labels = {comparison.name: {level.label for level in comparison.levels} for comparison in model.COMPARISONS}
    for row in partnership.rows(sampled=False):
        assert {held["field"] for held in row.fields} <= set(labels)
        for held in row.fields:
            assert set(held) == {"field", "agreement", "weight"}
            assert held["agreement"] in labels[held["field"]] | {"missing"}


def test_what_the_run_shows_of_itself_is_kept(partnership: Reviewed) -> None:
    with Session(partnership.engine) as session:
        facts = session.execute(sa.select(store.link_quality.c.facts)).scalar_one()
    names = {(one["dataset"], one["field"]): one for one in facts["completeness"]}
    assert names[("school", "given name")]["filled"] == names[("school", "given name")]["records"] == 165
    assert names[("school", "NHS number")]["filled"] == 0
    assert 0 < names[("school", "postcode")]["filled"] < 165
    assert sum(point["pairs"] for point in facts["weights"]) == len(partnership.judged)
    assert [point["share"] for point in facts["unlinkables"]][-1] == pytest.approx(1.0)
    assert set(facts["caught"]["lists"]) == {"name", "birth and place"}


def test_an_answer_binds_once_and_a_doubt_stays(own: Reviewed) -> None:
    first, second, *_ = own.rows(sampled=True)
    with Session(own.engine) as session, session.begin():
        answers.answer(session, first.id, Answer.DIFFERENT, "steward", NOW)
        answers.answer(session, second.id, Answer.UNSURE, "steward", NOW)
        answers.answer(session, second.id, Answer.SAME, "steward", NOW)
        with pytest.raises(AlreadyAnswered):
            answers.answer(session, first.id, Answer.SAME, "steward", NOW)
        with pytest.raises(NotInQueue):
            answers.answer(session, "0" * 32, Answer.SAME, "steward", NOW)
        decided = session.execute(sa.select(store.link_decision).order_by(store.link_decision.c.kind)).all()
        assert [(row.kind, row.origin, row.role_a) for row in decided] == [
            ("different", "sample", first.role_a), ("same", "sample", second.role_a),
        ]  # fmt: skip
        assert first.id not in {row.id for row in answers.rows_waiting(session, 1000)}


def test_a_second_run_carries_answers_over_with_what_the_engine_said_before_them(own: Reviewed) -> None:
    with Session(own.engine) as session, session.begin():
        for row in own.rows(sampled=True):
            said = Answer.SAME if own.same(row.role_a, row.role_b) else Answer.DIFFERENT
            answers.answer(session, row.id, said, "steward", NOW)
    before = {(row.role_a, row.role_b): row for row in own.rows(sampled=True)}
    again = own.link_and_refresh(sampled=40)
    assert again.carried >= 0.8 * again.sampled
    for row in own.rows(sampled=True):
        if row.answer is not None:
            assert row.linked == before[(row.role_a, row.role_b)].linked
    with Session(own.engine) as session:
        assert answers.counts(session)["waiting"] == again.doubtful + again.sampled - again.carried
        assert quality_known(session)


def test_a_full_run_is_taught_by_what_stewards_answered(own: Reviewed) -> None:
    def given(model_settings: dict[str, Any]) -> dict[str, float]:
        [levels] = [c["comparison_levels"] for c in model_settings["comparisons"] if c["output_column_name"] == "given"]
        return {level["label_for_charts"]: level.get("m_probability", 0.0) for level in levels}

    with Session(own.engine) as session, session.begin():
        before = given(run_store.model(session) or {})
        rows = own.rows(sampled=True)
        odd = [{"field": "given", "agreement": "different", "weight": -5.0}]
        for row in rows[:30]:
            session.execute(sa.update(store.review_pair).where(store.review_pair.c.id == row.id).values(
                answer="same", answered_by="steward", answered_at=NOW, fields=odd, chance=0.1
            ))  # fmt: skip
    own.link_and_refresh(full=True)
    with Session(own.engine) as session:
        after = given(run_store.model(session) or {})
    assert len(rows) >= 30
    assert after["different"] > before["different"] + 0.1
    assert sum(after.values()) == pytest.approx(sum(before.values()))


def test_a_run_over_what_is_new_adds_its_doubts_and_leaves_the_sample(own: Reviewed) -> None:
    sampled, waiting = len(own.rows(sampled=True)), len(own.rows(sampled=False))
    rows, _ = noisy(60, 6)
    fresh = list(noisy(60, 7)[0]["school"].items())[:10]
    own.load("leisure", {f"x{record}": people for record, people in fresh})
    own.load("sport", {f"y{record}": people for record, people in list(rows["school"].items())[:10]})
    own.link_and_refresh(full=False)
    with Session(own.engine) as session:
        runs = session.execute(sa.select(store.link_run.c.mode).order_by(store.link_run.c.ordinal)).scalars().all()
        held = answers.counts(session)
        assert len(answers.sample(session)) == sampled
    assert own.refreshed.sampled == 0
    assert held["waiting"] >= sampled + waiting
    assert runs == ["full", "incremental"]


def quality_known(session: Session) -> bool:
    found = estimates.quality(answers.sample(session), np.random.default_rng(1))
    return found.precision.value is not None and found.recall.value is not None


def test_nobody_sealed_from_another_is_in_the_queue(tmp_path: Path) -> None:
    made = Reviewed(tmp_path / "zone")
    child = {"family_name": "Jones", "date_of_birth": date(2024, 2, 3), "address": "12 High Street"}
    one = Identity(given_name="Ffion", nhs_number="9990000018", **child)  # type: ignore[arg-type]
    other = Identity(given_name="Ffion", nhs_number="9990000026", **child)  # type: ignore[arg-type]
    made.load("a", {"1": {"self": one}})
    made.load("b", {"1": {"self": other}})
    made.truth = {}
    assert made.link_and_refresh().doubtful + made.refreshed.sampled > 0
    with made.zone() as zone:
        zone.add_seals([(nhs_token(KEYS, "9990000018"), nhs_token(KEYS, "9990000026"))])
    assert made.link_and_refresh() == review.Refreshed(0, 0, 0)
    with Session(made.engine) as session:
        assert list(answers.rows_waiting(session, 10)) == []
    made.engine.dispose()
