"""Which flows speak to a worker, purpose and child at all, live or lapsed.

Invariants: an offer depends on agreements alone, never on whether data exist; a superseded version offers nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from governance.agreements.flows import Flow, Identifiability, Standing
from governance.policy.checks import expecting
from governance.policy.request import Facts, Request
from governance.terms import Action, AgreementStatus, Category, SubjectRole

OFFERING: Final = frozenset(
    {AgreementStatus.SIGNED, AgreementStatus.IN_FORCE, AgreementStatus.SUSPENDED, AgreementStatus.EXPIRED}
)
"""Standings under which a flow is known to those it names, so that its lapse is told whether or not data exist."""

COUNTED: Final = frozenset({Identifiability.PSEUDONYMISED, Identifiability.AGGREGATE})
_READ: Final = frozenset({Identifiability.IDENTIFIABLE})


@dataclass(frozen=True, slots=True)
class Offer:
    """A flow that names this worker, purpose and agreement population, live or not."""

    standing: Standing
    flow: Flow


Offers = Mapping[tuple[str, Category, SubjectRole], Sequence[Offer]]


def offers_for(request: Request, facts: Facts) -> Offers:
    """Return the flows that name this worker and purpose, by source, category and subject."""
    offers: dict[tuple[str, Category, SubjectRole], list[Offer]] = {}
    for standing in facts.standings:
        if standing.status is AgreementStatus.SUPERSEDED or not _populated(request, facts, standing):
            continue
        for flow in standing.agreement.flows:
            if _names(flow, request, facts):
                for category in flow.categories:
                    for subject in flow.subjects:
                        offers.setdefault((flow.source, category, subject), []).append(Offer(standing, flow))
    return offers


def _names(flow: Flow, request: Request, facts: Facts) -> bool:
    actor = facts.actor
    wanted = COUNTED if request.action is Action.RUN_COHORT else _READ
    named = actor is not None and flow.receives(actor.organisation, actor.role, actor.team)
    return named and request.purpose in flow.purposes and flow.identifiability in wanted


def _populated(request: Request, facts: Facts, standing: Standing) -> bool:
    if request.action is Action.RUN_COHORT:
        return facts.project is not None and facts.project.agreement == standing.agreement.code
    if not facts.members:
        return False
    youngest, oldest = standing.agreement.ages
    index = facts.members[0]
    age = 0 if index.unborn or expecting(facts) else index.age
    return age is None or youngest <= age <= oldest
