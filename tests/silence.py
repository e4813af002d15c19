"""Children and adults of whom a worker may not even learn that they are here, each for another reason."""

from datetime import date
from typing import Final

from governance import people
from governance.terms import BlockKind, Purpose
from linkage.rows import PersonId
from tests import factories
from tests.factories import World
from tests.stored import Stored

NOBODY: Final = "f" * 32
KINDS: Final = ("nobody", "out of scope", "erased", "hard-blocked", "close to the worker's own")
PURPOSE: Final = Purpose.DIRECT_CARE


def unseen(world: World) -> dict[str, str]:
    """Return person ids by the reason for which nothing is told of them."""
    deployment = world.deployment
    by, at, ring = "test", factories.EARLIER, deployment.ring
    with deployment.database.writing() as session:
        stored = Stored(session)
        for name in ("erased", "adopted", "hidden", "other", "own"):
            stored.person(_id(name), "2023-05" if name not in ("other", "own") else "1990-01", "female")
        people.record_erasure(session, ring, _id("erased"), at, by)
        for name, against in (("adopted", "other"), ("hidden", "own")):
            people.record_block(
                session, ring, at, by, person_id=_id(name), kind=BlockKind.ADOPTION, since=date(2024, 1, 1),
                against_person_id=_id(against),
            )  # fmt: skip
        kind = people.DeclarationKind.FAMILY
        people.declare(session, ring, world.health_visitor, _id("own"), kind, at, by)
    for name in ("erased", "adopted", "hidden", "other"):
        factories.add_to_caseload(deployment, world.health_visitor, _id(name))
    found = (NOBODY, world.mother, _id("erased"), _id("adopted"), _id("hidden"))
    return dict(zip(KINDS, found, strict=True))


def _id(name: str) -> PersonId:
    return PersonId(name.encode().hex().ljust(32, "0"))
