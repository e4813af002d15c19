"""Planted identifiers, and a search for them in any spelling that a leak might take."""

import base64
import hashlib
import urllib.parse
from collections.abc import Iterable, Iterator
from pathlib import Path

CANARIES = {
    "nhs": "9990000018",
    "given": "Zebulonia",
    "family": "Quixwhistle",
    "dob": "2019-05-23",
    "address": "77 Wobblethorpe Lane",
    "postcode": "QZ7 7ZZ",
}
"""One of each kind; none of these words is anywhere else in the project."""


def spellings(value: str) -> Iterator[bytes]:
    """Yield the ways in which a value could be written down."""
    bare = "".join(character for character in value if character.isalnum())
    forms = {value, value.upper(), value.lower(), bare, bare.upper(), bare.lower(), value[::-1]}
    if value.isdigit() and len(value) == 10:
        forms |= {f"{value[:3]} {value[3:6]} {value[6:]}", f"{value[:3]}-{value[3:6]}-{value[6:]}"}
    if value.count("-") == 2:
        year, month, day = value.split("-")
        forms |= {f"{day}/{month}/{year}", f"{year}{month}{day}", f"{day}-{month}-{year}", f"{day}.{month}.{year}"}
    for form in forms:
        yield from _encoded(form.encode())


def _encoded(plain: bytes) -> Iterator[bytes]:
    yield plain
    yield plain.decode().encode("utf-16-le")
    yield plain.hex().encode()
    quoted = urllib.parse.quote(plain.decode(), safe="")
    yield quoted.encode()
    yield urllib.parse.quote_plus(plain.decode()).encode()
    # Base64 depends on where in a longer text the value begins: take the characters that do not.
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + plain)
        yield coded[(0, 2, 3)[shift] : len(coded) - 4]
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, plain, usedforsecurity=False)
        yield from (digest.digest(), digest.hexdigest().encode())


def found_in(data: bytes, canaries: Iterable[str] = tuple(CANARIES)) -> list[str]:
    """Return the names of those canaries that occur in the data in any spelling."""
    return [name for name in canaries if any(form in data for form in spellings(CANARIES[name]) if len(form) >= 6)]


def found_under(folder: Path) -> list[tuple[str, str]]:
    """Return (file, canary) for every file under a folder that holds one."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [(str(path.relative_to(folder)), name) for path in files for name in found_in(path.read_bytes())]
