"""A certified identity provider, started for tests, and the service's settings that go with it."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any, Final

import httpx2
import yaml
from joserfc.jwk import RSAKey

HERE: Final = Path(__file__).resolve().parent
SECRET: Final = "0123456789abcdef-of-tests"
PEOPLE: Final[Mapping[str, Mapping[str, Any]]] = {
    "s-hannah": {"name": "Hannah Vale"},
    "s-two-jobs": {"name": "Twm Jobs"},
    "s-mail": {"email": "Mali.Rhys@example.org", "email_verified": True},
    "s-unverified": {"email": "mali.rhys@example.org", "email_verified": False},
    "s-nobody": {"name": "Nobody Here"},
    "s-suspended": {"name": "Sue Spended"},
    "s-no-role": {"name": "Nora Role"},
    "s-card": {
        "nhsid_useruid": "555021935107",
        "selected_roleid": "r-2",
        "nhsid_nrbac_roles": [
            {"person_roleid": "r-1", "org_code": "ZMH", "role_code": "S8000:G8000:R8000"},
            {"person_roleid": "r-2", "org_code": "ZCH", "role_code": "S8001:G8005:R8001"},
        ],
    },
    "s-tenant": {"oid": "2f9a-oid", "tid": "tenant-of-council", "roles": ["Practitioner"]},
    "s-school": {"email": "lead@example.org", "organisation": {"id": "1", "name": "A school", "urn": 136000}},
}
"""What the provider says of each subject; none of them is a real person or number."""
NAMES: Final = ("plain", "card", "tenant", "school")


@dataclass(frozen=True)
class IdentityProvider:
    """A provider that runs, and the file that tells the service of it under four names."""

    issuer: str
    file: Path

    def change_keys(self) -> None:
        assert httpx2.post(f"{self.issuer}/control/keys").status_code == 204


def free_port() -> int:
    with socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextmanager
def identity_provider(folder: Path, public_url: str, back_channel: bool = False) -> Iterator[IdentityProvider]:
    """Run the provider for a service at this address; its packages are installed where they are missing."""
    subprocess.run(["bash", str(HERE / "install.sh")], check=True, capture_output=True, timeout=300)
    folder.mkdir(parents=True, exist_ok=True)
    port, key = free_port(), RSAKey.generate_key(2048, {"kid": "client-key", "use": "sig"})
    issuer = f"http://127.0.0.1:{port}"
    written = folder / "provider.json"
    clients = [_client(name, public_url, key, back_channel) for name in NAMES]
    written.write_text(json.dumps({"issuer": issuer, "port": port, "clients": clients, "people": PEOPLE}))
    with (folder / "provider.log").open("w") as log:
        running = subprocess.Popen(["node", str(HERE / "provider.mjs"), str(written)], stdout=log, stderr=log)
        try:
            _wait(running, issuer, folder / "provider.log")
            yield IdentityProvider(issuer, _service_file(folder, issuer, key))
        finally:
            running.terminate()
            running.wait(10)


def _wait(running: "subprocess.Popen[bytes]", issuer: str, log: Path) -> None:
    for _ in range(600):
        try:
            httpx2.get(f"{issuer}/.well-known/openid-configuration")
            return
        except httpx2.ConnectError:
            assert running.poll() is None, log.read_text()
            time.sleep(0.05)
    raise AssertionError("the identity provider did not start")


def _client(name: str, public_url: str, key: RSAKey, back_channel: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "client_id": f"record-{name}",
        "redirect_uris": [f"{public_url}/sign-in/return/{name}"],
        "post_logout_redirect_uris": [f"{public_url}/sign-in"],
        "require_auth_time": True,
    }
    if name == "card":
        made |= {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key.as_dict(private=False)]}}
    else:
        method = "client_secret_post" if name == "school" else "client_secret_basic"
        made |= {"client_secret": SECRET, "token_endpoint_auth_method": method}
    if back_channel:
        made |= {
            "backchannel_logout_uri": f"{public_url}/sign-in/ended/{name}", "backchannel_logout_session_required": True,
        }  # fmt: skip
    return made


def _service_file(folder: Path, issuer: str, key: RSAKey) -> Path:
    secret = private_file(folder / "client.secret", SECRET)
    pem = private_file(folder / "client.pem", key.as_pem(private=True).decode())
    providers: list[dict[str, Any]] = [
        {"name": "plain", "title": "Council sign-in", "match": "email", "client_secret_file": secret},
        {
            "name": "card", "title": "NHS smartcard", "title_cy": "Cerdyn clyfar y GIG", "shape": "cis2",
            "match": "username", "client_authentication": "private_key_jwt", "client_key_file": pem,
            "client_key_id": "client-key", "roles": {"S8001:G8005:R8001": "health_visitor"},
            "assurance": {"acr": {"AAL2": 2, "AAL3": 3}}, "step_up_acr_values": ["AAL3"],
        },
        {
            "name": "tenant", "title": "Council tenant", "shape": "entra", "client_secret_file": secret,
            "organisations": {"tenant-of-council": "ZMC"}, "roles": {"Practitioner": "social_worker"},
        },
        {
            "name": "school", "title": "Schools", "shape": "dfe", "client_secret_file": secret, "match": "email",
            "email_is_verified": True, "organisations": {"urn:136000": "ZNF"}, "assurance_unstated": 2,
        },
    ]  # fmt: skip
    shared = {"issuer": issuer}
    for provider in providers:
        provider |= shared | {"client_id": f"record-{provider['name']}"}
    path = folder / "providers.yaml"
    path.write_text(yaml.safe_dump({"providers": providers}))
    return path


def private_file(path: Path, text: str) -> str:
    """Write what only its owner may read, and return its name."""
    path.write_text(text)
    os.chmod(path, 0o600)
    return str(path)
