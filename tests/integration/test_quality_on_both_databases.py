"""What the queue and the report read and write is the same on SQLite and on PostgreSQL."""

import secrets

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.database import Database
from linkage import store
from linkage.persons.decisions import DecisionRefused
from linkage.quality import answers, quality_report
from linkage.quality.answers import Answer
from linkage.quality.joins import LoadJoins
from linkage.quality.quality_report import NothingLinked
from linkage.quality.teaching import BELIEVED
from tests.factories import EARLIER, NOW, RUN

LOADS = ("a" * 32, "b" * 32)
SETTINGS = {
    "probability_two_random_records_match": 0.001,
    "comparisons": [
        {"output_column_name": "given", "comparison_levels": [
            {"sql_condition": "x", "label_for_charts": "missing", "is_null_level": True},
            {"sql_condition": "x", "label_for_charts": "same", "m_probability": 0.9, "u_probability": 0.01},
            {"sql_condition": "ELSE", "label_for_charts": "different", "m_probability": 0.1, "u_probability": 0.99},
        ]},
    ],
}  # fmt: skip
FACTS = {
    "join": -2.0, "strata": [], "weights": [], "unlinkables": [{"match_weight": -3.0, "share": 0.2}],
    "completeness": [{"dataset": "a", "field": "sex", "records": 10, "filled": 9}],
    "caught": {"lists": {"name": 80, "birth and place": 70}, "times": {"0": 5, "1": 40, "2": 55}},
}  # fmt: skip


def fill(session: Session, pairs: int) -> list[str]:
    """Two data sets of one provider, the same persons in both, one sampled pair of records for each; the pairs' ids."""
    for at, (name, load) in enumerate(zip("ab", LOADS, strict=True), start=1):
        session.execute(insert(store.dataset).values(
            name=name, provider="ZMC", spec_hash="0" * 64, spec={}, one_row_per_person=False, registered_at=EARLIER
        ))  # fmt: skip
        session.execute(insert(store.load).values(
            id=load, dataset=name, kind="delta", file_digest="0" * 64, scope_digest="0" * 64, physical=pairs,
            accepted=pairs, rejected=0, duplicates=0, ended=0, not_covered={}, started_at=EARLIER, completed_at=EARLIER,
            ordinal=at,
        ))  # fmt: skip
    session.execute(insert(store.link_run).values(
        id=RUN, engine="duckdb", started_at=EARLIER, completed_at=EARLIER, threshold=-2.0, counts={"persons": pairs},
        ordinal=1, mode="full", model_version=1,
    ))  # fmt: skip
    session.execute(insert(store.link_model).values(
        version=1, trained_at=EARLIER, digest="0" * 64, settings=SETTINGS, facts={"profiles": 2 * pairs}
    ))  # fmt: skip
    session.execute(insert(store.link_quality).values(run_id=RUN, recorded_at=EARLIER, facts=FACTS))
    return [_pair(session, at) for at in range(pairs)]


def _pair(session: Session, at: int) -> str:
    person, roles = secrets.token_hex(16), [secrets.token_hex(16) for _ in LOADS]
    session.execute(insert(store.person).values(id=person, unborn=False, created_run=RUN))
    for name, load, role in zip("ab", LOADS, roles, strict=True):
        record = secrets.token_hex(16)
        session.execute(insert(store.source_record).values(id=record, dataset=name, load_id=load, row_number=at + 1))
        session.execute(insert(store.record_role).values(
            id=role, record_id=record, role="self", provider="ZMC", unborn=False, current=True, person_id=person
        ))  # fmt: skip
    pair_id = secrets.token_hex(16)
    session.execute(insert(store.review_pair).values(
        id=pair_id, run_id=RUN, role_a=roles[0], role_b=roles[1], stratum="linked:from +12", reason="sample",
        match_weight=20.0 + at, linked=True, chance=0.1, priority=0.0,
        fields=[{"field": "given", "agreement": "same" if at % 2 else "different", "weight": 1.0}],
    ))  # fmt: skip
    return pair_id


def test_answers_are_estimates_decisions_and_lessons(database: Database) -> None:
    with database.writing() as session:
        ids = fill(session, 60)
    with database.writing() as session:
        for at, pair_id in enumerate(ids):
            said = Answer.UNSURE if at == 0 else Answer.DIFFERENT if at == 1 else Answer.SAME
            answers.answer(session, pair_id, said, "steward", NOW)
    with database.reading() as session:
        found = quality_report.report(session)
        taught = answers.taught(session, SETTINGS)
        waiting = [row.id for row in answers.rows_waiting(session, 10)]
        weighed = answers.weighed(session)
        decided = session.execute(select(store.link_decision)).all()
    assert waiting == [ids[0]]
    assert found["review"] == {"waiting": 0, "same": 58, "different": 1, "unsure": 1}
    assert found["estimated"]["precision"]["value"] == pytest.approx(58 / 59)
    assert found["estimated"]["precision"]["low"] < 58 / 59 <= found["estimated"]["precision"]["high"]
    assert 0.8 < found["estimated"]["blocking_completeness"]["value"] < 1
    assert found["unlinkable"] == 0.2
    assert found["completeness"] == {"a": {"sex": 0.9}}
    assert found["dataset_pairs"] == [
        {"a": "a", "b": "b", "persons_a": 60, "persons_b": 60, "both": 60, "of_a": 1.0, "of_b": 1.0}
    ]
    assert [LoadJoins(**one) for one in found["loads"]] == [
        LoadJoins(LOADS[0], "a", 60, 0, 0, {"b": 60}), LoadJoins(LOADS[1], "b", 60, 0, 0, {"a": 60}),
    ]  # fmt: skip
    assert len(decided) == 59
    assert len(weighed) == 59
    assert {stands for *_, stands in weighed} == {10.0}
    [comparison] = taught["comparisons"]
    trust = 58 / (58 + BELIEVED)
    assert comparison["comparison_levels"][1]["m_probability"] == pytest.approx(
        0.9 * (1 - trust) + trust * 0.5, abs=0.02
    )


def test_nothing_linked_is_told(database: Database) -> None:
    with database.reading() as session, pytest.raises(NothingLinked):
        quality_report.report(session)


def test_a_refused_decision_leaves_the_pair_open(database: Database) -> None:
    with database.writing() as session:
        [pair_id] = fill(session, 1)
        row = session.execute(select(store.review_pair)).one()
        again = {column.name: getattr(row, column.name) for column in store.review_pair.c} | {"id": "c" * 32}
        session.execute(insert(store.review_pair).values(**again))
    with database.writing() as session:
        answers.answer(session, pair_id, Answer.SAME, "steward", NOW)
    with pytest.raises(DecisionRefused), database.writing() as session:
        answers.answer(session, "c" * 32, Answer.DIFFERENT, "steward", NOW)
    with database.reading() as session:
        assert [row.id for row in answers.rows_waiting(session, 10)] == ["c" * 32]
