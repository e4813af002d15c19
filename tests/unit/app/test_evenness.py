"""What must look like nothing found is answered at whole steps since it was asked, whatever it took."""

import pytest

from app.database import Database
from app.evenness import MOST_DOUBLINGS, NO_TIME, REMEMBERED, Evenness
from app.gate import Gate
from governance.terms import Purpose
from tests.integration.partnership import LATER, build


class Watch:
    """A clock that stands still but while somebody sleeps."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def every(self, step: float) -> Evenness:
        return Evenness(step, lambda: self.now, self.sleep)


@pytest.mark.parametrize(("took", "answered"), [(0.0, 0.1), (0.03, 0.1), (0.0999, 0.1), (0.101, 0.2), (0.35, 0.4)])
def test_the_answer_waits_for_the_next_whole_step(took: float, answered: float) -> None:
    watch = Watch()
    watch.every(0.1).wait(100.0 - took)
    assert watch.now - (100.0 - took) == pytest.approx(answered)


def test_work_that_outlasts_a_step_makes_it_longer_for_everybody_for_an_hour() -> None:
    watch = Watch()
    even = watch.every(0.1)
    for took in (0.35, 0.01, 0.2):
        even.wait(watch.now - took)
    assert watch.slept == pytest.approx([0.05, 0.39, 0.2])
    even.wait(watch.now - 9.0)
    assert even.overrun.doublings == MOST_DOUBLINGS
    watch.now += REMEMBERED + 10
    even.wait(watch.now - 0.01)
    assert watch.slept[-1] == pytest.approx(0.09)


@pytest.mark.parametrize("took", [0.0, 0.1, 1e-12, 12345.678])
def test_nobody_ever_sleeps_for_less_than_nothing(took: float) -> None:
    watch = Watch()
    for step in (NO_TIME, 0.1):
        watch.every(step).wait(100.0 - took)
    assert min(watch.slept) >= 0


def test_only_what_must_look_like_nothing_found_waits(sqlite_database: Database) -> None:
    partnership, watch = build(sqlite_database), Watch()
    partnership.relate("sw", "tom")
    gate = Gate(sqlite_database, partnership.ring, evenness=watch.every(0.1))
    with sqlite_database.reading() as session:
        nurse, social, adult = (partnership.actor(session, who) for who in ("hv", "sw", "adult"))
    gate.read_family(nurse, "ada", Purpose.DIRECT_CARE, LATER, "r")
    gate.read_family(nurse, "ben", Purpose.DIRECT_CARE, LATER, "r")
    assert watch.slept == []
    for actor, index in ((nurse, "nobody"), (social, "tom"), (adult, "ada")):
        gate.read_family(actor, index, Purpose.SAFEGUARDING, LATER, "r")
    assert watch.slept == pytest.approx([0.1, 0.1, 0.1])
