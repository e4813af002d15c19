"""A list never holds an adopted child and the child they were: whoever works with the one is not shown the other."""

from datetime import UTC, datetime

from app.gate import Gate
from governance import people
from governance.terms import Role
from tests.county import County


def test_one_search_never_lists_both_lives(county: County) -> None:
    at, deployment = datetime.now(UTC), county.deployment
    old, new = county.people["F02-old"], county.people["F02-new"]
    with deployment.database.reading() as session:
        held = people.staff_named(session, "hv.morgan")
        assert held is not None
        actor = people.actor_for(session, held, Role.HEALTH_VISITOR, at.date())
    gate = Gate(deployment.database, deployment.ring)
    for hits in ([old, new], [new, old]):
        assert gate.search(actor, at, "r", hits).hits == (hits[0],), "the better match, and only it"
    assert gate.search(actor, at, "r", [old]).hits == (old,)
