"""What each kind of agreement must be: reciprocal between controllers, one-way, or joint control.

Invariants: every kind has its rules (a test holds the table equal to the enum).
Sources: the WASPI framework (an ISP is regular and reciprocal sharing between controllers, a DDA a one-way disclosure
from one controller to others, a JCA for controllers who jointly determine means and purpose); UK GDPR Articles 26, 28.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from governance.agreements.findings import Severity
from governance.agreements.flows import Agreement, Kind, PartyRole
from governance.agreements.lint_agreement import AgreementRule, Fault, both_languages


def _between_several(agreement: Agreement) -> Iterator[Fault]:
    if len(agreement.organisations) < 2:
        yield ("parties",), Severity.ERROR, "an agreement to share needs two parties"


def _from_one_only(agreement: Agreement) -> Iterator[Fault]:
    first = agreement.flows[0].source
    for place, flow in enumerate(agreement.flows):
        if flow.source != first:
            yield ("flows", place, "from"), Severity.ERROR, "a disclosure agreement goes one way: from one organisation"


def _to_others_only(agreement: Agreement) -> Iterator[Fault]:
    for place, flow in enumerate(agreement.flows):
        for at, recipient in enumerate(flow.to):
            if recipient.organisation == flow.source:
                where = ("flows", place, "to", at, "organisation")
                yield where, Severity.ERROR, "a disclosure agreement goes to others, not back to who discloses"


def _no_joint_control(agreement: Agreement) -> Iterator[Fault]:
    for place, party in enumerate(agreement.parties):
        if party.role is PartyRole.JOINT_CONTROLLER:
            yield (
                ("parties", place, "role"),
                Severity.ERROR,
                "joint controllers need a joint controller agreement (jca)",
            )
    if agreement.joint_control is not None:
        yield ("joint_control",), Severity.ERROR, "an arrangement of joint control belongs in an agreement of kind jca"


def _processors_decide_nothing(agreement: Agreement) -> Iterator[Fault]:
    processors = {party.organisation for party in agreement.parties if party.role is PartyRole.PROCESSOR}
    if agreement.lead in processors:
        yield ("lead",), Severity.ERROR, "a processor cannot lead an agreement of controllers"
    for place, flow in enumerate(agreement.flows):
        if flow.source in processors:
            yield ("flows", place, "from"), Severity.ERROR, "a processor discloses nothing in its own right"


def _jointly_controlled(agreement: Agreement) -> Iterator[Fault]:
    joint = [party for party in agreement.parties if party.role is PartyRole.JOINT_CONTROLLER]
    if len(joint) < 2:
        yield ("parties",), Severity.ERROR, "a joint controller agreement needs two joint controllers"
    for place, party in enumerate(agreement.parties):
        if party.role is PartyRole.CONTROLLER:
            yield ("parties", place, "role"), Severity.ERROR, "a controller on its own is no party to joint control"


def _arranged(agreement: Agreement) -> Iterator[Fault]:
    held = agreement.joint_control
    if held is None:
        yield ("joint_control",), Severity.ERROR, "does not say who answers families and who does what (Article 26)"
        return
    if held.contact_point not in agreement.organisations:
        yield ("joint_control", "contact_point"), Severity.ERROR, "the contact point is not a party"
    yield from both_languages(held.responsibilities, ("joint_control", "responsibilities"))


KIND_RULES: Final[Mapping[Kind, tuple[AgreementRule, ...]]] = {
    Kind.ISP: (_between_several, _no_joint_control, _processors_decide_nothing),
    Kind.DDA: (_between_several, _from_one_only, _to_others_only, _no_joint_control, _processors_decide_nothing),
    Kind.JCA: (_between_several, _jointly_controlled, _arranged, _processors_decide_nothing),
}
