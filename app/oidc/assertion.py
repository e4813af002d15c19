"""From a provider's claims to one model of who signed in, whatever the provider calls things.

Invariants: pure; a claim of the wrong kind counts as absent; an e-mail address counts only when it is said to be
verified; an authentication of which the provider says nothing has the lowest level.
Sources: OpenID Connect Core 1.0 section 5.1; NHS CIS2 userinfo (`nhsid_nrbac_roles`, `selected_roleid`); Microsoft
Entra ID token claims (`oid`, `tid`, `roles`); DfE Sign-in `organisation` claim.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.oidc.providers import Provider, Shape
from app.oidc.refusals import SignInRefusal, SignInRefused
from app.oidc.tokens import Claims, instant
from governance.terms import Role

NUMBERED: Final = ("id", "urn", "ukprn", "establishmentNumber")


@dataclass(frozen=True, slots=True)
class Assertion:
    """Who a provider says signed in. `organisations` None: it does not say; `roles` None: ours alone decide."""

    provider: str
    issuer: str
    subject: str
    raw_subject: str
    email: str | None
    username: str | None
    organisations: frozenset[str] | None
    roles: frozenset[Role] | None
    assurance: int
    authenticated_at: datetime | None
    provider_session: str | None


def assertion(provider: Provider, claims: Claims) -> Assertion:
    """Return who signed in; `claims` are those of a checked ID token and of the userinfo that goes with it."""
    subject = _text(claims, provider.subject_claim)
    if subject is None:
        raise SignInRefused(SignInRefusal.CLAIM_MISSING)
    said = frozenset(ORGANISATIONS[provider.shape](provider, claims))
    organisations = frozenset(provider.organisations.get(code, code) for code in said)
    roles = frozenset(provider.roles[word] for word in _roles(provider, claims) if word in provider.roles)
    return Assertion(
        provider=provider.name,
        issuer=provider.issuer,
        subject=subject,
        raw_subject=str(claims["sub"]),
        email=_email(provider, claims),
        username=_text(claims, provider.username_claim),
        organisations=organisations if organisations or provider.organisation_required else None,
        roles=roles if provider.roles else None,
        assurance=_assurance(provider, claims),
        authenticated_at=instant(claims, "auth_time") if "auth_time" in claims else None,
        provider_session=_text(claims, "sid"),
    )


def _email(provider: Provider, claims: Claims) -> str | None:
    verified = claims.get("email_verified") is True or (provider.email_is_verified and "email_verified" not in claims)
    return _text(claims, "email") if verified else None


def _assurance(provider: Provider, claims: Claims) -> int:
    """The highest level that any configured claim states; what is not in the tables states nothing."""
    found = [provider.assurance_unstated]
    for claim, levels in provider.assurance.items():
        found += [levels[word] for word in _words(claims.get(claim)) if word in levels]
    return max(found)


def _plain_organisations(provider: Provider, claims: Claims) -> Iterator[str]:
    yield from _words(claims.get(provider.organisation_claim))


def _cis2_organisations(provider: Provider, claims: Claims) -> Iterator[str]:
    """The organisation of the role chosen on the smartcard; without a choice, of every role."""
    for role in _cis2_roles(claims):
        yield from _words(role.get("org_code"))


def _entra_organisations(_provider: Provider, claims: Claims) -> Iterator[str]:
    yield from _words(claims.get("tid"))


def _dfe_organisations(_provider: Provider, claims: Claims) -> Iterator[str]:
    """One organisation with several numbers: each is offered under the number's name, as `urn:123456`."""
    held = claims.get("organisation")
    if isinstance(held, Mapping):
        yield from (f"{name}:{word}" for name in NUMBERED for word in _words(held.get(name)))


ORGANISATIONS: Final[Mapping[Shape, Callable[[Provider, Claims], Iterator[str]]]] = {
    Shape.PLAIN: _plain_organisations,
    Shape.CIS2: _cis2_organisations,
    Shape.ENTRA: _entra_organisations,
    Shape.DFE: _dfe_organisations,
}


def _roles(provider: Provider, claims: Claims) -> Iterator[str]:
    if provider.shape is not Shape.CIS2:
        yield from _words(claims.get("roles"))
        return
    for role in _cis2_roles(claims):
        yield from _words(role.get("role_code"))
        yield from _words(role.get("activity_codes"))


def _cis2_roles(claims: Claims) -> list[Mapping[str, Any]]:
    held = claims.get("nhsid_nrbac_roles")
    roles = [role for role in held if isinstance(role, Mapping)] if isinstance(held, list) else []
    chosen = claims.get("selected_roleid")
    return [role for role in roles if role.get("person_roleid") == chosen] if chosen else roles


def _text(claims: Claims, name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= 255 else None


def _words(value: object) -> list[str]:
    """A claim that is one word or number, or a list of them."""
    several = value if isinstance(value, list) else [value]
    return [str(word) for word in several if isinstance(word, str | int) and not isinstance(word, bool) and word != ""]
