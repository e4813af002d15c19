"""What an agreement must agree with outside itself: the dataset catalogue, and who holds a signing key.

Invariants: what is known outside is a value that the caller gives, since this package knows no linkage and no
database; where nothing is known nothing is found, and the command that checks says so.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from governance.agreements.findings import Severity
from governance.agreements.flows import Agreement
from governance.agreements.lint_agreement import Fault


@dataclass(frozen=True, slots=True)
class Known:
    """`items`: each data item's categories. `holders`: who holds an unrevoked signing key, by organisation."""

    items: Mapping[str, frozenset[str]] | None = None
    holders: Mapping[str, frozenset[str]] | None = None
    forms: frozenset[str] | None = None


NOTHING_KNOWN: Final = Known()

OutsideRule = Callable[[Agreement, Known], Iterator[Fault]]


def _items_in_catalogue(agreement: Agreement, known: Known) -> Iterator[Fault]:
    if known.items is None:
        return
    for place, flow in enumerate(agreement.flows):
        for at, item in enumerate(flow.items):
            where = ("flows", place, "items", at)
            if item not in known.items:
                yield where, Severity.ERROR, "is not in the dataset catalogue"
            elif known.items[item].isdisjoint(map(str, flow.categories)):
                yield where, Severity.ERROR, "belongs to none of the flow's categories"


def _categories_have_items(agreement: Agreement, known: Known) -> Iterator[Fault]:
    if known.items is None:
        return
    for place, flow in enumerate(agreement.flows):
        named = frozenset[str]().union(*(known.items.get(item, frozenset()) for item in flow.items))
        bare = sorted(str(category) for category in flow.categories if flow.items and str(category) not in named)
        if bare:
            yield ("flows", place, "items"), Severity.ERROR, f"lists no item of {bare[0]}, which the flow names"


def _lists_all_that_flows(agreement: Agreement, known: Known) -> Iterator[Fault]:
    """Categories are what is enforced: an item left out of the list flows all the same, and signatories should know."""
    if known.items is None:
        return
    for place, flow in enumerate(agreement.flows):
        carried = {item for item, of in known.items.items() if not of.isdisjoint(map(str, flow.categories))}
        unlisted = sorted(carried - set(flow.items)) if flow.items else []
        if unlisted:
            more = f" and {len(unlisted) - 1} more" if len(unlisted) > 1 else ""
            where = ("flows", place, "items")
            yield (
                where,
                Severity.WARNING,
                f"leaves out {unlisted[0]}{more}, which flow with these categories all the same",
            )


def _forms_exist(agreement: Agreement, known: Known) -> Iterator[Fault]:
    if known.forms is None:
        return
    for place, flow in enumerate(agreement.flows):
        if flow.consent_form is not None and flow.consent_form not in known.forms:
            yield ("flows", place, "consent_form"), Severity.ERROR, "is no consent form that is known here"


def _keys_are_the_designated_persons(agreement: Agreement, known: Known) -> Iterator[Fault]:
    if known.holders is None:
        return
    for place, party in enumerate(agreement.parties):
        holders = known.holders.get(party.organisation, frozenset())
        if holders and party.designated_person not in holders:
            where = ("parties", place, "designated_person")
            yield where, Severity.WARNING, "holds no signing key of this organisation, so could not sign"


OUTSIDE_RULES: Final[tuple[OutsideRule, ...]] = (
    _items_in_catalogue,
    _categories_have_items,
    _lists_all_that_flows,
    _forms_exist,
    _keys_are_the_designated_persons,
)
