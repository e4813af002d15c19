"""What an agreement is checked against outside itself: the data items that a flow may name, the consent forms known.

Invariants: every item names the categories it belongs to; events are called by their type, involvements
`involvement.SERVICE`, ties `tie.RELATION`, what identifies a person by its field. Governance is handed this as a
value, since it knows no linkage.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from governance.agreements.lint import Known
from governance.agreements.signing import holders
from governance.terms import Category, FormKind
from governance.wishes import forms
from linkage.catalogue import catalogue
from linkage.intake.spec import builtin_specs, load_spec
from linkage.rows import Relation

IDENTITY: Final = ("name", "former_name", "date_of_birth", "sex", "nhs_number", "upn")
ADDRESS: Final = ("address", "postcode", "uprn", "telephone", "email")


@cache
def data_items() -> Mapping[str, frozenset[str]]:
    """Return each item's categories. It holds no data about anyone, so it may be kept."""
    items: dict[str, set[str]] = {}
    for name, event in catalogue().event_types.items():
        items.setdefault(name, set()).add(event.category)
        items.setdefault(f"involvement.{event.service}", set()).add(event.category)
    for path in builtin_specs().values():
        for involvement in load_spec(path).involvements:
            items.setdefault(f"involvement.{involvement.service}", set()).add(str(involvement.category))
    for relation in Relation:
        items.setdefault(f"tie.{relation}", set()).add(str(Category.FAMILY))
    for category, names in ((Category.IDENTITY, IDENTITY), (Category.ADDRESS, ADDRESS)):
        for name in names:
            items.setdefault(name, set()).add(str(category))
    return MappingProxyType({item: frozenset(categories) for item, categories in items.items()})


def known(session: Session | None = None) -> Known:
    """Return what an agreement is checked against: with a session, also who holds a signing key."""
    consents = (form for form in forms.shipped().held.values() if form.kind is FormKind.CONSENT)
    return Known(
        items=data_items(),
        holders=None if session is None else holders(session),
        forms=frozenset(f"{form.code}/{form.version}" for form in consents),
    )
