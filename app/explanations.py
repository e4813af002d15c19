"""Why something is shown or not shown, and whom to ask, in words.

Invariants: every reason has its words (a test holds the table equal to the enum); the words name a check and a
telephone, never the record; reasons that would give away what they protect all read as not found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app import labels
from app.language import N_, Language
from governance.terms import Reason, RelationshipKind, SegmentDecision


@dataclass(frozen=True, slots=True)
class Words:
    """`why` completes "Not shown because …"; `ask` is a whole sentence, with %(desk)s for whom to ring."""

    why: str
    ask: str


YOUR_IG = N_("Ask your information governance lead.")
YOUR_MANAGER = N_("Ask your manager.")
THEIR_DESK = N_("Ask %(desk)s.")
TRY_AGAIN = N_("Try again in a few minutes.")
DUTY_DESK = N_("If you are worried about a child, ring the duty desk.")

REASONS: Final[Mapping[Reason, Words]] = {
    Reason.PERMITTED: Words(N_("it is shown"), ""),
    Reason.LOG_UNAVAILABLE: Words(N_("the log cannot be written now, and nothing is shown unlogged"), TRY_AGAIN),
    Reason.NOT_AUTHENTICATED: Words(N_("nobody is signed in"), N_("Sign in first.")),
    Reason.ASSURANCE_TOO_LOW: Words(
        N_("your sign-in was not strong enough"), N_("Sign in again with your second factor.")
    ),
    Reason.ACCOUNT_SUSPENDED: Words(N_("your account is suspended"), YOUR_MANAGER),
    Reason.NO_ROLE: Words(N_("you no longer hold the role you signed in with"), YOUR_MANAGER),
    Reason.ROLE_NOT_ALLOWED: Words(N_("your role may not open this"), YOUR_IG),
    Reason.TRAINING_LAPSED: Words(
        N_("your information governance training has lapsed"), N_("Renew your training, then try again.")
    ),
    Reason.PURPOSE_MISSING: Words(N_("you have not said why you need it"), N_("State your purpose first.")),
    Reason.PURPOSE_NOT_ALLOWED: Words(
        N_("your role may not use this purpose"), N_("Choose the purpose that fits your work.")
    ),
    Reason.SELF_OR_FAMILY: Words(
        N_("it is your own record, or that of your family or someone close to you"), YOUR_MANAGER
    ),
    Reason.NOT_FOUND: Words(N_("nothing is found that could be shown to you"), DUTY_DESK),
    Reason.OUT_OF_SCOPE: Words(N_("nothing is found that could be shown to you"), DUTY_DESK),
    Reason.ERASED: Words(N_("nothing is found that could be shown to you"), DUTY_DESK),
    Reason.NO_RELATIONSHIP: Words(
        N_("the child is not on your caseload, nor your team’s"),
        N_("Ask the child’s key worker, or ask your manager to add the child to your caseload."),
    ),
    Reason.RELATIONSHIP_ENDED: Words(
        N_("your work with this child has ended"), N_("Ask your manager if you have started again.")
    ),
    Reason.PROVIDER_UNSIGNED: Words(N_("%(source)s has signed no sharing agreement"), THEIR_DESK),
    Reason.NO_AGREEMENT: Words(N_("no agreement covers sharing this with your role for this purpose"), THEIR_DESK),
    Reason.AGREEMENT_NOT_SIGNED: Words(N_("the agreement is not yet signed by both sides"), THEIR_DESK),
    Reason.AGREEMENT_NOT_IN_FORCE: Words(N_("the agreement is not in force"), THEIR_DESK),
    Reason.AGREEMENT_SUSPENDED: Words(N_("the agreement is suspended"), THEIR_DESK),
    Reason.AGREEMENT_EXPIRED: Words(N_("the agreement has expired"), THEIR_DESK),
    Reason.REVIEW_OVERDUE: Words(N_("the agreement’s review is overdue"), THEIR_DESK),
    Reason.NO_GATEWAY: Words(N_("the agreement names no legal power to share this"), THEIR_DESK),
    Reason.HARD_BLOCK: Words(N_("nothing is found that could be shown to you"), DUTY_DESK),
    Reason.UNBORN: Words(N_("nothing is found that could be shown to you"), DUTY_DESK),
    Reason.RESTRICTED: Words(N_("its use is restricted while a dispute is settled"), THEIR_DESK),
    Reason.OBJECTION: Words(N_("the person has objected to sharing it"), THEIR_DESK),
    Reason.CONSENT_UNKNOWN: Words(
        N_("it needs consent, and none is recorded"), N_("Ask the family, and record their answer.")
    ),
    Reason.CONSENT_REFUSED: Words(N_("consent was refused"), THEIR_DESK),
    Reason.CONSENT_WITHDRAWN: Words(N_("consent was withdrawn"), THEIR_DESK),
    Reason.CONSENT_EXPIRED: Words(N_("the consent has run out"), N_("Ask the family again, and record their answer.")),
    Reason.CONSENT_SIGNER_NOT_ENTITLED: Words(
        N_("the consent was given by someone who may not give it"),
        N_("Ask whoever decides for the child now: a parent, or the council under a care order."),
    ),
    Reason.PARENTS_CONFLICT: Words(
        N_("those with parental responsibility disagree about sharing it"),
        N_("Speak with both of them; mediation can help, and a court can decide (Children Act 1989, section 8)."),
    ),
    Reason.MINIMISED: Words(N_("your role does not need it for this purpose"), THEIR_DESK),
    Reason.RATE_LIMITED: Words(N_("you have looked at too many records in a short time"), YOUR_IG),
}


@dataclass(frozen=True, slots=True)
class Desk:
    """Whom to ring: an organisation's duty desk."""

    name: str
    desk: str
    telephone: str | None

    def sentence(self, words: Language) -> str:
        if self.telephone is None:
            return self.desk
        return words.gettext(N_("%(desk)s on %(telephone)s"), desk=self.desk, telephone=self.telephone)


def not_shown(words: Language, reason: Reason, desk: Desk) -> str:
    """Return the sentence that says why a segment is not shown."""
    why = words.gettext(REASONS[reason].why) % {"source": desk.name}
    return words.gettext(N_("Not shown because %(why)s."), why=why)


def ask(words: Language, reason: Reason, desk: Desk) -> str:
    """Return the sentence that says whom to ask."""
    told = REASONS[reason].ask
    return words.gettext(told) % {"desk": desk.sentence(words)} if told else ""


def shown_because(words: Language, decision: SegmentDecision, agreement: str, tie: RelationshipKind | None) -> str:
    """Return the sentence that says by which agreement and relationship a segment is shown."""
    assert decision.flow is not None
    parts = [
        words.gettext(
            N_("Shown because “%(agreement)s” (version %(version)s, flow %(flow)s) allows it"),
            agreement=agreement, version=decision.flow.version, flow=decision.flow.flow,
        )
    ]  # fmt: skip
    if decision.basis is not None:
        basis = words.gettext(labels.BASES[decision.basis]).lower()
        parts.append(words.gettext(N_("legal basis: %(basis)s"), basis=basis))
    if tie is not None:
        parts.append(words.gettext(labels.RELATIONSHIPS[tie]))
    return "; ".join(parts) + "."


def shown_by_override(words: Language, decision: SegmentDecision, source: str) -> str:
    """Return the sentence that says which rules an override put aside for a segment."""
    why = [words.gettext(REASONS[reason].why) % {"source": source} for reason in decision.lifted]
    return words.gettext(N_("Shown under an override, although %(why)s."), why=words.together(why))
