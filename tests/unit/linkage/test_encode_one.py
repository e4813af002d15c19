"""One identity alone gives what whole columns give, bit for bit."""

from typing import Any

from hypothesis import given, settings

from linkage.encoding.encode import encode, rekey
from linkage.encoding.encode_one import OneEncoder
from tests.unit.linkage.linkage_keys import TestKeys, role
from tests.unit.linkage.test_encode_plainly import CODES, NAMES, PLACES, identities

KEYS = TestKeys()
ONE = OneEncoder(KEYS)


@given(identities)
@settings(deadline=None, max_examples=150)
def test_one_identity_equals_the_columns(held: dict[str, Any]) -> None:
    asked = role(7, **held)
    [wanted] = rekey(encode([asked], KEYS), KEYS).to_pylist()
    assert ONE.encode(asked) == wanted


def test_every_awkward_name_and_place_equals_the_columns() -> None:
    roles = [
        role(at, given_name=name, family_name=NAMES[-at], address=PLACES[at % len(PLACES)], postcode=CODES[at % 8])
        for at, name in enumerate(NAMES)
    ]
    assert [ONE.encode(one) for one in roles] == rekey(encode(roles, KEYS), KEYS).to_pylist()
