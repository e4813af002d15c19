"""What has to be asked or answered again, and by when: pure, from what was recorded.

Invariants: what somebody else said for a child is asked again when the child reaches 13, 16 and 18 and when it changes
who decides for the child; what a child said for themselves at 16 and 18; a consent before it runs out; an objection is
answered within its month. A review says that something is due; it changes nothing by itself (at 18 a parent's word
stops by the rule of whose word counts).
Sources: Gillick v West Norfolk [1986] AC 112; Family Law Reform Act 1969 s.8 (16); UK GDPR Articles 7 and 12(3); the
national data opt-out operational policy (13).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from governance.legal_time import legal_date
from governance.terms import SignerBasis, WishAnswer, WishKind
from governance.wishes.reach import UNANSWERED, answer_due
from governance.wishes.responsibility import ResponsibilityFact, changes
from governance.wishes.wishes import ACTIVE, EVERYTHING, Wish, counts

HORIZON: Final = timedelta(days=90)
"""How far ahead a review is listed."""


class ReviewWhy(StrEnum):
    AGE_13 = "age_13"
    AGE_16 = "age_16"
    AGE_18 = "age_18"
    RESPONSIBILITY_CHANGED = "responsibility_changed"
    RUNS_OUT = "runs_out"
    OBJECTION_TO_ANSWER = "objection_to_answer"


BIRTHDAYS: Final[Mapping[int, ReviewWhy]] = {13: ReviewWhy.AGE_13, 16: ReviewWhy.AGE_16, 18: ReviewWhy.AGE_18}

_FOR_A_CHILD: Final = frozenset({SignerBasis.PARENTAL_RESPONSIBILITY, SignerBasis.CARE_ORDER, None})

ASKED_AT: Final[Mapping[SignerBasis, tuple[int, ...]]] = {
    SignerBasis.PARENTAL_RESPONSIBILITY: (13, 16, 18),
    SignerBasis.CARE_ORDER: (13, 16, 18),
    SignerBasis.COMPETENT_CHILD: (16, 18),
    SignerBasis.ADULT_SELF: (),
    SignerBasis.COURT: (),
}
"""At which birthdays what was said in each right is asked again."""

STANDING: Final = ACTIVE | {WishAnswer.GIVEN}
"""What is asked again; a no is heard until its speaker says otherwise."""


@dataclass(frozen=True, slots=True, order=True)
class Review:
    """One thing due. `scope` is what the wish was about."""

    due: date
    person_id: str
    why: ReviewWhy
    kind: WishKind
    scope: tuple[str, ...]


def reviews(
    wishes: Iterable[Wish],
    person_id: str,
    birth_month: str | None,
    responsibilities: Sequence[ResponsibilityFact],
    at: datetime,
) -> tuple[Review, ...]:
    """Return what is due about one person up to `HORIZON` ahead, the earliest first. `birth_month` is YYYY-MM."""
    limit = legal_date(at) + HORIZON
    mine = [row for row in wishes if row.person_id == person_id and counts(row, at)]
    turned = changes(responsibilities, person_id, at)
    due = {
        Review(day, person_id, why, row.kind, scope)
        for row, scope in standing(mine)
        for day, why in _dates(row, birth_month, turned, limit)
        if day <= limit
    }
    return tuple(sorted(due))


def standing(rows: Iterable[Wish]) -> tuple[tuple[Wish, tuple[str, ...]], ...]:
    """Return what each voice last said and still stands by, with the part of its scope not spoken of since."""
    voices: dict[tuple[str, ...], list[Wish]] = {}
    for row in rows:
        voices.setdefault((row.kind, str(row.signer_basis), row.signer_person_id or row.signer or ""), []).append(row)
    return tuple(found for voice in voices.values() for found in _unspoken(voice))


def _unspoken(voice: Iterable[Wish]) -> list[tuple[Wish, tuple[str, ...]]]:
    settled: set[str] = set()
    found = []
    for row in sorted(voice, key=lambda r: (r.valid_from, r.recorded_at, r.ordinal), reverse=True):
        left = tuple(name for name in row.scope if name not in settled and EVERYTHING not in settled)
        settled |= set(row.scope)
        if left and row.answer in STANDING:
            found.append((row, left))
    return found


def _dates(row: Wish, birth_month: str | None, turned: Sequence[date], limit: date) -> list[tuple[date, ReviewWhy]]:
    said = legal_date(row.valid_from)
    found = [*_birthday(row, said, birth_month, limit)]
    if row.signer_basis in _FOR_A_CHILD and (after := [day for day in turned if day > said]):
        found.append((after[-1], ReviewWhy.RESPONSIBILITY_CHANGED))
    if row.kind is WishKind.CONSENT and row.expires is not None:
        found.append((row.expires, ReviewWhy.RUNS_OUT))
    if row.kind is WishKind.OBJECTION and row.answer in UNANSWERED:
        found.append((answer_due(said), ReviewWhy.OBJECTION_TO_ANSWER))
    return found


def _birthday(row: Wish, said: date, birth_month: str | None, limit: date) -> list[tuple[date, ReviewWhy]]:
    """The newest birthday reached since, or else the next one: being asked at 16 leaves nothing to ask about 13."""
    if birth_month is None:
        return []
    year, month = int(birth_month[:4]), int(birth_month[5:7])
    ages = ASKED_AT[row.signer_basis or SignerBasis.PARENTAL_RESPONSIBILITY]
    days = [(date(year + age, month, 1), BIRTHDAYS[age]) for age in ages]
    return [found for found in days if said < found[0] <= limit][-1:]
