"""When the log cannot be written, nothing is shown, nobody gets in, and the answer says so, naming nobody."""

from collections.abc import Callable
from io import StringIO

import pytest
from sqlalchemy import func, select, text

from governance.store import audit_entry, session, stated_purpose
from tests.factories import World
from tests.journeys.visitor import Visitor

DOWN = {
    "full": "CREATE TRIGGER deny BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'full'); END",
    "gone": "ALTER TABLE audit_entry RENAME TO elsewhere",
}


def bring_down(world: World, how: str) -> None:
    with world.deployment.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql(DOWN[how])
        connection.commit()


def counted(world: World) -> tuple[int, int]:
    with world.deployment.database.reading() as reading:
        rows = [reading.scalar(select(func.count()).select_from(table)) for table in (session, stated_purpose)]
    return int(rows[0] or 0), int(rows[1] or 0)


@pytest.mark.parametrize("how", list(DOWN))
def test_reading_stating_a_purpose_searching_and_signing_in_answer_503_and_change_nothing(
    visit: Callable[[], Visitor], worker: Visitor, world: World, logs: StringIO, how: str
) -> None:
    assert "Gwenllian" in worker.open_family(world.child).text
    before = counted(world)
    bring_down(world, how)
    answers = [
        worker.get(f"/families/{world.child}"),
        worker.open_family(world.child, "safeguarding"),
        worker.post("/search", number="9990000018"),
        visit().client.post("/sign-in", data={"account": "hv.vale|health_visitor"}, follow_redirects=False),
        visit().client.post("/v1/sessions", json={"username": "hv.vale", "role": "health_visitor"}),
    ]
    assert [answer.status_code for answer in answers] == [503] * 5
    for answer in answers:
        assert "Gwenllian" not in answer.text
        assert "set-cookie" not in answer.headers
        assert "token" not in answer.json() if "json" in answer.headers["content-type"] else True
    assert counted(world) == before
    assert "log unavailable" in logs.getvalue()
    assert world.child not in logs.getvalue()


def test_the_log_coming_back_lets_people_in_again(visit: Callable[[], Visitor], worker: Visitor, world: World) -> None:
    bring_down(world, "full")
    assert worker.open_family(world.child).status_code == 503
    with world.deployment.database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER deny"))
    assert "Gwenllian" in worker.open_family(world.child).text
    with world.deployment.database.reading() as reading:
        assert reading.scalar(select(func.count()).select_from(audit_entry))
