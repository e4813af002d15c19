"""One partnership's running parts, opened together: settings, database, key ring, wrapped vault keys.

Invariants: this is the one place where they are made and opened; what cannot be opened safely is not opened at all;
`initialise` never replaces a key, a keystore or a database that is there.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from app.database import Database
from app.evenness import Overrun
from app.settings import Settings
from governance.keys.keys import KeyRing
from governance.keys.keystore import (
    KeyFile,
    Passphrase,
    Seal,
    WeakKey,
    add_keys,
    create_key_file,
    create_keystore,
    open_keystore,
    read_private,
)
from governance.keys.vault_keys import WrappedKeys
from governance.ledger import ledger
from governance.ledger.ledger import AuditEvent, Detail
from governance.terms import EventKind, Outcome


class NotInitialised(Exception):
    """The data folder holds no deployment, or one that this code does not match."""


@dataclass(frozen=True)
class Deployment:
    """What commands and the service work with."""

    settings: Settings
    database: Database
    ring: KeyRing
    wrapped_keys: WrappedKeys
    overrun: Overrun = field(default_factory=Overrun, compare=False)


def initialise(settings: Settings) -> bool:
    """Make the data folder, key file, keystore and database; return False where all were there already."""
    for folder in (settings.home, settings.zone, settings.anchors, *settings.anchor_copies):
        folder.mkdir(parents=True, exist_ok=True)
        os.chmod(folder, 0o700)
    fresh = not settings.keystore.exists()
    if fresh:
        create_keystore(settings.keystore, _new_seal(settings))
    _migrate(settings)
    if fresh:
        with open_deployment(settings) as deployment, deployment.database.writing() as session:
            event = AuditEvent(EventKind.KEY_CEREMONY, Outcome.DONE, detail={Detail.OPERATION: "made"})
            ledger.record(session, deployment.ring, event, datetime.now(UTC))
    return fresh


@contextmanager
def open_deployment(settings: Settings) -> Iterator[Deployment]:
    """Open everything, or raise: KeystoreRefused for keys, NotInitialised for the database."""
    if not settings.keystore.exists():
        raise NotInitialised("nothing here yet: run `family-record init`")
    ring = open_keystore(settings.keystore, _seal(settings))
    database = Database(settings.url)
    try:
        if not database.at_head():
            raise NotInitialised("the database's schema is not this version's: run `family-record init`")
        with WrappedKeys(settings.wrapped_keys) as wrapped_keys:
            yield Deployment(settings, database, ring, wrapped_keys)
    finally:
        database.close()


def rotate_vault_key(settings: Settings, at: datetime) -> tuple[str, int]:
    """Make the next vault key and re-wrap every data key under it; return its label and how many were re-wrapped.

    A call that was cut off is finished by the next: while keys remain under an older version, no newer one is made.
    """
    with open_deployment(settings) as deployment:
        label, finished = deployment.ring.current("vault"), deployment.wrapped_keys.rewrap(deployment.ring)
    if finished == 0:
        version = int(label.rpartition("/")[2]) + 1
        label = f"vault/{version}"
        add_keys(settings.keystore, _seal(settings), [label])
    with open_deployment(settings) as deployment:
        while done := deployment.wrapped_keys.rewrap(deployment.ring):
            finished += done
        with deployment.database.writing() as session:
            detail: dict[Detail, str | int] = {Detail.KEY_LABEL: label, Detail.OPERATION: "rotated"}
            event = AuditEvent(EventKind.KEY_CEREMONY, Outcome.DONE, detail=detail)
            ledger.record(session, deployment.ring, event, at)
    return label, finished


def _migrate(settings: Settings) -> None:
    database = Database(settings.url)
    try:
        database.migrate()
    finally:
        database.close()


def _seal(settings: Settings) -> Seal:
    if settings.key_passphrase_file is not None:
        return Passphrase(_passphrase(settings.key_passphrase_file))
    return KeyFile(settings.key_path)


def _new_seal(settings: Settings) -> Seal:
    if settings.key_passphrase_file is None and not settings.key_path.exists():
        return create_key_file(settings.key_path)
    return _seal(settings)


def _passphrase(path: Path) -> str:
    try:
        return read_private(path).rstrip(b"\r\n").decode()
    except UnicodeDecodeError:
        raise WeakKey(f"{path}: the passphrase is not UTF-8 text") from None
