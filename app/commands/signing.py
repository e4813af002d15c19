"""Signing from the command line: a designated person's key, the keys an organisation signs with, a signature.

Invariants: a private key is written only into a new file of its owner's, mode 0600, outside the data folder, and is
never printed; the data folder holds public keys alone.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from app.commands.agreement_options import ByOfficer, Code, held_version, officer
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, show
from app.deployment import open_deployment
from app.settings import Settings
from governance.agreements import signing
from governance.keys.keystore import read_private

Organisation = Annotated[str, typer.Option(help="The organisation that signs.")]
PrivateKey = Annotated[Path, typer.Option(exists=True, dir_okay=False, help="An Ed25519 private key: PEM, mode 0600.")]


def key(
    out: Annotated[Path, typer.Option("-o", "--out", help="A new file for the private key; FILE.pub gets the public.")],
    as_json: AsJson = False,
) -> None:
    """Make a designated person's signing key, in a file that only its owner can read."""
    if out.resolve().is_relative_to(Settings().home.resolve()):
        raise Refused("a signing key does not belong in the data folder: keep it with its owner")
    made = Ed25519PrivateKey.generate()
    public = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        _write_new(out, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
        _write_new(out.with_name(out.name + ".pub"), public, 0o644)
    except FileExistsError:
        raise Refused("a file of that name is there already, and is not replaced") from None
    show({"private_key": str(out), "public_key": f"{out}.pub"}, as_json=as_json, title="Key made")


def register_key(
    organisation: Organisation,
    holder: Annotated[str, typer.Option(help="The designated person who holds the key.")],
    key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The public key, PEM.")],
    by: ByOfficer = None,
    as_json: AsJson = False,
) -> None:
    """Register the public key that an organisation's designated person signs with."""
    public, now = _public(key), datetime.now(UTC)
    with open_deployment(Settings()) as deployment, deployment.database.writing() as session:
        who = officer(session, by, now)
        made = signing.register_key(session, deployment.ring, organisation, holder, public, now, who)
    show({"key": made, "organisation": organisation, "holder": holder}, as_json=as_json, title="Registered")


def revoke_key(
    key: Annotated[str, typer.Argument(help="The key's id, from `keys`.")],
    by: ByOfficer = None,
    as_json: AsJson = False,
) -> None:
    """End a signing key: what it signed stands, it signs nothing more."""
    now = datetime.now(UTC)
    with open_deployment(Settings()) as deployment, deployment.database.writing() as session:
        signing.revoke_key(session, deployment.ring, key, now, officer(session, by, now))
    show({"key": key, "revoked": True}, as_json=as_json, title="Revoked")


def keys(as_json: AsJson = False) -> None:
    """List the keys that organisations sign with."""
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        held = [
            {
                "key": one.id, "organisation": one.organisation, "holder": one.holder, "fingerprint": one.fingerprint,
                "registered_at": one.registered_at.isoformat(), "in_use": one.revoked_at is None,
            }
            for one in signing.keys_of(session)
        ]  # fmt: skip
    if as_json:
        show({"keys": held}, as_json=True)
        return
    said = {True: "in use", False: "revoked"}
    show({str(k["key"]): f"{k['organisation']}, {k['holder']}, {said[bool(k['in_use'])]}" for k in held}, as_json=False)


def sign(
    code: Code, organisation: Organisation, key: PrivateKey, by: ByOfficer = None, as_json: AsJson = False
) -> None:
    """Sign a version for one party with its designated person's key."""
    private, now = _private(key), datetime.now(UTC)
    with open_deployment(Settings()) as deployment, deployment.database.writing() as session:
        held, who = held_version(session, code), officer(session, by, now)
        signing.sign(session, deployment.ring, held.id, organisation, private, now, who)
    show({"agreement": code, "signed_by": organisation}, as_json=as_json, title="Signed")


def _private(path: Path) -> Ed25519PrivateKey:
    try:
        held = load_pem_private_key(read_private(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refused("the key is not a private key in PEM without a passphrase", Exit.FILE_REFUSED) from None
    if not isinstance(held, Ed25519PrivateKey):
        raise Refused("the key is not an Ed25519 private key", Exit.FILE_REFUSED)
    return held


def _public(path: Path) -> bytes:
    content = path.read_bytes()[:10_000]
    try:
        held = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise Refused("the key is not a public key in PEM", Exit.FILE_REFUSED) from None
    if not isinstance(held, Ed25519PublicKey):
        raise Refused("the key is not an Ed25519 public key", Exit.FILE_REFUSED)
    return held.public_bytes_raw()


def _write_new(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
