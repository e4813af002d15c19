"""The words for wishes, signed forms, responsibility, reviews and receipts.

Invariant: every table is equal to its enum (a test holds it); codes are shown in words, in both languages.
"""

from collections.abc import Mapping
from typing import Final

from app.language import N_
from governance.terms import (
    Evidence,
    FormFault,
    FormKind,
    Ground,
    ResponsibilityEvidence,
    ResponsibilityKind,
    SigningPlace,
)
from governance.wishes.receipts import Effect
from governance.wishes.reviews import ReviewWhy

FORM_KINDS: Final[Mapping[FormKind, str]] = {
    FormKind.CONSENT: N_("Consent form"),
    FormKind.WITHDRAWAL: N_("Withdrawal form"),
    FormKind.REFUSAL: N_("Refusal form"),
    FormKind.OBJECTION: N_("Objection form"),
}

FAULTS: Final[Mapping[FormFault, str]] = {
    FormFault.NOT_SIGNED: N_("It was not signed"),
    FormFault.NOT_LEGIBLE: N_("It cannot be read"),
    FormFault.OUT_OF_DATE_FORM: N_("It was an out-of-date form"),
    FormFault.SIGNER_NOT_ENTITLED: N_("Who signed may not decide"),
    FormFault.NOT_EXPLAINED: N_("It was not explained"),
    FormFault.WRONG_PERSON: N_("It is another person’s"),
}

EVIDENCES: Final[Mapping[Evidence, str]] = {
    Evidence.PAPER: N_("On paper"),
    Evidence.VERBAL: N_("By word of mouth"),
    Evidence.ELECTRONIC: N_("Electronically"),
}

PLACES: Final[Mapping[SigningPlace, str]] = {
    SigningPlace.HOME: N_("At home"),
    SigningPlace.CLINIC: N_("At a clinic"),
    SigningPlace.SCHOOL: N_("At school or nursery"),
    SigningPlace.HUB: N_("At a family hub"),
    SigningPlace.OFFICE: N_("At an office"),
    SigningPlace.TELEPHONE: N_("On the telephone"),
    SigningPlace.ONLINE: N_("Online"),
}

GROUNDS: Final[Mapping[Ground, str]] = {
    Ground.SAFETY: N_("Somebody’s safety"),
    Ground.NOT_NEEDED: N_("It is not needed"),
    Ground.TOO_MUCH: N_("It is too much"),
    Ground.KNOWS_THE_WORKER: N_("They know the worker"),
    Ground.INACCURATE: N_("It is not accurate"),
    Ground.OTHER_SITUATION: N_("Something else about their situation"),
    Ground.CHILD_SAFETY: N_("A child’s safety"),
    Ground.LEGAL_DUTY: N_("A duty in law"),
    Ground.LEGAL_CLAIMS: N_("Legal claims"),
    Ground.VITAL_INTERESTS: N_("Somebody’s life or health"),
    Ground.PERSON_SPEAKS_OTHERWISE: N_("The person themselves says otherwise"),
}

RESPONSIBILITIES: Final[Mapping[ResponsibilityKind, str]] = {
    ResponsibilityKind.PARENTAL_RESPONSIBILITY: N_("Parental responsibility"),
    ResponsibilityKind.SPECIAL_GUARDIAN: N_("Special guardian"),
    ResponsibilityKind.CARE_ORDER: N_("Care order: the council decides"),
    ResponsibilityKind.COURT: N_("A court decides"),
    ResponsibilityKind.ACCOMMODATED: N_("Looked after by agreement: parents decide"),
}

RESPONSIBILITY_EVIDENCES: Final[Mapping[ResponsibilityEvidence, str]] = {
    ResponsibilityEvidence.BIRTH_CERTIFICATE: N_("Birth certificate"),
    ResponsibilityEvidence.RESPONSIBILITY_AGREEMENT: N_("Parental responsibility agreement"),
    ResponsibilityEvidence.ORDER_OF_COURT: N_("Order of a court"),
    ResponsibilityEvidence.ADOPTION_CERTIFICATE: N_("Adoption certificate"),
    ResponsibilityEvidence.SOCIAL_CARE_RECORD: N_("Social care record"),
    ResponsibilityEvidence.STATED: N_("Stated, not seen"),
}

REVIEWS: Final[Mapping[ReviewWhy, str]] = {
    ReviewWhy.AGE_13: N_("Ask again: the child turns 13"),
    ReviewWhy.AGE_16: N_("Ask again: the young person turns 16"),
    ReviewWhy.AGE_18: N_("Ask the person themselves: they turn 18, and nobody else’s word counts any more"),
    ReviewWhy.RESPONSIBILITY_CHANGED: N_("Ask again: who decides for the child has changed"),
    ReviewWhy.RUNS_OUT: N_("Ask again: the consent runs out"),
    ReviewWhy.OBJECTION_TO_ANSWER: N_("Answer the objection"),
}

EFFECTS: Final[Mapping[Effect, str]] = {
    Effect.SHARED: N_("Is shared because you agreed"),
    Effect.STOPS: N_("Stops"),
    Effect.GOES_ON: N_("Goes on"),
}
