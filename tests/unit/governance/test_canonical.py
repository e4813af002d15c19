"""The canonical form of facts: every field of text is known to name persons or not, and what is read back is equal."""

from dataclasses import fields, is_dataclass, replace
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from governance.agreements.flows import Standing
from governance.policy.canonical import NAMELESS, PERSONS, FactsUnreadable, facts_document, facts_from
from governance.policy.policy import decide
from governance.policy.request import Facts
from tests.properties.worlds import world

SEEDS = range(300)


def _texts(kind: Any, name: str, seen: set[type]) -> set[str]:
    """The names of the fields of text reachable from here."""
    if kind is str:
        return {name}
    if get_origin(kind) is not None:
        return set().union(*(_texts(inner, name, seen) for inner in get_args(kind) if inner is not NoneType))
    if not is_dataclass(kind) or kind in seen or kind is Standing or not isinstance(kind, type):
        return set()
    seen.add(kind)
    hints = get_type_hints(kind)
    return set().union(*(_texts(hints[field.name], field.name, seen) for field in fields(kind)))


def test_every_field_of_text_is_known_to_name_persons_or_not() -> None:
    texts = _texts(Facts, "facts", set())
    assert texts >= PERSONS
    assert texts <= PERSONS | NAMELESS
    assert not PERSONS & NAMELESS


def _agreements(facts: Facts) -> dict[str, Any]:
    return {standing.agreement.hash: standing.agreement for standing in facts.standings}


def _backwards(person: str) -> str:
    return f"~{person[::-1]}"


def test_what_is_read_back_is_equal() -> None:
    for _, facts in map(world, SEEDS):
        assert facts_from(facts_document(facts), _agreements(facts)) == facts


def test_under_other_names_the_same_is_decided() -> None:
    for request, facts in map(world, SEEDS):
        other = decide(request, facts_from(facts_document(facts, _backwards), _agreements(facts)))
        ours = decide(request, facts)
        assert (other.outcome, other.failed, other.relationship) == (ours.outcome, ours.failed, ours.relationship)
        renamed = {replace(s, segment=replace(s.segment, member=_backwards(s.segment.member))) for s in ours.segments}
        assert set(other.segments) == renamed


@pytest.mark.parametrize(
    "edit",
    [{"actor": 3}, {"members": [{"person_id": "a"}]}, {"strange": 1}, {"log_available": "no"}, {"held": [{}]}],
)
def test_a_form_this_engine_does_not_know_is_refused(edit: dict[str, Any]) -> None:
    _, facts = world(1)
    with pytest.raises(FactsUnreadable):
        facts_from(facts_document(facts) | edit, _agreements(facts))


def test_an_agreement_no_longer_held_is_refused() -> None:
    _, facts = world(1)
    with pytest.raises(FactsUnreadable, match="no longer held"):
        facts_from(facts_document(facts), {})
