"""The words of requests to know who looked are exactly their sets."""

from app.views.access_requests import ACTS, EVIDENCE, FINDINGS, RIGHTS, STEPS, WEIGHTS_SAID
from governance.reports.asking import Evidence, Finding, Right, Step, Weight


def test_the_tables_are_their_enums() -> None:
    assert set(RIGHTS) == set(Right)
    assert set(EVIDENCE) == set(Evidence)
    assert set(FINDINGS) == set(Finding)
    assert set(WEIGHTS_SAID) == set(Weight)
    assert set(STEPS) == set(Step)
    assert set(ACTS) == set(Step) - {Step.RECEIVED, Step.PROPOSED, Step.RELEASED}
