"""The identity providers of one deployment: a YAML file, read and checked once, before anything is served.

Invariants: an unknown field, a missing secret, an address without TLS (but on this machine) or a mapping to a role that
does not exist refuses the whole file, naming place and reason and no value; secrets are in files of their own that only
their owner may read; an e-mail address or username counts only where the provider is known to vouch for it.
Sources: OpenID Connect Discovery 1.0; RFC 7523 (private_key_jwt); NIST SP 800-63B (assurance levels 1 to 3).
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.oidc.tokens import Algorithm
from app.settings import LOOPBACK
from governance.keys.keystore import KeystoreRefused, read_private
from governance.terms import Role

Level = Annotated[int, Field(ge=1, le=3)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$")]


class ProvidersRefused(Exception):
    """The file of providers cannot be used. The message names the place and the reason, never a value."""


class Shape(StrEnum):
    """Whose way of writing claims a provider follows."""

    PLAIN = "plain"
    CIS2 = "cis2"
    ENTRA = "entra"
    DFE = "dfe"


class Match(StrEnum):
    """How a subject becomes a member of staff; a registered link always comes first."""

    LINK = "link"
    EMAIL = "email"
    USERNAME = "username"


DEFAULTS: Final[Mapping[Shape, Mapping[str, Any]]] = {
    Shape.PLAIN: {
        "scopes": ["openid", "profile", "email"],
        "assurance": {"acr": {"AAL1": 1, "AAL2": 2, "AAL3": 3}, "amr": {"mfa": 2, "hwk": 3}},
    },
    Shape.CIS2: {
        "scopes": ["openid", "profile", "nhsperson", "associatedorgs", "nationalrbacaccess", "selectedrole"],
        "userinfo": True,
        "organisation_required": True,
        "username_claim": "nhsid_useruid",
        "algorithms": ["RS256", "RS512"],
        "assurance": {
            "acr": {"AAL1_USERPASS": 1, "AAL2_ANY": 2, "AAL2_OR_AAL3_ANY": 2, "AAL3_ANY": 3, "AAL3": 3},
            "authentication_assurance_level": {"1": 1, "2": 2, "3": 3},
        },
    },
    Shape.ENTRA: {
        "scopes": ["openid", "profile"],
        "organisation_required": True,
        "subject_claim": "oid",
        "username_claim": "employeeid",
        "algorithms": ["RS256"],
        "assurance": {"amr": {"mfa": 2, "ngcmfa": 2, "fido": 3, "hwk": 3}},
    },
    Shape.DFE: {
        "scopes": ["openid", "profile", "email", "organisation"],
        "userinfo": True,
        "organisation_required": True,
        "algorithms": ["RS256"],
        "client_authentication": "client_secret_post",
    },
}
"""What a shape brings where the file says nothing."""


class Provider(BaseModel):
    """One provider. `organisations` and `roles` turn its words into ours; a word without an entry stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Name
    title: str = Field(min_length=1, max_length=80)
    title_cy: str | None = Field(default=None, min_length=1, max_length=80)
    shape: Shape = Shape.PLAIN
    issuer: str = Field(max_length=255)
    client_id: str = Field(min_length=1, max_length=255)
    client_secret_file: Path | None = None
    client_key_file: Path | None = None
    client_key_id: str | None = None
    client_key_algorithm: Literal["RS256", "RS512", "PS256", "ES256"] = "RS256"
    client_authentication: Literal["client_secret_basic", "client_secret_post", "private_key_jwt"] = (
        "client_secret_basic"
    )
    scopes: tuple[str, ...] = ("openid",)
    algorithms: tuple[Algorithm, ...] = Field(default=("RS256", "PS256", "ES256"), min_length=1)
    userinfo: bool = False
    match: Match = Match.LINK
    subject_claim: str = "sub"
    username_claim: str = "preferred_username"
    email_is_verified: bool = False
    organisation_required: bool = False
    organisation_claim: str = "organisation"
    organisations: Mapping[str, str] = Field(default_factory=dict)
    roles: Mapping[str, Role] = Field(default_factory=dict)
    assurance: Mapping[str, Mapping[str, Level]] = Field(default_factory=dict)
    assurance_unstated: Level = 1
    acr_values: tuple[str, ...] = ()
    step_up_acr_values: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _shaped(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("shape", Shape.PLAIN) not in set(Shape):
            return given
        return {**DEFAULTS[Shape(given.get("shape", Shape.PLAIN))], **given}

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if not safe_address(self.issuer):
            raise ValueError("the issuer must be an https address (http only on this machine), without query")
        if "openid" not in self.scopes:
            raise ValueError("the scopes must hold openid")
        by_key = self.client_authentication == "private_key_jwt"
        if (self.client_key_file if by_key else self.client_secret_file) is None:
            raise ValueError("the client's secret file or key file is missing")
        if self.match is Match.EMAIL and self.shape is Shape.ENTRA:
            raise ValueError("this provider lets tenants write any e-mail address: match by link or username")
        if self.match is Match.USERNAME and not self.organisation_required:
            raise ValueError("matching by username needs organisation_required: a username is an organisation's own")
        return self

    def secret(self) -> str:
        """Return the client's secret or private key, read from its file."""
        held = self.client_key_file if self.client_authentication == "private_key_jwt" else self.client_secret_file
        assert held is not None
        try:
            text = read_private(held).decode().strip()
        except (KeystoreRefused, UnicodeDecodeError) as error:
            raise ProvidersRefused(f"the secret of {self.name} cannot be read ({type(error).__name__})") from None
        if len(text) < 16:
            raise ProvidersRefused(f"the secret of {self.name} is too short to be one")
        return text


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    providers: tuple[Provider, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for values in ([p.name for p in self.providers], [(p.issuer, p.client_id) for p in self.providers]):
            if len(set(values)) < len(values):
                raise ValueError("two providers have the same name or the same issuer and client")
        return self


def safe_address(address: str) -> bool:
    """Tell whether secrets may be sent there: over TLS, or to this very machine."""
    try:
        parts = urlsplit(address)
        plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    except ValueError:
        return False
    whole = bool(parts.hostname) and not (parts.query or parts.fragment or parts.username or parts.password)
    return whole and (parts.scheme == "https" or plain)


def read_providers(path: Path) -> tuple[Provider, ...]:
    """Return the providers of a file, or raise ProvidersRefused."""
    try:
        given = yaml.safe_load(path.read_text("utf-8"))
        held = _File.model_validate(given).providers
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, e['loc'][:3])) or 'file'}: {e['msg']}" for e in error.errors())
        raise ProvidersRefused(f"the file of sign-in providers is refused: {places}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProvidersRefused(f"the file of sign-in providers cannot be read ({type(error).__name__})") from None
    for provider in held:
        provider.secret()
    return held
