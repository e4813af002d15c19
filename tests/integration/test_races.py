"""No read that starts after an acknowledged withdrawal shows what it closed, with eight clients racing."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import update

from app.database import Database
from governance import people
from governance.store import staff_role
from governance.terms import BlockKind, Reason, SignerBasis, WishAnswer, WishKind
from governance.wishes.store import record_wish
from tests.integration.partnership import LATER, NOW, Partnership, build, shown
from tests.races import race

ROUNDS = 12
"""How often at most: how many reads begin while a withdrawal stands is up to the machine."""


def made(database: Database) -> Partnership:
    partnership = build(database)
    with database.writing() as session:
        session.execute(update(staff_role).values(training_until=date(2099, 1, 1)))
    return partnership


def test_no_read_that_starts_after_a_withdrawal_shows_what_it_closed(database: Database) -> None:
    partnership, shown, after = made(database), 0, 0
    for _ in range(ROUNDS):
        found = race(partnership, withdrawals=3)
        assert found.wrong == 0
        shown, after = shown + found.shown, after + found.after
        if after > 10 and shown > 0:
            break
    assert shown > 0
    assert after > 10


def test_a_race_that_is_lost_is_noticed(sqlite_database: Database) -> None:
    partnership = made(sqlite_database)
    with sqlite_database.writing() as session:
        record_wish(
            session, partnership.ring, datetime.now(UTC), "test", person_id="ada", kind=WishKind.CONSENT,
            answer=WishAnswer.GIVEN, scope=("early_help",), signer="court", signer_basis=SignerBasis.COURT,
        )  # fmt: skip
    # a court's word outlives the mother's: what she withdraws stays open, and the race says so
    assert race(partnership, withdrawals=1, readers=2).wrong > 0


def test_a_word_against_sharing_counts_though_its_writers_clock_was_ahead(sqlite_database: Database) -> None:
    partnership = build(sqlite_database)
    pr, ahead = SignerBasis.PARENTAL_RESPONSIBILITY, LATER + timedelta(minutes=3)
    for answer, at in ((WishAnswer.GIVEN, NOW), (WishAnswer.WITHDRAWN, ahead)):
        with sqlite_database.writing() as session:
            record_wish(
                session, partnership.ring, at, "test", person_id="ada", kind=WishKind.CONSENT, answer=answer,
                signer="mother", signer_basis=pr,
            )  # fmt: skip
    read = partnership.read("charity", at=LATER)
    assert (read.family, read.decision.reason) == (None, Reason.CONSENT_WITHDRAWN)


def test_one_that_is_to_count_from_a_later_day_waits_for_it(sqlite_database: Database) -> None:
    partnership = build(sqlite_database)
    pr, later = SignerBasis.PARENTAL_RESPONSIBILITY, NOW + timedelta(days=3)
    for answer, valid_from in ((WishAnswer.GIVEN, NOW), (WishAnswer.WITHDRAWN, later)):
        with sqlite_database.writing() as session:
            record_wish(
                session, partnership.ring, NOW, "test", person_id="ada", kind=WishKind.CONSENT, answer=answer,
                signer="mother", signer_basis=pr, valid_from=valid_from,
            )  # fmt: skip
    assert partnership.read("charity", at=LATER).family is not None
    assert partnership.read("charity", at=later).family is None


def test_a_firewall_counts_though_its_writers_clock_was_ahead(sqlite_database: Database) -> None:
    partnership = build(sqlite_database)
    with sqlite_database.writing() as session:
        people.record_block(
            session, partnership.ring, LATER + timedelta(minutes=3), "test", person_id="ada", kind=BlockKind.REFUGE,
            since=NOW.date(), against_person_id="tom",
        )  # fmt: skip
    assert "tom" not in {member for member, _, _ in shown(partnership.read("hv", at=LATER))}
