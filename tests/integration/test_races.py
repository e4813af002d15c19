"""No read that starts after an acknowledged withdrawal shows what it closed, with eight clients racing."""

from datetime import UTC, date, datetime

from sqlalchemy import update

from app.database import Database
from governance.store import staff_role
from governance.terms import SignerBasis, WishAnswer, WishKind
from governance.wishes.store import record_wish
from tests.integration.partnership import Partnership, build
from tests.races import race


def made(database: Database) -> Partnership:
    partnership = build(database)
    with database.writing() as session:
        session.execute(update(staff_role).values(training_until=date(2099, 1, 1)))
    return partnership


def test_no_read_that_starts_after_a_withdrawal_shows_what_it_closed(database: Database) -> None:
    found = race(made(database), withdrawals=3)
    assert found.wrong == 0
    assert found.shown > 0
    assert found.after > 10


def test_a_race_that_is_lost_is_noticed(sqlite_database: Database) -> None:
    partnership = made(sqlite_database)
    with sqlite_database.writing() as session:
        record_wish(
            session, partnership.ring, datetime.now(UTC), "test", person_id="ada", kind=WishKind.CONSENT,
            answer=WishAnswer.GIVEN, scope=("early_help",), signer="court", signer_basis=SignerBasis.COURT,
        )  # fmt: skip
    # a court's word outlives the mother's: what she withdraws stays open, and the race says so
    assert race(partnership, withdrawals=1, readers=2).wrong > 0
