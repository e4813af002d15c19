"""Kept subtrees: proofs at every depth of a log equal those of the tree itself, and cost a few reads."""

import random
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.orm import Session

from app.database import Database
from governance.ledger import subtrees
from governance.ledger.merkle import RootOver, consistency_path, inclusion_path, leaf_hash, root
from governance.store import audit_entry, audit_sequence, audit_subtree
from tests.integration.test_ledger_on_both_databases import NOW

SIZE = 70_000
"""Past 256², so that three levels are read."""


@pytest.fixture(scope="module")
def leaves() -> list[bytes]:
    return [leaf_hash(str(n).encode()) for n in range(SIZE)]


@pytest.fixture
def filled(sqlite_database: Database, leaves: list[bytes]) -> Session:
    rows = [
        {
            "id": f"{n:032x}",
            "recorded_at": NOW,
            "kind": "search",
            "outcome": "done",
            "body": "",
            "leaf_hash": leaf.hex(),
        }
        for n, leaf in enumerate(leaves)
    ]
    with Session(sqlite_database.engine.execution_options(writing=True)) as session:
        session.execute(insert(audit_entry), rows)
        session.execute(insert(audit_sequence), [{"idx": n, "entry_id": row["id"]} for n, row in enumerate(rows)])
        for size in (300, 66_000, SIZE):
            subtrees.grow(session, size)
        session.commit()
        return session


def memory(leaves: list[bytes]) -> RootOver:
    return lambda start, end: root(leaves[start:end])


def test_what_is_kept_is_every_full_subtree_once(filled: Session, leaves: list[bytes]) -> None:
    kept = {(level, at): held for level, at, held in filled.execute(select(audit_subtree))}
    assert kept.keys() == {*((1, at) for at in range(SIZE // 256)), *((2, at) for at in range(SIZE // 65_536))}
    for level, at in [(1, 0), (1, 17), (1, SIZE // 256 - 1), (2, 0)]:
        width = 256**level
        assert kept[level, at] == root(leaves[at * width : (at + 1) * width]).hex()


def test_proofs_equal_those_of_the_whole_tree_and_cost_few_reads(filled: Session, leaves: list[bytes]) -> None:
    reads: list[str] = []
    event.listen(filled.get_bind(), "before_cursor_execute", lambda *told: reads.append(told[2]))
    chance, kept = random.Random(4), subtrees.root_over(filled)
    for size in (1, 255, 256, 257, 65_536, 65_537, SIZE):
        index = chance.randrange(size)
        whole = memory(leaves)
        assert inclusion_path(index, size, kept) == inclusion_path(index, size, whole)
        assert consistency_path(index + 1, size, kept) == consistency_path(index + 1, size, whole)
    reads.clear()
    inclusion_path(SIZE // 3, SIZE, kept)
    assert len(reads) <= 2 * SIZE.bit_length()


def test_a_hash_that_is_missing_is_said_and_not_guessed(filled: Session, tmp_path: Path) -> None:
    filled.execute(text("DROP TRIGGER audit_subtree_no_delete"))
    filled.execute(text("DELETE FROM audit_subtree WHERE level = 1 AND position = 3"))
    with pytest.raises(subtrees.HashesMissing):
        inclusion_path(0, SIZE, subtrees.root_over(filled))
    filled.rollback()
