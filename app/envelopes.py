"""What the vault keeps of a clear identity: canonical JSON of the fields that are held.

Invariant: only the vault seals what `pack` gives and yields what `unpack` takes; nothing here is logged.
"""

import json
from dataclasses import fields
from datetime import date

from linkage.rows import Identity, Sex


def pack(identity: Identity) -> bytes:
    """Return the identity's held fields as UTF-8 JSON, dates in ISO 8601."""
    held = {f.name: getattr(identity, f.name) for f in fields(identity)}
    written = {name: _plain(value) for name, value in held.items() if value is not None}
    return json.dumps(written, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def unpack(plaintext: bytes) -> Identity:
    """Return the identity that `pack` wrote."""
    held = json.loads(plaintext)
    if "date_of_birth" in held:
        held["date_of_birth"] = date.fromisoformat(held["date_of_birth"])
    if "sex" in held:
        held["sex"] = Sex(held["sex"])
    return Identity(**held)


def _plain(value: str | date) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
