"""Reading an ID token or a logout token: pure checks over bytes, keys and the clock.

Invariants: a token is believed only if it is signed, with an algorithm of the list and by a key that the provider
publishes for signing, is from the very issuer, for this client alone, unexpired, and carries the nonce of this very
sign-in; a symmetric key is never used, so a public key cannot be mistaken for a shared secret; errors hold codes only.
Sources: OpenID Connect Core 1.0 sections 2 and 3.1.3.7; Back-Channel Logout 1.0 section 2.6; RFC 8725.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha384, sha512
from json import loads
from typing import Any, Final, Literal

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from app.oidc.refusals import SignInRefusal as Why
from app.oidc.refusals import SignInRefused

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LEEWAY: Final = timedelta(seconds=60)
LONGEST: Final = 32 * 1024
KEY_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
"""Which algorithms a kind of key may be used with. Symmetric keys are of no kind."""
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"

Claims = Mapping[str, Any]
Keys = Sequence[Mapping[str, Any]]


class KeyMissing(SignInRefused):
    """No published key has the token's key id: the provider may have changed its keys since they were read."""

    def __init__(self) -> None:
        super().__init__(Why.KEY_UNKNOWN)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must be: of this issuer, for this client, signed in one of these ways, valid at this instant."""

    issuer: str
    client_id: str
    algorithms: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """What a provider says has ended: a session of its own, or every one of a subject begun by `issued`."""

    subject: str | None
    session: str | None
    issued: datetime


def id_token(text: str, keys: Keys, expected: Expected, nonce: str, access_token: str | None = None) -> Claims:
    """Return the claims of an ID token that answers this very sign-in, or raise SignInRefused."""
    header, claims = _signed(text, keys, expected)
    _bounded(claims, expected)
    if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255:
        raise SignInRefused(Why.CLAIM_MISSING)
    if not nonce or claims.get("nonce") != nonce:
        raise SignInRefused(Why.NONCE_WRONG)
    if access_token is not None and "at_hash" in claims and claims["at_hash"] != half_hash(header["alg"], access_token):
        raise SignInRefused(Why.HASH_WRONG)
    return claims


def logout_token(text: str, keys: Keys, expected: Expected) -> Ended:
    """Return what a back-channel logout token ends, or raise SignInRefused."""
    _header, claims = _signed(text, keys, expected)
    _bounded(claims, expected)
    events = claims.get("events")
    if "nonce" in claims or not isinstance(events, Mapping) or not isinstance(events.get(LOGOUT_EVENT), Mapping):
        raise SignInRefused(Why.TOKEN_UNREADABLE)
    subject, session = claims.get("sub"), claims.get("sid")
    if not isinstance(claims.get("jti"), str) or not (subject or session):
        raise SignInRefused(Why.CLAIM_MISSING)
    if not all(isinstance(value, str | None) for value in (subject, session)):
        raise SignInRefused(Why.TOKEN_UNREADABLE)
    return Ended(subject, session, instant(claims, "iat"))


def instant(claims: Claims, name: str) -> datetime:
    """Return a claim that is a time, or raise SignInRefused."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SignInRefused(Why.CLAIM_MISSING)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise SignInRefused(Why.CLAIM_MISSING) from None


def half_hash(algorithm: str, text: str) -> str:
    """Return the left half of the hash that goes with the algorithm, as ID tokens write it."""
    digests: dict[str, Callable[[bytes], Any]] = {"256": sha256, "384": sha384, "512": sha512}
    digest = digests.get(algorithm[-3:], sha512)(text.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _signed(text: str, keys: Keys, expected: Expected) -> tuple[Mapping[str, Any], Claims]:
    header = _header(text)
    algorithm = header.get("alg")
    if algorithm not in expected.algorithms or "crit" in header:
        raise SignInRefused(Why.ALGORITHM_REFUSED)
    key = _key(keys, str(algorithm), header.get("kid"))
    try:
        token = jwt.decode(text, key, algorithms=[str(algorithm)])
    except (JoseError, ValueError, TypeError):
        raise SignInRefused(Why.SIGNATURE_WRONG) from None
    return header, token.claims


def _header(text: str) -> Mapping[str, Any]:
    parts = text.split(".")
    if len(text) > LONGEST or len(parts) != 3:
        raise SignInRefused(Why.TOKEN_UNREADABLE)
    try:
        header = loads(urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except (ValueError, RecursionError):
        raise SignInRefused(Why.TOKEN_UNREADABLE) from None
    if not isinstance(header, dict):
        raise SignInRefused(Why.TOKEN_UNREADABLE)
    return header


def _key(keys: Keys, algorithm: str, key_id: object) -> RSAKey | ECKey | OKPKey:
    """The published key that the token names; without a name, the only one that fits."""
    fitting = [key for key in keys if _fits(key, algorithm) and key_id in (None, key.get("kid"))]
    if not fitting or (key_id is None and len(fitting) > 1):
        raise KeyMissing
    try:
        public = {name: value for name, value in fitting[0].items() if name in PUBLIC_PARTS}
        held = JWKRegistry.import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        raise SignInRefused(Why.PROVIDER_UNREADABLE) from None
    if not isinstance(held, RSAKey | ECKey | OKPKey):
        raise SignInRefused(Why.ALGORITHM_REFUSED)
    return held


PUBLIC_PARTS: Final = frozenset({"kty", "n", "e", "crv", "x", "y"})


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    return (
        algorithm in KEY_TYPES.get(str(key.get("kty")), ())
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    )


def _bounded(claims: Claims, expected: Expected) -> None:
    """Issuer, audience and times."""
    if claims.get("iss") != expected.issuer:
        raise SignInRefused(Why.ISSUER_WRONG)
    audience = claims.get("aud")
    if audience not in (expected.client_id, [expected.client_id]):
        raise SignInRefused(Why.AUDIENCE_WRONG)
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise SignInRefused(Why.AUDIENCE_WRONG)
    if instant(claims, "exp") + LEEWAY <= expected.at:
        raise SignInRefused(Why.TOKEN_EXPIRED)
    starts = [instant(claims, name) for name in ("iat", "nbf") if name == "iat" or name in claims]
    if max(starts) - LEEWAY > expected.at:
        raise SignInRefused(Why.TOKEN_TOO_NEW)
