"""Speaking with one identity provider: discovery, the authorization code with PKCE, keys, userinfo, signing out.

Invariants: secrets and codes go only to addresses of the provider's own discovery document, whose issuer is exactly the
configured one; redirects are not followed; the answer must come from the issuer that was asked (RFC 9207); keys are
read again when a token names one that is not known, at most every half minute; nothing the provider says is repeated in
an error or a log.
Sources: OpenID Connect Core 1.0 and Discovery 1.0; RFC 6749; RFC 7636 (PKCE, S256); RFC 9207; RP-Initiated Logout 1.0.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from app.oidc.assertion import Assertion, assertion
from app.oidc.providers import Provider, ProvidersRefused, read_providers, safe_address
from app.oidc.refusals import SignInRefusal as Why
from app.oidc.refusals import SignInRefused
from app.oidc.tokens import Claims, Ended, Expected, KeyMissing, Keys, id_token, logout_token
from app.settings import Settings

SECONDS: Final = 8.0
RETURN: Final = "/sign-in/return/"
KEPT: Final = timedelta(hours=1)
REREAD: Final = timedelta(seconds=30)
PAUSE: Final = timedelta(seconds=5)
"""A provider that does not answer is left alone for a moment, so that it cannot hold up every request."""
LARGEST_ANSWER: Final = 512 * 1024
NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL: Final = ("userinfo_endpoint", "end_session_endpoint")
T = TypeVar("T")
WELL_KNOWN: Final = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Known:
    """What a provider publishes of itself, and when it was read."""

    endpoints: Mapping[str, str]
    names_itself: bool
    keys: Keys
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Challenge:
    """What one sign-in sends along and expects back. None of it is stored."""

    state: str
    nonce: str
    verifier: str


class ProviderClient:
    """One provider, spoken to; safe for use by several threads."""

    def __init__(self, provider: Provider, redirect_uri: str, transport: httpx2.BaseTransport | None = None) -> None:
        self.provider, self.redirect_uri = provider, redirect_uri
        self._transport = transport
        # Reading the machine's certificates takes longer than a sign-in; once is enough.
        self._tls = httpx2.create_ssl_context()
        self._secret: Any = _secret(provider)
        self._known: Known | None = None
        self._failed_at: datetime | None = None
        self._lock = Lock()

    def ask(self, at: datetime) -> None:
        """Read what the provider publishes of itself, or raise SignInRefused."""
        self._published(at)

    def address(self, challenge: Challenge, at: datetime, step_up: bool) -> str:
        """Return where to send the browser. A step-up asks for a fresh and strong sign-in."""
        provider, asked = self.provider, {"nonce": challenge.nonce}
        levels = provider.step_up_acr_values if step_up else provider.acr_values
        if levels:
            asked["acr_values"] = " ".join(levels)
        if step_up:
            asked |= {"prompt": "login", "max_age": "0"}
        with self._session() as session:
            endpoint = self._published(at).endpoints["authorization_endpoint"]
            url, _ = session.create_authorization_url(
                endpoint, state=challenge.state, code_verifier=challenge.verifier, **asked
            )
        return str(url)

    def answered(self, answer: Mapping[str, str], challenge: Challenge, at: datetime) -> Assertion:
        """Return who signed in, from the parameters with which the browser came back; or raise SignInRefused."""
        known = self._published(at)
        said = answer.get("iss")
        if said != self.provider.issuer and (said is not None or known.names_itself):
            raise SignInRefused(Why.ISSUER_WRONG)
        if "error" in answer or not answer.get("code"):
            raise SignInRefused(Why.PROVIDER_DECLINED)
        tokens = self._redeemed(known, answer["code"], challenge.verifier)
        access = tokens.get("access_token")
        claims = self._checked(tokens.get("id_token"), challenge.nonce, access, at)
        if self.provider.userinfo:
            claims = {**self._userinfo(known, access, claims), **claims}
        return assertion(self.provider, claims)

    def ended(self, token: str, at: datetime) -> Ended:
        """Return what a back-channel logout token ends, or raise SignInRefused."""
        return self._with_keys(at, lambda keys: logout_token(token, keys, self._expected(at)))

    def leaving(self, back_to: str, at: datetime) -> str | None:
        """Return where the browser signs out of the provider too; None where it offers nothing. Holds no token."""
        with suppress(SignInRefused):
            endpoint = self._published(at).endpoints.get("end_session_endpoint")
            if endpoint is not None:
                asked = urlencode({"client_id": self.provider.client_id, "post_logout_redirect_uri": back_to})
                return f"{endpoint}{'&' if '?' in endpoint else '?'}{asked}"
        return None

    def _checked(self, text: object, nonce: str, access: str | None, at: datetime) -> Claims:
        if not isinstance(text, str):
            raise SignInRefused(Why.CLAIM_MISSING)
        return self._with_keys(at, lambda keys: id_token(text, keys, self._expected(at), nonce, access))

    def _with_keys(self, at: datetime, read: Callable[[Keys], T]) -> T:
        """Read a token; once more with fresh keys where it names a key that is not known."""
        known = self._published(at)
        try:
            return read(known.keys)
        except KeyMissing:
            if at - known.read_at < REREAD:
                raise
            return read(self._published(at, newer_than=known).keys)

    def _expected(self, at: datetime) -> Expected:
        provider = self.provider
        return Expected(provider.issuer, provider.client_id, tuple(provider.algorithms), at)

    def _redeemed(self, known: Known, code: str, verifier: str) -> Mapping[str, Any]:
        try:
            with self._session() as session:
                if self.provider.client_authentication == "private_key_jwt":
                    session.register_client_auth_method(self._by_key(known.endpoints["token_endpoint"]))
                tokens = session.fetch_token(
                    known.endpoints["token_endpoint"], grant_type="authorization_code", code=code,
                    code_verifier=verifier, redirect_uri=self.redirect_uri,
                )  # fmt: skip
        except OAuthError:
            raise SignInRefused(Why.CODE_REFUSED) from None
        except (httpx2.HTTPError, ValueError):
            raise SignInRefused(Why.PROVIDER_UNREACHABLE) from None
        held: Mapping[str, Any] = tokens
        return held

    def _by_key(self, audience: str) -> PrivateKeyJWT:
        header = {"kid": self.provider.client_key_id} if self.provider.client_key_id else None
        return PrivateKeyJWT(audience, headers=header, alg=self.provider.client_key_algorithm)

    def _userinfo(self, known: Known, access: str | None, claims: Claims) -> Claims:
        endpoint = known.endpoints.get("userinfo_endpoint")
        if endpoint is None or not access:
            raise SignInRefused(Why.CLAIM_MISSING)
        with self._plain() as session:
            held = _document(session, endpoint, {"authorization": f"Bearer {access}"})
        if held.get("sub") != claims["sub"]:
            raise SignInRefused(Why.USERINFO_OTHER)
        return held

    def _published(self, at: datetime, newer_than: Known | None = None) -> Known:
        """What the provider publishes, read now where nothing is kept, it is old, or it is no newer than that."""
        with self._lock:
            held = self._known
            if held is None or held is newer_than or not timedelta(0) <= at - held.read_at < KEPT:
                if self._failed_at is not None and timedelta(0) <= at - self._failed_at < PAUSE:
                    raise SignInRefused(Why.PROVIDER_UNREACHABLE)
                self._failed_at = at
                self._known = held = self._read(at)
                self._failed_at = None
            return held

    def _read(self, at: datetime) -> Known:
        with self._plain() as session:
            document = _document(session, self.provider.issuer.rstrip("/") + WELL_KNOWN)
            if document.get("issuer") != self.provider.issuer:
                raise SignInRefused(Why.ISSUER_WRONG)
            endpoints: dict[str, Any] = {name: document[name] for name in (*NEEDED, *OPTIONAL) if name in document}
            bad = [name for name in NEEDED if name not in endpoints]
            if bad or not all(isinstance(url, str) and _usable(url) for url in endpoints.values()):
                raise SignInRefused(Why.PROVIDER_UNREADABLE)
            keys = _document(session, endpoints["jwks_uri"]).get("keys")
        if not isinstance(keys, list) or not all(isinstance(key, Mapping) for key in keys):
            raise SignInRefused(Why.PROVIDER_UNREADABLE)
        names_itself = document.get("authorization_response_iss_parameter_supported") is True
        return Known(endpoints, names_itself, tuple(keys), at)

    def _session(self) -> OAuth2Client:
        provider = self.provider
        return OAuth2Client(
            client_id=provider.client_id, client_secret=self._secret, scope=" ".join(provider.scopes),
            token_endpoint_auth_method=provider.client_authentication, redirect_uri=self.redirect_uri,
            code_challenge_method="S256", timeout=SECONDS, follow_redirects=False, transport=self._transport,
            verify=self._tls,
        )  # fmt: skip

    def _plain(self) -> httpx2.Client:
        return httpx2.Client(timeout=SECONDS, follow_redirects=False, transport=self._transport, verify=self._tls)


def open_clients(settings: Settings, transport: httpx2.BaseTransport | None = None) -> dict[str, ProviderClient]:
    """Return a client for each provider of the settings, by name; none is asked anything yet."""
    if settings.sign_in_file is None or settings.public_url is None:
        return {}
    return {
        provider.name: ProviderClient(provider, f"{settings.public_url}{RETURN}{provider.name}", transport)
        for provider in read_providers(settings.sign_in_file)
    }


def _document(session: httpx2.Client, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a JSON object that the provider serves."""
    try:
        answer = session.get(url, headers={"accept": "application/json", **(headers or {})})
        if answer.status_code != httpx2.codes.OK or len(answer.content) > LARGEST_ANSWER:
            raise SignInRefused(Why.PROVIDER_UNREADABLE)
        held = answer.json()
    except httpx2.HTTPError:
        raise SignInRefused(Why.PROVIDER_UNREACHABLE) from None
    except ValueError:
        raise SignInRefused(Why.PROVIDER_UNREADABLE) from None
    if not isinstance(held, dict):
        raise SignInRefused(Why.PROVIDER_UNREADABLE)
    return held


def _usable(url: str) -> bool:
    """An endpoint may carry a query (Entra's do not, some do); the rest must be as safe as the issuer."""
    return safe_address(url.partition("?")[0])


def _secret(provider: Provider) -> str | RSAKey | ECKey:
    """The client's secret, or its private key ready for signing."""
    text = provider.secret()
    if provider.client_authentication != "private_key_jwt":
        return text
    kind = ECKey if provider.client_key_algorithm.startswith("ES") else RSAKey
    try:
        return kind.import_key(text)
    except (JoseError, ValueError, TypeError):
        raise ProvidersRefused(f"the key of {provider.name} is not a private key of its algorithm") from None
