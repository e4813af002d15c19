"""Why a sign-in is refused: a closed set of codes.

Invariant: a refusal carries its code alone; what the provider or the browser sent is in none of them.
"""

from enum import StrEnum


class SignInRefusal(StrEnum):
    STATE_UNKNOWN = "state_unknown"
    STATE_USED = "state_used"
    PROVIDER_DECLINED = "provider_declined"
    PROVIDER_UNREACHABLE = "provider_unreachable"
    PROVIDER_UNREADABLE = "provider_unreadable"
    ISSUER_WRONG = "issuer_wrong"
    CODE_REFUSED = "code_refused"
    TOKEN_UNREADABLE = "token_unreadable"  # noqa: S105 - a code, not a secret
    ALGORITHM_REFUSED = "algorithm_refused"
    KEY_UNKNOWN = "key_unknown"
    SIGNATURE_WRONG = "signature_wrong"
    AUDIENCE_WRONG = "audience_wrong"
    NONCE_WRONG = "nonce_wrong"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    TOKEN_TOO_NEW = "token_too_new"  # noqa: S105
    HASH_WRONG = "hash_wrong"
    CLAIM_MISSING = "claim_missing"
    USERINFO_OTHER = "userinfo_other"
    NOT_FRESH = "not_fresh"
    TOO_WEAK = "too_weak"
    OTHER_PERSON = "other_person"
    SUBJECT_UNKNOWN = "subject_unknown"
    LINKED_OTHERWISE = "linked_otherwise"
    ORGANISATION_UNKNOWN = "organisation_unknown"
    SUSPENDED = "suspended"
    NO_ROLE = "no_role"


NO_ACCOUNT = frozenset(
    {
        SignInRefusal.SUBJECT_UNKNOWN,
        SignInRefusal.LINKED_OTHERWISE,
        SignInRefusal.ORGANISATION_UNKNOWN,
        SignInRefusal.SUSPENDED,
        SignInRefusal.NO_ROLE,
    }
)
"""The provider knows this person, the service has nothing for them to use."""


class SignInRefused(Exception):
    """Raised where a sign-in ends; `staff_id` where it is known whose it was."""

    def __init__(self, why: SignInRefusal, staff_id: str | None = None, digest: str | None = None) -> None:
        super().__init__(str(why))
        self.why, self.staff_id, self.digest = why, staff_id, digest
