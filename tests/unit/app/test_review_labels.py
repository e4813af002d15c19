"""Every field that the model compares has a name that a steward can read."""

from app.views.reviews import FIELDS
from linkage.matching.model_levels import BY_NAME


def test_every_compared_field_is_named() -> None:
    assert set(FIELDS) == set(BY_NAME)
